"""From a solved period to shifts: which stay, which go, which are new."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time
from uuid import UUID

from scheduling.rosters.period import HOURS, Period, Row
from scheduling.rosters.turns.problem import HALVES, Place, Roster
from scheduling.rosters.turns.value import gaps
from server.units.tables import Presence


@dataclass(frozen=True)
class NewRow:
    unit: int
    day: date
    begins: time
    ends: time
    presence: Presence
    person: UUID | None
    seats: int


@dataclass(frozen=True)
class Outcome:
    kept: tuple[Row, ...]
    removed: tuple[Row, ...]
    added: tuple[NewRow, ...]


Wanted = dict[tuple[int, int], tuple[frozenset[UUID], int]]
"""By unit and half: who is there by name, and how many seats have no name."""


def outcome(period: Period, roster: Roster) -> Outcome:
    wanted = _wanted(period, roster)
    kept = [row for row in period.rows if _stays(period, row, wanted)]
    gone = set(period.rows) - set(kept)
    return Outcome(
        kept=tuple(kept),
        removed=tuple(row for row in period.rows if row in gone),
        added=tuple(_added(period, wanted, kept)),
    )


def halves_of(period: Period, row: Row) -> list[int]:
    day = period.days.index(row.day)
    return [day * HALVES + half for half in row.halves()]


def _wanted(period: Period, roster: Roster) -> Wanted:
    problem, missing = period.problem, gaps(period.problem, roster)
    named: defaultdict[tuple[int, int], set[UUID]] = defaultdict(set)
    for turn in roster.turns:
        for half in problem.units[turn.unit].halves(turn.block):
            named[turn.unit, half].add(period.account_ids[turn.person])
    open_ = _open(period)
    found: Wanted = {}
    for number, unit in enumerate(problem.units):
        for block in problem.blocks(unit):
            there = unit.quota is None or Place(number, block) in roster.there
            unnamed = missing.get((number, block), 0) if unit.people else unit.needed * there
            for half in unit.halves(block):
                if there and (open_ is None or unit.quota is not None or (number, half) in open_):
                    found[number, half] = (frozenset(named[number, half]), unnamed)
    return found


def _open(period: Period) -> set[tuple[int, int]] | None:
    """Where few changes are wanted, a unit that has only an afternoon on a day gets no morning."""
    if period.problem.present is None:
        return None
    return {(row.unit, half) for row in period.rows for half in halves_of(period, row)}


def _stays(period: Period, row: Row, wanted: Wanted) -> bool:
    """A shift stays as it is, with its own hours, where whoever it names is there all the time."""
    needs = [wanted.get((row.unit, half), (frozenset(), 0)) for half in halves_of(period, row)]
    if row.person is not None and not period.problem.units[row.unit].people:
        return period.problem.present is not None
    if row.person is not None:
        return all(row.person in people for people, _ in needs)
    return period.problem.present is not None or all(unnamed for _, unnamed in needs)


def _added(period: Period, wanted: Wanted, kept: list[Row]) -> Iterator[NewRow]:
    there = {
        (row.unit, half, row.person) for row in kept for half in halves_of(period, row)
    }  # fmt: skip
    seats = Counter[tuple[int, int]]()
    for row in kept:
        if row.person is None:
            seats.update({(row.unit, half): row.seats for half in halves_of(period, row)})
    for (number, half), (people, unnamed) in sorted(wanted.items(), key=lambda one: one[0]):
        for person in sorted(people):
            if (number, half, person) not in there:
                yield _row(period, number, half, person=person, seats=1)
        if unnamed > seats[number, half]:
            yield _row(period, number, half, person=None, seats=unnamed - seats[number, half])


def _row(period: Period, number: int, half: int, *, person: UUID | None, seats: int) -> NewRow:
    day, (begins, ends) = period.days[half // HALVES], HOURS[half % HALVES]
    return NewRow(number, day, begins, ends, period.presences[number], person, seats)
