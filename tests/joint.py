"""A centre with departments and a case that needs several of them, for tests of joint interviews."""

from dataclasses import dataclass
from datetime import date, time, timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa

from scheduling.rosters.tables import RosterShift
from server.cases.tables import Case
from server.identity.tables import Account
from server.kernel.actor import SYSTEM, Role
from server.units.tables import Presence, Unit, UnitKind
from tests.cases import register
from tests.identity import add_staff, enter
from tests.reception import add_centre
from tests.units import add_unit

TUESDAY, WEDNESDAY = date(2026, 11, 24), date(2026, 11, 25)
THURSDAY, FRIDAY = date(2026, 11, 26), date(2026, 11, 27)
FIRST, SECOND = "2026-11-26T01:00:00Z", "2026-11-27T01:00:00Z"
SEARCHED = timedelta(minutes=20)
VETOED = timedelta(hours=30)
"""Searched, and the time to object gone by."""


@dataclass
class District:
    """A centre with departments; by code, each with handlers."""

    services: object
    centre: Unit
    units: dict[str, Unit]
    staff: dict[str, list[Account]]
    case: Case

    async def roster(self, code: str, day: date, begins: str, ends: str, **more) -> UUID:
        values = {"presence": Presence.WHOLE, "seats": 1, "account_id": None, **more}
        row = RosterShift(
            id=uuid4(), unit_id=self.units[code].id, day=day, begins=time.fromisoformat(begins),
            ends=time.fromisoformat(ends), **values,
        )  # fmt: skip
        async with self.services.uow.begin(SYSTEM) as tx:
            tx.session.add(row)
        return row.id

    def ids(self, *codes: str) -> list[str]:
        return [str(self.units[code].id) for code in codes]


async def make(services) -> District:
    centre = await add_centre(services)
    async with services.uow.begin(SYSTEM) as tx:
        units = {
            code: await add_unit(tx, code, parent=centre, kind=UnitKind.DEPARTMENT)
            for code in ("housing", "labour", "police", "town")
        }
        case = await register(services, tx, centre)
    staff = {
        code: [await add_staff(services, unit, Role.HANDLER, login=f"{code}{n}") for n in (1, 2)]
        for code, unit in units.items()
    }
    return District(services, centre, units, staff, case)


async def two_mornings(services) -> District:
    """Two departments that are there on Thursday and on Friday."""
    made = await make(services)
    for day in (THURSDAY, FRIDAY):
        await made.roster("housing", day, "09:00", "11:30")
        await made.roster("labour", day, "09:00", "11:30")
    return made


async def opened(client, district, **wishes) -> dict:
    path = f"/api/cases/{district.case.id}/joint-interviews"
    answer = await client.post(path, json={"until": str(WEDNESDAY), **wishes})
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def times(client, interview: dict) -> dict:
    answer = await client.get(f"/api/joint-interviews/{interview['id']}/times")
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def book(client, interview: dict, time: dict, **changes):
    body = {
        "begins_at": time["begins_at"],
        "units": [comer["unit"]["unit_id"] for comer in time["comers"]],
        "leader_id": time["leader"] and time["leader"]["account_id"],
        "room_unit_id": time["room"] and time["room"]["unit_id"],
    }
    path = f"/api/joint-interviews/{interview['id']}/booking"
    return await client.post(path, json=body | changes)


async def shown(client, made: dict) -> dict:
    answer = await client.get(f"/api/joint-interviews/{made['id']}")
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def wanted(client, district, **wishes) -> dict:
    fixed = district.ids("housing", "labour")
    return await opened(client, district, **{"fixed": fixed, "until": str(FRIDAY), **wishes})


async def later(clock, runner, client, services, clerk, by=SEARCHED) -> None:
    clock.move(by)
    await runner.run_all_due()
    await enter(client, services, clerk)


async def count(services, table) -> int:
    async with services.uow.begin(SYSTEM) as tx:
        return await tx.session.scalar(sa.select(sa.func.count(table.id)))


async def on_call(district, code: str = "housing") -> Account:
    """The second handler is called on Tuesday morning; the first is the deputy."""
    person = district.staff[code][1]
    await district.roster(
        code, TUESDAY, "09:00", "11:30", presence=Presence.ON_CALL, account_id=person.id
    )
    return person


async def booked_on_call(client, district) -> dict:
    made = await opened(client, district, fixed=district.ids("housing"))
    best = (await times(client, made))["possible"][0]
    return await (await book(client, made, best)).json()
