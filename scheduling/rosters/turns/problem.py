"""What a roster is made of: units, their people, working days in halves, and what stands already.

Working days are numbered from 0, and so are their halves: day 3 has the halves 6 and 7. A unit's
turns are blocks: a half day, or a whole day where the same people are there morning and afternoon.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

HALVES = 2


class Turn(NamedTuple):
    """A person is there for a unit in one of its blocks."""

    unit: int
    block: int
    person: int


class Place(NamedTuple):
    """A unit is there in one of its blocks."""

    unit: int
    block: int


@dataclass(frozen=True, slots=True)
class Person:
    """`away`: on leave. `cannot`: halves that they ruled out; `unwanted`: on which they would rather
    not; `wanted`: that they would like best. `carried`: turns that they had lately more than others of
    the unit. `run`: working days on which they were there just before. `in_a_row`: as many they may be.
    """

    away: frozenset[int] = frozenset()
    unwanted: frozenset[int] = frozenset()
    carried: int = 0
    run: int = 0
    in_a_row: int = 99
    cannot: frozenset[int] = frozenset()
    wanted: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Unit:
    """`needed` people at once; nobody by name where it has no `people`.

    `quota`: on how many blocks of each week it is there, where that is chosen; None: on all.
    `must`: blocks in which it has to be there; `closed`: those in which nobody is needed.
    """

    people: tuple[int, ...] = ()
    needed: int = 1
    all_day: bool = False
    quota: tuple[int, ...] | None = None
    must: frozenset[int] = frozenset()
    closed: frozenset[int] = frozenset()

    def halves(self, block: int) -> tuple[int, ...]:
        return (block * HALVES, block * HALVES + 1) if self.all_day else (block,)

    def block(self, half: int) -> int:
        return half // HALVES if self.all_day else half


@dataclass(frozen=True, slots=True)
class Roster:
    """`there` is kept of units that choose; the others are there always."""

    turns: frozenset[Turn] = frozenset()
    there: frozenset[Place] = frozenset()


@dataclass(frozen=True)
class Problem:
    """`weeks`: the week of each working day. `least`, `most`: units that choose in the house, by half.

    `fixed`: what meetings count on. `present`: the roster that is, where changes are to be few.
    """

    weeks: tuple[int, ...]
    units: tuple[Unit, ...]
    people: tuple[Person, ...]
    least: tuple[int, ...] = ()
    most: int = 99
    unpopular: frozenset[int] = frozenset()
    fixed: frozenset[Turn] = frozenset()
    present: Roster | None = None

    @property
    def days(self) -> int:
        return len(self.weeks)

    @property
    def halves(self) -> int:
        return self.days * HALVES

    def blocks(self, unit: Unit) -> list[int]:
        """In which it may be there."""
        everything = range(self.days if unit.all_day else self.halves)
        return [block for block in everything if block not in unit.closed]

    def weeks_of(self, unit: Unit) -> dict[int, list[int]]:
        """The blocks of each week."""
        found: dict[int, list[int]] = {}
        for block in self.blocks(unit):
            found.setdefault(self.weeks[unit.halves(block)[0] // HALVES], []).append(block)
        return found

    def quotas(self, unit: Unit) -> Iterator[tuple[list[int], int]]:
        """Each week's blocks, and on how many of them the unit is there."""
        for number, blocks in self.weeks_of(unit).items():
            wanted = unit.quota[number] if unit.quota is not None else len(blocks)
            musts = sum(block in unit.must for block in blocks)
            yield blocks, min(max(wanted, musts), len(blocks))

    def is_away(self, turn: Turn) -> bool:
        away = self.people[turn.person].away
        return any(half in away for half in self.units[turn.unit].halves(turn.block))

    def has_ruled_out(self, turn: Turn) -> bool:
        cannot = self.people[turn.person].cannot
        return any(half in cannot for half in self.units[turn.unit].halves(turn.block))

    def can(self, turn: Turn) -> bool:
        """Neither on leave then nor ruled out by themselves."""
        return not self.is_away(turn) and not self.has_ruled_out(turn)

    def days_of(self, turns: Iterable[Turn]) -> dict[int, set[int]]:
        """On which days each person is there."""
        found: dict[int, set[int]] = {}
        for turn in turns:
            half = self.units[turn.unit].halves(turn.block)[0]
            found.setdefault(turn.person, set()).add(half // HALVES)
        return found

    @cached_property
    def units_of(self) -> dict[int, list[int]]:
        """In which units each person works."""
        found: dict[int, list[int]] = {}
        for number, unit in enumerate(self.units):
            for person in unit.people:
                found.setdefault(person, []).append(number)
        return found

    def windows(self, person: int, fixed_days: Iterable[int]) -> Iterator[tuple[range, int]]:
        """Days in a row, and on how many of them a person may be there at most.

        The days just before the period count; what a meeting counts on is never too much.
        """
        one = self.people[person]
        fixed = set(fixed_days)
        for first in range(-min(one.run, one.in_a_row), self.days - one.in_a_row):
            window = range(max(first, 0), first + one.in_a_row + 1)
            before = max(-first, 0)
            yield window, max(one.in_a_row - before, sum(day in fixed for day in window))
