"""What happens to a session without anybody in it asking."""

from dataclasses import dataclass
from uuid import UUID

from signaling.facts import Line
from signaling.tables import Result


@dataclass(frozen=True)
class DoorsOpened:
    """It is time; people may come."""


@dataclass(frozen=True)
class Connected:
    """This seat is on the line, by a first or a new socket, or is heard again after silence."""

    seat_id: UUID
    fresh: bool = True


@dataclass(frozen=True)
class Lost:
    """Nothing has been heard from this seat for too long."""

    seat_id: UUID
    silence: float


@dataclass(frozen=True)
class SignedOut:
    """What this seat came with is no longer good: a sign-in, a site's pass, the invitation."""

    seat_id: UUID


@dataclass(frozen=True)
class CheckedIn:
    """Address and consents are given: `agreed` to take part at all, to be `recorded`."""

    seat_id: UUID
    agreed: bool
    recorded: bool = False


@dataclass(frozen=True)
class TapeTrouble:
    """What is recorded cannot be written, or can be again."""

    is_on: bool


@dataclass(frozen=True)
class Compared:
    """Staff compared the card outside the room: at a site or a window."""

    seat_id: UUID


@dataclass(frozen=True)
class LineChanged:
    seat_id: UUID
    line: Line


@dataclass(frozen=True)
class Closed:
    """By a decision, or because nobody came."""

    result: Result


@dataclass(frozen=True)
class Cancelled:
    """The appointment is off."""


@dataclass(frozen=True)
class AlarmHandled:
    alarm_id: UUID


@dataclass(frozen=True)
class Ticked:
    """Time passes: invitations run out, the end comes near."""


Happening = (
    DoorsOpened | Connected | Lost | SignedOut | CheckedIn | Compared | LineChanged | Closed
    | Cancelled | AlarmHandled | Ticked | TapeTrouble
)  # fmt: skip
