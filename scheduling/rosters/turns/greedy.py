"""A roster at once, without any library: block by block, whoever is furthest below their share.

What meetings count on is placed first, then whatever of the present roster still holds, so that a
changed fact changes little. The rules are kept; the spread is good, and nothing is proven.
"""

from collections import Counter, defaultdict

from scheduling.rosters.turns.problem import Place, Problem, Roster, Turn
from scheduling.rosters.turns.shares import Shares, is_unpopular, shares
from scheduling.rosters.turns.value import is_elsewhere, is_unwanted, is_wanted


def solve(problem: Problem) -> Roster:
    book = _Book(problem)
    for turn in sorted(problem.fixed):
        book.put(turn)
    present = problem.present or Roster()
    _choose_places(problem, book, present)
    for turn in sorted(present.turns, key=lambda turn: (turn.block, turn)):
        if book.may(turn):
            book.put(turn)
    for number, block in _open(problem, book):
        _fill(problem, book, number, block)
    return book.roster()


class _Book:
    """Who is where so far."""

    def __init__(self, problem: Problem) -> None:
        self.fair: Shares = shares(problem)
        self.there: set[Place] = set()
        self.in_house: Counter[int] = Counter()
        self.has: Counter[tuple[int, int]] = Counter()
        self.bad: Counter[tuple[int, int]] = Counter()
        self.many: Counter[tuple[int, int]] = Counter()
        self._problem = problem
        self._turns: set[Turn] = set()
        self._busy: set[tuple[int, int]] = set()
        self._days: defaultdict[int, set[int]] = defaultdict(set)
        self._fixed = problem.days_of(problem.fixed)
        self._seats = Counter((turn.unit, turn.block) for turn in problem.fixed)

    def roster(self) -> Roster:
        return Roster(frozenset(self._turns), frozenset(self.there))

    def place(self, place: Place) -> None:
        self.there.add(place)
        self.in_house.update(self._problem.units[place.unit].halves(place.block))

    def put(self, turn: Turn) -> None:
        unit = self._problem.units[turn.unit]
        halves = unit.halves(turn.block)
        self._turns.add(turn)
        self._busy.update((turn.person, half) for half in halves)
        self._days[turn.person].add(halves[0] // 2)
        self.has[turn.unit, turn.person] += 1
        self.many[turn.unit, turn.block] += 1
        self.bad[turn.unit, turn.person] += is_unpopular(self._problem, unit, turn.block)

    def left(self, number: int, block: int) -> int:
        needed = max(self._problem.units[number].needed, self._seats[number, block])
        return needed - self.many[number, block]

    def may(self, turn: Turn) -> bool:
        """Whether no rule is broken by it."""
        unit = self._problem.units[turn.unit]
        stays_away = unit.quota is not None and Place(turn.unit, turn.block) not in self.there
        if stays_away or turn in self._turns or self.left(turn.unit, turn.block) <= 0:
            return False
        if turn.person not in unit.people or not self._problem.can(turn):
            return False
        halves = unit.halves(turn.block)
        if any((turn.person, half) in self._busy for half in halves):
            return False
        return self._rests(turn.person, halves[0] // 2)

    def _rests(self, person: int, day: int) -> bool:
        there = self._days[person] | {day}
        windows = self._problem.windows(person, self._fixed.get(person, ()))
        return all(
            sum(one in there for one in window) <= most for window, most in windows if day in window
        )


def _choose_places(problem: Problem, book: _Book, present: Roster) -> None:
    """Where a unit must be, then where it was, then where units are missing, then where few are."""
    choosing = [(n, unit) for n, unit in enumerate(problem.units) if unit.quota is not None]
    for number, unit in choosing:
        for block in unit.must:
            book.place(Place(number, block))
    for number, unit in choosing:
        for blocks, wanted in problem.quotas(unit):
            open_ = {Place(number, block) for block in blocks} - book.there
            for _ in range(wanted - len(blocks) + len(open_)):
                best = min(open_, key=lambda place: _rank(problem, book, place, present))
                book.place(best)
                open_.remove(best)


def _rank(problem: Problem, book: _Book, place: Place, present: Roster) -> tuple[int, ...]:
    number, block = place
    unit = problem.units[number]
    halves = unit.halves(block)
    missing = [problem.least[half] - book.in_house[half] for half in halves if problem.least]
    able = any(problem.can(Turn(number, block, one)) for one in unit.people)
    crowded = sum(book.in_house[half] >= problem.most for half in halves)
    return (
        place not in present.there,
        bool(unit.people) and not able,
        crowded,
        -max(missing, default=0),
        sum(book.in_house[half] for half in halves),
        block,
    )


def _open(problem: Problem, book: _Book) -> list[tuple[int, int]]:
    """Blocks that need somebody, in order of time."""
    found = [
        (number, block)
        for number, unit in enumerate(problem.units)
        if unit.people
        for block in problem.blocks(unit)
        if unit.quota is None or Place(number, block) in book.there
    ]
    return sorted(found, key=lambda one: (problem.units[one[0]].halves(one[1])[0], one))


def _fill(problem: Problem, book: _Book, number: int, block: int) -> None:
    while book.left(number, block) > 0:
        unit = problem.units[number]
        able = [turn for one in unit.people if book.may(turn := Turn(number, block, one))]
        if not able:
            return
        book.put(min(able, key=lambda turn: _worth(problem, book, turn)))


def _worth(problem: Problem, book: _Book, turn: Turn) -> tuple[float, ...]:
    one = (turn.unit, turn.person)
    unit, fair = problem.units[turn.unit], book.fair[one]
    too_bad = is_unpopular(problem, unit, turn.block) and book.bad[one] >= fair.unpopular
    full = book.has[one] >= fair.turns
    had = book.has[one] / max(fair.turns, 1)
    liking = is_elsewhere(problem, turn) - is_wanted(problem, turn)
    return (full, too_bad, is_unwanted(problem, turn), liking, had, turn.person)
