"""Planning a period over HTTP: worked out by a task, looked at, kept whole, taken back."""

import asyncio

import pytest_asyncio
import sqlalchemy as sa

from scheduling.rosters.drafting import Drafting
from scheduling.rosters.tables import RosterShift
from scheduling.rosters.turns import process
from scheduling.runner import Handlers, Runner
from server.bootstrap.handlers import handlers
from server.kernel.actor import SYSTEM, Role
from server.units.tables import Presence, UnitKind
from tests.identity import add_staff, enter
from tests.reception import add_centre, at
from tests.units import add_unit

FIRST, LAST = "2026-11-24", "2026-12-04"
WORKING_DAYS = 9


@pytest_asyncio.fixture
async def centre(services):
    return await add_centre(services)


@pytest_asyncio.fixture
async def units(services, centre):
    """On call with three people, rotating with two, moved in whole."""
    async with services.uow.begin(SYSTEM) as tx:
        made = [
            await add_unit(tx, name, parent=centre, kind=UnitKind.DEPARTMENT)
            for name in ("called", "turning", "whole")
        ]
        for unit, presence in zip(made, ("on_call", "rotating", "whole"), strict=True):
            (await tx.session.merge(unit)).presence = Presence(presence)
    return made


@pytest_asyncio.fixture
async def people(services, units):
    called, turning, _ = units
    staffed = [(called, "a"), (called, "b"), (called, "c"), (turning, "d"), (turning, "e")]
    return [await add_staff(services, unit, Role.HANDLER, login=name) for unit, name in staffed]


@pytest_asyncio.fixture
async def clerk(client, services, centre, people):
    account = await add_staff(services, centre, Role.CLERK)
    await enter(client, services, account)
    return account


async def ask(client, units, *, method="greedy", **settings):
    body = {
        "unit_ids": [str(unit.id) for unit in units], "first": FIRST, "last": LAST,
        "method": method, "settings": settings,
    }  # fmt: skip
    return await (await client.post("/api/roster/drafts", json=body)).json()


async def read(client, draft, what=""):
    return await (await client.get(f"/api/roster/drafts/{draft['id']}{what}")).json()


async def act(client, draft, verb):
    answer = await client.post(f"/api/roster/drafts/{draft['id']}/{verb}")
    return answer.status, await answer.json()


async def roster(client):
    units = (await (await client.get(f"/api/roster?first={FIRST}&days=14")).json())["units"]
    return {
        unit["name"]: sorted(
            (one["day"], one["begins"], (one["person"] or {}).get("account_id"), one["seats"])
            for one in unit["shifts"]
        )
        for unit in units
    }


async def test_period_is_planned_looked_at_kept_and_taken_back(
    client, services, runner, units, people, clerk
):
    draft = await ask(client, units)
    assert (draft["state"], draft["result"], draft["actions"]) == ("queued", None, ["cancel"])
    await runner.run_all_due()
    draft = await read(client, draft)
    assert (draft["state"], draft["actions"]) == ("ready", ["cancel", "keep"])
    assert await roster(client) == {"called": [], "turning": [], "whole": []}
    fair = await read(client, draft, "/fairness")
    assert [one["turns"] for one in fair if one["unit"] == "called"] == [3, 3, 3]
    assert sum(one["turns"] for one in fair if one["unit"] == "turning") == 5 + 6
    week = await read(client, draft, f"/week?first={FIRST}")
    assert len(week["days"]) == 5
    assert {one["mark"] for unit in week["units"] for one in unit["shifts"]} == {"added"}
    assert (await act(client, draft, "keeping"))[1]["state"] == "kept"
    kept = await roster(client)
    assert [len(kept[name]) for name in ("called", "turning", "whole")] == [18, 11, 18]
    assert {one[2] for one in kept["whole"]} == {None}
    assert (await act(client, draft, "undoing"))[1]["state"] == "undone"
    assert await roster(client) == {"called": [], "turning": [], "whole": []}
    assert (await act(client, draft, "keeping"))[0] == 409
    listed = await (await client.get("/api/roster/drafts")).json()
    assert [(one["id"], one["state"]) for one in listed["drafts"]] == [(draft["id"], "undone")]


async def test_leave_is_planned_around_with_the_fewest_changes(
    client, services, runner, units, people, clerk
):
    first = await ask(client, units)
    await runner.run_all_due()
    assert (await act(client, first, "keeping"))[0] == 200
    before = await roster(client)
    [day, _, person, _] = before["called"][2]
    leave = {
        "account_id": person, "begins_at": at(f"{day}T00:00").isoformat(),
        "ends_at": at(f"{day}T23:00").isoformat(),
    }  # fmt: skip
    assert (await client.post("/api/roster/leaves", json=leave)).status == 200
    again = await ask(client, units, method="cp_sat", fewest_changes=True)
    await runner.run_all_due()
    again = await read(client, again)
    result = again["result"]
    assert (result["optimal"], result["removed"], result["added"]) == (True, 2, 2)
    answers = await read(client, again, f"/answers?unit_id={units[0].id}&day={day}&half=0")
    why = {one["person"]["account_id"]: one for one in answers}
    assert (why[person]["possible"], why[person]["against"]) == (False, ["away"])
    assert sorted(one["is_there"] for one in answers) == [False, False, True]
    await act(client, again, "keeping")
    after = await roster(client)
    assert [a for a in before["called"] if a not in after["called"]] == [
        (day, "09:00:00", person, 1), (day, "13:30:00", person, 1),
    ]  # fmt: skip
    assert (after["turning"], after["whole"]) == (before["turning"], before["whole"])


async def test_draft_is_not_kept_over_a_roster_that_changed(client, runner, units, people, clerk):
    draft = await ask(client, units)
    await runner.run_all_due()
    shift = {
        "begins": "09:00", "ends": "11:30", "presence": "on_call", "unit_id": str(units[0].id),
        "days": [FIRST], "account_id": str(people[0].id),
    }  # fmt: skip
    [made] = await (await client.post("/api/roster/shifts", json=shift)).json()
    assert (await act(client, draft, "keeping"))[0] == 409
    assert len((await roster(client))["called"]) == 1
    await client.delete(f"/api/roster/shifts/{made['id']}")
    assert (await act(client, draft, "keeping"))[0] == 200
    kept = (await roster(client))["called"]
    by_hand = f"/api/roster?first={FIRST}&days=1"
    shown = (await (await client.get(by_hand)).json())["units"]
    [one, *_] = next(unit for unit in shown if unit["name"] == "called")["shifts"]
    await client.delete(f"/api/roster/shifts/{one['id']}")
    assert (await act(client, draft, "undoing"))[0] == 409
    assert len((await roster(client))["called"]) == len(kept) - 1


async def test_draft_is_cancelled_while_it_is_worked_on(client, services, units, people, clerk):
    draft = await ask(client, units, method="cp_sat")
    waited = asyncio.create_task(runner_of(services).run_all_due())
    await until_running(client, draft)
    assert (await act(client, draft, "cancelling"))[1]["state"] == "cancelled"
    await asyncio.wait_for(waited, 10)
    draft = await read(client, draft)
    assert (draft["state"], draft["result"], draft["actions"]) == ("cancelled", None, [])


async def until_running(client, draft):
    for _ in range(500):
        if (await read(client, draft))["state"] == "running":
            return
        await asyncio.sleep(0.02)
    raise TimeoutError


def runner_of(services):
    return Runner(services.uow, handlers(services))


async def test_dead_solver_fails_the_draft_and_nothing_else(
    client, services, units, people, clerk, tmp_path
):
    """Told of a folder without OR-tools, the process ends without an answer."""
    draft = await ask(client, units, method="cp_sat")
    known = handlers(services)
    broken = Drafting(services.uow, tmp_path)
    effects = {**known.effects, "roster.solve": broken}
    await Runner(services.uow, Handlers(work=known.work, effects=effects)).run_all_due()
    assert (await read(client, draft))["state"] == "failed"
    assert not process.found(tmp_path)


async def test_period_must_lie_ahead_and_units_within_reach(client, services, units, people, clerk):
    body = {"unit_ids": [str(units[0].id)], "method": "greedy", "settings": {}}
    for first, last in (("2026-11-23", LAST), (LAST, FIRST), (FIRST, "2027-02-01")):
        answer = await client.post(
            "/api/roster/drafts", json={**body, "first": first, "last": last}
        )
        assert answer.status == 422, (first, last)
    draft = await ask(client, units)
    async with services.uow.begin(SYSTEM) as tx:
        far = await add_unit(tx, "far", kind=UnitKind.SUB_CENTRE)
    await enter(client, services, await add_staff(services, far, Role.CLERK, login="stranger"))
    for what in ("", "/week", "/fairness", "/answers"):
        answer = await client.get(f"/api/roster/drafts/{draft['id']}{what}")
        assert answer.status == 404, what
    for verb in ("keeping", "undoing", "cancelling", "stopping"):
        assert (await act(client, draft, verb))[0] == 404, verb
    assert (await (await client.get("/api/roster/drafts")).json())["drafts"] == []
    answer = await client.post("/api/roster/drafts", json={**body, "first": FIRST, "last": LAST})
    assert answer.status == 404


async def test_troubles_of_a_hand_edit_are_told_before_it_is_saved(
    client, services, units, people, clerk
):
    person = people[0]
    shift = {
        "begins": "09:00", "ends": "11:30", "presence": "on_call", "unit_id": str(units[0].id),
        "account_id": str(person.id),
    }  # fmt: skip
    days = ["2026-11-24", "2026-11-25", "2026-11-26", "2026-11-27", "2026-11-30"]
    made = await (await client.post("/api/roster/shifts", json={**shift, "days": days})).json()
    leave = {
        "account_id": str(person.id), "begins_at": at("2026-12-01T00:00").isoformat(),
        "ends_at": at("2026-12-02T00:00").isoformat(),
    }  # fmt: skip
    await client.post("/api/roster/leaves", json=leave)

    async def told(*days, **more):
        body = {**shift, "days": days, **more}
        answer = await client.post("/api/roster/checks", json=body)
        return {(one["trouble"], one["account_id"]) for one in await answer.json()}

    mine = str(person.id)
    assert await told("2026-11-24") == {("overlap", mine)}
    assert await told("2026-11-24", shift_id=made[0]["id"]) == set()
    assert await told("2026-12-01") == {("away", mine), ("in_a_row", mine)}
    assert await told("2026-11-28") == {("holiday", None), ("in_a_row", mine)}
    async with services.uow.begin(SYSTEM) as tx:
        assert len((await tx.session.scalars(sa.select(RosterShift.id))).all()) == len(days)


async def test_wishes_are_kept_and_planned_around(client, services, runner, units, people, clerk):
    person = str(people[0].id)
    halves = [{"weekday": 1, "half": 0}, {"weekday": 1, "half": 1}]
    path = f"/api/roster/wishes/{person}"
    assert (await client.put(path, json={"halves": halves})).status == 200
    shown = (await (await client.get(f"/api/roster?first={FIRST}")).json())["wishes"]
    assert [{key: one[key] for key in ("weekday", "half")} for one in shown] == halves
    assert {(one["kind"], one["entered_by"]["name"]) for one in shown} == {
        ("rather_not", clerk.name)
    }
    draft = await ask(client, units[:1])
    await runner.run_all_due()
    assert (await read(client, draft))["result"]["unwanted"] == 0
    await act(client, draft, "keeping")
    tuesdays = [one for one in (await roster(client))["called"] if one[0] in {FIRST, "2026-12-01"}]
    assert person not in {one[2] for one in tuesdays}
    assert (await client.put(path, json={"halves": []})).status == 200


async def test_what_all_rule_out_stays_open_and_says_whose_wishes_clash(
    client, services, runner, units, people, clerk
):
    tuesday = [{"weekday": 1, "half": half, "kind": "cannot"} for half in (0, 1)]
    for one in people:
        assert (await client.put(f"/api/roster/wishes/{one.id}", json={"halves": tuesday})).ok
    liked = [*tuesday, {"weekday": 3, "half": 0, "kind": "would_like"}]
    await client.put(f"/api/roster/wishes/{people[0].id}", json={"halves": liked})
    draft = await ask(client, units[:1])
    await runner.run_all_due()
    result = (await read(client, draft))["result"]
    [first, second] = result["clashes"]
    assert (first["day"], second["day"]) == (FIRST, "2026-12-01")
    mine = {one["name"] for one in first["people"]}
    assert mine == {one.name for one in people}
    path = f"/api/roster/drafts/{draft['id']}/answers?unit_id={units[0].id}&day={FIRST}&half=0"
    answers = await (await client.get(path)).json()
    assert {(one["possible"], one["wish"]["kind"]) for one in answers} == {(False, "cannot")}
    assert {one["wish"]["entered_by"]["name"] for one in answers} == {clerk.name}
