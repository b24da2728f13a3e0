"""What a turn of a session means elsewhere: the appointment, the person, alarms, events."""

from collections.abc import Iterable
from uuid import UUID, uuid4

from scheduling import invitees
from scheduling.events import AppointmentMissed
from scheduling.states import APPOINTMENT, Action
from scheduling.tables import Appointment, AppointmentState, Invitee
from server.kernel.uow import Tx
from signaling import site
from signaling.events import AlarmRaised, SessionClosed, SessionOpened, SessionStarted
from signaling.model import Effect, Logged, MarkSeen, RaiseAlarm, Seat, Session
from signaling.states import OVER, PRINCIPALS
from signaling.tables import Alarm, Result, SessionState

AUDITED = frozenset(
    {"started", "paused", "extended", "closed", "cancelled", "admitted", "dismissed", "sent_back",
     "muted", "unmuted", "let_in", "compared", "share.let", "share.started", "share.ended",
     "floor.given", "floor.ended",
     "alarm.raised", "caucus.opened", "caucus.closed", "recording.started", "recording.stopped"}
)  # fmt: skip


async def carry(tx: Tx, before: Session, after: Session, effects: Iterable[Effect]) -> None:
    """Write all of it in the transaction that keeps the session."""
    for effect in effects:
        match effect:
            case Logged() if effect.kind in AUDITED:
                _audit(tx, after, effect)
            case MarkSeen(seat_id=seat_id):
                await _mark_seen(tx, after.seat(seat_id).invitee_id)
            case RaiseAlarm():
                await _raise_alarm(tx, after, effect)
            case _:
                pass
    if before.state is not after.state and after.state in OVER:
        await site.end_all(tx, after.appointment_id)
    _emit(tx, before, after)
    if action := _step(before, after):
        await _step_appointment(tx, after.appointment_id, action)


def _audit(tx: Tx, session: Session, logged: Logged) -> None:
    facts = {key: value for key, value in logged.facts.items() if key not in {"because", "by"}}
    reason = logged.facts.get("because")
    tx.audit(
        f"session.{logged.kind}", "live_session", session.id,
        reason=str(reason) if reason else None, participant=logged.seat_id, **facts,
    )  # fmt: skip


async def _mark_seen(tx: Tx, invitee_id: UUID) -> None:
    invitee = await tx.session.get(Invitee, invitee_id)
    if invitee is not None:
        await invitees.compare_card(tx, invitee)


async def _raise_alarm(tx: Tx, session: Session, raised: RaiseAlarm) -> None:
    """The alarm keeps the address of whom it is about; else the duty officer sees everybody's."""
    about = session.seats.get(raised.about) if raised.about else _only_party(session)
    invitee = await tx.session.get(Invitee, about.invitee_id) if about else None
    alarm = Alarm(
        id=uuid4(),
        session_id=session.id,
        raised_by=raised.by,
        about=about.id if about else None,
        address=invitee.present_address if invitee else None,
        raised_at=tx.now,
    )
    tx.session.add(alarm)
    tx.emit(AlarmRaised(alarm_id=alarm.id, session_id=session.id))


def _only_party(session: Session) -> Seat | None:
    parties = [seat for seat in session.seats.values() if seat.role in PRINCIPALS]
    return parties[0] if len(parties) == 1 else None


def _emit(tx: Tx, before: Session, after: Session) -> None:
    ids = {"appointment_id": after.appointment_id, "session_id": after.id}
    if before.opened_at is None and after.opened_at is not None:
        tx.emit(SessionOpened(**ids))
    if before.started_at is None and after.started_at is not None:
        tx.emit(SessionStarted(**ids))
    if before.state is not after.state and after.state is SessionState.CLOSED:
        tx.emit(SessionClosed(**ids))


def _step(before: Session, after: Session) -> Action | None:
    """What the session means for the appointment: somebody came, it began, it is done."""
    if before.state is not after.state and after.state in OVER:
        if after.state is SessionState.CANCELLED:
            return None
        return Action.MISS if after.result is Result.NOBODY_CAME else Action.COMPLETE
    if before.started_at is None and after.started_at is not None:
        return Action.BEGIN
    return Action.CHECK_IN if after.has_come and not before.has_come else None


async def _step_appointment(tx: Tx, appointment_id: UUID, action: Action) -> None:
    appointment = await tx.session.get(Appointment, appointment_id)
    if appointment is None:
        return
    state = APPOINTMENT.get((AppointmentState(appointment.state), action))
    if state is not None:
        appointment.state = state
        tx.audit(action, "appointment", appointment.id)
        if action is Action.MISS:
            tx.emit(AppointmentMissed(appointment_id=appointment.id))
