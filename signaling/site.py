"""A staffed point: the worker opens the seat with the six-digit code on a shared device."""

from datetime import timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa

from scheduling import codes, invitees
from scheduling.comers import BY_LETTER
from scheduling.tables import Appointment, Invitee, SitePass
from server.cases import access as cases
from server.kernel.config import Scheduling
from server.kernel.errors import NotFound
from server.kernel.sealing import Sealer, new_token, token_hash
from server.kernel.throttle import spend
from server.kernel.uow import Tx
from signaling import doors, store
from signaling.states import PRINCIPALS

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
    appointment_id = await codes.appointment_of(tx, code, sealer=sealer)
    if appointment_id is None:
        raise NotFound
    appointment = await tx.session.get_one(Appointment, appointment_id)
    await cases.demand_impartial(tx, appointment.case_id)
    doors.demand_open(tx, appointment, rules=rules)
    invitee = await principal_of(tx, appointment_id)
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


async def principal_of(tx: Tx, appointment_id: UUID) -> Invitee:
    """Whom the appointment is about; before who acts for them."""
    found = [one for one in await invitees.of(tx, appointment_id) if one.role in PRINCIPALS]
    found.sort(key=lambda one: one.role in BY_LETTER)
    if not found:
        raise NotFound
    return found[0]


async def is_seen(tx: Tx, invitee: Invitee) -> bool:
    return await store.is_seen(tx, invitee.id)


async def opened_by_me(tx: Tx, appointment_id: UUID) -> Invitee:
    """The person whose seat the actor opened here, and who is still here."""
    query = (
        sa.select(Invitee)
        .join(SitePass, SitePass.invitee_id == Invitee.id)
        .where(
            SitePass.appointment_id == appointment_id,
            SitePass.opened_by == tx.actor.account_id,
            SitePass.ended_at.is_(None),
            SitePass.expires_at > tx.now,
        )
    )
    invitee = (await tx.session.scalars(query)).one_or_none()
    if invitee is None:
        raise NotFound
    appointment = await tx.session.get_one(Appointment, appointment_id)
    await cases.demand_impartial(tx, appointment.case_id)
    return invitee


async def company_of(tx: Tx, appointment_id: UUID) -> list[Invitee]:
    """Who acts for the person, by a letter: their cards are compared as well."""
    return [one for one in await invitees.of(tx, appointment_id) if one.role in BY_LETTER]


async def one_of_company(tx: Tx, appointment_id: UUID, invitee_id: UUID) -> Invitee:
    for one in await company_of(tx, appointment_id):
        if one.id == invitee_id:
            return one
    raise NotFound


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
