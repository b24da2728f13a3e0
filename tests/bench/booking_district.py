"""The district of the booking benchmark: many leaders, many slots, many who signed in."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduling.plans import cutting
from scheduling.tables import DayState, ReceptionDay, Slot
from server.identity.tables import Account, AccountPerson, Official, Person, WebSession
from server.kernel.clock import local
from server.kernel.sealing import Sealer, new_token, token_hash
from server.units.calendar import announced
from server.units.tables import Unit, UnitKind
from tests.bench import joint_hot
from tests.bench.joint_hot import Meeting

LEADERS, DAYS, SLOTS = 20, 30, 16
HOT_SLOTS = 150
RUSH_SLOTS = 40
CHUNK = 500


@dataclass(frozen=True)
class Client:
    """A resident who has signed in."""

    account_id: UUID
    person_id: UUID
    token: str


@dataclass(frozen=True)
class Place:
    """A slot, with what a bare handler must be told to write the same rows."""

    slot_id: UUID
    day_id: UUID
    leader_id: UUID
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class District:
    unit_id: UUID
    clients: list[Client]
    spread: list[Place]
    hot: list[list[Place]]
    meetings: list[list[Meeting]]
    rush: list[Place]


async def seed(engine: AsyncEngine, sealer: Sealer, *, clients: int, hot_days: int) -> District:
    """Fill an empty database. All days are open; the rush day opens when it is told to."""
    now = datetime.now(UTC)
    async with engine.begin() as connection:
        unit_id = await _unit(connection)
        leaders = await _leaders(connection, unit_id, LEADERS + hot_days + 1, now)
        spread = [
            await _day(connection, leader, unit_id, now=now, in_days=2 + day, slots=SLOTS)
            for leader in leaders[:LEADERS]
            for day in range(DAYS)
        ]
        hot_leaders, ahead = leaders[LEADERS : LEADERS + hot_days], _working_day(now, 3)
        hot = [
            await _day(connection, leader, unit_id, now=now, in_days=ahead, slots=HOT_SLOTS)
            for leader in hot_leaders
        ]
        meetings = [
            await joint_hot.seed(
                connection, sealer, number=number, centre=unit_id, leader=leader,
                day=local(now).date() + timedelta(days=ahead), now=now,
            )
            for number, leader in enumerate(hot_leaders)
        ]  # fmt: skip
        rush = await _day(
            connection, leaders[-1], unit_id, now=now, in_days=4, slots=RUSH_SLOTS,
            state=DayState.PUBLISHED,
        )  # fmt: skip
        people = await _clients(connection, sealer, clients, now)
    await _analyse(engine)
    places = [place for day in spread for place in day]
    return District(unit_id, people, places, hot, meetings, rush)


def _working_day(now: datetime, ahead: int) -> int:
    """In so many days or, when nobody works then, a few more."""
    calendar = announced()
    while not calendar.is_working(local(now).date() + timedelta(days=ahead)):
        ahead += 1
    return ahead


async def _unit(connection: AsyncConnection) -> UUID:
    unit_id = uuid4()
    row = {"id": unit_id, "code": "ZX", "kind": UnitKind.DISTRICT_CENTRE, "name": "Centre"}
    await connection.execute(sa.insert(Unit).values(**row, path="/ZX/"))
    return unit_id


async def _leaders(
    connection: AsyncConnection, unit_id: UUID, count: int, now: datetime
) -> list[UUID]:
    ids = [uuid4() for _ in range(count)]
    accounts = [
        {
            "id": one,
            "kind": "staff",
            "login": f"leader{n}",
            "name": f"Leader {n}",
            "created_at": now,
        }
        for n, one in enumerate(ids)
    ]
    officials = [
        {"account_id": one, "unit_id": unit_id, "name": f"Leader {n}", "post": "Head",
         "division": "all", "topics": ["labour"], "rank": n}
        for n, one in enumerate(ids)
    ]  # fmt: skip
    await connection.execute(sa.insert(Account), accounts)
    await connection.execute(sa.insert(Official), officials)
    return ids


async def _day(
    connection: AsyncConnection,
    leader_id: UUID,
    unit_id: UUID,
    *,
    now: datetime,
    in_days: int,
    slots: int,
    state: DayState = DayState.BOOKING_OPEN,
) -> list[Place]:
    day_id, minutes = uuid4(), 5
    begins = cutting.instant(local(now).date() + timedelta(days=in_days), time(8))
    ends = begins + timedelta(minutes=slots * minutes)
    row = {
        "id": day_id, "leader_id": leader_id, "unit_id": unit_id, "kind": "scheduled",
        "state": state, "begins_at": begins, "ends_at": ends, "slot_minutes": minutes,
        "break_minutes": 0, "capacity": 1, "topics": [], "review": True, "invited_only": False,
        "booking_opens_at": now, "booking_closes_at": begins, "version": 1,
    }  # fmt: skip
    await connection.execute(sa.insert(ReceptionDay).values(row))
    times = cutting.cut(begins, ends, minutes=minutes, rest=0)
    made = [Place(uuid4(), day_id, leader_id, t.begins_at, t.ends_at) for t in times]
    rows = [
        {"id": p.slot_id, "day_id": day_id, "seat": 0, "resource": leader_id,
         "begins_at": p.begins_at, "ends_at": p.ends_at}
        for p in made
    ]  # fmt: skip
    await connection.execute(sa.insert(Slot), rows)
    return made


async def _clients(
    connection: AsyncConnection, sealer: Sealer, count: int, now: datetime
) -> list[Client]:
    made = [Client(uuid4(), uuid4(), new_token()) for _ in range(count)]
    for begin in range(0, count, CHUNK):
        chunk = made[begin : begin + CHUNK]
        for table, rows in _rows_of(chunk, sealer, now).items():
            await connection.execute(sa.insert(table), rows)
    return made


def _rows_of(clients: list[Client], sealer: Sealer, now: datetime) -> dict[Any, list[Any]]:
    name = sealer.seal("Resident", purpose="name")
    later = now + timedelta(days=1)
    return {
        Account: [
            {"id": c.account_id, "kind": "resident", "created_at": now} for c in clients
        ],
        Person: [
            {"id": c.person_id, "name": name, "level": "declared", "created_at": now}
            for c in clients
        ],
        AccountPerson: [
            {"account_id": c.account_id, "person_id": c.person_id, "relation": "self",
             "created_at": now}
            for c in clients
        ],
        WebSession: [
            {"id": uuid4(), "token_hash": token_hash(c.token), "account_id": c.account_id,
             "created_at": now, "seen_at": now + timedelta(minutes=30), "expires_at": later}
            for c in clients
        ],
    }  # fmt: skip


async def _analyse(engine: AsyncEngine) -> None:
    """Statistics as a database that has lived a day has them."""
    async with engine.connect() as connection:
        options = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await options.execute(sa.text("VACUUM ANALYZE"))
