"""Several engines as one, with bots that begin anew when they are told to."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from signaling.engine import MediaEngine, MediaUnavailableError, Reset
from signaling.places import Engine
from signaling.pool import Pool
from tests.media.conftest import Stage


class Restarting(Stage):
    """A stage whose bots begin anew when they are told to, as clients do."""

    async def listen(self) -> None:
        async for event in self.engine.events():
            self.take(event)
            if isinstance(event, Reset):
                for member in event.members:
                    # where there is no engine again by now, the next reset follows
                    with contextlib.suppress(MediaUnavailableError):
                        await self.bots[member].rejoin()


@contextlib.asynccontextmanager
async def pooled(*engines: Engine) -> AsyncIterator[tuple[Pool, Restarting]]:
    pool = Pool(engines)
    await pool.start()
    try:
        async with at_work(pool) as stage:
            yield pool, stage
    finally:
        await pool.stop()


@contextlib.asynccontextmanager
async def at_work(engine: MediaEngine) -> AsyncIterator[Restarting]:
    stage = Restarting(engine)
    listening = asyncio.create_task(stage.listen())
    try:
        yield stage
    finally:
        await stage.clear()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
