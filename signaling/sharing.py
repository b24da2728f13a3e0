"""Showing one's screen: one at a time in a room, and never beyond the room in which it began."""

from dataclasses import replace
from uuid import UUID

from server.kernel.errors import Forbidden, RuleBroken
from signaling.model import Seat, Session, Share, Turn
from signaling.states import OVER


def start(turn: Turn, seat: Seat) -> None:
    """Whoever showed theirs till now gives way: the guard let only a host go that far."""
    assert seat.room_id is not None
    other = turn.session.sharer_in(seat.room_id)
    if other is not None and other.id == seat.id:
        return
    if other is not None:
        end(turn, other, why="taken_over")
    seat = turn.alter(replace(seat, share=Share(seat.room_id, turn.now)))
    turn.log("share.started", seat)


def stop(turn: Turn, seat: Seat, sharer_id: UUID) -> None:
    sharer = turn.seat(sharer_id)
    if sharer.id != seat.id and not seat.is_host:
        raise Forbidden("only_the_host")
    if sharer.share is not None:
        end(turn, sharer)


def let(turn: Turn, seat_id: UUID, *, on: bool) -> None:
    seat = turn.seat(seat_id)
    if seat.shares_by_role:
        raise RuleBroken("shares_by_role")
    if seat.is_let_share != on:
        turn.log("share.let", turn.alter(replace(seat, is_let_share=on)), on=on)


def settle(turn: Turn) -> None:
    """After each turn: what was begun under other circumstances ends."""
    for seat in list(turn.session.seats.values()):
        if seat.share is not None and (why := _obstacle(turn.session, seat, seat.share)):
            end(turn, seat, why=why)


def end(turn: Turn, seat: Seat, *, why: str | None = None) -> Seat:
    """`why` is left out where somebody wished it."""
    share = seat.share
    assert share is not None
    seconds = round((turn.now - share.began_at).total_seconds())
    turn.log("share.ended", seat, room_id=share.room_id, seconds=seconds, why=why)
    return turn.alter(replace(seat, share=None))


def _obstacle(session: Session, seat: Seat, share: Share) -> str | None:
    if session.state in OVER:
        return "session_over"
    if seat.room_id != share.room_id:
        return "left_the_room"
    if not seat.is_connected:
        return "line_lost"
    if not seat.may_share:
        return "not_let"
    return "suspended" if session.is_held(seat) else None
