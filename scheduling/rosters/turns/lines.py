"""What a solver in its own process is told and tells: a line of JSON each."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import TypeAdapter

from scheduling.rosters.turns.problem import Problem, Roster


class Method(StrEnum):
    """`cp_sat` needs OR-tools and may prove that nothing is better."""

    CP_SAT = "cp_sat"
    GREEDY = "greedy"


@dataclass(frozen=True, slots=True)
class Task:
    """Solve this, the best way within so many seconds, or the quick way."""

    problem: Problem
    method: Method
    seconds: float
    workers: int


@dataclass(frozen=True, slots=True)
class Progress:
    """The best cost so far, and how many of the parts are done with; none costs less than `bound`."""

    seconds: float
    cost: int
    bound: int
    done: int
    parts: int


@dataclass(frozen=True, slots=True)
class Solved:
    roster: Roster
    cost: int
    bound: int
    optimal: bool
    seconds: float


Told = Progress | Solved
TASK: TypeAdapter[Task] = TypeAdapter(Task)
TOLD: TypeAdapter[Told] = TypeAdapter(Told)
STOP = b"stop"
"""Answer with the best so far."""
