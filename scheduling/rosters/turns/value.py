"""What a roster costs: what is missing, what changes, who has too much, who wanted otherwise.

The weights are far enough apart that one more change is never worth any gain in fairness: a changed
turn takes one away and adds one, and each touches the rest by less than half of a change's weight.
"""

from collections import Counter
from dataclasses import dataclass

from scheduling.rosters.turns.problem import Problem, Roster, Turn
from scheduling.rosters.turns.shares import Shares, is_unpopular, shares

GAP, SHORT, CROWDED, CHANGE = 100_000, 5_000, 5_000, 200
OVER, UNPOPULAR, UNWANTED, ELSEWHERE = 12, 6, 3, 1


@dataclass(frozen=True, slots=True)
class Value:
    """`gaps`: turns that nobody can take. `short`, `crowded`: units missing, or too many, by half.

    `elsewhere`: turns at other times than their people would like best.
    """

    gaps: int = 0
    short: int = 0
    crowded: int = 0
    changes: int = 0
    over: int = 0
    unpopular: int = 0
    unwanted: int = 0
    elsewhere: int = 0

    @property
    def cost(self) -> int:
        """The less, the better."""
        return (
            GAP * self.gaps + SHORT * self.short + CROWDED * self.crowded + CHANGE * self.changes
            + OVER * self.over + UNPOPULAR * self.unpopular + UNWANTED * self.unwanted
            + ELSEWHERE * self.elsewhere
        )  # fmt: skip


def value(problem: Problem, roster: Roster) -> Value:
    in_house = house(problem, roster)
    needed = problem.least if any(unit.quota is not None for unit in problem.units) else ()
    over, unpopular = _unfair(problem, roster, shares(problem))
    return Value(
        gaps=sum(gaps(problem, roster).values()),
        short=sum(max(0, least - in_house[half]) for half, least in enumerate(needed)),
        crowded=sum(max(0, many - problem.most) for many in in_house.values()),
        changes=len(changes(problem, roster)),
        over=over,
        unpopular=unpopular,
        unwanted=sum(is_unwanted(problem, turn) for turn in roster.turns),
        elsewhere=sum(is_elsewhere(problem, turn) for turn in roster.turns),
    )


def house(problem: Problem, roster: Roster) -> Counter[int]:
    """How many of the units that choose are in the house, by half."""
    return Counter(
        half
        for unit, block in roster.there
        if problem.units[unit].quota is not None
        for half in problem.units[unit].halves(block)
    )


def is_there(problem: Problem, roster: Roster, unit: int, block: int) -> bool:
    return problem.units[unit].quota is None or (unit, block) in roster.there


def gaps(problem: Problem, roster: Roster) -> dict[tuple[int, int], int]:
    """How many people are missing, by unit and block; where nobody is named, nobody is."""
    many = Counter((turn.unit, turn.block) for turn in roster.turns)
    missing = {
        (number, block): unit.needed - many[number, block]
        for number, unit in enumerate(problem.units)
        if unit.people
        for block in problem.blocks(unit)
        if is_there(problem, roster, number, block)
    }
    return {where: left for where, left in missing.items() if left > 0}


def changes(problem: Problem, roster: Roster) -> frozenset[tuple[int, ...]]:
    """The turns, and where nobody is named the places, that are not as they were."""
    was = problem.present
    if was is None:
        return frozenset()
    places = {
        place for place in was.there ^ roster.there if not problem.units[place.unit].people
    }  # fmt: skip
    return frozenset({*(was.turns ^ roster.turns), *places})


def is_unwanted(problem: Problem, turn: Turn) -> bool:
    unwanted = problem.people[turn.person].unwanted
    return any(half in unwanted for half in problem.units[turn.unit].halves(turn.block))


def is_wanted(problem: Problem, turn: Turn) -> bool:
    wanted = problem.people[turn.person].wanted
    return any(half in wanted for half in problem.units[turn.unit].halves(turn.block))


def is_elsewhere(problem: Problem, turn: Turn) -> bool:
    """They would like other times better."""
    return bool(problem.people[turn.person].wanted) and not is_wanted(problem, turn)


def _unfair(problem: Problem, roster: Roster, fair: Shares) -> tuple[int, int]:
    has = Counter((turn.unit, turn.person) for turn in roster.turns)
    bad = Counter(
        (turn.unit, turn.person)
        for turn in roster.turns
        if is_unpopular(problem, problem.units[turn.unit], turn.block)
    )
    over = sum(max(0, many - fair[one].turns) for one, many in has.items())
    return over, sum(max(0, many - fair[one].unpopular) for one, many in bad.items())
