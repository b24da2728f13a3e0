"""Works out drafts: one at a time, in a process of its own, told of while it goes on."""

import asyncio
import logging
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from scheduling.rosters.drafts import DRAFT, SOLVED, period_of
from scheduling.rosters.tables import DraftState, RosterDraft
from scheduling.rosters.turns import process
from scheduling.rosters.turns.lines import Method, Progress, Solved
from scheduling.rosters.turns.problem import Problem
from scheduling.rosters.turns.process import Solver, SolverGone
from server.kernel import state
from server.kernel.actor import SYSTEM
from server.kernel.tasks import Due
from server.kernel.uow import Tx, UnitOfWork

log = logging.getLogger("yuntiao.rosters")
SECONDS = 25.0
"""Less than a task's lease, with the start of the process."""
EVERY = 0.5
ALIVE = timedelta(seconds=15)
PATIENCE = 20
"""So often it is asked whether another draft is done, before the task is given back."""
LOCK = "SELECT pg_advisory_xact_lock(hashtext('yuntiao.roster'))"


class Busy(Exception):
    """Another draft takes long."""


@dataclass(frozen=True)
class Work:
    problem: Problem
    method: Method


@dataclass(frozen=True)
class Drafting:
    """`folder` may hold OR-tools."""

    uow: UnitOfWork
    folder: Path
    seconds: float = SECONDS

    async def __call__(self, due: Due) -> str:
        draft_id = UUID(due.payload["draft_id"])
        work = await self._begin(draft_id)
        if work is None:
            return "skipped"
        try:
            async with process.started(self.folder) as solver:
                solved = await self._solve(solver, draft_id, work)
        except (SolverGone, TimeoutError):
            log.exception("roster_not_solved", extra={"draft": str(draft_id)})
            return await self._end(draft_id, "fail", None)
        return await self._end(draft_id, "solve", solved) if solved else "cancelled"

    async def _begin(self, draft_id: UUID) -> Work | None:
        """Wait until no other is worked on. None: nobody wants this one any more."""
        for _ in range(PATIENCE):
            async with self.uow.begin(SYSTEM) as tx:
                await (await tx.driver()).execute(LOCK)
                row = await tx.session.get(RosterDraft, draft_id, with_for_update=True)
                if row is None or row.state not in {DraftState.QUEUED, DraftState.RUNNING}:
                    return None
                if not await _another(tx, draft_id):
                    row.state = state.after(DRAFT, DraftState(row.state), "begin")
                    row.beat_at = tx.now
                    return Work(period_of(row).problem, Method(row.method))
            await asyncio.sleep(EVERY)
        raise Busy

    async def _solve(self, solver: Solver, draft_id: UUID, work: Work) -> Solved | None:
        """None: it was cancelled."""
        told: list[Progress] = []
        solving = asyncio.create_task(
            solver.solve(
                work.problem, method=work.method, seconds=self.seconds, tell=told.append
            ),
            name="roster",
        )  # fmt: skip
        try:
            while not solving.done():
                await asyncio.wait({solving}, timeout=EVERY)
                if not await self._beat(solver, draft_id, told[-1] if told else None):
                    return None
            return solving.result()
        finally:
            solving.cancel()
            await asyncio.wait({solving})

    async def _beat(self, solver: Solver, draft_id: UUID, progress: Progress | None) -> bool:
        """Tell how far it is, hear whether it goes on."""
        async with self.uow.begin(SYSTEM) as tx:
            row = await tx.session.get(RosterDraft, draft_id, with_for_update=True)
            if row is None or row.state != DraftState.RUNNING:
                return False
            row.beat_at = tx.now
            row.progress = asdict(progress) if progress else row.progress
            if row.stopping:
                solver.stop()
        return True

    async def _end(self, draft_id: UUID, action: str, solved: Solved | None) -> str:
        async with self.uow.begin(SYSTEM) as tx:
            row = await tx.session.get(RosterDraft, draft_id, with_for_update=True)
            if row is None or row.state != DraftState.RUNNING:
                return "skipped"
            row.state = state.after(DRAFT, DraftState.RUNNING, action)
            row.solved = SOLVED.dump_json(solved).decode() if solved else None
            return action


async def _another(tx: Tx, draft_id: UUID) -> bool:
    query = sa.select(RosterDraft.id).where(
        RosterDraft.state == DraftState.RUNNING, RosterDraft.id != draft_id,
        RosterDraft.beat_at > tx.now - ALIVE,
    )  # fmt: skip
    return await tx.session.scalar(query.limit(1)) is not None
