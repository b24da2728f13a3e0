"""How late an event loop comes."""

import asyncio

from tests.bench.report import percentile

TICK = 0.005


class Lag:
    """How much later than asked the event loop comes back, in seconds."""

    def __init__(self) -> None:
        self._late: list[float] = []

    async def watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + TICK
            await asyncio.sleep(TICK)
            self._late.append(loop.time() - due)

    def taken(self) -> dict[str, float]:
        late, self._late = self._late, []
        return {"p50_ms": percentile(late, 0.5) * 1e3, "p99_ms": percentile(late, 0.99) * 1e3}
