"""What a host does: begin, pause, end, let in, send out, mute."""

from dataclasses import replace
from datetime import timedelta

from server.kernel.errors import Conflict, DomainError, FieldError, Invalid, RuleBroken
from server.kernel.state import after
from signaling import requests
from signaling.model import Part, Seat, Session, Turn
from signaling.movements import clear_private_rooms, depart, enter, send_back
from signaling.protocol import Parting, Reason
from signaling.states import ONE_BY_ONE_KINDS, PARTICIPANT, PRINCIPALS, SESSION, Entry, entry_of
from signaling.tables import ParticipantState, Result, RoomKind, SessionState


def start(turn: Turn) -> None:
    """Begin, or go on after a pause."""
    session = turn.session
    first = session.started_at is None
    turn.session = replace(
        session,
        state=after(SESSION, session.state, "start"),
        started_at=session.started_at or turn.now,
    )
    turn.log("started" if first else "continued")


def pause(turn: Turn) -> None:
    turn.session = replace(turn.session, state=after(SESSION, turn.session.state, "pause"))
    turn.log("paused")


def extend(turn: Turn, minutes: int) -> None:
    ends_at = max(turn.session.ends_at, turn.now) + timedelta(minutes=minutes)
    turn.session = replace(turn.session, ends_at=ends_at)
    turn.log("extended", minutes=minutes)


def close(turn: Turn, result: Result) -> None:
    """End for everybody: rooms close, lines close, who never came is noted."""
    state = after(SESSION, turn.session.state, "close")
    turn.log("closed", result=result)
    _clear(turn, Reason.CLOSED)
    turn.session = replace(turn.session, state=state, result=result, closed_at=turn.now)


def cancel(turn: Turn) -> None:
    state = after(SESSION, turn.session.state, "cancel")
    turn.log("cancelled")
    _clear(turn, Reason.CANCELLED)
    turn.session = replace(turn.session, state=state, closed_at=turn.now)


def _clear(turn: Turn, reason: Reason) -> None:
    for seat in list(turn.session.seats.values()):
        came = seat.arrived_at is not None or seat.is_staff
        state = PARTICIPANT.get((seat.state, "leave" if came else "miss"), seat.state)
        if seat.room_id is not None:
            turn.log("left", seat, reason=reason)
        left_at = turn.now if seat.room_id else seat.left_at
        quiet = replace(seat, state=state, room_id=None, summons=None, hand=False, left_at=left_at)
        turn.alter(replace(quiet, is_connected=False))
        turn.effects.append(Part(seat.id, Parting.STOP, reason))
    for room in list(turn.session.rooms.values()):
        if room.kind in {RoomKind.CAUCUS, RoomKind.DOOR}:
            turn.close_room(room)


def let_in(turn: Turn, message: requests.LetIn) -> None:
    entry = entry_of(turn.session.kind, message.role, is_staff=False)
    if entry is not Entry.WHEN_LET_IN:
        raise RuleBroken("admitted_one_by_one")
    roles = turn.session.let_in
    roles = roles | {message.role} if message.on else roles - {message.role}
    turn.session = replace(turn.session, let_in=frozenset(roles))
    turn.log("let_in", role=message.role, on=message.on)


def admit(turn: Turn, message: requests.Admit) -> None:
    """Let one in who waits; the first one begins the session."""
    seat = turn.seat(message.participant_id)
    if refusal := admission_refusal(turn.session, seat, because=message.because):
        raise refusal
    if turn.session.state in {SessionState.OPEN, SessionState.PAUSED}:
        start(turn)
    enter(turn, seat, kind="admitted", seen=seat.is_seen, because=message.because)


def admission_refusal(session: Session, seat: Seat, *, because: str | None) -> DomainError | None:
    """Why this one cannot come in; `because` stands in for a card that nobody compared."""
    if entry_of(session.kind, seat.role, is_staff=seat.is_staff) is Entry.NEVER:
        return RuleBroken("stays_at_the_door")
    if not seat.is_agreed:
        return RuleBroken("not_agreed")
    if session.is_in(seat, RoomKind.DOOR):
        return Conflict("at_the_door")
    if seat.state is not ParticipantState.WAITING or not seat.is_connected:
        return Conflict("not_waiting")
    meets_leader = session.kind in ONE_BY_ONE_KINDS and seat.role in PRINCIPALS
    if meets_leader and not seat.is_seen and not because:
        return RuleBroken("not_seen")
    return None


def dismiss(turn: Turn, message: requests.Dismiss) -> None:
    seat = turn.seat(message.participant_id)
    if seat.is_host:
        raise RuleBroken("hosts_stay")
    if not message.back and not message.because:
        raise Invalid("invalid", fields=(FieldError("because", "field.missing"),))
    if not message.back:
        depart(turn, seat, "dismiss", reason=Reason.DISMISSED, because=message.because)
    elif seat.is_staff:
        raise RuleBroken("staff_do_not_wait")
    else:
        send_back(turn, seat)
    clear_private_rooms(turn)


def mute(turn: Turn, message: requests.Mute) -> None:
    seat = turn.seat(message.participant_id)
    if seat.is_host:
        raise RuleBroken("hosts_mute_themselves")
    seat = turn.alter(replace(seat, muted_by_host=message.on, hand=seat.hand and message.on))
    turn.log("muted" if message.on else "unmuted", seat)


def leave(turn: Turn, seat: Seat, *, reason: Reason) -> None:
    """Somebody goes and means it, or must go."""
    if (seat.state, "leave") in PARTICIPANT:
        depart(turn, seat, "leave", reason=reason)
    else:
        turn.alter(replace(seat, is_connected=False))
        turn.effects.append(Part(seat.id, Parting.STOP, reason))
