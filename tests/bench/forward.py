"""What it costs the media worker to pass one packet on: `make bench-forward`.

Rooms of bots that all send and all get; the worker's processor time, divided by packets sent.
"""

import asyncio
import os
import time

from signaling.engine import RoomId
from tests.bench.machine import watched
from tests.bench.report import report
from tests.media.bot import Bot
from tests.media.clips import clip
from tests.media.conftest import Stage, staged, until

ROOM = RoomId("room")
SIZES = (5, 8, 16)
SECONDS = 10.0
TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid: int) -> float:
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def forwarded(stage: Stage) -> int:
    return sum(member.forwarded_packets for member in await stage.engine.stats(ROOM))


async def measured(size: int) -> tuple[float, float]:
    """Microseconds for each packet passed on, and how many were each second."""
    async with staged() as stage:
        bots = [await _enter(stage, f"p{place}") for place in range(size)]
        await until(lambda: all(len(bot.heard) == size - 1 for bot in bots), within=30)
        for bot in bots:
            bot.receiving.loses_incoming = lambda _: True  # deciphering is not what we measure
        pid = stage.engine.pid or 0
        before, used, began = await forwarded(stage), processor_seconds(pid), time.monotonic()
        await asyncio.sleep(SECONDS)
        packets = await forwarded(stage) - before
        used, passed = processor_seconds(pid) - used, time.monotonic() - began
        return used / packets * 1e6, packets / passed


async def _enter(stage: Stage, name: str) -> Bot:
    bot = await stage.enter(name, ROOM, media=clip(640, 360))
    await until(lambda: bot.receiving.is_up)
    return bot


async def main() -> None:
    numbers: dict[str, float] = {}
    with watched() as watch:
        for size in SIZES:
            cost, rate = await measured(size)
            numbers |= {f"us_per_packet_{size}": cost, f"packets_per_s_{size}": rate}
        report("forward", numbers, baseline=None, goals={"us_per_packet_16": "<= 12"}, watch=watch)


if __name__ == "__main__":
    asyncio.run(main())
