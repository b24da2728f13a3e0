"""A process that runs due tasks as a server does, for tests and measurements of the clock.

With `--jumping` its clock jumps forth and back by an hour and by a day all the time, with
`--unwatched` it does not care. `python -m tests.clockwork URL`: prints `ready`, ticks until a line comes in, then prints how late
its event loop came. Kinds of task: `mark` writes a row in the transaction that finishes it; `hold`
does so too, says `holding` and takes its time; `poison` kills the process.
"""

import argparse
import asyncio
import json
import logging
import os
import random
import signal
import subprocess
import sys
from datetime import timedelta

import uvloop

from scheduling import runner as running
from scheduling.clock import Ticker
from scheduling.runner import Handlers, Runner
from server.bootstrap import jobs
from server.kernel import clockwatch
from server.kernel.clock import SystemClock
from server.kernel.clockwatch import ClockWatch
from server.kernel.config import Scheduling
from server.kernel.database import make_engine
from server.kernel.tasks import Due
from server.kernel.uow import Tx, UnitOfWork
from tests.bench.lag import Lag
from tests.jumping import JumpingClock

TABLE = "CREATE TABLE IF NOT EXISTS mark (task_id bigint, process integer, at timestamptz)"
MARK = "INSERT INTO mark VALUES ($1, $2, clock_timestamp())"


async def mark(tx: Tx, due: Due) -> None:
    await (await tx.driver()).execute(MARK, due.id, os.getpid())


async def hold(tx: Tx, due: Due) -> None:
    await mark(tx, due)
    print("holding", flush=True)
    await asyncio.sleep(due.payload["seconds"])


async def poison(_tx: Tx, _due: Due) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def unfenced(*_: object, **__: object) -> bool:
    """The control: whoever finishes is believed."""
    return True


async def tick(options: argparse.Namespace) -> None:
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    if options.unfenced:
        running.tasks.finish = unfenced
    if options.unhurried:
        running.TIMELY = 1_000
    if options.unwatched:
        clockwatch.FAR = timedelta(days=9)
    engine = make_engine(options.url, pool_size=4)
    handlers = Handlers(work={"mark": mark, "hold": hold, "poison": poison})
    clock = JumpingClock(random.Random(8)) if options.jumping else SystemClock()
    uow = UnitOfWork(engine, clock, {}, Scheduling())
    runner = Runner(uow, handlers, lease=options.lease)
    ticker, lag = Ticker(), Lag()
    jobs.add_task_job(ticker, runner, ClockWatch(uow, clock))
    watching = asyncio.create_task(lag.watch())
    ticker.start()
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    ticker.pause()
    await runner.rest()
    ticker.shutdown(wait=False)
    watching.cancel()
    print(json.dumps(lag.taken()), flush=True)
    await engine.dispose()


async def started(url: str, *more: str) -> asyncio.subprocess.Process:
    """One such process, which is ready."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.clockwork", url, *more,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert await said(process) == "ready"
    return process


async def said(process: asyncio.subprocess.Process) -> str:
    """The next line that it says."""
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


async def stopped(process: asyncio.subprocess.Process) -> dict[str, float]:
    """Let it end; how late its event loop came, in milliseconds."""
    told, _ = await process.communicate(b"\n")
    lag: dict[str, float] = json.loads(told.splitlines()[-1])
    return lag


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--lease", type=float, default=running.LEASE_SECONDS)
    parser.add_argument("--unfenced", action="store_true")
    parser.add_argument("--unhurried", action="store_true")
    parser.add_argument("--jumping", action="store_true")
    parser.add_argument("--unwatched", action="store_true")
    uvloop.run(tick(parser.parse_args()))
