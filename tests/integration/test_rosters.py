"""Rosters over HTTP: shifts, who may change them, leave."""

from datetime import date

import pytest_asyncio

from server.kernel.actor import SYSTEM, Role
from server.units.tables import UnitKind
from tests.identity import add_staff, enter
from tests.reception import add_centre, at
from tests.units import add_unit

SHIFT = {"begins": "09:00", "ends": "11:30", "presence": "rotating"}


@pytest_asyncio.fixture
async def centre(services):
    return await add_centre(services)


@pytest_asyncio.fixture
async def unit(services, centre):
    async with services.uow.begin(SYSTEM) as tx:
        return await add_unit(tx, "housing", parent=centre, kind=UnitKind.DEPARTMENT)


@pytest_asyncio.fixture
async def handler(services, unit):
    return await add_staff(services, unit, Role.HANDLER)


@pytest_asyncio.fixture
async def clerk(client, services, centre):
    account = await add_staff(services, centre, Role.CLERK)
    await enter(client, services, account)
    return account


async def add(client, unit, **more):
    body = {**SHIFT, "unit_id": str(unit.id), "days": ["2026-11-24"], **more}
    return await client.post("/api/roster/shifts", json=body)


async def roster(client) -> dict:
    return await (await client.get("/api/roster?first=2026-11-23&days=7")).json()


async def test_shift_is_made_changed_and_removed(client, unit, handler, clerk):
    made = await add(client, unit, days=["2026-11-24", "2026-11-25"], account_id=str(handler.id))
    [first, _] = await made.json()
    shown = await roster(client)
    [row] = shown["units"]
    assert [(s["day"], s["person"]["name"]) for s in row["shifts"]] == [
        ("2026-11-24", "handler name"), ("2026-11-25", "handler name"),
    ]  # fmt: skip
    assert [day["working"] for day in shown["days"]] == [True] * 5 + [False] * 2
    path, body = f"/api/roster/shifts/{first['id']}", {**SHIFT, "ends": "12:00", "version": 1}
    assert (await (await client.put(path, json=body)).json())["ends"] == "12:00:00"
    assert (await client.put(path, json=body)).status == 409  # somebody changed it: we did
    assert (await client.delete(path)).status == 204
    assert len((await roster(client))["units"][0]["shifts"]) == 1


async def test_nobody_is_on_two_shifts_at_once_or_works_at_night(client, unit, handler, clerk):
    named = {"account_id": str(handler.id)}
    assert (await add(client, unit, **named)).status == 200
    twice = await add(client, unit, **named, begins="11:00", ends="12:00")
    assert (twice.status, (await twice.json())["code"]) == (409, "shift_overlaps")
    assert (await add(client, unit, **named, begins="11:30", ends="12:00")).status == 200
    for wrong in ({"begins": "23:00", "ends": "23:30"}, {"ends": "08:00"}, {"ends": "11:32"}):
        assert (await add(client, unit, **wrong)).status == 422, wrong


async def test_leave_cannot_lie_over_a_booking_and_can_be_ended(client, unit, handler, clerk):
    body = {
        "account_id": str(handler.id), "begins_at": at("2026-11-24T00:00").isoformat(),
        "ends_at": at("2026-11-25T00:00").isoformat(),
    }  # fmt: skip
    made = await (await client.post("/api/roster/leaves", json=body)).json()
    again = await client.post("/api/roster/leaves", json=body)
    assert (again.status, (await again.json())["code"]) == (409, "leave_over_booking")
    assert [one["person"]["name"] for one in (await roster(client))["leaves"]] == ["handler name"]
    assert (await client.delete(f"/api/roster/leaves/{made['id']}")).status == 204
    assert (await roster(client))["leaves"] == []


async def test_clerk_of_another_place_neither_sees_nor_changes_it(
    client, services, unit, handler, clerk
):
    [made] = await (await add(client, unit)).json()
    async with services.uow.begin(SYSTEM) as tx:
        far = await add_unit(tx, "far", kind=UnitKind.SUB_CENTRE)
    await enter(client, services, await add_staff(services, far, Role.CLERK, login="stranger"))
    assert [one["name"] for one in (await roster(client))["units"]] == ["far"]
    assert (await client.delete(f"/api/roster/shifts/{made['id']}")).status == 404
    assert (await add(client, unit, days=[str(date(2026, 11, 27))])).status == 404
