"""`make bench-slots`: what is free and why not, in the engine and by the public page's API.

The engine: 42 resources over 60 days, and the times at which 4 of them, any of 3 others and one of
20 leaders can meet. The API: the list of days and one day's times, asked of a whole server whose
database holds 200,000 appointments of the years before and 60 days of half-booked ones to come;
and of the same server the joint times of 4 departments, any of 3 and one of 20 leaders.
"""

import asyncio
import gc
import random
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as at
from pathlib import Path
from uuid import UUID

import asyncpg
import uvloop

from scheduling.plans.cutting import instant
from scheduling.timetable.free import Free, Hours, Why, look
from scheduling.timetable.horizon import Horizon, each
from scheduling.timetable.joint import Part, earliest, search
from server.kernel.clock import local
from server.kernel.postgres import Postgres
from tests.bench import joint_district
from tests.bench.booking import prepared
from tests.bench.booking_load import server
from tests.bench.machine import watched
from tests.bench.own_postgres import own_postgres
from tests.bench.report import percentile, report
from tests.bench.wire import Wire

SEED = 20261123
RESOURCES, DAYS, CELLS = 42, 60, 6
MONDAY = date(2026, 11, 23)
ENGINE_ROUNDS, API_ROUNDS, JOINT_ROUNDS, ASKING = 200, 400, 300, 2
CALENDAR_ROUNDS = 200
APPOINTMENTS = 200_000
OFFICE = ((at(9), at(11, 30)), (at(14), at(17)))
GOALS = {"free_ms": "goal <= 1", "joint_ms": "goal <= 1", "free_api_p99_ms": "goal <= 30",
         "joint_api_p99_ms": "goal <= 50", "calendar_week_p99_ms": "goal <= 100",
         "calendar_month_p99_ms": "goal <= 100"}  # fmt: skip

HISTORY = """
WITH leader AS (SELECT account_id, unit_id, rank FROM official WHERE rank < 20),
held AS (
    INSERT INTO reception_day (id, leader_id, unit_id, kind, state, begins_at, ends_at,
        slot_minutes, break_minutes, capacity, topics, review, invited_only,
        booking_opens_at, booking_closes_at, by_hand, shares, version)
    SELECT gen_random_uuid(), account_id, unit_id, 'scheduled', 'archived', b, b + '8 h', 30, 0, 1,
        '{}', true, false, b - interval '14 d', b - interval '1 d', false, '{}', 1
    FROM leader, generate_series(1, $1::int / (20 * 16)) AS n,
        LATERAL (SELECT date_trunc('day', now()) - n * interval '1 d' AS b) AS begins
    RETURNING id, leader_id, unit_id, begins_at
), cut AS (
    INSERT INTO slot (id, day_id, seat, resource, begins_at, ends_at)
    SELECT gen_random_uuid(), id, 0, leader_id, begins_at + n * interval '30 min',
        begins_at + (n + 1) * interval '30 min'
    FROM held, generate_series(0, 15) AS n
    RETURNING id, day_id, resource, begins_at, ends_at
), resident AS (
    SELECT id, row_number() OVER () AS place, count(*) OVER () AS many
    FROM account WHERE kind = 'resident'
), numbered AS (SELECT cut.*, row_number() OVER () AS place FROM cut)
INSERT INTO appointment (id, reference, session_kind, state, day_id, slot_id, host_id, unit_id,
    account_id, booked_by, begins_at, ends_at, attend_by, needs, uid, sequence, hold_extended,
    code_tries_left, created_at, version)
SELECT gen_random_uuid(), 'H' || n.place, 'reception', 'completed', n.day_id, n.id, n.resource,
    held.unit_id, r.id, r.id, n.begins_at, n.ends_at, 'own_device', '{}', 'h' || n.place, 0, false,
    5, n.begins_at - interval '7 d', 1
FROM numbered n JOIN held ON held.id = n.day_id
JOIN resident r ON r.place = n.place % r.many + 1
"""
CLAIMS = """
INSERT INTO claim (resource, during, reason, appointment_id)
SELECT host_id, tstzrange(begins_at, ends_at), 'booking', id FROM appointment
"""
TO_COME = """
INSERT INTO claim (resource, during, reason)
SELECT resource, tstzrange(begins_at, ends_at), 'outside' FROM slot
WHERE begins_at > now() AND random() < 0.5
"""


def in_engine() -> dict[str, float]:
    horizon = Horizon(MONDAY, DAYS)
    resources = [_hours(horizon, random.Random(SEED + n)) for n in range(RESOURCES)]
    offered = horizon.every(timedelta(minutes=15))
    ids = [UUID(int=n) for n in range(RESOURCES)]
    frees = {
        one: look(hours, cells=CELLS, offered=offered)
        for one, hours in zip(ids, resources, strict=True)
    }
    leaders, others = ids[:20], [*(Part((one,)) for one in ids[20:24]), Part(tuple(ids[24:27]))]
    with_leader = [*others, Part(tuple(leaders), preferred=leaders[3])]

    def joint() -> None:
        search(with_leader, frees, offered=offered)
        earliest(others, frees, each_of=leaders, offered=offered)

    return {
        "free_ms": _milliseconds(
            lambda: [look(one, cells=CELLS, offered=offered) for one in resources]
        ),
        "joint_ms": _milliseconds(joint),
        "starts_free": sum(_count(free.starts) for free in frees.values()),
        "starts_missing": sum(_missing(free) for free in frees.values()),
        "joint_found": len(search(with_leader, frees, offered=offered).possible),
    }


def _hours(horizon: Horizon, chance: random.Random) -> Hours:
    """Office hours on weekdays, and of every reason something."""

    def some(many: int, length: timedelta) -> int:
        bits = 0
        for _ in range(many):
            day = horizon.first + timedelta(days=chance.randrange(DAYS))
            begins = instant(day, at(chance.randrange(9, 17), chance.choice((0, 30))))
            bits |= horizon.touching(begins, begins + length)
        return bits

    days = (horizon.first + timedelta(days=n) for n in range(DAYS))
    opened = sum(
        horizon.within(instant(day, begins), instant(day, ends))
        for day in days if day.weekday() < 5
        for begins, ends in OFFICE
    )  # fmt: skip
    whole_day, half_hour = timedelta(hours=10), timedelta(minutes=30)
    closed = (
        (Why.LEAVE, some(4, whole_day)), (Why.TAKEN, some(150, half_hour)),
        (Why.HELD, some(20, half_hour)), (Why.BUFFER, some(150, timedelta(minutes=10))),
    )  # fmt: skip
    soon = horizon.touching(horizon.at(0), horizon.at(0) + timedelta(days=1))
    barred = ((Why.TOO_SOON, soon), (Why.HOLIDAY, some(2, whole_day)))
    return Hours(opened, closed, barred)


def _count(bits: int) -> int:
    return sum(1 for _ in each(bits))


def _missing(free: Free) -> int:
    return sum(_count(bits) for _, bits in free.missing)


def _milliseconds(work: Callable[[], object]) -> float:
    """The median of many; the garbage of one round is not counted to the next."""
    times = []
    gc.disable()
    for _ in range(ENGINE_ROUNDS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    gc.enable()
    return percentile(times, 0.5) * 1000


async def by_api(postgres: Postgres, folder: Path) -> dict[str, float]:
    district = await prepared(postgres, folder, "slots", clients=500)
    url = postgres.url("slots")
    db = await asyncpg.connect(url.replace("+asyncpg", ""))
    await db.execute(HISTORY, APPOINTMENTS)
    await db.execute(CLAIMS)
    await db.execute(TO_COME)
    joint = await joint_district.seed(url, folder, chance=random.Random(SEED))
    await db.execute("VACUUM ANALYZE")
    views = await _calendar(db)
    many = await db.fetchval("SELECT count(*) FROM appointment")
    await db.close()
    days = list(dict.fromkeys(str(place.day_id) for place in district.spread))
    async with server("ours", url=url, folder=folder) as running:
        await _asked(running.port, ["/api/days"] * 40)
        listed = await _asked(running.port, ["/api/days"] * API_ROUNDS)
        single = await _asked(running.port, [f"/api/days/{day}" for day in days[:API_ROUNDS]])
        path = f"/api/joint-interviews/{joint.interview_id}/times"
        await _asked(running.port, [path] * 10, cookie=joint.token)
        together = await _asked(running.port, [path] * JOINT_ROUNDS, cookie=joint.token)
        seen = {}
        for name, path in views.items():
            await _asked(running.port, [path] * 10, cookie=joint.token)
            seen[name] = await _asked(running.port, [path] * CALENDAR_ROUNDS, cookie=joint.token)
    return {
        "free_api_p99_ms": max(percentile(one, 0.99) for one in (listed, single)) * 1000,
        "days_api_p50_ms": percentile(listed, 0.5) * 1000,
        "days_api_p99_ms": percentile(listed, 0.99) * 1000,
        "day_api_p99_ms": percentile(single, 0.99) * 1000,
        "joint_api_p50_ms": percentile(together, 0.5) * 1000,
        "joint_api_p99_ms": percentile(together, 0.99) * 1000,
        "appointments": float(many),
        **{f"calendar_{name}_p50_ms": percentile(one, 0.5) * 1000 for name, one in seen.items()},
        **{f"calendar_{name}_p99_ms": percentile(one, 0.99) * 1000 for name, one in seen.items()},
    }


async def _calendar(db: asyncpg.Connection) -> dict[str, str]:
    """A past week of the busiest unit, and a past month of one leader."""
    host, unit = await db.fetchrow("SELECT host_id, unit_id FROM appointment ORDER BY id LIMIT 1")
    last = local(datetime.now(UTC)).date() - timedelta(days=2)
    week, month = (f"from={last - timedelta(days=n)}&until={last}" for n in (6, 30))
    return {
        "week": f"/api/calendar?{week}&unit_id={unit}",
        "month": f"/api/calendar?{month}&leader_id={host}",
    }


async def _asked(port: int, paths: list[str], *, cookie: str = "none") -> list[float]:
    """Seconds of each answer, some asking at once."""
    left, took = list(paths), []

    async def ask() -> None:
        wire = Wire(port)
        while left:
            path = left.pop()
            began = time.perf_counter()
            answer = await wire.get(path, cookie=cookie)
            took.append(time.perf_counter() - began)
            assert answer.status == 200, answer.body
            assert answer.body, path

    await asyncio.gather(*(ask() for _ in range(ASKING)))
    return took


def main() -> None:
    with watched() as watch:
        numbers = in_engine()
        with own_postgres() as (postgres, folder):
            numbers |= uvloop.run(by_api(postgres, folder))
        report("slots", numbers, baseline=None, goals=GOALS, watch=watch)


if __name__ == "__main__":
    main()
