"""`make bench-roster`: 60 days of a district, proven to be the best, and planned anew after a change.

22 departments and 14 sub-centres with 3 to 6 people each, their leave and wishes, 20 leaders whose
reception days stand. The seconds are from asking until the answer is there: the process is running,
the model is built anew. Then somebody falls ill for a week, and as little as possible is to change.
"""

import asyncio
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from time import perf_counter

from scheduling.rosters.turns import process
from scheduling.rosters.turns.check import breaches
from scheduling.rosters.turns.lines import Method, Progress, Solved
from scheduling.rosters.turns.problem import HALVES, Problem, Roster
from scheduling.rosters.turns.process import Solver
from scheduling.rosters.turns.value import changes, value
from tests.bench.machine import watched
from tests.bench.report import percentile, report
from tests.rosters.districts import WEEK, district

FOLDER = Path("build/ortools")
DAYS, CALENDAR_WEEK = 60, 7
WORKING_DAYS = DAYS // CALENDAR_WEEK * WEEK + DAYS % CALENDAR_WEEK
LIMIT, ROUNDS = 60.0, 3
GOALS = {"seconds": "goal <= 5", "optimal": "goal 1"}


async def measure() -> dict[str, float]:
    problem = district(days=WORKING_DAYS)
    took, again_took = [], []
    async with process.started(FOLDER) as solver:
        quick, _ = await _solved(solver, problem, Method.GREEDY)
        for _ in range(ROUNDS):
            best, seconds = await _solved(solver, problem, Method.CP_SAT)
            changed = _ill(problem, best.roster)
            again, again_seconds = await _solved(solver, changed, Method.CP_SAT)
            took.append(seconds)
            again_took.append(again_seconds)
    assert breaches(problem, best.roster) == breaches(changed, again.roster) == []
    assert value(problem, best.roster).cost == best.cost
    return {
        "seconds": percentile(took, 0.5),
        "optimal": float(best.optimal and again.optimal),
        "replan_seconds": percentile(again_took, 0.5),
        "replan_changes": float(len(changes(changed, again.roster)) // 2),
        "lost_turns": float(len(changed.present.turns) - _kept(changed)) if changed.present else 0,
        "turns": float(len(best.roster.turns)),
        "cost": float(best.cost),
        "greedy_cost": float(quick.cost),
        "greedy_seconds": quick.seconds,
    }


async def _solved(solver: Solver, problem: Problem, method: Method) -> tuple[Solved, float]:
    def tell(_: Progress) -> None:
        """Nobody watches."""

    began = perf_counter()
    solved = await solver.solve(problem, method=method, seconds=LIMIT, tell=tell)
    return solved, perf_counter() - began


def _ill(problem: Problem, roster: Roster) -> Problem:
    """Whoever has most turns is away for a week in the middle."""
    [(person, _)] = Counter(turn.person for turn in roster.turns).most_common(1)
    first = random.Random(person).randrange(WEEK, problem.days - WEEK)
    week = range(first * HALVES, (first + WEEK) * HALVES)
    people = list(problem.people)
    people[person] = replace(people[person], away=people[person].away.union(week))
    return replace(problem, people=tuple(people), present=roster)


def _kept(problem: Problem) -> int:
    """How many turns of the present roster can stay."""
    turns = problem.present.turns if problem.present else ()
    return sum(not problem.is_away(turn) for turn in turns)


def main() -> None:
    with watched() as watch:
        report("roster", asyncio.run(measure()), baseline=None, goals=GOALS, watch=watch)


if __name__ == "__main__":
    main()
