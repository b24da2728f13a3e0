"""F18–F20: processes that hold tasks are killed, sleep through their lease, or choke on one."""

import asyncio
import random
import signal

import asyncpg
import pytest
import pytest_asyncio

from tests import clockwork

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("processes")]
TASKS, KILLS = 400, 4
SHORT, LONGER = ("--lease", "2"), ("--lease", "4")
FILL = """
INSERT INTO task (kind, key, due_at, payload)
SELECT 'mark', 'mark:' || n, now(), '{}' FROM generate_series(1, $1::int) AS n
"""
ONE = "INSERT INTO task (kind, key, due_at, payload, max_attempt) VALUES ($1, $1, now(), $2, $3)"
LEFT = "SELECT count(*) FROM task WHERE done_at IS NULL AND attempt < max_attempt"


@pytest_asyncio.fixture
async def db(database_url, clean):
    connection = await asyncpg.connect(database_url.replace("+asyncpg", ""))
    await connection.execute(clockwork.TABLE)
    yield connection
    await connection.execute("DROP TABLE mark")
    await connection.close()


async def until_done(db, *, within: float = 60) -> None:
    async with asyncio.timeout(within):
        while await db.fetchval(LEFT):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def marks(db) -> tuple[int, int]:
    """How many tasks were done, and how many times in all."""
    return tuple(await db.fetchrow("SELECT count(DISTINCT task_id), count(*) FROM mark"))


async def test_f18_tasks_of_killed_processes_are_done_by_others_and_each_once(db, database_url):
    clocks = [await clockwork.started(database_url, *SHORT) for _ in range(3)]
    await db.execute(FILL, TASKS)
    pick = random.Random(18)
    for _ in range(KILLS):
        begun = (await marks(db))[0]
        async with asyncio.timeout(30):
            while (await marks(db))[0] <= min(begun + 10, TASKS - 1):  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        victim = clocks.pop(pick.randrange(len(clocks)))
        victim.kill()
        await victim.wait()
        clocks.append(await clockwork.started(database_url, *SHORT))
    await until_done(db)
    for clock in clocks:
        await clockwork.stopped(clock)
    assert await marks(db) == (TASKS, TASKS)


@pytest.mark.parametrize(
    ("without", "times"),
    [((), 1), (("--unhurried",), 1), (("--unfenced",), 1), (("--unhurried", "--unfenced"), 2)],
    ids=["both", "fence", "deadline", "control"],
)
async def test_f19_who_slept_through_the_lease_changes_nothing(db, database_url, without, times):
    sleeper = await clockwork.started(database_url, *LONGER, *without)
    await db.execute(ONE, "hold", '{"seconds": 3}', 8)
    assert await clockwork.said(sleeper) == "holding"
    sleeper.send_signal(signal.SIGSTOP)
    other = await clockwork.started(database_url, *LONGER)
    await until_done(db)
    sleeper.send_signal(signal.SIGCONT)
    for clock in (sleeper, other):
        await clockwork.stopped(clock)
    assert await marks(db) == (1, times)


async def test_f20_a_task_that_kills_its_process_is_given_up_and_the_others_are_done(
    db, database_url
):
    await db.execute(ONE, "poison", "{}", 3)
    await db.execute(FILL, 50)
    killed = 0
    for _ in range(3):
        clock = await clockwork.started(database_url, "--lease", "1")
        killed += await asyncio.wait_for(clock.wait(), 30) != 0
    last = await clockwork.started(database_url, "--lease", "1")
    await until_done(db)
    await clockwork.stopped(last)
    assert killed == 3
    assert (await marks(db))[0] == 50
    given_up = "SELECT attempt FROM task WHERE kind = 'poison' AND done_at IS NULL"
    assert await db.fetchval(given_up) == 3
