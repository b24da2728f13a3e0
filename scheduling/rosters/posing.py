"""From what was read to a problem: who takes turns, when they can, and what stands already."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from scheduling.rosters.facts import Facts
from scheduling.rosters.period import SPANS, Period, Row, Settings
from scheduling.rosters.tables import WishKind
from scheduling.rosters.turns.problem import HALVES, Person, Place, Problem, Roster, Turn
from scheduling.rosters.turns.problem import Unit as Turns
from server.units.tables import Presence, Unit, UnitKind

ALONE = 99
"""Who has nobody to take turns with has no days off in between."""
MOST_CARRIED = 4
"""Turns of before that count; who is new has not to make up for all."""
HALVES_A_WEEK = 10


def pose(facts: Facts, settings: Settings) -> Period:
    numbers = _numbers(facts)
    rows = tuple(_rows(facts))
    shapes = [_shape(facts, unit, numbers, settings) for unit in facts.units]
    stands = _Present(facts, rows, tuple(shapes), numbers)
    units = tuple(stands.unit(number, settings) for number in range(len(shapes)))
    fixed = stands.fixed(keep_company=settings.fewest_changes)
    units = tuple(_must(unit, number, fixed) for number, unit in enumerate(units))
    problem = Problem(
        weeks=_weeks(facts),
        units=units,
        people=tuple(stands.person(one, units, settings) for one in numbers),
        least=() if settings.fewest_changes else _least(facts, units, settings),
        most=ALONE if settings.fewest_changes else settings.most,
        unpopular=facts.restless,
        fixed=fixed,
        present=stands.roster if settings.fewest_changes else None,
    )
    presences = tuple(presence_of(unit) for unit in facts.units)
    ids = tuple(unit.id for unit in facts.units)
    return Period(facts.days, ids, presences, tuple(numbers), rows, facts.leading, problem)


def presence_of(unit: Unit) -> Presence:
    return Presence(unit.presence) if unit.presence else Presence.WHOLE


def _takes_turns(facts: Facts, unit: Unit) -> bool:
    """Who has moved in whole is there whole; sub-centres have a turn where there are two to take it."""
    staff = facts.staff.get(unit.id, ())
    if presence_of(unit) != Presence.WHOLE:
        return bool(staff)
    return unit.kind == UnitKind.SUB_CENTRE and len(staff) > 1


def _numbers(facts: Facts) -> dict[UUID, int]:
    """Everybody with a number; who is on the roster still, and works there no more, has one too."""
    staff = [one for of in facts.staff.values() for one in of]
    named = [row.account_id for row in facts.shifts if row.account_id is not None]
    return {one: number for number, one in enumerate(dict.fromkeys([*staff, *named]))}


def _rows(facts: Facts) -> Iterable[Row]:
    unit_of = {unit.id: number for number, unit in enumerate(facts.units)}
    days = set(facts.days)
    for row in facts.shifts:
        made = Row(
            row.id, unit_of[row.unit_id], row.day, row.begins, row.ends, row.account_id, row.seats
        )  # fmt: skip
        if made.day in days and made.halves():
            yield made


def _shape(facts: Facts, unit: Unit, numbers: dict[UUID, int], settings: Settings) -> Turns:
    """The unit without what stands already."""
    takes_turns = _takes_turns(facts, unit)
    people = tuple(numbers[one] for one in facts.staff.get(unit.id, ())) if takes_turns else ()
    chooses = presence_of(unit) == Presence.ROTATING
    seats = [row.seats for row in facts.shifts if row.unit_id == unit.id and not row.account_id]
    return Turns(
        people=people,
        needed=1 if people else max(seats, default=1),
        all_day=bool(people) and not chooses,
        quota=_quota(facts, settings) if chooses else None,
        must=facts.own_leader.get(unit.id, frozenset()) if chooses else frozenset(),
    )


def _quota(facts: Facts, settings: Settings) -> tuple[int, ...]:
    """As many halves of each week, fewer where the week has fewer days."""
    halves = Counter(_weeks(facts))
    return tuple(
        (settings.halves_a_week * halves[week] * HALVES + HALVES_A_WEEK // 2) // HALVES_A_WEEK
        for week in sorted(halves)
    )


def _weeks(facts: Facts) -> tuple[int, ...]:
    known = sorted({day.isocalendar()[:2] for day in facts.days})
    return tuple(known.index(day.isocalendar()[:2]) for day in facts.days)


def _least(facts: Facts, units: tuple[Turns, ...], settings: Settings) -> tuple[int, ...]:
    choosing = sum(unit.quota is not None for unit in units)
    if not choosing:
        return ()
    received = {one.half for one in facts.leading}
    wanted = (
        settings.with_leader if half in received else settings.least
        for half in range(len(facts.days) * HALVES)
    )  # fmt: skip
    return tuple(min(least, choosing) for least in wanted)


def _must(unit: Turns, number: int, fixed: frozenset[Turn]) -> Turns:
    """Where somebody has to be, the unit is."""
    if unit.quota is None:
        return unit
    blocks = {turn.block for turn in fixed if turn.unit == number}
    return Turns(
        unit.people, unit.needed, unit.all_day, unit.quota, unit.must | blocks, unit.closed
    )  # fmt: skip


@dataclass(frozen=True)
class _Present:
    """The roster that is, in the problem's numbers."""

    facts: Facts
    rows: tuple[Row, ...]
    shapes: tuple[Turns, ...]
    numbers: dict[UUID, int]

    @cached_property
    def roster(self) -> Roster:
        places = frozenset(Place(row.unit, block) for row in self.rows for block in self._of(row))
        choosing = {n for n, unit in enumerate(self.shapes) if unit.quota is not None}
        return Roster(
            frozenset(turn for row in self.rows for turn in self._turns(row)),
            frozenset(place for place in places if place.unit in choosing),
        )

    def unit(self, number: int, settings: Settings) -> Turns:
        """With few changes it is there when it is now: as often in each week, or in the same blocks."""
        shape = self.shapes[number]
        there = {block for row in self.rows if row.unit == number for block in self._of(row)}
        booked = {
            shape.block(half)
            for unit_id, half in self.facts.booked
            if unit_id == self.facts.units[number].id
        }
        quota, closed = shape.quota, shape.closed
        if settings.fewest_changes and quota is not None:
            weeks = _weeks(self.facts)
            many = Counter(weeks[shape.halves(block)[0] // HALVES] for block in there)
            quota = tuple(many[week] for week in range(len(quota)))
        elif settings.fewest_changes:
            last = len(self.facts.days) * (1 if shape.all_day else HALVES)
            closed = frozenset(range(last)) - there
        must = shape.must | (booked & there) if quota is not None else shape.must
        return Turns(shape.people, shape.needed, shape.all_day, quota, must, closed)

    def fixed(self, *, keep_company: bool) -> frozenset[Turn]:
        """What meetings count on; with few changes, also several people at once."""
        found: set[Turn] = set()
        busy: set[tuple[int, int]] = set()
        turns = self.roster.turns
        many = Counter((turn.unit, turn.block) for turn in turns)
        for turn in sorted(turns):
            unit = self.shapes[turn.unit]
            halves = {(turn.person, half) for half in unit.halves(turn.block)}
            crowd = keep_company and many[turn.unit, turn.block] > unit.needed
            counts = crowd or self._is_booked(turn)
            if counts and not busy & halves and not self._is_away(turn):
                found.add(turn)
                busy |= halves
        return frozenset(found)

    def person(self, account_id: UUID, units: tuple[Turns, ...], settings: Settings) -> Person:
        number = self.numbers[account_id]
        mine = [n for n, unit in enumerate(units) if number in unit.people]
        alone = all(len(units[n].people) == 1 for n in mine)
        in_a_row = ALONE if alone else settings.in_a_row
        run = self._run(account_id)
        wishes = self.facts.wishes.get(account_id, {})
        if settings.fewest_changes:
            in_a_row = max(in_a_row, self._longest(number, run))
        return Person(
            away=self.facts.leaves.get(account_id, frozenset()),
            unwanted=wishes.get(WishKind.RATHER_NOT, frozenset()),
            cannot=wishes.get(WishKind.CANNOT, frozenset()),
            wanted=wishes.get(WishKind.WOULD_LIKE, frozenset()),
            carried=min(max((self._carried(account_id, n) for n in mine), default=0), MOST_CARRIED),
            run=run,
            in_a_row=in_a_row,
        )

    def _of(self, row: Row) -> set[int]:
        day = self.facts.days.index(row.day)
        return {self.shapes[row.unit].block(day * HALVES + half) for half in row.halves()}

    def _turns(self, row: Row) -> list[Turn]:
        if row.person is None or not self.shapes[row.unit].people:
            return []
        return [Turn(row.unit, block, self.numbers[row.person]) for block in self._of(row)]

    def _is_booked(self, turn: Turn) -> bool:
        unit_id = self.facts.units[turn.unit].id
        halves = self.shapes[turn.unit].halves(turn.block)
        return any((unit_id, half) in self.facts.booked for half in halves)

    def _is_away(self, turn: Turn) -> bool:
        unit = self.shapes[turn.unit]
        person = next(one for one, number in self.numbers.items() if number == turn.person)
        away = self.facts.leaves.get(person, frozenset())
        away |= self.facts.wishes.get(person, {}).get(WishKind.CANNOT, frozenset())
        return turn.person not in unit.people or bool(away.intersection(unit.halves(turn.block)))

    def _run(self, account_id: UUID) -> int:
        """Working days without a break, up to the first."""
        there = {row.day for row in self.facts.before if row.account_id == account_id}
        run = 0
        for day in reversed(self.facts.earlier):
            if day not in there:
                break
            run += 1
        return run

    def _longest(self, number: int, run: int) -> int:
        days = {
            self.shapes[turn.unit].halves(turn.block)[0] // HALVES
            for turn in self.roster.turns
            if turn.person == number
        }
        longest, going = run, run
        for day in range(len(self.facts.days)):
            going = going + 1 if day in days else 0
            longest = max(longest, going)
        return longest

    def _carried(self, account_id: UUID, number: int) -> int:
        """Turns lately, above whoever of the unit had the fewest."""
        unit, unit_id = self.shapes[number], self.facts.units[number].id
        had: defaultdict[UUID, set[tuple[object, ...]]] = defaultdict(set)
        for row in self.facts.before:
            if row.unit_id == unit_id and row.account_id is not None:
                part = None if unit.all_day else row.begins < SPANS[1][0]
                had[row.account_id].add((row.day, part))
        people = {one for one, n in self.numbers.items() if n in unit.people}
        return len(had[account_id]) - min((len(had[one]) for one in people), default=0)
