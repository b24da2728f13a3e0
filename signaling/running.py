"""A desk follows the media engine and the time for as long as it runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from signaling import media_news, pulse, revocation, uplinks
from signaling.desk import Desk


@asynccontextmanager
async def running(desk: Desk) -> AsyncIterator[Desk]:
    tasks = [
        asyncio.create_task(media_news.follow_engine(desk)),
        asyncio.create_task(pulse.beat(desk)),
        asyncio.create_task(revocation.watch(desk)),
        asyncio.create_task(uplinks.watch(desk)),
    ]
    try:
        yield desk
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await desk.settle()
