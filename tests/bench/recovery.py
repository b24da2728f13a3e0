"""`make bench-recovery`: how soon people are back after what goes wrong, and who falls silent is missed.

A meeting of four goes through the whole server: its media worker is killed, then three fall silent
with their sockets open. A room of two moves off a Janus instance that is killed. And a real browser's
line is cut for eight seconds, then its NAT forgets it. Back is who gets new packets of everybody, or
sees pictures that move; of each number the worst is told.
"""

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import uvloop
from aiohttp import ClientSession, DummyCookieJar

from server.kernel.postgres import Postgres
from signaling.engine import RoomId
from signaling.janus.engine import Instance, JanusEngine
from tests.bench.machine import watched
from tests.bench.media_district import Meeting, Server, district, gather, server
from tests.bench.media_network import CUTS, embedded, stand
from tests.bench.own_postgres import own_postgres
from tests.bench.report import report
from tests.janus.instance import janus
from tests.janus.pools import pooled
from tests.media.conftest import hears, until
from tests.media.site import bundle
from tests.sockets import Seat

KILLS, MOVES, PATIENCE, SETTLE = 3, 2, 60.0, 3.0
UNDER_WAY = 10
"""Packets that may still come of what went wrong: a tenth of a second's."""

ROOM = RoomId("room")
GOALS = {
    "worker_killed_back_s": "goal <= 5", "silent_noticed_s": "goal <= 8",
    "janus_moved_s": "goal <= 10", "network_cut_back_s": "goal <= 2",
    "nat_rebind_back_s": "goal <= 2",
}  # fmt: skip


async def in_a_meeting(url: str, folder: Path) -> dict[str, float]:
    async with (
        server(url, folder, sessions=1, people=4) as running,
        ClientSession(cookie_jar=DummyCookieJar()) as http,
    ):
        meeting = await gather(http, running, running.meetings[0])
        killed = [await _killed(running, meeting) for _ in range(KILLS)]
        host, *guests = (voice.seat for voice in meeting.voices)
        silent = await asyncio.gather(*(_fall_silent(guest, host) for guest in guests))
        await meeting.leave()
    return {"worker_killed_back_s": max(killed), "silent_noticed_s": max(silent)}


async def _killed(running: Server, meeting: Meeting) -> float:
    """Seconds until everybody gets pictures of everybody else that were sent since."""
    await asyncio.sleep(SETTLE)
    used = running.used()
    await asyncio.sleep(1.0)
    _, *workers = running.pids
    busiest = max(workers, key=lambda pid: running.used()[pid] - used[pid])
    os.kill(busiest, signal.SIGKILL)
    callers = meeting.callers
    sent = {caller.number: caller.sent + UNDER_WAY for caller in callers}
    return await _seconds_until(
        lambda: all(
            caller.tally.got(other.number, since=sent[other.number])
            for caller in callers
            for other in callers
            if caller is not other
        )
    )


async def _fall_silent(guest: Seat, host: Seat) -> float:
    mark = host.mark
    guest.stop_beating()
    await guest.send("beat")
    began = time.monotonic()
    await host.wait_for("person.lost", since=mark, participant_id=guest.id)
    return time.monotonic() - began


async def moved() -> float:
    """Seconds until both of a room hear and see each other through the other instance."""
    async with janus() as first, janus(first=22_000) as second:
        engines = [JanusEngine(Instance(one.url, one.secret)) for one in (first, second)]
        async with pooled(*engines) as (pool, stage):
            for name in "ab":
                await stage.come(name, ROOM)
            a, b = (stage.bots[name] for name in "ab")
            await _seconds_until(hears(a, "b"))
            await _seconds_until(hears(b, "a"))
            home = first if pool.load()[first.url] else second
            home.kill()
            hear = [hears(a, "b", packets=UNDER_WAY), hears(b, "a", packets=UNDER_WAY)]
            return await _seconds_until(lambda: all(one() for one in hear))


async def _seconds_until(holds: Callable[[], bool]) -> float:
    began = time.monotonic()
    await until(holds, within=PATIENCE)
    return time.monotonic() - began


async def on_a_bad_line() -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="yuntiao-bench-") as folder:
        bundle(Path(folder))
        async with stand(embedded, Path(folder)) as one:
            cut, rebound = [await one.cut(*CUTS[name]) for name in ("cut8", "rebound")]
    return {"network_cut_back_s": max(cut.values()), "nat_rebind_back_s": max(rebound.values())}


async def measure(postgres: Postgres, folder: Path) -> dict[str, float]:
    numbers = await in_a_meeting(await district(postgres), folder)
    numbers["janus_moved_s"] = max([await moved() for _ in range(MOVES)])
    return numbers


def main() -> None:
    with watched() as watch:
        with own_postgres() as (postgres, folder):
            numbers = uvloop.run(measure(postgres, folder))
        numbers |= asyncio.run(on_a_bad_line())
        report("recovery", numbers, baseline=None, goals=GOALS, watch=watch)


if __name__ == "__main__":
    main()
