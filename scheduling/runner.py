"""Runs due tasks: leases them, runs each in its own transaction, finishes it fenced.

Work is done one after another in order of time. Effects wait for others (mail, SMS), so they run
beside: a kind that has enough of them under way is not leased meanwhile, so that a slow mail
server holds up neither the clock nor the codes that people wait for.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from server.kernel import faults, tasks
from server.kernel.actor import SYSTEM
from server.kernel.errors import Conflict
from server.kernel.tasks import Due
from server.kernel.uow import LOST_RACE, Tx, UnitOfWork

log = logging.getLogger("yuntiao.tasks")
LEASE_SECONDS = 60.0
TIMELY = 5 / 6
"""The share of its lease within which a task must be done."""
BATCH = 40
ENOUGH_BESIDE = 8

Work = Callable[[Tx, Due], Awaitable[str | None]]
"""Does the task within the transaction that finishes it; may answer an outcome in one word."""

Effect = Callable[[Due], Awaitable[str | None]]
"""Does the task outside any transaction; what it does must be keyed, since it may run twice."""


class LeaseLost(Exception):
    """Another process has the task now; nothing of ours may stand."""


@dataclass(frozen=True)
class Handlers:
    work: Mapping[str, Work] = field(default_factory=dict)
    effects: Mapping[str, Effect] = field(default_factory=dict)


@dataclass(frozen=True)
class Runner:
    uow: UnitOfWork
    handlers: Handlers
    owner: str = field(default_factory=lambda: uuid4().hex)
    lease: float = LEASE_SECONDS
    _busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    _beside: dict[asyncio.Task[None], str] = field(default_factory=dict)

    async def run_due(self, *, now: datetime | None = None) -> int:
        """Lease one batch, do its work, begin its effects; answers how many were leased.

        `now`: an instant that was checked; without it the clock is asked.
        """
        async with self._busy:
            async with self.uow.begin(SYSTEM, now=now) as tx:
                due = await tasks.lease(
                    tx.connection, owner=self.owner, now=tx.now, batch=BATCH,
                    seconds=self.lease, without=self._full(),
                )  # fmt: skip
            for task in due:
                if task.kind in self.handlers.effects:
                    self._begin(task)
                else:
                    await self._run(task)
            return len(due)

    async def rest(self) -> None:
        """Wait for the batch that runs now, and for the effects that were begun."""
        async with self._busy:
            while self._beside:
                await asyncio.wait(self._beside)

    async def run_all_due(self) -> int:
        """Run until nothing is due; tasks that tasks cause are run too."""
        total = 0
        while ran := await self._run_and_rest():
            total += ran
        return total

    async def _run_and_rest(self) -> int:
        await self.rest()
        ran = await self.run_due()
        await self.rest()
        return ran

    def _begin(self, task: Due) -> None:
        running = asyncio.create_task(self._run(task), name=f"effect {task.kind}")
        self._beside[running] = task.kind
        running.add_done_callback(self._beside.pop)

    def _full(self) -> list[str]:
        """Effects of which enough are under way."""
        under_way = Counter(self._beside.values())
        return [kind for kind, count in under_way.items() if count >= ENOUGH_BESIDE]

    async def _run(self, task: Due) -> None:
        try:
            async with asyncio.timeout(self.lease * TIMELY):
                await self._one(task)
        except LeaseLost:
            log.warning("lease_lost", extra={"kind": task.kind})
        except Exception as error:  # noqa: BLE001  (an edge: every failure is noted, then tried again)
            _note(task, error)
            await self._give_back(task, error)

    async def _one(self, task: Due) -> None:
        effect = self.handlers.effects.get(task.kind)
        outcome = await effect(task) if effect else None
        async with self.uow.begin(SYSTEM) as tx:
            if effect is None:
                outcome = await self.handlers.work[task.kind](tx, task)
            await tx.flush()
            word = outcome or "done"
            if not await tasks.finish(tx.connection, task.id, owner=self.owner, outcome=word):
                raise LeaseLost

    async def _give_back(self, task: Due, error: Exception) -> None:
        pause = _pause(task)
        async with self.uow.begin(SYSTEM) as tx:
            await tasks.fail(
                tx.connection, task.id, owner=self.owner, error=faults.kind_of(error),
                again_at=tx.now + pause,
            )  # fmt: skip


def _note(task: Due, error: Exception) -> None:
    """Two that met over one row are nothing to look into: the next try finds what the other did."""
    facts = {"kind": task.kind, "attempt": task.attempt}
    collided = isinstance(error, Conflict) and error.code == LOST_RACE
    if collided and task.attempt < task.max_attempt:
        log.info("task_collided", extra=facts)
    else:
        log.error("task_failed", extra=facts, exc_info=error)


def _pause(task: Due) -> timedelta:
    """Longer after each try, up to an hour; spread by the task's id, so that not all come at once."""
    spread = 0.75 + (task.id % 50) / 100
    return timedelta(seconds=min(2**task.attempt * 5, 3600) * spread)
