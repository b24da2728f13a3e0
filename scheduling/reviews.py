"""A clerk's review of a request: confirm, divert to another leader or unit, or decline."""

from uuid import UUID, uuid4

from scheduling import calls, changes, claims, complained_of, confirmation, invitees, sites, turns
from scheduling.choices import questions
from scheduling.events import AppointmentDeclined, AppointmentDiverted
from scheduling.holds import appointment_row
from scheduling.invitees import NewInvitee
from scheduling.slots import look_up
from scheduling.states import APPOINTMENT, Action
from scheduling.tables import (
    Appointment,
    AppointmentState,
    BookingChannel,
    SessionKind,
    SessionRole,
)
from server.cases.tables import Case
from server.identity.tables import Account
from server.kernel import state
from server.kernel.errors import NotFound, RuleBroken
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from server.units.calendar import day_of, load_calendar


async def confirm(tx: Tx, sealer: Sealer, appointment: Appointment) -> None:
    appointment.reviewed_by = tx.actor.account_id
    await calls.reviewed(tx, appointment.id)
    calendar = await load_calendar(tx, around=day_of(tx.now))
    await confirmation.confirm(tx, sealer, appointment, calendar=calendar)


async def decline(tx: Tx, appointment: Appointment, *, reason: str, right_route: str) -> None:
    """Say no in writing, with the way that leads further; the slot is free again."""
    appointment.state = state.after(
        APPOINTMENT, AppointmentState(appointment.state), Action.DECLINE
    )
    appointment.reviewed_by = tx.actor.account_id
    appointment.decline_reason, appointment.right_route = reason, right_route
    await claims.release(await tx.driver(), appointment.id)
    await questions.withdraw_about(tx, appointment.id)
    await calls.reviewed(tx, appointment.id)
    tx.audit("decline", "appointment", appointment.id, reason=reason)
    tx.emit(AppointmentDeclined(appointment_id=appointment.id))


async def divert(
    tx: Tx, sealer: Sealer, appointment: Appointment, slot_id: UUID, *, reason: str,
    urgency: str | None = None,
) -> Appointment:  # fmt: skip
    """Give the matter another leader or unit: a new appointment, confirmed, in place of this.

    `urgency`: why they are to have the place before those whose turn it is.
    """
    was_confirmed = appointment.state == AppointmentState.CONFIRMED
    appointment.state = state.after(APPOINTMENT, AppointmentState(appointment.state), Action.DIVERT)
    if appointment.session_kind != SessionKind.RECEPTION:
        raise RuleBroken("divert_receptions_only")
    appointment.reviewed_by, appointment.change_reason = tx.actor.account_id, reason
    facts = await look_up(await tx.driver(), slot_id, now=tx.now)
    if facts is None:
        raise NotFound
    await complained_of.check_leader(tx, appointment.case_id, facts.leader.account_id)
    who = [appointment.person_id] if appointment.person_id else []
    await claims.lock(await tx.driver(), [*who, facts.leader.account_id])
    await claims.release(await tx.driver(), appointment.id)
    channel = BookingChannel(appointment.channel)
    given = await turns.give(tx, slot_id, channel=channel, urgency=urgency, for_desk=True)
    appointment.sequence += 1
    await changes.drop_reminders(tx, appointment)
    await questions.withdraw_about(tx, appointment.id)
    await calls.reviewed(tx, appointment.id)
    made = _successor(tx, appointment, appointment_row(
        tx, given.facts, appointment_id=uuid4(), slot_id=slot_id
    ))  # fmt: skip
    tx.session.add(made)
    await changes.occupy(tx, made, given.facts, given.seats)
    turns.note(tx, made, given, urgency=urgency)
    await tx.session.flush()
    await _bring_people(tx, sealer, appointment, made)
    if made.case_id is not None:
        await sites.leave_complained_of(tx, sealer, await tx.session.get_one(Case, made.case_id))
    calendar = await load_calendar(tx, around=day_of(tx.now))
    await confirmation.stand(tx, sealer, made, calendar=calendar)
    tx.audit("divert", "appointment", appointment.id, reason=reason, to=made.id)
    tx.emit(
        AppointmentDiverted(
            appointment_id=appointment.id,
            to_id=made.id,
            sequence=appointment.sequence,
            was_confirmed=was_confirmed,
        )
    )
    return made


def _successor(tx: Tx, old: Appointment, row: dict[str, object]) -> Appointment:
    made = Appointment(**row, state=AppointmentState.CONFIRMED)
    made.case_id, made.person_id, made.account_id = old.case_id, old.person_id, old.account_id
    made.attend_by, made.site_id, made.needs = old.attend_by, old.site_id, old.needs
    made.moved_from_id, made.reviewed_by = old.id, tx.actor.account_id
    made.booked_by, made.channel, made.urgency = old.booked_by, old.channel, old.urgency
    return made


async def _bring_people(tx: Tx, sealer: Sealer, old: Appointment, new: Appointment) -> None:
    """Everybody but the host comes along; the new host is invited."""
    host = await tx.session.get_one(Account, new.host_id)
    leader = NewInvitee(role=SessionRole.HOST, name=host.name or "", account_id=host.id)
    invitees.add(tx, sealer, new.id, leader)
    for invitee in await invitees.of(tx, old.id):
        if invitee.role != SessionRole.HOST and invitee.account_id != host.id:
            invitees.bring(tx, invitee, new.id)
