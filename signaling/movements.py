"""Moves between rooms and the states that go with them; every other module moves by these."""

from dataclasses import replace
from uuid import UUID

from server.kernel.state import after
from signaling.facts import Called
from signaling.model import OpenRoom, Part, Seat, Session, Turn
from signaling.protocol import Parting, Reason
from signaling.states import PARTICIPANT, RUNNING, Entry, entry_of
from signaling.tables import ParticipantState, RoomKind, SessionState


def moved(turn: Turn, seat: Seat, action: str, *, room_id: UUID | None) -> Seat:
    """Take a step of the participant's table, into `room_id`."""
    state = after(PARTICIPANT, seat.state, action)
    return turn.alter(replace(seat, state=state, room_id=room_id))


def enter(
    turn: Turn,
    seat: Seat,
    *,
    kind: str = "entered",
    seen: bool | None = None,
    because: str | None = None,
) -> Seat:
    """Into the main room, from wherever."""
    called = seat.state is ParticipantState.WAITING
    seat = turn.alter(
        replace(seat, arrived_at=seat.arrived_at or turn.now, admitted_at=turn.now, left_at=None)
    )
    seat = moved(turn, seat, "enter", room_id=turn.session.main.id)
    turn.log(kind, seat, seen=seen, because=because)
    if called:
        turn.tell(seat.id, Called())
    return seat


def wait(turn: Turn, seat: Seat) -> Seat:
    """Into the waiting room, behind those who came before."""
    seat = turn.alter(replace(seat, arrived_at=seat.arrived_at or turn.now, left_at=None))
    seat = moved(turn, seat, "wait", room_id=turn.session.waiting.id)
    turn.log("waiting", seat)
    return seat


def send_back(turn: Turn, seat: Seat) -> Seat:
    """From the main room to the waiting room; they come in again only by being let in."""
    seat = turn.alter(replace(seat, admitted_at=None, hand=False, summons=None))
    seat = moved(turn, seat, "send_back", room_id=turn.session.waiting.id)
    turn.log("sent_back", seat)
    return seat


def withdraw(turn: Turn, seat: Seat, room: OpenRoom) -> Seat:
    """Into a private room."""
    seat = turn.alter(replace(seat, summons=None))
    if seat.state is ParticipantState.IN_CAUCUS:
        seat = turn.alter(replace(seat, room_id=room.id))
    else:
        seat = moved(turn, seat, "withdraw", room_id=room.id)
    turn.log("caucus.entered", seat)
    return seat


def come_out(turn: Turn, seat: Seat) -> Seat:
    """From a private room to the main room; one whose line is lost is moved there too."""
    turn.log("caucus.left", seat)
    if seat.state is ParticipantState.CONNECTION_LOST:
        return turn.alter(replace(seat, room_id=turn.session.main.id))
    return moved(turn, seat, "return", room_id=turn.session.main.id)


def depart(
    turn: Turn, seat: Seat, action: str, *, reason: Reason, because: str | None = None
) -> Seat:
    """Out of the session: left by will, or dismissed."""
    why = None if reason in {Reason.LEFT, Reason.DISMISSED} else reason
    turn.log({"leave": "left", "dismiss": "dismissed"}[action], seat, because=because, reason=why)
    seat = turn.alter(replace(seat, left_at=turn.now, hand=False, summons=None))
    seat = moved(turn, seat, action, room_id=None)
    turn.effects.append(Part(seat.id, Parting.STOP, reason))
    return turn.alter(replace(seat, is_connected=False))


def clear_private_rooms(turn: Turn) -> None:
    """Close private rooms without a host, and rooms at the door that lack one of the two."""
    for room in list(turn.session.rooms.values()):
        seats = list(turn.session.in_room(room.id))
        if room.kind is RoomKind.CAUCUS and seats and not any(s.is_host for s in seats):
            close_caucus(turn, room)
        elif room.kind is RoomKind.DOOR and len(seats) < 2:
            close_door(turn, room)


def close_caucus(turn: Turn, room: OpenRoom) -> None:
    for seat in list(turn.session.in_room(room.id)):
        come_out(turn, seat)
    for seat in list(turn.session.seats.values()):
        if seat.summons and seat.summons.room_id == room.id:
            turn.alter(replace(seat, summons=None))
    turn.close_room(room)


def close_door(turn: Turn, room: OpenRoom) -> None:
    """The one who waits goes back to the waiting room, staff to the corridor."""
    for seat in list(turn.session.in_room(room.id)):
        turn.alter(replace(seat, room_id=None if seat.is_staff else turn.session.waiting.id))
    turn.close_room(room)


def may_enter_alone(session: Session, seat: Seat) -> bool:
    """Whether this seat needs nobody to open the door now."""
    if seat.admitted_at is not None:
        return True
    entry = entry_of(session.kind, seat.role, is_staff=seat.is_staff)
    is_live = session.state is SessionState.LIVE
    match entry:
        case Entry.AT_ONCE:
            return True
        case Entry.WHEN_LIVE:
            return is_live
        case Entry.WHEN_LET_IN:
            return is_live and seat.role in session.let_in
        case Entry.ONE_BY_ONE | Entry.NEVER:
            return False


def settle(turn: Turn) -> None:
    """After each turn: those whose door stands open go in, empty rooms close, hosts are needed."""
    clear_private_rooms(turn)
    for seat in list(turn.session.seats.values()):
        waits = seat.state is ParticipantState.WAITING and turn.session.is_in(
            seat, RoomKind.WAITING
        )
        if waits and seat.is_connected and may_enter_alone(turn.session, seat):
            enter(turn, seat)
    _suspend_or_resume(turn)


def _suspend_or_resume(turn: Turn) -> None:
    """The last host losing the line suspends the session; any host coming back resumes it."""
    session = turn.session
    if session.state is SessionState.LIVE and not session.is_led:
        turn.session = replace(session, state=SessionState.SUSPENDED)
        turn.log("suspended")
    elif session.state is SessionState.SUSPENDED and session.is_led:
        turn.session = replace(session, state=SessionState.LIVE)
        turn.log("resumed")


def is_running(session: Session) -> bool:
    return session.state in RUNNING
