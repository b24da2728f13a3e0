"""T02: strangers who send alerts and hellos during a handshake cannot spoil it."""

import asyncio
import contextlib

import pytest

from signaling.engine import MemberId, RoomId
from tests.media.attack import strangers
from tests.media.conftest import hears, staged, until
from tests.media.plain import plain_call

MAIN = RoomId("main")
CONNECTS = 25


@pytest.mark.slow
async def test_t02_all_handshakes_succeed_under_spray_on_both_legs():
    async with staged() as stage:
        with strangers(3) as crowd:
            spraying = asyncio.create_task(_spray(crowd, ("127.0.0.1", stage.engine.port)))
            for place in range(CONNECTS):
                bot = await stage.enter(f"p{place}", MAIN)  # fails unless the sending leg connects
                await until(lambda bot=bot: bot.receiving.is_up)
                await bot.leave()
                await stage.engine.close(MemberId(bot.name))
            spraying.cancel()
            assert crowd.sent > 2_000
        a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
        await until(hears(a, "b"))
        await until(hears(b, "a"))


async def test_t02_control_a_plain_handshake_fails_under_the_same_spray():
    with strangers(3) as crowd:
        for _ in range(20):
            if not await _connects_under_spray(crowd):
                return
    pytest.fail("twenty plain handshakes, and none was spoilt")


async def _connects_under_spray(crowd) -> bool:
    async with plain_call() as call:
        targets = (call.left.address, call.right.address)
        spraying = asyncio.create_task(_spray(crowd, *targets))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(call.connect(), 3)
        spraying.cancel()
        return call.is_connected


async def _spray(crowd, *targets: tuple[str, int]) -> None:
    while True:
        for target in targets:
            crowd.spray(target, rounds=4)
        await asyncio.sleep(0.001)
