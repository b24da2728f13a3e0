"""The search for the best roster, with OR-tools: part by part, and what is found is told."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ortools.sat.python import cp_model

from scheduling.rosters.turns import greedy
from scheduling.rosters.turns.lines import Progress, Solved, Task
from scheduling.rosters.turns.model import build
from scheduling.rosters.turns.parts import parts, restricted
from scheduling.rosters.turns.problem import Problem, Roster
from scheduling.rosters.turns.stop import Stop
from scheduling.rosters.turns.value import value

SEED = 1
SHARE = 0.5
"""No part but the last takes more of the time that is left."""
TELL_EVERY = 0.1


@dataclass
class _Part:
    """A part, the best roster of it, and how good one could be."""

    problem: Problem
    roster: Roster
    cost: int
    bound: int = 0
    optimal: bool = False
    looked_at: bool = False


@dataclass
class _Search:
    parts: list[_Part]
    stop: Stop
    tell: Callable[[Progress], None]
    began: float
    _told: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def note(self, part: _Part, *, cost: int | None = None, bound: int | None = None) -> None:
        with self._lock:
            part.cost = part.cost if cost is None else min(part.cost, cost)
            part.bound = part.bound if bound is None else max(part.bound, bound)
            if self.seconds - self._told > TELL_EVERY:
                self._told = self.seconds
                self.tell(self._progress())

    def _progress(self) -> Progress:
        return Progress(
            seconds=self.seconds,
            cost=sum(part.cost for part in self.parts),
            bound=sum(part.bound for part in self.parts),
            done=sum(part.looked_at for part in self.parts),
            parts=len(self.parts),
        )


class _Watch(cp_model.CpSolverSolutionCallback):  # type: ignore[misc]  # OR-tools may be missing
    """Passes on each better roster."""

    def __init__(self, search: _Search, part: _Part) -> None:
        super().__init__()
        self._search, self._part = search, part

    def on_solution_callback(self) -> None:
        self._search.note(self._part, cost=round(self.objective_value))


def search(task: Task, stop: Stop, tell: Callable[[Progress], None]) -> Solved:
    """The best within the time; never worse than the quick way, where it begins."""
    first = greedy.solve(task.problem)
    going = _Search([_begin(one, first) for one in parts(task.problem)], stop, tell,
                    time.monotonic())  # fmt: skip
    open_ = [part for part in going.parts if not part.optimal]
    for number, part in enumerate(open_, 1):
        share = 1.0 if number == len(open_) else SHARE
        _solve(going, part, seconds=(task.seconds - going.seconds) * share, workers=task.workers)
    return Solved(
        roster=Roster(
            frozenset().union(*(part.roster.turns for part in going.parts)),
            frozenset().union(*(part.roster.there for part in going.parts)),
        ),
        cost=sum(part.cost for part in going.parts),
        bound=sum(part.bound for part in going.parts),
        optimal=all(part.optimal for part in going.parts),
        seconds=going.seconds,
    )


def _begin(part: Problem, first: Roster) -> _Part:
    """What can stay whole has not to be looked at: any change would cost more than it gains."""
    roster = restricted(first, part)
    is_worth = value(part, roster)
    fine = is_worth.gaps == is_worth.short == is_worth.crowded == is_worth.changes == 0
    if part.present is None or not fine:
        return _Part(part, roster, is_worth.cost)
    return _Part(part, roster, is_worth.cost, is_worth.cost, optimal=True, looked_at=True)


def _solve(going: _Search, part: _Part, *, seconds: float, workers: int) -> None:
    made = build(part.problem)
    made.hint(part.roster)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = max(seconds, 0.0)
    solver.parameters.num_workers = workers
    solver.parameters.random_seed = SEED
    solver.best_bound_callback = lambda bound: going.note(part, bound=round(bound))
    if not going.stop.watch(solver.stop_search):
        return
    status = solver.solve(made.model, _Watch(going, part))
    going.stop.watch(None)
    if status in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        part.roster, part.optimal = made.roster(solver), status == cp_model.OPTIMAL
        part.cost, part.looked_at = round(solver.objective_value), True
        going.note(part, bound=round(solver.best_objective_bound))
