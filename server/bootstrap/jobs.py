"""What the clock ticks for: a handful of short jobs in every process."""

from collections.abc import Awaitable, Callable

from apscheduler.schedulers.base import STATE_RUNNING

from scheduling import calls, holds
from scheduling.choices import waiting
from scheduling.clock import Ticker
from scheduling.draws import passing_on
from scheduling.runner import BATCH, Runner
from scheduling.steps import Materialise
from server.bootstrap.purge import purge
from server.bootstrap.services import Services
from server.identity import retention
from server.kernel import audit
from server.kernel.actor import SYSTEM
from server.kernel.clockwatch import ClockWatch
from server.notices import deliver

Job = Callable[[], Awaitable[None]]


def add_jobs(ticker: Ticker, services: Services, runner: Runner) -> None:
    async def seal() -> None:
        async with services.uow.begin(SYSTEM) as tx:
            await audit.seal(tx.connection)

    async def sweep() -> None:
        async with services.uow.begin(SYSTEM) as tx:
            await holds.sweep(tx)
        async with services.uow.begin(SYSTEM) as tx:
            await waiting.serve(tx, services.sealer, rules=services.config.scheduling)
        async with services.uow.begin(SYSTEM) as tx:
            await passing_on.serve(tx, services.sealer, rules=services.config.scheduling)

    async def make_days() -> None:
        async with services.uow.begin(SYSTEM) as tx:
            await Materialise(services.config.scheduling.horizon_days)(tx)

    async def forget() -> None:
        async with services.uow.begin(SYSTEM) as tx:
            await retention.sweep(tx)

    async def bury() -> None:
        async with services.uow.begin(SYSTEM) as tx:
            await deliver.bury(tx, services.sealer)

    async def drop_traces() -> None:
        async with services.uow.begin(SYSTEM) as tx:
            await purge(tx)

    async def end_calls() -> None:
        async with services.uow.begin(SYSTEM) as tx:
            await calls.end_begun(tx)

    def by_clock(job: Job) -> Job:
        return unless_far_off(services.watch, job)

    add_task_job(ticker, runner, services.watch)
    ticker.add_job(seal, "interval", seconds=3, id="seal")
    ticker.add_job(by_clock(sweep), "interval", seconds=5, id="holds")
    ticker.add_job(by_clock(make_days), "interval", minutes=10, id="days")
    ticker.add_job(by_clock(bury), "interval", minutes=1, id="dead_letters")
    ticker.add_job(by_clock(end_calls), "interval", minutes=10, id="calls")
    at_night = {"hour": 19, "minute": 30}  # 03:30 in the district
    ticker.add_job(by_clock(drop_traces), "cron", id="purge", **at_night)
    ticker.add_job(by_clock(forget), "interval", hours=1, id="retention")


def unless_far_off(watch: ClockWatch, job: Job) -> Job:
    """Nothing is done by a clock that is far from the database's."""

    async def run() -> None:
        if not await watch.is_far_off():
            await job()

    return run


def add_task_job(ticker: Ticker, runner: Runner, watch: ClockWatch) -> None:
    """As long as batches come full, the next one waits for no tick; a paused clock leases no more."""

    async def run() -> None:
        while ticker.state == STATE_RUNNING and (now := await watch.right_now()):
            if await runner.run_due(now=now) < BATCH:
                return

    ticker.add_job(run, "interval", seconds=0.5, id="tasks")
