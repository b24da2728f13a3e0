"""F04: booking histories over a database that dies under them and comes back."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime

import asyncpg
import pytest

from server.bootstrap import build
from server.bootstrap.schema import migrate
from server.kernel.clock import FixedClock
from server.kernel.database import make_engine
from tests.bench.booking_load import server
from tests.faults.test_f04_database_lost import kill, postgres  # noqa: F401 - a fixture
from tests.histories.checker import Result
from tests.histories.test_histories_of_processes import Play, check, playing, prepared
from tests.ports import SilentEngine

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("processes")]
BEFORE = 5
"""So many live while it dies; the others come once it is back."""


@pytest.mark.parametrize("seed", range(2))
async def test_f04_a_lost_database_leaves_one_order_of_all_that_was_told(
    postgres,  # noqa: F811
    config,
    outbox,
    seed,
):
    url = await _made(postgres)

    def opened():
        return build(
            config, database_url=url, clock=FixedClock(datetime.now(UTC)), sms=outbox,
            mailer=outbox, media=SilentEngine(),
        )  # fmt: skip

    async with opened() as services, AsyncExitStack() as stack:
        slots, residents = await prepared(services)
        running = await stack.enter_async_context(
            server("ours", url=url, folder=config.server.data_dir)
        )
        whole = await playing(stack, services, residents, slots, [running])
        first = Play(whole.callers[:BEFORE], whole.slots, whole.history)
        await first.run(seed, lambda: kill(postgres))
        assert any(one.result is Result.UNKNOWN for one in whole.history)
        postgres.stop()
        postgres.start()
        others = Play(whole.callers[BEFORE:], whole.slots, whole.history)
        await others.run(seed, lambda: None)
    assert any(one.result is Result.OK for one in whole.history)
    async with opened() as services:
        await check(services, whole, slots, residents)


async def _made(postgres) -> str:  # noqa: F811
    admin = await asyncpg.connect(host=str(postgres.sockets), user="postgres", database="postgres")
    await admin.execute("CREATE DATABASE lost")
    await admin.close()
    engine = make_engine(postgres.url("lost"), pool_size=2)
    await migrate(engine, role="yuntiao_app")
    await engine.dispose()
    return postgres.url("lost")
