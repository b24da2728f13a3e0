"""Private talks, and the room at the door: entered by invitation, left at any time."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from server.kernel.errors import Conflict, RuleBroken
from signaling.facts import CaucusAnswered
from signaling.model import MarkSeen, Seat, Summons, Turn
from signaling.movements import close_caucus, close_door, come_out, withdraw
from signaling.states import COMPANIONS
from signaling.tables import ParticipantState, RoomKind

INVITATION_LIFETIME = timedelta(seconds=120)
MOST_ROOMS = 8


def open_room(turn: Turn) -> None:
    kinds = [room.kind for room in turn.session.rooms.values()]
    if kinds.count(RoomKind.CAUCUS) >= MOST_ROOMS:
        raise RuleBroken("too_many_private_rooms", most=MOST_ROOMS)
    turn.open_room(RoomKind.CAUCUS)


def invite(turn: Turn, host: Seat, *, room_id: UUID, seat_id: UUID) -> None:
    room = turn.session.room(room_id, RoomKind.CAUCUS)
    seat = turn.seat(seat_id)
    if seat.is_host or seat.state is not ParticipantState.IN_ROOM:
        raise Conflict("not_in_main_room")
    if seat.summons is not None:
        raise Conflict("already_invited")
    until = turn.now + INVITATION_LIFETIME
    turn.alter(replace(seat, summons=Summons(room.id, host.id, until)))
    turn.log("caucus.invited", seat, room_id=room.id)


def answer(turn: Turn, seat: Seat, *, accept: bool) -> None:
    """On acceptance: this one, whoever serves them, and the host who asked."""
    summons = seat.summons
    assert summons is not None
    seat = turn.alter(replace(seat, summons=None))
    turn.log("caucus.accepted" if accept else "caucus.refused", seat, room_id=summons.room_id)
    turn.tell_hosts(CaucusAnswered(participant_id=seat.id, accepted=accept))
    if not accept:
        return
    room = turn.session.room(summons.room_id, RoomKind.CAUCUS)
    inviter = turn.seat(summons.by)
    for person in (inviter, seat, *_companions(turn, seat)):
        if person.room_id != room.id and person.state in _FREE:
            withdraw(turn, person, room)


_FREE = frozenset({ParticipantState.IN_ROOM, ParticipantState.IN_CAUCUS})


def _companions(turn: Turn, seat: Seat) -> list[Seat]:
    return [
        other
        for other in turn.session.seats.values()
        if other.role in COMPANIONS
        and other.serves_id == seat.invitee_id
        and other.state is ParticipantState.IN_ROOM
    ]


def enter(turn: Turn, host: Seat, room_id: UUID) -> None:
    room = turn.session.room(room_id, RoomKind.CAUCUS)
    if host.room_id != room.id:
        withdraw(turn, host, room)


def leave(turn: Turn, seat: Seat) -> None:
    """Back to the main room, with whoever serves them; the last host takes everybody along."""
    room_id = seat.room_id
    come_out(turn, seat)
    for other in list(turn.session.seats.values()):
        serves = other.role in COMPANIONS and other.serves_id == seat.invitee_id
        if serves and other.room_id == room_id:
            come_out(turn, other)


def close(turn: Turn, room_id: UUID) -> None:
    close_caucus(turn, turn.session.room(room_id, RoomKind.CAUCUS))


def expire(turn: Turn) -> None:
    """Invitations that nobody answered are refused by themselves."""
    for seat in list(turn.session.seats.values()):
        if seat.summons and turn.now >= seat.summons.until:
            turn.alter(replace(seat, summons=None))
            turn.log("caucus.unanswered", seat, room_id=seat.summons.room_id)
            turn.tell_hosts(CaucusAnswered(participant_id=seat.id, accepted=False))


def open_door(turn: Turn, staff: Seat, seat_id: UUID) -> None:
    """A room for staff and one who waits, so that the card can be compared on camera."""
    seat = turn.seat(seat_id)
    waits = seat.state is ParticipantState.WAITING and seat.is_connected and not seat.is_staff
    if not waits or not turn.session.is_in(seat, RoomKind.WAITING):
        raise Conflict("not_waiting")
    room = turn.open_room(RoomKind.DOOR)
    turn.alter(replace(seat, room_id=room.id))
    turn.alter(replace(staff, room_id=room.id))
    turn.log("door.entered", seat, room_id=room.id)


def leave_door(turn: Turn, staff: Seat, *, compared: bool) -> None:
    assert staff.room_id is not None
    room = turn.session.room(staff.room_id, RoomKind.DOOR)
    for seat in list(turn.session.in_room(room.id)):
        if compared and not seat.is_staff:
            mark_seen(turn, seat, by=staff.id)
    close_door(turn, room)


def mark_seen(turn: Turn, seat: Seat, *, by: UUID) -> None:
    turn.alter(replace(seat, is_seen=True))
    turn.effects.append(MarkSeen(seat.id, by))
    turn.log("compared", seat)
