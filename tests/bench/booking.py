"""make bench-booking: bookings a second beside a bare handler, and the rush at the opening."""

from pathlib import Path

import asyncpg
import uvloop

from server.bootstrap import schema
from server.kernel.config import Config
from server.kernel.database import make_engine
from server.kernel.postgres import Postgres
from server.kernel.sealing import load_sealer
from tests.bench.booking_district import RUSH_SLOTS, District, seed
from tests.bench.booking_load import (
    HOT_BOOKINGS,
    LONGEST,
    ROUNDS,
    RUSH,
    SPREAD_BOOKINGS,
    WARM_UP,
    Phases,
    Rush,
    Side,
    measure,
    open_soon,
    rush,
    server,
)
from tests.bench.machine import Watch, watched
from tests.bench.own_postgres import own_postgres
from tests.bench.report import percentile, report

GOALS = {
    "ratio_to_bare_http": ">= 0.5, the worse of spread and hot",
    "p99_over_bare_http": "<= 2, the worse of spread and hot",
    "double_booked": "= 0",
    "deadlocks": "= 0",
    "joint_booked": "> 0",
    "joint_refused": "> 0",
    "joint_errors": "= 0",
    "refused_though_free": "= 0",
    "rush_winners": f"= {RUSH_SLOTS}",
    "rush_errors": "= 0",
    "rush_slowest_s": f"<= {LONGEST:.0f}",
    "failed": "= 0",
    "acknowledged_but_lost": "= 0",
}


async def double_booked(url: str) -> int:
    """Slots with two appointments, leaders with two at one time, resources claimed twice at one time, acknowledged ones lost."""
    db = await asyncpg.connect(url.replace("+asyncpg", ""))
    slots = await db.fetchval(
        """SELECT count(*) FROM (SELECT slot_id FROM appointment
           WHERE state IN ('submitted', 'confirmed') AND slot_id IS NOT NULL
           GROUP BY slot_id HAVING count(*) > 1) twice"""
    )
    hosts = await db.fetchval(
        """SELECT count(*) FROM appointment a JOIN appointment b ON a.host_id = b.host_id
           AND a.id < b.id AND a.begins_at < b.ends_at AND b.begins_at < a.ends_at
           WHERE a.state IN ('submitted', 'confirmed') AND b.state IN ('submitted', 'confirmed')"""
    )
    claims = await db.fetchval(
        """SELECT count(*) FROM claim a JOIN claim b ON a.resource = b.resource
           AND a.seats && b.seats AND a.during && b.during AND a.id < b.id"""
    )
    await db.close()
    return int(slots + hosts + claims)


async def lost(side: Side) -> int:
    db = await asyncpg.connect(side.url.replace("+asyncpg", ""))
    found = await db.fetchval(
        "SELECT count(*) FROM appointment WHERE state = 'submitted' AND id = ANY($1::uuid[])",
        side.acknowledged,
    )
    await db.close()
    return len(side.acknowledged) - int(found)


async def deadlocks(url: str) -> int:
    """As the database counts them, also those that were tried again."""
    db = await asyncpg.connect(url.replace("+asyncpg", ""))
    query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    found = await db.fetchval(query)
    await db.close()
    return int(found)


async def refused_though_free(side: Side) -> int:
    """Places that somebody was refused, and that nobody has."""
    db = await asyncpg.connect(side.url.replace("+asyncpg", ""))
    taken = await db.fetchval(
        """SELECT count(*) FROM slot s WHERE s.id = ANY($1::uuid[]) AND EXISTS (
           SELECT 1 FROM claim c WHERE c.resource = s.resource AND c.seats @> s.seat
           AND c.during && tstzrange(s.begins_at, s.ends_at))""",
        [place.slot_id for place in side.refused],
    )
    await db.close()
    return len(side.refused) - int(taken)


async def prepared(postgres: Postgres, folder: Path, name: str, *, clients: int) -> District:
    admin = await asyncpg.connect(host=str(postgres.sockets), user="postgres", database="postgres")
    await admin.execute(f"CREATE DATABASE {name}")
    await admin.close()
    engine = make_engine(postgres.url(name), pool_size=2)
    await schema.migrate(engine, role="yuntiao_app")
    config = Config.model_validate({"server": {"data_dir": folder}})
    sealer = load_sealer(config.secrets_folder)
    district = await seed(engine, sealer, clients=clients, hot_days=ROUNDS)
    await engine.dispose()
    return district


async def run(postgres: Postgres, folder: Path, watch: Watch) -> None:
    bookings = ROUNDS * (SPREAD_BOOKINGS + HOT_BOOKINGS) + WARM_UP
    sides: list[Side] = []
    urls = {kind: postgres.url(kind) for kind in ("ours", "bare")}
    for kind, url in urls.items():
        count = bookings + (RUSH if kind == "ours" else 0)
        district = await prepared(postgres, folder, kind, clients=count)
        sides.append(Side(0, district, url, list(district.clients)))
    ours, bare = sides
    async with (
        server("ours", url=ours.url, folder=folder) as one,
        server("bare", url=bare.url, folder=folder) as other,
    ):
        ours.port, bare.port = one.port, other.port
        await measure(sides)
    async with server("clocked", url=ours.url, folder=folder) as clocked:
        ours.port = clocked.port
        day_id = ours.district.rush[0].day_id
        await open_soon(ours.url, day_id)
        rushed = await rush(ours, day_id)
    await tell(ours, bare, rushed, watch=watch)


async def tell(ours: Side, bare: Side, rushed: Rush, *, watch: Watch) -> None:
    slower = [(one.rate, other.rate) for one, other in _phases(ours, bare)]
    later = [(p99(one), p99(other)) for one, other in _phases(ours, bare)]
    numbers = {
        "acknowledged_per_s": whole(ours).rate,
        "ratio_to_bare_http": min(one / other for one, other in slower),
        "p99_ms": p99(whole(ours)) * 1000,
        "p99_over_bare_http": max(one / other for one, other in later),
        "double_booked": await double_booked(ours.url),
        "deadlocks": await deadlocks(ours.url),
        "joint_booked": ours.joint_booked,
        "joint_refused": ours.joint_refused,
        "joint_errors": ours.joint_errors,
        "hot_refused": len(ours.refused),
        "refused_though_free": await refused_though_free(ours),
        "rush_winners": rushed.winners,
        "rush_errors": rushed.errors,
        "rush_slowest_s": rushed.slowest,
        "failed": ours.failed + bare.failed,
        "acknowledged_but_lost": await lost(ours),
        "hot_day_per_s": ours.hot.rate,
        "bare_acknowledged_per_s": whole(bare).rate,
        "bare_p99_ms": p99(whole(bare)) * 1000,
        "bare_joint_booked": bare.joint_booked,
        "bare_hot_refused": len(bare.refused),
    }
    for name, (one, other) in zip(("spread", "hot"), _phases(ours, bare), strict=True):
        numbers |= {
            f"{name}_per_s": one.rate, f"bare_{name}_per_s": other.rate,
            f"{name}_ratio": one.rate / other.rate, f"{name}_p99_ms": p99(one) * 1000,
            f"bare_{name}_p99_ms": p99(other) * 1000, f"{name}_p99_over": p99(one) / p99(other),
        }  # fmt: skip
    baseline = "a bare aiohttp + asyncpg handler: same rows, same locks, same generator, same run"
    report("booking", numbers, baseline=baseline, goals=GOALS, watch=watch)


def _phases(ours: Side, bare: Side) -> tuple[tuple[Phases, Phases], tuple[Phases, Phases]]:
    return (ours.spread, bare.spread), (ours.hot, bare.hot)


def whole(side: Side) -> Phases:
    spread, hot = side.spread, side.hot
    return Phases(
        spread.booked + hot.booked, spread.seconds + hot.seconds, spread.latencies + hot.latencies
    )


def p99(phases: Phases) -> float:
    return percentile(phases.latencies, 0.99)


def main() -> None:
    with watched() as watch, own_postgres() as (postgres, folder):
        uvloop.run(run(postgres, folder, watch))


if __name__ == "__main__":
    main()
