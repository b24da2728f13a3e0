"""The counter at which a crowd asks for the same few times, in the second when a day opens.

Nearly all of them must be refused, with what else is free. They are looked up together, outside any
transaction; and of those who want one time only one at a time goes on to the locks, while the others
wait here, without a connection of the database, and look again.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from uuid import UUID

from scheduling import alternatives
from scheduling.alternatives import Alternative
from scheduling.slots import SlotFacts, look_up_all, refusal
from server.kernel.errors import NotFound
from server.kernel.gathered import Gathered
from server.kernel.uow import UnitOfWork


class Counter:
    """One of a process; what must hold between processes, the locks and the constraint keep."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._slots = Gathered(self._look)
        self._others = Gathered(self._find)
        self._served: dict[UUID, asyncio.Event] = {}

    @asynccontextmanager
    async def turn(self, slot_id: UUID, *, asker: UUID | None) -> AsyncIterator[SlotFacts]:
        """The slot as it was just seen to be free, and nobody else of this process goes for it.

        Raises NotFound, or Conflict with the reason and the next three alternatives.
        """
        facts = await self._free(slot_id, asker=asker)
        while busy := self._served.get(slot_id):
            await busy.wait()
            facts = await self._free(slot_id, asker=asker)
        done = self._served[slot_id] = asyncio.Event()
        try:
            yield facts
        finally:
            del self._served[slot_id]
            done.set()

    async def _free(self, slot_id: UUID, *, asker: UUID | None) -> SlotFacts:
        facts = await self._slots.get(slot_id)
        if facts is None:
            raise NotFound
        now = self._uow.clock.now()
        if reason := refusal(facts, now=now, for_desk=False, asker=asker):
            others = await self._others.get(facts.leader.account_id)
            raise alternatives.conflict(reason, others or ())
        return facts

    async def _look(self, slot_ids: Collection[UUID]) -> dict[UUID, SlotFacts]:
        async with self._uow.glance() as driver:
            return await look_up_all(driver, slot_ids, now=self._uow.clock.now())

    async def _find(self, leader_ids: Collection[UUID]) -> dict[UUID, tuple[Alternative, ...]]:
        now = self._uow.clock.now()
        async with self._uow.glance() as driver:
            return {
                leader_id: await alternatives.find(driver, leader_id=leader_id, now=now)
                for leader_id in leader_ids
            }
