"""Further people of an appointment that stands: by a personal link, or a department's handler."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from scheduling import invitees
from scheduling.events import InviteeAdded, InviteeRemoved
from scheduling.invitees import NewInvitee
from scheduling.tables import Appointment, AppointmentState, Invitee, SessionRole
from server.identity.tables import Account, Membership
from server.kernel.actor import Role
from server.kernel.errors import Conflict, NotFound
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from server.units.tables import Unit

MOST = 8
"""People in one room, the host among them."""
STANDING = frozenset(
    {AppointmentState.CONFIRMED, AppointmentState.CHECKED_IN, AppointmentState.IN_SESSION}
)
BROUGHT_IN = frozenset(
    {
        SessionRole.HANDLER,
        SessionRole.HELPER,
        SessionRole.INTERPRETER,
        SessionRole.EXPERT,
        SessionRole.AGENT,
        SessionRole.REPRESENTATIVE,
    }
)
"""Who can be left out again: without the others there is no session."""


@dataclass(frozen=True)
class Handler:
    """Who answers for a department."""

    account: Account
    unit: Unit


async def invite(tx: Tx, sealer: Sealer, appointment: Appointment, who: NewInvitee) -> Invitee:
    """Give somebody a seat: a link is sent to a phone, staff find the session on their page."""
    await _check(tx, sealer, appointment, who)
    invitee = invitees.add(tx, sealer, appointment.id, who)
    if who.account_id is None:
        invitees.give_link(invitee, sealer)
    await tx.session.flush()
    tx.audit("invited", "appointment", appointment.id, invitee=invitee.id, role=who.role)
    tx.emit(InviteeAdded(appointment_id=appointment.id, invitee_id=invitee.id))
    return invitee


async def uninvite(tx: Tx, appointment: Appointment, invitee_id: UUID) -> None:
    """Take the seat back: the link opens nothing any more, and who sits there is sent out."""
    everybody = await invitees.of(tx, appointment.id)
    invitee = next((one for one in everybody if one.id == invitee_id), None)
    if invitee is None or invitee.role not in BROUGHT_IN:
        raise NotFound
    if not may_change(appointment, now=tx.now):
        raise Conflict("wrong_state")
    invitee.removed_at = tx.now
    tx.audit("uninvited", "appointment", appointment.id, invitee=invitee.id, role=invitee.role)
    tx.emit(InviteeRemoved(appointment_id=appointment.id, invitee_id=invitee.id))


def may_change(appointment: Appointment, *, now: datetime) -> bool:
    return appointment.state in STANDING and appointment.ends_at > now


async def _check(tx: Tx, sealer: Sealer, appointment: Appointment, who: NewInvitee) -> None:
    # Two clerks who invite at once are to count each other's.
    locked = sa.select(Appointment.id).where(Appointment.id == appointment.id).with_for_update()
    await tx.session.execute(locked)
    if not may_change(appointment, now=tx.now):
        raise Conflict("wrong_state")
    others = await invitees.of(tx, appointment.id)
    if len(others) >= MOST:
        raise Conflict("room_is_full", most=MOST)
    if any(_is_same(one, who, sealer) for one in others):
        raise Conflict("comes_already")


def _is_same(one: Invitee, who: NewInvitee, sealer: Sealer) -> bool:
    if who.account_id is not None:
        return one.account_id == who.account_id
    if one.phone is None or sealer.open(one.phone, purpose="phone") != who.phone:
        return False
    return sealer.open(one.name, purpose="name") == who.name


async def handlers(tx: Tx) -> list[Handler]:
    """Everybody who answers for a department, in the order of the departments."""
    query = (
        sa.select(Account, Unit)
        .join(Membership, Membership.account_id == Account.id)
        .join(Unit, Unit.id == Membership.unit_id)
        .where(Membership.role == Role.HANDLER, Account.disabled_at.is_(None))
        .order_by(Unit.code, Account.name)
    )
    return [Handler(account, unit) for account, unit in (await tx.session.execute(query)).all()]


async def handler(tx: Tx, account_id: UUID) -> NewInvitee:
    """The department's handler with this account."""
    found = next((one for one in await handlers(tx) if one.account.id == account_id), None)
    if found is None:
        raise NotFound
    name = found.account.name or found.unit.name
    return NewInvitee(SessionRole.HANDLER, name, account_id=account_id)
