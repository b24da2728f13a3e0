"""Who may send which message now: guards by name, one table.

The same table answers a message and fills `actions`, so the client repeats no rule.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from scheduling.tables import SessionRole
from server.kernel.errors import Conflict, DomainError, Forbidden
from signaling.model import Seat, Session
from signaling.states import ALARM, OVER, RUNNING, SESSION
from signaling.tables import ParticipantState, RoomKind


@dataclass(frozen=True)
class Guard:
    """`code` says why not; a lasting no is Forbidden, a passing one a Conflict."""

    holds: Callable[[Session, Seat], bool]
    code: str
    lasting: bool = False

    def refusal(self) -> DomainError:
        return Forbidden(self.code) if self.lasting else Conflict(self.code)


HOST = Guard(lambda _, seat: seat.is_host, "only_the_host", lasting=True)
SUPPORT = Guard(lambda _, seat: seat.role is SessionRole.SUPPORT, "only_the_door", lasting=True)
STAFF = Guard(lambda _, seat: seat.role in ALARM and seat.is_staff, "only_staff", lasting=True)
NOT_OVER = Guard(lambda session, _: session.state not in OVER, "session_over")
RUNS = Guard(lambda session, _: session.state in RUNNING, "session_not_running")
IN_MEDIA_ROOM = Guard(lambda s, seat: s.media_room(seat) is not None, "not_admitted")
IN_CAUCUS = Guard(lambda s, seat: s.is_in(seat, RoomKind.CAUCUS), "not_in_private_room")
IN_DOOR = Guard(lambda s, seat: s.is_in(seat, RoomKind.DOOR), "not_at_the_door")
IN_CORRIDOR = Guard(lambda _, seat: seat.room_id is None, "already_at_the_door")
SHARER = Guard(lambda _, seat: seat.may_share, "may_not_share", lasting=True)
NOT_SHARED = Guard(
    lambda s, seat: seat.is_host or _shared_by(s, seat) in {None, seat.id}, "somebody_shares"
)
SHARED = Guard(
    lambda s, seat: seat.share is not None or (seat.is_host and _any_share(s)), "nobody_shares"
)
CALLED = Guard(lambda _, seat: seat.summons is not None, "no_invitation")
CAN_RECORD = Guard(lambda session, _: session.can_record, "cannot_record")
NOT_RECORDING = Guard(lambda session, _: session.recording_since is None, "recording_already")
RECORDING = Guard(lambda session, _: session.recording_since is not None, "not_recording")
INSIDE = Guard(
    lambda _, seat: seat.state in {ParticipantState.IN_ROOM, ParticipantState.IN_CAUCUS},
    "not_admitted",
)


def _shared_by(session: Session, seat: Seat) -> UUID | None:
    sharer = session.sharer_in(seat.room_id)
    return sharer.id if sharer is not None else None


def _any_share(session: Session) -> bool:
    return any(seat.share is not None for seat in session.seats.values())


def _can(action: str) -> Guard:
    return Guard(lambda session, _: (session.state, action) in SESSION, "wrong_state")


ALLOWED: Mapping[str, tuple[Guard, ...]] = {
    "media.publish": (IN_MEDIA_ROOM,),
    "media.answer": (IN_MEDIA_ROOM,),
    "media.restart": (IN_MEDIA_ROOM,),
    "media.relay": (IN_MEDIA_ROOM,),
    "media.view": (IN_MEDIA_ROOM,),
    "say.mute": (NOT_OVER,),
    "hand": (INSIDE,),
    "beat": (),
    "leave": (),
    "alarm": (STAFF, NOT_OVER),
    "session.start": (HOST, INSIDE, _can("start")),
    "session.pause": (HOST, _can("pause")),
    "session.extend": (HOST, RUNS),
    "session.close": (HOST, _can("close")),
    "recording.start": (HOST, INSIDE, RUNS, CAN_RECORD, NOT_RECORDING),
    "recording.stop": (HOST, RECORDING),
    "let_in": (HOST, NOT_OVER),
    "admit": (HOST, INSIDE, NOT_OVER),
    "dismiss": (HOST, NOT_OVER),
    "mute": (HOST, NOT_OVER),
    "floor": (HOST, INSIDE, NOT_OVER),
    "share.start": (SHARER, INSIDE, NOT_SHARED),
    "share.stop": (SHARED,),
    "share.let": (HOST, NOT_OVER),
    "caucus.open": (HOST, INSIDE, RUNS),
    "caucus.invite": (HOST, INSIDE, RUNS),
    "caucus.answer": (CALLED,),
    "caucus.enter": (HOST, INSIDE, RUNS),
    "caucus.leave": (IN_CAUCUS,),
    "caucus.close": (HOST, RUNS),
    "door.open": (SUPPORT, IN_CORRIDOR, NOT_OVER),
    "door.close": (SUPPORT, IN_DOOR),
}
_UNNAMED = frozenset(
    {
        *{"beat", "leave"},
        *{"media.publish", "media.answer", "media.restart", "media.relay", "media.view"},
    }
)


def check(session: Session, seat: Seat, message: str) -> None:
    """Raises the first guard's refusal."""
    for guard in ALLOWED[message]:
        if not guard.holds(session, seat):
            raise guard.refusal()


def actions(session: Session, seat: Seat) -> list[str]:
    """The messages this seat may send now, by name; those that go without saying left out."""
    return [
        message
        for message, guards in ALLOWED.items()
        if message not in _UNNAMED and all(guard.holds(session, seat) for guard in guards)
    ]
