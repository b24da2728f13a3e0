"""Sessions as values, for tests of the rules."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from scheduling.tables import SessionKind, SessionRole
from signaling import happenings as h
from signaling.model import OpenRoom, Seat, Session
from signaling.requests import Asked
from signaling.session import Outcome, decide, follow
from signaling.tables import RoomKind, SessionState

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SPACE = UUID(int=7)
R = SessionRole


def who(name: str) -> UUID:
    return uuid5(SPACE, name)


def seat(name: str, role: SessionRole, *, staff: bool = False, **more) -> Seat:
    return Seat(
        id=who(name), invitee_id=who(f"invitee {name}"), role=role, is_staff=staff,
        **{"is_agreed": True, "is_seen": True, **more},
    )  # fmt: skip


def session(*seats: Seat, kind: SessionKind = SessionKind.RECEPTION, **more) -> Session:
    """Doors open, nobody here yet."""
    rooms = [OpenRoom(who(kind), kind, NOW) for kind in (RoomKind.WAITING, RoomKind.MAIN)]
    return Session(
        id=who("session"), appointment_id=who("appointment"), kind=kind,
        begins_at=NOW, ends_at=NOW + timedelta(minutes=30),
        rooms={room.id: room for room in rooms}, seats={s.id: s for s in seats},
        **{"state": SessionState.OPEN, "opened_at": NOW, **more},
    )  # fmt: skip


RECEPTION = (
    seat("leader", R.HOST, staff=True),
    seat("wang", R.PETITIONER),
    seat("li", R.HELPER),
    seat("clerk", R.SUPPORT, staff=True),
    seat("zhao", R.HANDLER, staff=True),
)
MEDIATION = (
    seat("mediator", R.HOST, staff=True),
    seat("applicant", R.APPLICANT),
    seat("respondent", R.RESPONDENT),
    seat("guardian", R.GUARDIAN, serves_id=who("invitee applicant")),
    seat("recorder", R.RECORDER, staff=True),
    seat("witness", R.WITNESS),
)


class Play:
    """Plays a session move by move; keeps the last outcome."""

    def __init__(self, start: Session) -> None:
        self.session = start
        self.now = NOW
        self.effects: tuple = ()
        self._ids = 0

    def ask(self, name: str, message: type, **fields) -> "Play":
        self._ids += 1
        request: Asked = message(ref=self._ids, **fields)
        outcome = decide(
            self.session, request, actor=who(name), now=self.now, new_id=who(f"new {self._ids}")
        )
        return self._keep(outcome)

    def happens(self, happening: h.Happening) -> "Play":
        self._ids += 1
        return self._keep(
            follow(self.session, happening, now=self.now, new_id=who(f"new {self._ids}"))
        )

    def comes(self, *names: str) -> "Play":
        """They check in, as guests do, and are on the line."""
        for name in names:
            if not self.session.seat(who(name)).is_staff:
                self.happens(h.CheckedIn(who(name), agreed=True))
            self.happens(h.Connected(who(name)))
        return self

    def passes(self, **time) -> "Play":
        self.now += timedelta(**time)
        return self.happens(h.Ticked())

    def seat(self, name: str) -> Seat:
        return self.session.seat(who(name))

    def where(self) -> dict[str, str | None]:
        """Who is in which kind of room."""
        names = {who(n): n for n in NAMES}
        return {
            names[s.id]: room.kind.value if (room := self.session.room_of(s)) else None
            for s in self.session.seats.values()
        }

    def logged(self) -> list[str]:
        return [effect.kind for effect in self.effects if hasattr(effect, "facts")]

    def _keep(self, outcome: Outcome) -> "Play":
        self.session, self.effects = outcome.session, outcome.effects
        return self


NAMES = ("leader", "wang", "li", "clerk", "zhao", "mediator", "applicant", "respondent",
         "guardian", "recorder", "witness")  # fmt: skip


def reception(**more) -> Play:
    return Play(session(*RECEPTION, **more))


def mediation(**more) -> Play:
    return Play(session(*MEDIATION, kind=SessionKind.MEDIATION, **more))


def unseen(play: Play, name: str) -> Play:
    one = replace(play.seat(name), is_seen=False)
    play.session = replace(play.session, seats={**play.session.seats, one.id: one})
    return play
