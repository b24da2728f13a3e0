"""A staffed point: the worker opens the seat with the six-digit code on a shared device."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa

from scheduling import codes, invitees
from scheduling.comers import BY_LETTER
from scheduling.tables import Appointment, Invitee, SessionRole, SitePass
from server.cases import access as cases
from server.kernel.config import Scheduling
from server.kernel.errors import NotFound
from server.kernel.sealing import Sealer, new_token, token_hash
from server.kernel.throttle import spend
from server.kernel.uow import Tx
from signaling import doors, store

TRIES, WINDOW = 5, timedelta(minutes=5)
KEPT_AFTER_END = timedelta(hours=2)


async def count_try(tx: Tx) -> None:
    """To be committed before the code is looked at, so that a wrong one counts."""
    await spend(tx, f"site:{tx.actor.account_id}", limit=TRIES, per=WINDOW)


async def open_seat(
    tx: Tx, sealer: Sealer, code: str, *, rules: Scheduling
) -> tuple[str, Invitee, Appointment]:
    """A fresh pass for the person whose code this is.

    Raises NotFound for a wrong code, and for staff of the unit complained of.
    """
    invitee = await codes.seat_of(tx, code, sealer=sealer)
    if invitee is None:
        raise NotFound
    appointment = await tx.session.get_one(Appointment, invitee.appointment_id)
    await cases.demand_impartial(tx, appointment.case_id)
    doors.demand_open(tx, appointment, rules=rules)
    await end_passes(tx, invitee.id)
    token = new_token()
    opened = SitePass(
        id=uuid4(),
        token_hash=token_hash(token),
        invitee_id=invitee.id,
        appointment_id=appointment.id,
        opened_by=tx.actor.account_id,
        opened_at=tx.now,
        expires_at=max(appointment.ends_at, tx.now) + KEPT_AFTER_END,
    )
    tx.session.add(opened)
    tx.audit("seat_opened", "appointment", appointment.id, invitee=invitee.id)
    return token, invitee, appointment


async def is_seen(tx: Tx, invitee: Invitee) -> bool:
    return await store.is_seen(tx, invitee.id)


async def opened_by_me(tx: Tx, seat_id: UUID) -> Invitee:
    """The person whose seat the actor opened here, and who is still here."""
    query = (
        sa.select(Invitee)
        .join(SitePass, SitePass.invitee_id == Invitee.id)
        .where(
            SitePass.invitee_id == seat_id,
            SitePass.opened_by == tx.actor.account_id,
            SitePass.ended_at.is_(None),
            SitePass.expires_at > tx.now,
        )
    )
    invitee = (await tx.session.scalars(query)).one_or_none()
    if invitee is None:
        raise NotFound
    appointment = await tx.session.get_one(Appointment, invitee.appointment_id)
    await cases.demand_impartial(tx, appointment.case_id)
    return invitee


async def company_of(tx: Tx, seat: Invitee) -> list[Invitee]:
    """Who acts for the person, by a letter: their cards are compared as well.

    Where there are two sides it must be said for whom.
    """
    served = {seat.id, None} if seat.role == SessionRole.PETITIONER else {seat.id}
    agents = await agents_of(tx, seat.appointment_id)
    return [one for one in agents if one.id != seat.id and one.serves_id in served]


async def agents_of(tx: Tx, appointment_id: UUID) -> list[Invitee]:
    """Everybody who acts for somebody, on whichever side."""
    return [one for one in await invitees.of(tx, appointment_id) if one.role in BY_LETTER]


def one_of(company: Sequence[Invitee], invitee_id: UUID) -> Invitee:
    found = next((one for one in company if one.id == invitee_id), None)
    if found is None:
        raise NotFound
    return found


async def end_passes(tx: Tx, invitee_id: UUID) -> None:
    """The shared device is wiped: what it holds opens nothing any more."""
    query = sa.update(SitePass).where(
        SitePass.invitee_id == invitee_id, SitePass.ended_at.is_(None)
    )
    await tx.session.execute(query.values(ended_at=tx.now))


async def end_all(tx: Tx, appointment_id: UUID) -> None:
    query = sa.update(SitePass).where(
        SitePass.appointment_id == appointment_id, SitePass.ended_at.is_(None)
    )
    await tx.session.execute(query.values(ended_at=tx.now))
