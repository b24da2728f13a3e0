"""What everybody's fair share of a period is, before anybody is put anywhere.

Turns are dealt one by one to whoever has had the least of the time that they could be there: who is
away half of the time gets half, and who had more lately gets fewer now.
"""

import heapq
from dataclasses import dataclass

from scheduling.rosters.turns.problem import Problem, Turn, Unit


@dataclass(frozen=True, slots=True)
class Share:
    """Of one person in one unit. `unpopular`: no more than so many at bad times."""

    turns: int
    unpopular: int


Shares = dict[tuple[int, int], Share]
"""By unit and person."""


def shares(problem: Problem) -> Shares:
    found: Shares = {}
    for number, unit in enumerate(problem.units):
        if unit.people:
            found |= _of_unit(problem, number, unit)
    return found


def is_unpopular(problem: Problem, unit: Unit, block: int) -> bool:
    return any(half in problem.unpopular for half in unit.halves(block))


def _of_unit(problem: Problem, number: int, unit: Unit) -> Shares:
    blocks = problem.blocks(unit)
    total = sum(wanted for _, wanted in problem.quotas(unit)) * unit.needed
    could, around = dict[int, int](), dict[int, int]()
    for person in unit.people:
        turns = [Turn(number, block, person) for block in blocks]
        around[person] = sum(not problem.is_away(turn) for turn in turns)
        could[person] = sum(problem.can(turn) for turn in turns)
    carried = {person: problem.people[person].carried for person in unit.people}
    dealt = _deal(total, could, around, carried)
    bad = sum(is_unpopular(problem, unit, block) for block in blocks)
    part = min(bad * unit.needed, -(-total * bad // max(len(blocks), 1)))
    shared = _deal(part, could, around, dict.fromkeys(could, 0))
    most = max(shared.values(), default=0)
    return {(number, person): Share(dealt[person], most) for person in unit.people}


def _deal(
    total: int, could: dict[int, int], around: dict[int, int], carried: dict[int, int]
) -> dict[int, int]:
    """Deal so many among people who could take so many each; ties in their order.

    What they ruled out themselves makes nobody's share smaller, as long as they could take it.
    """
    dealt = dict.fromkeys(could, 0)
    waiting = [(carried[one] / around[one], one) for one, most in could.items() if most]
    heapq.heapify(waiting)
    while total and waiting:
        _, one = heapq.heappop(waiting)
        dealt[one] += 1
        total -= 1
        if dealt[one] < could[one]:
            heapq.heappush(waiting, ((carried[one] + dealt[one]) / around[one], one))
    return dealt
