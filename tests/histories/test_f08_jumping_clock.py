"""F08: booking histories over two processes, of which one has a clock that jumps all the time.

The clock is injected. Such a process refuses what is free and drops holds before their time: both
are answers that promise nothing. What it and the other say yes to must be one slot's behaviour.
"""

import asyncio
import random
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

import pytest

from server.bootstrap import Services, build
from server.kernel.errors import DomainError
from tests.histories import checker
from tests.histories.checker import Kind, Result
from tests.histories.test_booking_histories import CLIENTS, SLOTS, Table, prepared
from tests.jumping import JumpingClock
from tests.ports import SilentEngine
from tests.unprotected import unprotected


@dataclass
class Jumping(Table):
    """The same table at the process whose clock jumps; the history is the others' too."""

    async def _note(self, client: int, kind: Kind, slot: int, what) -> None:
        try:
            await super()._note(client, kind, slot, what)
        except DomainError:  # refused by the wrong time, and undone
            return


@dataclass
class Both:
    right: Table
    jumping: Jumping

    async def play(self, seed: int) -> None:
        tables = (self.right, self.jumping)
        await asyncio.gather(
            *(tables[n % 2]._client(n, random.Random(f"{seed}/{n}")) for n in range(CLIENTS))
        )

    def agreed(self) -> list:
        """What was said yes to."""
        return [
            one for one in self.right.history
            if one.result is Result.OK and one.kind is not Kind.READ
        ]  # fmt: skip

    async def is_sound(self) -> bool:
        holders = [await self.right.holders(slot) for slot in range(SLOTS)]
        return checker.is_sound(self.agreed(), holders)


async def both(stack: AsyncExitStack, services: Services, url: str, seed: int) -> Both:
    clock = JumpingClock(random.Random(seed), base=services.clock, stays=timedelta())
    made = await stack.enter_async_context(
        build(
            services.config, database_url=url, clock=clock, sms=services.sms,
            mailer=services.mailer, media=SilentEngine(),
        )
    )  # fmt: skip
    right = await prepared(services)
    jumping = Jumping(made, right.day, right.slots, right.residents, right.history)
    return Both(right, jumping)


@pytest.mark.parametrize("seed", range(10))
async def test_f08_what_two_processes_agree_to_happened_in_some_order(services, database_url, seed):
    async with AsyncExitStack() as stack:
        table = await both(stack, services, database_url, seed)
        await table.play(seed)
        assert await table.is_sound(), sorted(table.agreed(), key=lambda one: one.begin)
        assert table.agreed()


@pytest.mark.parametrize("hours", [1, -1])
async def test_f08_a_process_that_is_an_hour_off_takes_part(services, database_url, hours):
    """Else the histories above would tell of one process only."""
    async with AsyncExitStack() as stack:
        table = await both(stack, services, database_url, 0)
        table.jumping.services.clock.stays, has = timedelta(days=1), {}
        table.jumping.services.clock.jump(timedelta(hours=hours))
        assert await table.jumping._book(1, 0, has) is Result.OK
        assert await table.right.holders(0) == [1]


async def test_f08_without_constraint_and_locks_the_checker_finds_the_fault(request, services):
    """The control: the same on a database of its own, without what protects it."""
    for seed in range(20):
        async with AsyncExitStack() as stack:
            bare = await stack.enter_async_context(unprotected(request.config.sockets, services))
            url = bare.engine.url.render_as_string(hide_password=False)
            table = await both(stack, bare, url, seed)
            await table.play(seed)
            if not await table.is_sound():
                return
    pytest.fail("twenty histories without protection, and none was found wrong")
