"""Against somebody is not there: what forbids it, what speaks against it, whom they would replace."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from scheduling.rosters.turns.check import seats
from scheduling.rosters.turns.problem import HALVES, Place, Problem, Roster, Turn
from scheduling.rosters.turns.shares import is_unpopular, shares
from scheduling.rosters.turns.value import gaps, is_elsewhere, is_there, is_unwanted


class Against(StrEnum):
    """The first ones forbid it, the others only speak against it: told where nothing forbids."""

    AWAY = "away"
    CANNOT = "cannot"
    ELSEWHERE = "elsewhere"
    UNIT_ABSENT = "unit_absent"
    REST = "rest"
    BOOKED = "booked"
    OVER_SHARE = "over_share"
    UNPOPULAR = "unpopular"
    UNWANTED = "unwanted"
    LIKES_OTHER = "likes_other"


FORBIDS = frozenset(
    {
        Against.AWAY,
        Against.CANNOT,
        Against.ELSEWHERE,
        Against.UNIT_ABSENT,
        Against.REST,
        Against.BOOKED,
    }
)


@dataclass(frozen=True, slots=True)
class Answer:
    """About one person and one block. `has` turns of a `share`; `replaces` one who is there now."""

    turn: Turn
    is_there: bool
    has: int
    share: int
    against: tuple[Against, ...] = ()
    replaces: int | None = None

    @property
    def possible(self) -> bool:
        return not FORBIDS.intersection(self.against)


def ask(problem: Problem, roster: Roster, unit: int, block: int) -> list[Answer]:
    """Of everybody in the unit: there, or why not."""
    fair = shares(problem)
    has = Counter((turn.unit, turn.person) for turn in roster.turns)
    there = [turn for turn in sorted(roster.turns) if (turn.unit, turn.block) == (unit, block)]
    replaced = _replaced(problem, there, unit, block, has)
    found = []
    for person in problem.units[unit].people:
        turn, one = Turn(unit, block, person), (unit, person)
        if turn in roster.turns:
            found.append(Answer(turn, True, has[one], fair[one].turns))
            continue
        without = roster.turns - ({replaced} if replaced else set())
        against = _forbids(problem, roster, without, turn)
        if len(there) >= seats(problem, unit, block) and replaced is None:
            against.append(Against.BOOKED)
        against = against or _against(problem, roster, turn, full=has[one] >= fair[one].turns)
        replaces = replaced.person if replaced else None
        found.append(Answer(turn, False, has[one], fair[one].turns, tuple(against), replaces))
    return found


@dataclass(frozen=True, slots=True)
class Clash:
    """A turn nobody takes; `people` could but for what they ruled out themselves."""

    unit: int
    block: int
    people: tuple[int, ...]


def clashes(problem: Problem, roster: Roster) -> list[Clash]:
    """Whose wishes cannot be kept together, turn by turn that is open for it, in order of time."""
    found = []
    for unit, block in sorted(gaps(problem, roster), key=lambda one: _first(problem, one)):
        against = {
            one: _forbids(problem, roster, roster.turns, Turn(unit, block, one))
            for one in problem.units[unit].people
            if Turn(unit, block, one) not in roster.turns
        }
        ruled_out = [one for one, told in against.items() if Against.CANNOT in told]
        alone = [one for one in ruled_out if against[one] == [Against.CANNOT]]
        if ruled_out:
            found.append(Clash(unit, block, tuple(alone or ruled_out)))
    return found


def _first(problem: Problem, where: tuple[int, int]) -> tuple[int, int]:
    return problem.units[where[0]].halves(where[1])[0], where[0]


def _replaced(
    problem: Problem, there: list[Turn], unit: int, block: int, has: Counter[tuple[int, int]]
) -> Turn | None:
    """Whoever has most, where all seats are taken and a meeting does not count on them."""
    if len(there) < seats(problem, unit, block):
        return None
    may_go = [turn for turn in there if turn not in problem.fixed]
    return max(may_go, key=lambda turn: has[turn.unit, turn.person], default=None)


def _forbids(
    problem: Problem, roster: Roster, others: frozenset[Turn], turn: Turn
) -> list[Against]:
    found = []
    if problem.is_away(turn):
        found.append(Against.AWAY)
    if problem.has_ruled_out(turn):
        found.append(Against.CANNOT)
    halves = set(problem.units[turn.unit].halves(turn.block))
    theirs = [other for other in others if other.person == turn.person]
    if any(halves.intersection(problem.units[one.unit].halves(one.block)) for one in theirs):
        found.append(Against.ELSEWHERE)
    closed = turn.block in problem.units[turn.unit].closed
    if closed or not is_there(problem, roster, *Place(turn.unit, turn.block)):
        found.append(Against.UNIT_ABSENT)
    if not _rests(problem, [*theirs, turn], turn):
        found.append(Against.REST)
    return found


def _rests(problem: Problem, theirs: list[Turn], turn: Turn) -> bool:
    there = problem.days_of(theirs)[turn.person]
    fixed = problem.days_of(problem.fixed).get(turn.person, ())
    day = problem.units[turn.unit].halves(turn.block)[0] // HALVES
    return all(
        sum(one in there for one in window) <= most
        for window, most in problem.windows(turn.person, fixed)
        if day in window
    )


def _against(problem: Problem, roster: Roster, turn: Turn, *, full: bool) -> list[Against]:
    found = [Against.OVER_SHARE] if full else []
    unit = problem.units[turn.unit]
    if is_unpopular(problem, unit, turn.block):
        most = shares(problem)[turn.unit, turn.person].unpopular
        bad = [
            other
            for other in roster.turns
            if (other.unit, other.person) == (turn.unit, turn.person)
            and is_unpopular(problem, unit, other.block)
        ]
        if len(bad) >= most:
            found.append(Against.UNPOPULAR)
    if is_unwanted(problem, turn):
        found.append(Against.UNWANTED)
    return [*found, Against.LIKES_OTHER] if is_elsewhere(problem, turn) else found
