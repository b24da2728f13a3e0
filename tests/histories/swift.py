"""A whole server whose clock runs fast, in a process of its own: pages, tasks and sweeps.

`python -m tests.histories.swift --url URL --data FOLDER --start INSTANT --since SECONDS`: prints
its port, then `holding` whenever it has offered a place or ended an offer and has not said so to
the database yet; it stays like that for a moment. A task of the kind `poison` kills it.
"""

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import uvloop
from aiohttp import web

from scheduling.choices import questions, waiting
from scheduling.clock import Ticker
from scheduling.runner import Handlers, Runner, Work
from server.app.application import application
from server.bootstrap import Services, build
from server.bootstrap.handlers import handlers
from server.bootstrap.jobs import add_jobs
from server.kernel.config import Config
from server.kernel.tasks import Due
from server.kernel.uow import Tx
from tests.clockwork import poison
from tests.ports import Outbox, SilentEngine

RATE = 600
"""Ten minutes pass in a second."""
LEASE = 1.5
OFFERED, HELD = timedelta(minutes=10), timedelta(minutes=30)
A_MOMENT = 0.15
WRITTEN = "SELECT EXISTS (SELECT FROM choice WHERE xmin = pg_current_xact_id()::xid)"


@dataclass(frozen=True)
class SwiftClock:
    """`since`: when it was `start`, by the machine's clock; so all processes mean the same."""

    start: datetime
    since: float

    @classmethod
    def at(cls, start: datetime) -> "SwiftClock":
        return cls(start, time.time())

    def now(self) -> datetime:
        return self.start + timedelta(seconds=(time.time() - self.since) * RATE)


def config_in(folder: Path) -> Config:
    """Short offers and holds, and no pause after cancelling: not for people, nor for places."""
    none = dict.fromkeys(("cancel_cooldown", "rest_least", "rest_most"), timedelta())
    rules = {"waitlist_offer": OFFERED, "hold_lifetime": HELD, **none}
    return Config.model_validate({"server": {"data_dir": folder}, "scheduling": rules})


@asynccontextmanager
async def services_of(url: str, folder: Path, clock: SwiftClock) -> AsyncIterator[Services]:
    outbox = Outbox()
    async with build(
        config_in(folder), database_url=url, clock=clock, sms=outbox, mailer=outbox,
        media=SilentEngine(),
    ) as services:  # fmt: skip
        yield services


@dataclass(frozen=True)
class Server:
    port: int
    process: asyncio.subprocess.Process

    async def holds(self) -> None:
        """Wait until it is in the middle of something."""
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            while (line := await self.process.stdout.readline()) != b"holding\n":
                assert line, "it is gone"


@asynccontextmanager
async def server(url: str, folder: Path, clock: SwiftClock) -> AsyncIterator[Server]:
    """Such a process, ready."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.histories.swift", "--url", url, "--data", str(folder),
        "--start", clock.start.isoformat(), "--since", str(clock.since),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        yield Server(int(await asyncio.wait_for(process.stdout.readline(), 60)), process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def serve(options: argparse.Namespace) -> None:
    clock = SwiftClock(datetime.fromisoformat(options.start), options.since)
    async with AsyncExitStack() as stack:
        services = await stack.enter_async_context(
            services_of(options.url, Path(options.data), clock)
        )
        runner = Runner(services.uow, _slower(handlers(services)), lease=LEASE)
        ticker = Ticker()
        add_jobs(ticker, services, runner)
        ticker.start()
        site = web.AppRunner(application(services), access_log=None)
        await site.setup()
        await web.TCPSite(site, "127.0.0.1", 0).start()
        print(site.addresses[0][1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


def _slower(known: Handlers) -> Handlers:
    mine = {kind: _holding(known.work[kind]) for kind in (waiting.SERVE, questions.LAPSE)}
    return replace(known, work={**known.work, **mine, "poison": poison})


def _holding(work: Work) -> Work:
    async def run(tx: Tx, due: Due) -> str | None:
        outcome = await work(tx, due)
        await tx.flush()
        if await (await tx.driver()).fetchval(WRITTEN):
            print("holding", flush=True)
            await asyncio.sleep(A_MOMENT)
        return outcome

    return run


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("--url", "--data", "--start"):
        parser.add_argument(name, required=True)
    parser.add_argument("--since", type=float, required=True)
    uvloop.run(serve(parser.parse_args()))
