"""A centre with departments and a case that needs several of them, for tests of joint interviews."""

from dataclasses import dataclass
from datetime import date, time
from uuid import UUID, uuid4

from scheduling.rosters.tables import RosterShift
from server.cases.tables import Case
from server.identity.tables import Account
from server.kernel.actor import SYSTEM, Role
from server.units.tables import Presence, Unit, UnitKind
from tests.cases import register
from tests.identity import add_staff
from tests.reception import add_centre
from tests.units import add_unit

WEDNESDAY = date(2026, 11, 25)


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
