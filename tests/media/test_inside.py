"""The smallest set-up: the media carried by the server's own process."""

import asyncio
import os

from server.kernel.config import Media
from signaling import engines
from signaling.engine import RoomId
from signaling.supervisor import EmbeddedEngine
from tests.media.conftest import LOOPBACK, hears, staged_on, until

MAIN = RoomId("main")


async def test_people_hear_each_other_without_a_process_of_the_medias_own():
    engine = EmbeddedEngine(LOOPBACK, inside=True)
    async with staged_on(engine) as stage:
        assert engine.pid == os.getpid()
        a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
        await until(hears(b, "a"))
        await until(hears(a, "b"))


async def test_no_workers_means_inside():
    config = Media(addresses=("127.0.0.1",), workers=0)
    tasks = {task.get_name() for task in asyncio.all_tasks()}
    async with engines.running(config):
        assert "media worker" in {task.get_name() for task in asyncio.all_tasks()} - tasks
    assert "media worker" not in {task.get_name() for task in asyncio.all_tasks()}


async def test_one_that_ends_is_followed_by_another():
    async with staged_on(EmbeddedEngine(LOOPBACK, inside=True)) as stage:
        a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
        await until(hears(b, "a"))
        next(task for task in asyncio.all_tasks() if task.get_name() == "media worker").cancel()
        await until(lambda: stage.restarts == 1)
        await asyncio.gather(a.rejoin(), b.rejoin())
        await until(hears(b, "a"))
