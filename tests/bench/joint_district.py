"""Departments with rosters and a clerk who looks for a joint time, beside the benchmark's slots."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduling.joint.tables import JointInterview, JointState
from scheduling.joint.wishes import Group, Wishes
from scheduling.plans.cutting import instant
from scheduling.rosters.tables import RosterShift
from scheduling.tables import Claim, DayState, ReceptionDay
from server.bootstrap import Services, build
from server.cases import commands
from server.cases.commands import NewParty
from server.cases.tables import CaseKind, PartyRole
from server.identity.tables import Account, Membership, Official, WebSession
from server.kernel.actor import SYSTEM, Role
from server.kernel.clock import SystemClock, local
from server.kernel.config import Config
from server.kernel.sealing import new_token, token_hash
from server.units.tables import Unit, UnitKind
from tests.ports import Outbox, SilentEngine

FIXED, AMONG, LEADERS, DAYS, PEOPLE = 4, 3, 20, 60, 2
MORNING, AFTERNOON = (time(8), time(11, 30)), (time(14), time(17))
MEETINGS = 2
"""Of everybody, on each half day."""
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Joint:
    """`token` is the clerk's sign-in."""

    token: str
    interview_id: UUID


async def seed(url: str, folder: Path, *, chance: random.Random) -> Joint:
    """Units with people on rosters of sixty days, leaders who receive on each afternoon."""
    config = Config.model_validate({"server": {"data_dir": folder}})
    outbox = Outbox()
    async with (
        build(config, database_url=url, clock=SystemClock(), sms=outbox, mailer=outbox,
              media=SilentEngine()) as services,
        services.uow.begin(SYSTEM) as tx,
    ):  # fmt: skip
        write = tx.connection
        centre = (await tx.session.scalars(sa.select(Unit).where(Unit.code == "ZX"))).one()
        clerk, token = await _clerk(write, centre)
        units = await _units(write, centre)
        people = await _people(write, units)
        await _rosters(write, units, people)
        query = sa.select(Official.account_id).order_by(Official.rank).limit(LEADERS)
        leaders = list((await tx.session.scalars(query)).all())
        await _receiving(write, leaders, centre)
        everybody = [*leaders, *(one for of in people for one in of)]
        await _busy(write, everybody, chance)
        case_id = await _case(services, tx, centre)
        wishes = Wishes(
            fixed=tuple(units[:FIXED]), groups=(Group(tuple(units[FIXED:])),),
            leaders=tuple(leaders), preferred_leader=leaders[3], minutes=60,
        )  # fmt: skip
        interview = JointInterview(
            id=uuid4(), case_id=case_id, unit_id=centre.id, state=JointState.OPEN,
            wishes=wishes.plain(), opened_by=clerk, opened_at=tx.now,
        )  # fmt: skip
        tx.session.add(interview)
    return Joint(token, interview.id)


async def _clerk(write: AsyncConnection, centre: Unit) -> tuple[UUID, str]:
    now, clerk, token = datetime.now(UTC), uuid4(), new_token()
    account = {"id": clerk, "kind": "staff", "login": "clerk", "name": "Clerk", "created_at": now}
    signed_in = {
        "id": uuid4(), "token_hash": token_hash(token), "account_id": clerk, "created_at": now,
        "seen_at": now + timedelta(minutes=30), "expires_at": now + timedelta(days=1),
    }  # fmt: skip
    held = {"id": uuid4(), "account_id": clerk, "unit_id": centre.id, "role": Role.CLERK}
    for table, row in ((Account, account), (Membership, held), (WebSession, signed_in)):
        await write.execute(sa.insert(table), [row])
    return clerk, token


async def _units(write: AsyncConnection, centre: Unit) -> list[UUID]:
    rows: Rows = [
        {"id": uuid4(), "code": f"B{n}", "kind": UnitKind.DEPARTMENT, "name": f"Department {n}",
         "parent_id": centre.id, "path": f"{centre.path}B{n}/"}
        for n in range(FIXED + AMONG)
    ]  # fmt: skip
    await write.execute(sa.insert(Unit), rows)
    return [row["id"] for row in rows]


async def _people(write: AsyncConnection, units: list[UUID]) -> list[list[UUID]]:
    people = [[uuid4() for _ in range(PEOPLE)] for _ in units]
    accounts: Rows = [
        {"id": one, "kind": "staff", "login": str(one), "name": f"Handler {one.hex[:4]}",
         "created_at": datetime.now(UTC)}
        for of in people for one in of
    ]  # fmt: skip
    held: Rows = [
        {"id": uuid4(), "account_id": one, "unit_id": unit, "role": Role.HANDLER}
        for unit, of in zip(units, people, strict=True) for one in of
    ]  # fmt: skip
    await write.execute(sa.insert(Account), accounts)
    await write.execute(sa.insert(Membership), held)
    return people


async def _rosters(write: AsyncConnection, units: list[UUID], people: list[list[UUID]]) -> None:
    """Everybody takes every half day, by name: the most there is to look at."""
    rows: Rows = [
        {"id": uuid4(), "unit_id": unit, "day": day, "begins": begins, "ends": ends,
         "presence": "rotating", "seats": 1, "account_id": one, "version": 1}
        for unit, of in zip(units, people, strict=True) for one in of
        for day, begins, ends in _halves()
    ]  # fmt: skip
    await write.execute(sa.insert(RosterShift), rows)


async def _receiving(write: AsyncConnection, leaders: list[UUID], centre: Unit) -> None:
    rows: Rows = []
    for leader in leaders:
        for day in _days():
            begins, ends = (instant(day, at) for at in AFTERNOON)
            rows.append(
                {"id": uuid4(), "leader_id": leader, "unit_id": centre.id, "kind": "scheduled",
                 "state": DayState.PUBLISHED, "begins_at": begins, "ends_at": ends,
                 "slot_minutes": 30, "break_minutes": 0, "capacity": 1, "topics": [],
                 "review": True, "invited_only": True, "booking_opens_at": begins,
                 "booking_closes_at": begins, "by_hand": True, "version": 1}
            )  # fmt: skip
    await write.execute(sa.insert(ReceptionDay), rows)


async def _busy(write: AsyncConnection, people: list[UUID], chance: random.Random) -> None:
    """Half an hour here and there, of everybody."""
    rows: Rows = []
    for one in people:
        for day, begins, ends in _halves():
            free = (ends.hour - begins.hour) * 2 - 1
            for half in sorted(chance.sample(range(free), MEETINGS)):
                at = instant(day, begins) + half * timedelta(minutes=30)
                during = Range(at, at + timedelta(minutes=30))
                rows.append({"resource": one, "during": during, "reason": "outside"})
    await write.execute(sa.text("DELETE FROM claim WHERE lower(during) > now()"))
    for begin in range(0, len(rows), 1000):
        await write.execute(sa.insert(Claim), rows[begin : begin + 1000])


def _halves() -> Iterator[tuple[date, time, time]]:
    return ((day, *half) for day in _days() for half in (MORNING, AFTERNOON))


def _days() -> Iterator[date]:
    today = local(datetime.now(UTC)).date()
    return (today + timedelta(days=ahead) for ahead in range(1, DAYS + 1))


async def _case(services: Services, tx: Any, centre: Unit) -> UUID:
    party = NewParty(PartyRole.PETITIONER, "Petitioner", phone="13900000001")
    case = await commands.register(
        tx, services.sealer, kind=CaseKind.PETITION, sentence="Wages were not paid",
        category="labour", people=1, channel="online", place_unit_id=None,
        first_receiver=centre, parties=[party], opened_by=None,
    )  # fmt: skip
    return case.id
