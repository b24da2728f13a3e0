"""The floor: whom the host has asked to speak, one in a room at a time, and always heard."""

from dataclasses import replace
from uuid import UUID

from server.kernel.errors import Conflict
from signaling.model import Seat, Session, Turn
from signaling.tables import RoomKind


def give(turn: Turn, host: Seat, seat_id: UUID) -> None:
    """To one in the host's own room; whoever had it gives way, and the host's mute is lifted."""
    seat = turn.seat(seat_id)
    is_here = turn.session.is_in(seat, RoomKind.MAIN, RoomKind.CAUCUS)
    if not is_here or seat.room_id != host.room_id:
        raise Conflict("not_in_your_room")
    if seat.has_floor:
        return
    other = turn.session.speaker(host.room_id)
    if other is not None:
        end(turn, other, why="given_on")
    was_muted = seat.muted_by_host
    seat = turn.alter(replace(seat, has_floor=True, hand=False, muted_by_host=False))
    if was_muted:
        turn.log("unmuted", seat)
    turn.log("floor.given", seat)


def take_back(turn: Turn, host: Seat, seat_id: UUID) -> None:
    seat = turn.seat(seat_id)
    if seat.has_floor and seat.room_id == host.room_id:
        end(turn, seat)


def settle(turn: Turn, before: Session) -> None:
    """After each turn: it goes no further than the room, and with the session, and not muted."""
    for seat in [one for one in turn.session.seats.values() if one.has_floor]:
        _settle(turn, seat, before)


def _settle(turn: Turn, seat: Seat, before: Session) -> None:
    was_in = before.seat(seat.id).room_id if seat.id in before.seats else None
    if seat.room_id is None:
        end(turn, seat, why="left")
    elif seat.room_id != was_in:
        end(turn, seat, why="left_the_room")
    elif seat.muted_by_host:
        end(turn, seat, why="muted")


def end(turn: Turn, seat: Seat, *, why: str | None = None) -> None:
    """`why` is left out where a host took it back."""
    turn.log("floor.ended", turn.alter(replace(seat, has_floor=False)), why=why)
