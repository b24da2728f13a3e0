"""A session at another time: a reception within its leader's days, a mediation where both are free."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from scheduling import changes, claims
from scheduling.claims import Wanted
from scheduling.mediation.session import SOONEST
from scheduling.mediation.times import main_room
from scheduling.public_days import PUBLIC_STATES
from scheduling.states import APPOINTMENT, Action
from scheduling.tables import (
    Appointment,
    AppointmentState,
    ClaimReason,
    ReceptionDay,
    SessionKind,
    Slot,
)
from server.kernel import state
from server.kernel.errors import Conflict, RuleBroken
from server.kernel.uow import Tx


async def move(
    tx: Tx, appointment: Appointment, begins_at: datetime, *, urgency: str | None = None
) -> None:
    """Raises Conflict or RuleBroken with why it cannot be; `urgency` as of `changes.move`."""
    match SessionKind(appointment.session_kind):
        case SessionKind.RECEPTION:
            await _move_reception(tx, appointment, begins_at, urgency=urgency)
        case SessionKind.MEDIATION:
            await _move_mediation(tx, appointment, begins_at)
        case _:
            raise RuleBroken("move_by_its_own_page")


async def _move_reception(
    tx: Tx, appointment: Appointment, begins_at: datetime, *, urgency: str | None
) -> None:
    slot_id = await slot_at(tx, appointment.host_id, begins_at)
    if slot_id is None:
        raise RuleBroken("move_no_slot_then")
    await changes.move(tx, appointment, slot_id, for_desk=True, urgency=urgency)


async def slot_at(tx: Tx, leader_id: UUID, begins_at: datetime) -> UUID | None:
    """The first seat of the leader's at this time, on a day that is published."""
    query = (
        sa.select(Slot.id)
        .join(ReceptionDay, ReceptionDay.id == Slot.day_id)
        .where(Slot.begins_at == begins_at, ReceptionDay.leader_id == leader_id)
        .where(ReceptionDay.state.in_(PUBLIC_STATES))
        .order_by(Slot.seat)
        .limit(1)
    )
    return await tx.session.scalar(query)


async def _move_mediation(tx: Tx, appointment: Appointment, begins_at: datetime) -> None:
    """Mediator and room are taken for the new time, the old one is given back."""
    after = state.after(APPOINTMENT, AppointmentState(appointment.state), Action.MOVE)
    if appointment.begins_at <= tx.now:
        raise RuleBroken("appointment_is_past")
    if begins_at == appointment.begins_at:
        raise RuleBroken("move_same_time")
    if begins_at < tx.now + SOONEST:
        raise RuleBroken("move_into_the_past")
    ends_at = begins_at + (appointment.ends_at - appointment.begins_at)
    resources = resources_of(appointment)
    wanted = [Wanted(one, begins_at, ends_at) for one in resources]
    quick = await tx.driver()
    await claims.lock(quick, resources)
    await claims.release(quick, appointment.id)
    if not await claims.take(
        quick, wanted, appointment_id=appointment.id, reason=ClaimReason.BOOKING,
        expires_at=None, now=tx.now,
    ):  # fmt: skip
        raise Conflict("time_taken")
    appointment.state, appointment.begins_at, appointment.ends_at = after, begins_at, ends_at
    appointment.sequence += 1
    await changes.tell_of_move(tx, appointment)


def resources_of(appointment: Appointment) -> list[UUID]:
    """What a session of this kind takes besides a slot."""
    if appointment.session_kind == SessionKind.MEDIATION:
        return [appointment.host_id, main_room(appointment.unit_id)]
    return [appointment.host_id, *([appointment.person_id] if appointment.person_id else [])]
