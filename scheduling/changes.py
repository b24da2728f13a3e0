"""What people do to an appointment that stands: move it, cancel it."""

from collections.abc import Sequence
from uuid import UUID

from scheduling import calls, claims, holds, invitees, reminders, resting, topic_days, turns
from scheduling.choices import questions
from scheduling.claims import Wanted
from scheduling.events import AppointmentCancelled, AppointmentMoved, InviteeRemoved
from scheduling.invitees import NewInvitee
from scheduling.review_time import review_due_after_move
from scheduling.slots import Seat, SlotFacts, look_up
from scheduling.states import APPOINTMENT, Action
from scheduling.tables import (
    Appointment,
    AppointmentState,
    BookingChannel,
    CallTask,
    ClaimReason,
    ReceptionDay,
    SessionKind,
    SessionRole,
)
from server.cases.tables import Case
from server.identity.tables import Account
from server.kernel import state, tasks
from server.kernel.actor import ActorKind
from server.kernel.errors import Conflict, NotFound, RuleBroken
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from server.units.calendar import day_of, load_calendar
from server.units.tables import DayKind


async def move(
    tx: Tx, appointment: Appointment, slot_id: UUID, *, for_desk: bool, urgency: str | None = None
) -> None:
    """Take another time of the same leader; the entry in people's calendars follows.

    Residents stay with the leader who was found to be the right one; the desk may do more by
    diverting. `urgency`: why they are to have the place before those whose turn it is.
    """
    new_state = state.after(APPOINTMENT, AppointmentState(appointment.state), Action.MOVE)
    if appointment.session_kind != SessionKind.RECEPTION:
        raise RuleBroken("move_by_its_own_page")
    _check_ahead(tx, appointment)
    facts = await look_up(await tx.driver(), slot_id, now=tx.now)
    if facts is None:
        raise NotFound
    if facts.leader.account_id != appointment.host_id:
        raise RuleBroken("move_other_leader")
    if slot_id == appointment.slot_id:
        raise RuleBroken("move_same_slot")
    await _check_topic(tx, appointment, facts.day_id)
    await _lock(tx, appointment, facts)
    await claims.release(await tx.driver(), appointment.id)
    channel = BookingChannel(appointment.channel) if for_desk else BookingChannel.ONLINE
    given = await turns.give(
        tx, slot_id, channel=channel, urgency=urgency, for_desk=for_desk, returning=appointment.id
    )
    await resting.begin(tx, appointment.slot_id, left_by=appointment.id)
    await occupy(tx, appointment, given.facts, given.seats)
    turns.note(tx, appointment, given, urgency=urgency)
    appointment.state = new_state
    appointment.sequence += 1
    if appointment.review_due_at and new_state is AppointmentState.SUBMITTED:
        appointment.review_due_at = review_due_after_move(
            appointment.review_due_at, appointment.begins_at, moved_at=tx.now
        )
    await tell_of_move(tx, appointment)


async def _check_topic(tx: Tx, appointment: Appointment, day_id: UUID) -> None:
    day = await tx.session.get_one(ReceptionDay, day_id)
    case = await tx.session.get(Case, appointment.case_id) if appointment.case_id else None
    topic_days.check(tx, day.kind, day.topics, case.category if case else None)


async def occupy(tx: Tx, appointment: Appointment, facts: SlotFacts, seats: Sequence[Seat]) -> None:
    """Claim one of the seats for the appointment, and its person; all must be locked."""
    seat = await holds.take_seat(
        tx, facts, seats, appointment_id=appointment.id, reason=ClaimReason.BOOKING, expires_at=None
    )
    if appointment.person_id:
        theirs = Wanted(appointment.person_id, facts.begins_at, facts.ends_at)
        if not await claims.take(
            await tx.driver(), [theirs], appointment_id=appointment.id, reason=ClaimReason.BOOKING,
            expires_at=None, now=tx.now,
        ):  # fmt: skip
            raise Conflict("person_busy_then")
    appointment.day_id, appointment.slot_id = facts.day_id, seat.slot_id
    appointment.host_id, appointment.unit_id = facts.leader.account_id, facts.unit_id
    appointment.begins_at, appointment.ends_at = facts.begins_at, facts.ends_at


async def cancel(tx: Tx, appointment: Appointment, *, reason: str | None) -> None:
    """Call it off before its time; the slot is free again, for the page after it has rested."""
    state.after(APPOINTMENT, AppointmentState(appointment.state), Action.CANCEL)
    _check_ahead(tx, appointment)
    if tx.actor.kind is not ActorKind.STAFF:
        appointment.given_up_at = tx.now
    await call_off(tx, appointment, reason=reason)


async def call_off(tx: Tx, appointment: Appointment, *, reason: str | None) -> None:
    """As `cancel`, also when its time has come: it will not be held."""
    was_confirmed = appointment.state in {AppointmentState.CONFIRMED, AppointmentState.CHECKED_IN}
    appointment.state = state.after(APPOINTMENT, AppointmentState(appointment.state), Action.CANCEL)
    appointment.change_reason = reason
    appointment.sequence += 1
    await claims.release(await tx.driver(), appointment.id)
    await resting.begin(tx, appointment.slot_id, left_by=appointment.id)
    await drop_reminders(tx, appointment)
    await questions.withdraw_about(tx, appointment.id)
    await calls.reviewed(tx, appointment.id)
    await _seen_to(tx, appointment)
    # what a resident writes stays on the appointment, where it can be erased
    why = reason if tx.actor.kind is ActorKind.STAFF else None
    tx.audit("cancel", "appointment", appointment.id, reason=why)
    tx.emit(
        AppointmentCancelled(
            appointment_id=appointment.id,
            sequence=appointment.sequence,
            was_confirmed=was_confirmed,
        )
    )


async def drop_reminders(tx: Tx, appointment: Appointment) -> None:
    await tasks.drop(tx.connection, key_prefix=f"reminder:{appointment.id}:")


async def renew_reminders(tx: Tx, appointment: Appointment) -> None:
    """Those of the time as it is now; of a request that is not confirmed there are none."""
    if appointment.state != AppointmentState.CONFIRMED:
        return
    await drop_reminders(tx, appointment)
    reminders.schedule(
        tx, appointment.id, sequence=appointment.sequence, begins_at=appointment.begins_at,
        calendar=await load_calendar(tx, around=day_of(tx.now)),
    )  # fmt: skip


async def rehost(tx: Tx, sealer: Sealer, appointment: Appointment, host_id: UUID) -> None:
    """Another leader is invited as host; the former one's entry is taken back."""
    for seat in await invitees.of(tx, appointment.id):
        if seat.role != SessionRole.HOST:
            continue
        seat.removed_at = tx.now
        tx.emit(InviteeRemoved(appointment_id=appointment.id, invitee_id=seat.id))
    host = await tx.session.get_one(Account, host_id)
    invited = NewInvitee(role=SessionRole.HOST, name=host.name or "", account_id=host.id)
    invitees.add(tx, sealer, appointment.id, invited)
    await tx.session.flush()


async def tell_of_move(tx: Tx, appointment: Appointment) -> None:
    was_confirmed = appointment.state == AppointmentState.CONFIRMED
    await renew_reminders(tx, appointment)
    if not await _is_on_day_off(tx, appointment):
        await _seen_to(tx, appointment)
    tx.audit("move", "appointment", appointment.id, slot=appointment.slot_id)
    tx.emit(
        AppointmentMoved(
            appointment_id=appointment.id,
            sequence=appointment.sequence,
            was_confirmed=was_confirmed,
        )
    )


async def _is_on_day_off(tx: Tx, appointment: Appointment) -> bool:
    day = day_of(appointment.begins_at)
    return (await load_calendar(tx, around=day)).days.get(day) is DayKind.HOLIDAY


async def _seen_to(tx: Tx, appointment: Appointment) -> None:
    """It stands on a day off no more; a reception goes with its day."""
    if appointment.session_kind != SessionKind.RECEPTION:
        await calls.seen_to(tx, CallTask.appointment_id == appointment.id)


async def _lock(tx: Tx, appointment: Appointment, facts: SlotFacts) -> None:
    who = [appointment.person_id] if appointment.person_id else []
    await claims.lock(await tx.driver(), [*who, facts.leader.account_id])


def _check_ahead(tx: Tx, appointment: Appointment) -> None:
    if appointment.begins_at <= tx.now:
        raise RuleBroken("appointment_is_past")
