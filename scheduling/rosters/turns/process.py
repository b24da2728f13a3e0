"""Having a problem solved in another process: told how it goes, stopped or ended at any moment."""

import asyncio
import importlib.util
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from scheduling.rosters.turns.lines import STOP, TASK, TOLD, Method, Progress, Solved, Task
from scheduling.rosters.turns.problem import Problem

ROOT = Path(__file__).parents[3]
LIMIT = 64 << 20
"""A line that holds a whole roster."""
SLACK = 10.0
"""Seconds for building the model, beyond those of the search."""


class SolverGone(Exception):
    """The process ended without an answer."""


@dataclass(frozen=True)
class Solver:
    """A process that solves one problem after another."""

    process: asyncio.subprocess.Process

    async def solve(
        self, problem: Problem, *, method: Method, seconds: float, tell: Callable[[Progress], None]
    ) -> Solved:
        """Raises SolverGone, or TimeoutError when it says nothing for long."""
        task = Task(problem, method, seconds, max(os.cpu_count() or 1, 2))
        self._write(TASK.dump_json(task))
        async with asyncio.timeout(seconds + SLACK):
            while True:
                match await self._read():
                    case Progress() as progress:
                        tell(progress)
                    case Solved() as solved:
                        return solved

    def stop(self) -> None:
        """What it has by now is to be the answer."""
        self._write(STOP)

    def _write(self, line: bytes) -> None:
        if self.process.stdin is not None:
            self.process.stdin.write(line + b"\n")

    async def _read(self) -> Progress | Solved:
        if self.process.stdout is None or not (line := await self.process.stdout.readline()):
            raise SolverGone
        return TOLD.validate_json(line)


def found(folder: Path) -> bool:
    """Whether OR-tools is there: in the folder, or where Python looks."""
    return (folder / "ortools").is_dir() or importlib.util.find_spec("ortools") is not None


@asynccontextmanager
async def started(folder: Path) -> AsyncIterator[Solver]:
    """A solver's process, gone when the block ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "scheduling.rosters.turns.solver", str(ROOT / folder),
        cwd=ROOT, limit=LIMIT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Solver(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
