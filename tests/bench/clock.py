"""`make bench-clock`: ten thousand tasks due at one instant, done by two processes' clocks.

Each process ticks as a server does. A task writes that it was done in the transaction that
finishes it, so that one done twice shows. Meanwhile each notes how late its event loop comes.
"""

import asyncio
import time

import asyncpg
import uvloop

from server.bootstrap import schema
from server.kernel.database import make_engine
from server.kernel.postgres import Postgres
from tests import clockwork
from tests.bench.machine import watched
from tests.bench.own_postgres import own_postgres
from tests.bench.report import report

TASKS, PROCESSES, PATIENCE = 10_000, 2, 240.0
GOALS = {"done": f"= {TASKS}", "repeated": "= 0", "lag_p99_ms": "goal <= 50"}
FILL = """
INSERT INTO task (kind, key, due_at, payload)
SELECT 'mark', 'bench:' || n, $2, '{}' FROM generate_series(1, $1::int) AS n
"""
COUNT = "SELECT count(DISTINCT task_id), count(*), extract(epoch FROM max(at)) FROM mark"


async def measure(postgres: Postgres) -> dict[str, float]:
    url = postgres.url()
    engine = make_engine(url, pool_size=2)
    await schema.migrate(engine, role="yuntiao_app")
    await engine.dispose()
    db = await asyncpg.connect(url.replace("+asyncpg", ""))
    await db.execute(clockwork.TABLE)
    clocks = [await clockwork.started(url) for _ in range(PROCESSES)]
    due_at = await db.fetchval("SELECT now() + interval '2 s'")
    await db.execute(FILL, TASKS, due_at)
    until, seen = time.monotonic() + PATIENCE, 0
    while seen < TASKS and time.monotonic() < until:
        await asyncio.sleep(0.5)
        seen = (await db.fetchrow(COUNT))[0]
    lags = [(await clockwork.stopped(one))["p99_ms"] for one in clocks]
    done, ran, last = await db.fetchrow(COUNT)
    await db.close()
    seconds = float(last) - due_at.timestamp()
    return {
        "done": done,
        "repeated": ran - done,
        "lag_p99_ms": max(lags),
        "tasks_per_s": done / seconds,
        "seconds": seconds,
    }


def main() -> None:
    with watched() as watch, own_postgres() as (postgres, _):
        numbers = uvloop.run(measure(postgres))
        report("clock", numbers, baseline=None, goals=GOALS, watch=watch)


if __name__ == "__main__":
    main()
