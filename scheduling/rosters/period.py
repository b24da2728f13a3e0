"""A period that is planned: what stands behind the numbers of its problem."""

from dataclasses import dataclass
from datetime import date, time
from uuid import UUID

from pydantic import TypeAdapter

from scheduling.rosters.turns.problem import Problem
from server.units.tables import Presence

HOURS = ((time(9), time(11, 30)), (time(13, 30), time(17)))
"""What a half day on the roster is."""
SPANS = ((time(7), time(12, 30)), (time(12, 30), time(17, 30)))
"""To which half day a shift of other hours belongs; what lies in the evening is left alone."""


@dataclass(frozen=True)
class Settings:
    """`fewest_changes`: from the roster that is; else from nothing.

    `halves_a_week`: how often a rotating unit is in the house; there are to be `least` of them, and
    `with_leader` where a leader receives, but no more than `most`. `in_a_row`: days for one person.
    """

    fewest_changes: bool = False
    halves_a_week: int = 6
    least: int = 2
    with_leader: int = 3
    most: int = 8
    in_a_row: int = 5


@dataclass(frozen=True)
class Row:
    """A shift that there is already."""

    id: UUID
    unit: int
    day: date
    begins: time
    ends: time
    person: UUID | None
    seats: int

    def halves(self) -> tuple[int, ...]:
        return tuple(n for n, (a, b) in enumerate(SPANS) if self.begins < b and self.ends > a)


@dataclass(frozen=True)
class Leading:
    """A leader receives in this half of the period."""

    half: int
    leader_id: UUID


@dataclass(frozen=True)
class Period:
    """A problem whose numbers stand for these days, units and people."""

    days: tuple[date, ...]
    unit_ids: tuple[UUID, ...]
    presences: tuple[Presence, ...]
    account_ids: tuple[UUID, ...]
    rows: tuple[Row, ...]
    leading: tuple[Leading, ...]
    problem: Problem


PERIOD: TypeAdapter[Period] = TypeAdapter(Period)
