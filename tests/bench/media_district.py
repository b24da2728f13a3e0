"""`make bench-media-district`: many sessions of five at once, through the whole server.

Everybody comes as people come: signed in or by a personal link, over the session's socket, let in by
their leader. Then all send picture and sound, and everybody gets that of the four others. What sends
and receives keeps to one core; database, web process and media workers may use all.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID

import asyncpg
import uvloop
from aiohttp import ClientSession, DummyCookieJar

from server.bootstrap import schema
from server.kernel.database import make_engine
from server.kernel.postgres import Postgres
from tests.bench.callers import Caller, loss, mark
from tests.bench.machine import watched
from tests.bench.own_postgres import own_postgres
from tests.bench.report import percentile, report
from tests.sockets import Seat
from tests.voices import Voice

SESSIONS, PEOPLE, WORKERS = 8, 5, 2
DISTRICT = 40
SETTLE, SECONDS, LATE = 5.0, 20.0, 0.5
GOALS = {"loss": "goal <= 0.001", "web_lag_p99_ms": "goal <= 20", "sessions": "goal >= 8"}
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Server:
    process: asyncio.subprocess.Process
    port: int
    meetings: list[dict]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def lag(self) -> dict[str, float]:
        """Of its event loop, since it was asked last."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(b"\n")
        return dict(json.loads(await self.process.stdout.readline()))

    @property
    def pids(self) -> list[int]:
        """The web process and its media workers."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        return [pid, *map(int, children.split())]

    def used(self) -> dict[int, float]:
        """Processor seconds so far, by process."""
        return {pid: _processor_seconds(pid) for pid in self.pids}


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


@asynccontextmanager
async def server(
    url: str, folder: Path, *, sessions: int = SESSIONS, people: int = PEOPLE
) -> AsyncIterator[Server]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.district_server", "--url", url, "--data", str(folder),
        f"--sessions={sessions}", f"--people={people}", f"--workers={WORKERS}",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 20,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    told = json.loads(await process.stdout.readline())
    try:
        yield Server(process, told["port"], told["sessions"])
    finally:
        process.stdin.close()
        await process.wait()


@dataclass
class Meeting:
    """One session of people who all talk and show themselves."""

    voices: list[Voice]

    @property
    def callers(self) -> list[Caller]:
        return [voice.bot for voice in self.voices if isinstance(voice.bot, Caller)]

    async def leave(self) -> None:
        for voice in self.voices:
            await voice.leave()
            await voice.seat.close()


async def gather(http: ClientSession, server: Server, meeting: dict) -> Meeting:
    """Everybody takes their seat and is let in."""
    cookie = {"Cookie": f"yuntiao-session={meeting['leader']}"}
    leader = Seat(http, server.address, headers=cookie, appointment_id=UUID(meeting["appointment"]))
    seats = [await leader.connect()]
    for token in meeting["guests"]:
        guest = Seat(http, server.address, headers={"X-Invitation": token})
        await guest.check_in()
        await guest.connect()
        await leader.send("admit", participant_id=guest.id, because="known to the leader")
        await guest.wait_for("called")
        seats.append(guest)
    voices = [Voice(seat, make=partial(Caller, place)) for place, seat in enumerate(seats)]
    for voice in voices:
        await voice.join()
    return Meeting(voices)


async def measure(url: str, folder: Path) -> dict[str, float]:
    async with server(url, folder) as running, ClientSession(cookie_jar=DummyCookieJar()) as http:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        meetings = [await gather(http, running, one) for one in running.meetings]
        await asyncio.sleep(SETTLE)
        await running.lag()
        began, used = time.monotonic(), running.used()
        since = [mark(meeting.callers) for meeting in meetings]
        for caller in (caller for meeting in meetings for caller in meeting.callers):
            caller.count_anew()
        await asyncio.sleep(SECONDS)
        until, now = [mark(meeting.callers) for meeting in meetings], running.used()
        seconds, lag = time.monotonic() - began, await running.lag()
        delays = [d for one in meetings for caller in one.callers for d in caller.tally.delays]
        await asyncio.sleep(LATE)
        losses = [
            loss(meeting.callers, first, last)
            for meeting, first, last in zip(meetings, since, until, strict=True)
        ]
        await asyncio.gather(*(meeting.leave() for meeting in meetings))
    web = (now[running.process.pid] - used[running.process.pid]) / seconds
    cores = sum(now.values()) / seconds - sum(used.values()) / seconds
    return {
        "sessions": SESSIONS,
        "people": SESSIONS * PEOPLE,
        "loss": sum(losses) / len(losses),
        "cores_used": cores,
        "web_lag_p99_ms": lag["p99_ms"],
        "web_lag_p50_ms": lag["p50_ms"],
        "latency_p95_ms": percentile(delays, 0.95) * 1e3,
        "forwarded_per_s": len(delays) / seconds,
        "web_cores": web,
        "worker_cores": cores - web,
        f"cores_for_{DISTRICT}_sessions": cores / SESSIONS * DISTRICT,
    }


async def district(postgres: Postgres) -> str:
    """The address of an empty database for one."""
    admin = await asyncpg.connect(host=str(postgres.sockets), user="postgres", database="postgres")
    await admin.execute("CREATE DATABASE district")
    await admin.close()
    url = postgres.url("district")
    engine = make_engine(url, pool_size=2)
    await schema.migrate(engine, role="yuntiao_app")
    await engine.dispose()
    return url


async def run(postgres: Postgres, folder: Path) -> dict[str, float]:
    return await measure(await district(postgres), folder)


def main() -> None:
    with watched() as watch, own_postgres() as (postgres, folder):
        numbers = uvloop.run(run(postgres, folder))
        report("media-district", numbers, baseline=None, goals=GOALS, watch=watch)


if __name__ == "__main__":
    main()
