"""F08: the clock of one process jumps by an hour and by a day, forth and back.

The clock is injected: all that is decided by time asks a `Clock`, so that no library has to lie to
the process about the machine's. What the machine's own clock is read for is named in the last test.
"""

import asyncio
import logging
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
import sqlalchemy as sa
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from scheduling import booking, holds
from scheduling.booking import Request
from scheduling.clock import Ticker
from scheduling.runner import Runner
from scheduling.tables import ReceptionDay
from server.app import application
from server.bootstrap import build
from server.bootstrap.handlers import handlers
from server.bootstrap.jobs import unless_far_off
from server.identity import codes
from server.kernel import clockwatch
from server.kernel.actor import SYSTEM
from server.kernel.clock import FixedClock, MovableClock
from server.kernel.clockwatch import ClockWatch
from server.kernel.config import Metrics
from server.kernel.errors import Conflict, Gone
from tests import clockwork
from tests.identity import code_of
from tests.ports import SilentEngine
from tests.reception import (
    add_centre,
    add_leader,
    add_resident,
    book,
    publish_day,
    slots_of,
    without_rest,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
JUMPS = (HOUR, -HOUR, DAY, -DAY)
FILL = """INSERT INTO task (kind, key, due_at, payload)
          SELECT 'mark', $1 || ':' || n, now() + $2, '{}' FROM generate_series(1, $3::int) AS n"""
EARLY = "SELECT count(*) FROM mark m JOIN task t ON t.id = m.task_id WHERE m.at < t.due_at"
BY_PROCESS = "SELECT count(*) FROM mark WHERE process = $1"


@pytest_asyncio.fixture
async def db(database_url, clean):
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    await connection.execute(clockwork.TABLE)
    await connection.execute("TRUNCATE mark")
    for name, ahead in (("hour", HOUR / 2), ("day", DAY / 2)):
        await connection.execute(FILL, name, ahead, 40)
    yield connection
    await connection.execute("DROP TABLE mark")
    await connection.close()


@pytest.mark.slow
async def test_f08_tasks_are_done_once_and_none_before_its_time(db, database_url):
    jumping = await clockwork.started(database_url, "--jumping")
    right = await clockwork.started(database_url)
    rounds = 0
    async with asyncio.timeout(120):
        while await db.fetchval(BY_PROCESS, jumping.pid) < 20 or rounds < 20:
            await db.execute(FILL, f"now{rounds}", timedelta(), 10)
            await until_none_is_due(db)
            rounds += 1
    for clock in (jumping, right):
        await clockwork.stopped(clock)
    done = await db.fetchrow("SELECT count(DISTINCT task_id), count(*) FROM mark")
    assert tuple(done) == (rounds * 10, rounds * 10)
    assert await db.fetchval(EARLY) == 0


@pytest.mark.slow
async def test_f08_a_process_that_trusts_its_clock_does_tomorrows_tasks_today(db, database_url):
    """The control: a reminder done a day early finds that its appointment is long over."""
    jumping = await clockwork.started(database_url, "--jumping", "--unwatched")
    async with asyncio.timeout(120):
        while await db.fetchval(EARLY) < 80:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await clockwork.stopped(jumping)


async def until_none_is_due(db) -> None:
    left = "SELECT count(*) FROM task WHERE done_at IS NULL AND due_at <= now()"
    async with asyncio.timeout(30):
        while await db.fetchval(left):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("far", "told"), [(clockwatch.FAR, 1), (9 * DAY, 0)], ids=["watched", "control"]
)
async def test_f08_a_reminder_is_neither_lost_nor_told_twice(
    services, runner, clock, outbox, monkeypatch, far, told
):
    monkeypatch.setattr(clockwatch, "FAR", far)
    leader = await add_leader(services, await add_centre(services))
    day = await publish_day(services, leader, review=False)
    await runner.run_all_due()
    await book(services, (await slots_of(services, day))[0], await add_resident(services))
    clock.instant = day.begins_at - timedelta(hours=20)
    await runner.run_all_due()
    for at in (clock.now(), day.begins_at - HOUR):
        clock.instant = at
        for jump in (DAY, -DAY, HOUR, -HOUR):
            uow = replace(services.uow, clock=FixedClock(at + jump))
            watch = ClockWatch(services.uow, MovableClock(jump))
            await unless_far_off(watch, Runner(uow, handlers(services)).run_all_due)()
            await runner.run_all_due()
    assert sum("现在可以准备" in sms.text for sms in outbox.sms) == told


@pytest.mark.parametrize("by", JUMPS)
async def test_f08_nothing_is_done_by_a_clock_that_is_far_off(services, by):
    done = []

    async def job() -> None:
        done.append(True)

    machine = MovableClock(by)
    watch = ClockWatch(services.uow, machine)
    await unless_far_off(watch, job)()
    assert done == []
    machine.shift = timedelta()
    await unless_far_off(watch, job)()
    assert done == [True]


async def test_f08_tasks_go_by_the_clock_that_business_goes_by(services, clock):
    assert await services.watch.right_now() == clock.now()


async def test_f08_operators_are_told_once_when_the_clocks_part_and_when_they_meet(
    services, caplog
):
    machine = MovableClock()
    watch = ClockWatch(services.uow, machine)
    for seconds in (0, 1, 3, 3, -3, 0, 0):
        machine.shift = timedelta(seconds=seconds)
        await watch.right_now()
        assert abs(watch.seconds - seconds) < 0.5
    told = [(one.message, one.levelno) for one in caplog.records if one.name == "yuntiao.clock"]
    assert told == [("clock_off", logging.WARNING), ("clock_right_again", logging.WARNING)]


async def test_f08_metrics_tell_how_far_the_clocks_are_apart(services, config, aiohttp_client):
    metrics = Metrics.model_validate({"networks": ["127.0.0.1/32"]})
    services = replace(services, config=config.model_copy(update={"metrics": metrics}))
    client = await aiohttp_client(application(services))
    services.watch.machine = MovableClock(HOUR)
    await services.watch.right_now()
    text = await (await client.get("/metrics")).text()
    found = re.search(r"^yuntiao_clock_offset_seconds (.+)$", text, re.MULTILINE)
    assert abs(float(found[1]) - 3600) < 1


@pytest.mark.parametrize("kind", [Ticker, AsyncIOScheduler], ids=["ours", "control"])
async def test_f08_the_clock_goes_on_ticking_when_it_is_set_back(kind):
    """A clock set back by a day finds all its jobs due in a day."""
    ticked, other = asyncio.Event(), asyncio.Event()

    async def tick() -> None:
        ticked.set()

    async def last() -> None:
        other.set()

    ticker = kind(timezone=UTC) if kind is AsyncIOScheduler else kind()
    ticker.add_job(tick, "interval", seconds=0.05, id="tick")
    ticker.start()
    ticker.modify_job("tick", next_run_time=datetime.now(UTC) + DAY)
    ticked.clear()
    ticker.add_job(last, "interval", seconds=0.3)
    await asyncio.wait_for(other.wait(), 10)
    ticker.shutdown(wait=False)
    assert ticked.is_set() is (kind is Ticker)


@pytest.mark.parametrize(
    ("apart", "status"), [(codes.APART, 410), (2 * DAY, 200)], ids=["rule", "control"]
)
@pytest.mark.parametrize("back", [HOUR, DAY])
async def test_f08_a_code_is_not_good_again_when_the_clock_is_set_back(
    client, runner, clock, outbox, services, monkeypatch, back, apart, status
):
    monkeypatch.setattr(codes, "APART", apart)
    phone = "13900000001"
    asked = await (await client.post("/api/sign-in/code", json={"phone": phone})).json()
    await runner.run_all_due()
    clock.move(services.config.identity.code_lifetime + timedelta(seconds=1) - back)
    path, code = f"/api/sign-in/code/{asked['challenge_id']}", code_of(outbox, phone)
    answer = await client.post(path, json={"code": code})
    assert answer.status == status, await answer.text()


async def test_f08_a_hold_is_not_kept_longer_by_a_process_whose_clock_was_set_back(
    services, config, database_url, clock, outbox
):
    """The rule: a hold is a row that any process drops at its time, so the right one does.

    One that is set back and alone keeps it longer: the place stays taken, and nobody has it twice.
    """
    leader = await add_leader(services, await add_centre(services))
    day = await publish_day(services, leader)
    async with services.uow.begin(SYSTEM) as tx:
        await tx.connection.execute(sa.update(ReceptionDay).values(state="booking_open"))
    slot = (await slots_of(services, day))[0]
    first, second = [await add_resident(services, n) for n in (1, 2)]
    async with build(
        config, database_url=database_url, clock=FixedClock(clock.now() - HOUR), sms=outbox,
        mailer=outbox, media=SilentEngine(),
    ) as late:  # fmt: skip

        async def hold(of, resident):
            async with of.uow.begin(resident.actor) as tx:
                return await holds.hold(tx, slot, config=config.scheduling)

        mine = await hold(services, first)
        clock.move(config.scheduling.hold_lifetime + timedelta(seconds=1))
        with pytest.raises(Conflict):  # as long as nobody whose clock is right was there
            await hold(late, second)
        async with services.uow.begin(second.actor) as tx:
            await holds.sweep(without_rest(tx))
        assert (await hold(late, second)).slot_id == slot
        with pytest.raises(Gone):
            async with late.uow.begin(first.actor) as tx:
                await booking.submit(
                    tx, late.sealer, mine.appointment_id, first.person.id,
                    Request(phone="13900000001", sentence="Wages"), config=config,
                    idempotency_key=None,
                )  # fmt: skip


def test_f08_only_these_ask_the_machine_for_the_time_of_day():
    """Else it is business time, by a `Clock`, or a duration, by the monotonic clock."""
    root = Path(__file__).parents[2]
    asking = re.compile(r"\btime\.time\(|datetime\.now\(|\butcnow\(|\btoday\(\)")
    found = {
        str(path.relative_to(root))
        for part in ("server", "scheduling", "signaling", "recordings")
        for path in (root / part).rglob("*.py")
        if asking.search(path.read_text("utf-8"))
    }
    assert found == {
        "server/kernel/clock.py",  # the clock itself
        "scheduling/clock.py",  # APScheduler reckons by it
        "recordings/tapes.py",  # how far business time is from it
        "signaling/janus/session.py",  # until when a token is good, by Janus's own clock
        "signaling/media/line.py",  # how long a datagram waited, by the kernel's own note
    }
