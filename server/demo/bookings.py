"""Booking as residents do, through the same commands, at another time."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from scheduling import booking, holds, reviews
from scheduling.booking import Request
from scheduling.tables import Appointment, Claim, ReceptionDay, Slot
from server.bootstrap.services import Services
from server.demo.moments import as_resident, as_staff, at
from server.demo.people import People, Resident
from server.kernel.actor import Role
from server.kernel.uow import Tx


@dataclass(frozen=True)
class Desk:
    """Who books for the demo's residents: themselves, with a clerk who reviews."""

    services: Services
    everybody: People

    async def book(
        self, tx: Tx, resident: Resident, slot_id: UUID, request: Request, *, when: datetime
    ) -> Appointment:
        """Hold and submit, at `when`."""
        config, sealer = self.services.config, self.services.sealer
        then = at(tx, when, as_resident(resident))
        hold = await holds.hold(then, slot_id, config=config.scheduling)
        submitted = await booking.submit(
            then, sealer, hold.appointment_id, resident.person_id, request,
            config=config, idempotency_key=None,
        )  # fmt: skip
        assert submitted is not None
        return await tx.session.get_one(Appointment, submitted.appointment_id)

    async def confirm(self, tx: Tx, appointment: Appointment, *, when: datetime) -> None:
        """Reviewed by the clerk, unless the plan needs no review."""
        if appointment.review_due_at is not None:
            then = at(tx, when, as_staff(self.everybody.worker(Role.CLERK)))
            await reviews.confirm(then, self.services.sealer, appointment)


async def free_slot(tx: Tx, *, since: datetime, until: datetime, topic: str | None = None) -> Slot:
    """The first slot of an open day that nobody has and that is kept for none but the page.

    By topic when one is given.
    """
    taken = sa.exists().where(
        Claim.resource == Slot.resource,
        Claim.seats.contains(Slot.seat),
        Claim.during.op("&&")(sa.func.tstzrange(Slot.begins_at, Slot.ends_at)),
    )
    query = (
        sa.select(Slot)
        .join(ReceptionDay, ReceptionDay.id == Slot.day_id)
        .where(
            Slot.begins_at.between(since, until),
            ReceptionDay.state == "booking_open",
            ~ReceptionDay.invited_only,
            Slot.kept_for.is_(None),
            ~taken,
        )
        .order_by(Slot.begins_at, Slot.id)
        .limit(1)
    )
    if topic:
        fitting = query.where(ReceptionDay.topics.contains([topic]))
        found = (await tx.session.scalars(fitting)).first()
        if found:
            return found
    return (await tx.session.scalars(query)).one()
