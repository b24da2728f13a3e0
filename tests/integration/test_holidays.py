"""A provisional year is confirmed, and what stands on its holidays is dealt with, over HTTP."""

from datetime import date, timedelta

import pytest_asyncio
import sqlalchemy as sa

from scheduling import calls
from scheduling.plans import days
from scheduling.tables import DayState, ReceptionDay, SessionKind, SessionRole
from server.kernel.actor import SYSTEM, Role
from server.kernel.clock import local
from server.units.tables import CalendarDay, UnitKind
from tests.cases import add_appointment, invite
from tests.identity import add_staff, enter
from tests.joint import book, make, opened, times
from tests.reception import add_leader, at, plan_of, publish_day
from tests.units import add_unit

NEW_YEAR = date(2027, 1, 1)  # a Friday
TO_NEW_YEAR = 39
NOTICE = "元旦：1月1日（周五）至3日（周日）放假，共3天。1月9日（周六）上班。"
DAYS = [
    {"date": "2027-01-01", "kind": "holiday"}, {"date": "2027-01-02", "kind": "holiday"},
    {"date": "2027-01-03", "kind": "holiday"}, {"date": "2027-01-09", "kind": "make_up"},
]  # fmt: skip
PATH = "/api/calendar-years/2027"


@pytest_asyncio.fixture
async def district(services):
    return await make(services)


@pytest_asyncio.fixture
async def leader(services, district):
    return await add_leader(services, district.centre)


@pytest_asyncio.fixture
async def clerk(client, services, district):
    account = await add_staff(services, district.centre, Role.CLERK)
    await enter(client, services, account)
    return account


async def confirmed(client) -> dict:
    answer = await client.put(PATH, json={"document": "国办发明电〔2026〕1号", "days": DAYS})
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def listed(client) -> dict:
    return await (await client.get(f"{PATH}/affected")).json()


async def test_published_day_on_a_new_holiday_is_listed_until_it_is_moved(
    client, services, leader, clerk
):
    day = await publish_day(services, leader, in_days=TO_NEW_YEAR)
    await publish_day(services, leader, in_days=TO_NEW_YEAR - 1)
    assert await listed(client) == {"days": [], "sessions": [], "drafts": 0}
    [one] = (await confirmed(client))["days"]
    assert (one["day"]["id"], one["leader_name"]) == (str(day.id), "Leader 1")
    assert one["dates"] == ["2026-12-31", "2027-01-04", "2027-01-09"]
    years = await (await client.get("/api/calendar-years")).json()
    assert [(y["year"], y["status"], y["affected"]) for y in years] == [
        (2026, "confirmed", 0), (2027, "confirmed", 1),
    ]  # fmt: skip
    body = {"begins_at": at("2027-01-02T09:00").isoformat(), "version": one["day"]["version"]}
    moves = f"/api/calendar/days/{day.id}/moves"
    assert (await (await client.post(moves, json=body)).json())["code"] == "move_onto_holiday"
    body["begins_at"] = at("2027-01-09T09:00").isoformat()
    assert (await client.post(moves, json=body)).status == 200
    assert (await listed(client))["days"] == []


async def test_drafts_follow_their_plans_rule_by_themselves(client, services, leader, clerk):
    async with services.uow.begin(SYSTEM) as tx:
        today = local(tx.now).date()
        plan = plan_of(leader, today=today, starts_on=today + timedelta(days=4))
        tx.session.add(plan)
        await tx.session.flush()
        assert plan.starts_on.weekday() == NEW_YEAR.weekday()
        await days.materialise(tx, [plan], horizon_days=45)
    seen = await (await client.post(f"{PATH}/previews", json={"text": NOTICE})).json()
    assert (seen["problems"], seen["affected"]["drafts"]) == ([], 1)
    assert seen["days"] == DAYS
    async with services.uow.begin(SYSTEM) as tx:  # looking ahead wrote nothing
        rows = sa.select(sa.func.count()).where(CalendarDay.date >= NEW_YEAR)
        assert await tx.session.scalar(rows) == 0
    assert (await confirmed(client))["drafts"] == 1
    async with services.uow.begin(SYSTEM) as tx:
        found = await tx.session.scalars(
            sa.select(ReceptionDay).where(ReceptionDay.planned_for == NEW_YEAR)
        )
        [moved] = found.all()
    assert local(moved.begins_at).date() == date(2027, 1, 4)
    assert (moved.state, moved.moved_because) == (DayState.DRAFT, "holiday")


async def test_joint_interview_on_a_holiday_is_listed_and_found_another_time(
    client, services, district, clerk, runner, clock
):
    await district.roster("housing", NEW_YEAR, "09:00", "11:30")
    await district.roster("housing", date(2027, 1, 5), "09:00", "11:30")
    made = await opened(client, district, fixed=district.ids("housing"), until=None)
    best = (await times(client, made))["possible"][0]
    booked = await (await book(client, made, best)).json()
    assert booked["session"]["begins_at"] == "2027-01-01T01:00:00Z"
    [one] = (await confirmed(client))["sessions"]
    assert one["session"]["kind"] == "joint_interview"
    path = f"/api/desk/appointments/{one['session']['id']}/cancellation"
    assert (await client.post(path, json={"reason": "a public holiday"})).status == 200
    assert (await listed(client))["sessions"] == []
    clock.move(timedelta(minutes=1))
    await runner.run_all_due()
    await enter(client, services, clerk)
    after = await (await client.get(f"/api/joint-interviews/{made['id']}")).json()
    assert (after["state"], after["rule"]) == ("proposed", "replacement")
    assert after["proposal"]["begins_at"] == "2027-01-05T01:00:00Z"


async def test_only_whom_it_is_allowed_is_offered_to_call_it_off(
    client, services, district, leader, clerk
):
    day = await publish_day(services, leader, in_days=TO_NEW_YEAR)
    [one] = (await confirmed(client))["days"]
    assert one["day"]["actions"] == ["move", "cancel"]  # the control
    await enter(client, services, await add_staff(services, district.centre, Role.SUPERVISOR))
    [one] = (await listed(client))["days"]
    assert one["day"]["actions"] == []
    path = f"/api/reception-days/{day.id}/cancellation"
    assert (await client.post(path, json={"reason": "a public holiday"})).status == 404


async def test_only_a_clerk_of_the_centre_confirms_a_year(client, services, district, clerk):
    async with services.uow.begin(SYSTEM) as tx:
        town = await add_unit(tx, "far", parent=district.centre, kind=UnitKind.SUB_CENTRE)
    for role in (Role.CLERK, Role.LEADER_OFFICE):
        stranger = await add_staff(services, town, role, login=f"stranger-{role}")
        await enter(client, services, stranger)
        body = {"document": "No. 1", "days": DAYS}
        assert (await client.put(PATH, json=body)).status == 404
        assert (await client.post(f"{PATH}/previews", json={"text": NOTICE})).status == 404
    await enter(client, services, clerk)
    assert (await client.put("/api/calendar-years/2026", json={"document": "x", "days": [
        {"date": "2026-12-25", "kind": "holiday"}]})).status == 409  # fmt: skip
    await confirmed(client)  # the control


async def test_day_of_another_units_desk_is_not_listed_there(client, services, leader, clerk):
    await publish_day(services, leader, in_days=TO_NEW_YEAR)
    assert len((await confirmed(client))["days"]) == 1
    async with services.uow.begin(SYSTEM) as tx:
        town = await add_unit(tx, "far", kind=UnitKind.SUB_CENTRE)
    await enter(client, services, await add_staff(services, town, Role.CLERK, login="stranger"))
    assert (await listed(client))["days"] == []


async def tasks(client) -> list[dict]:
    found = (await (await client.get("/api/call-tasks")).json())["items"]
    return [one for one in found if one["kind"] == "on_day_off"]


async def test_desk_of_what_stands_on_a_new_holiday_has_a_task_until_it_is_moved(
    client, services, district, leader, clerk
):
    day = await publish_day(services, leader, in_days=TO_NEW_YEAR)
    await publish_day(services, leader, in_days=TO_NEW_YEAR - 1)
    [one] = (await confirmed(client))["days"]
    [task] = await tasks(client)
    assert (task["id"], task["due_at"]) == (one["task_id"], "2026-11-26T09:30:00Z")
    assert task["on_day_off"] == {
        "host_name": "Leader 1", "begins_at": "2027-01-01T01:00:00Z",
        "ends_at": "2027-01-01T03:00:00Z", "dates": ["2026-12-31", "2027-01-04", "2027-01-09"],
    }  # fmt: skip
    await confirmed(client)  # entered again it is no second one
    assert [again["id"] for again in await tasks(client)] == [task["id"]]
    body = {
        "begins_at": at("2027-01-09T09:00").isoformat(), "version": one["day"]["version"]
    }  # fmt: skip
    assert (await client.post(f"/api/calendar/days/{day.id}/moves", json=body)).status == 200
    assert await tasks(client) == []


async def test_task_of_a_day_off_ends_with_the_day_and_goes_to_who_stands_in(
    client, services, district, leader, clerk
):
    day = await publish_day(services, leader, in_days=TO_NEW_YEAR)
    other = await add_leader(services, district.centre, rank=0)
    await confirmed(client)
    body = {"leader_id": str(other.account.id), "reason": "abroad"}
    stand_in = await client.post(f"/api/reception-days/{day.id}/substitution", json=body)
    assert stand_in.status == 200, await stand_in.text()
    [task] = await tasks(client)
    assert task["on_day_off"]["host_name"] == "Leader 0"
    [one] = (await listed(client))["days"]
    assert one["task_id"] == task["id"]
    path = f"/api/reception-days/{one['day']['id']}/cancellation"
    assert (await client.post(path, json={"reason": "a public holiday"})).status == 200
    assert await tasks(client) == []


async def test_day_that_is_held_all_the_same_says_why_and_is_not_asked_about_again(
    client, services, leader, clerk
):
    await publish_day(services, leader, in_days=TO_NEW_YEAR)
    [one] = (await confirmed(client))["days"]
    path = f"/api/call-tasks/{one['task_id']}/completion"
    assert (await client.post(path, json={"note": ""})).status == 422
    assert (await client.post(path, json={"note": "On duty that day"})).status == 200
    [one] = (await confirmed(client))["days"]
    assert (one["task_id"], one["kept"]) == (None, "On duty that day")
    years = await (await client.get("/api/calendar-years")).json()
    assert (years[1]["affected"], await tasks(client)) == (0, [])


async def test_task_of_a_day_off_is_over_once_the_day_has_begun(
    client, services, leader, clerk, clock
):
    day = await publish_day(services, leader, in_days=TO_NEW_YEAR)
    await confirmed(client)
    clock.move(day.begins_at - clock.now() - timedelta(minutes=1))
    await enter(client, services, clerk)
    await end_begun(services)
    [task] = await tasks(client)
    assert await calls_today(client) == 1
    [one] = (await listed(client))["days"]  # on the day itself as well
    assert (one["task_id"], one["day"]["actions"]) == (task["id"], ["move", "cancel"])
    clock.move(timedelta(minutes=2))
    assert (await tasks(client), await calls_today(client)) == ([], 0)
    assert (await listed(client))["days"] == []
    await end_begun(services)
    done = (await (await client.get("/api/call-tasks", params={"open": "false"})).json())["items"]
    assert [(one["id"], one["note"]) for one in done] == [(task["id"], None)]


async def calls_today(client) -> int:
    return (await (await client.get("/api/desk/today")).json())["calls"]


async def end_begun(services) -> None:
    async with services.uow.begin(SYSTEM) as tx:
        await calls.end_begun(tx)


async def test_task_of_a_day_off_is_the_same_one_whoever_stands_in(
    client, services, district, leader, clerk
):
    day = await publish_day(services, leader, in_days=TO_NEW_YEAR)
    other = await add_leader(services, district.centre, rank=0)
    await confirmed(client)
    [task] = await tasks(client)
    by_other = await stand_in(client, day.id, other)
    [one] = (await confirmed(client))["days"]
    assert (one["day"]["id"], one["task_id"]) == (by_other, task["id"])
    assert [again["id"] for again in await tasks(client)] == [task["id"]]
    path = f"/api/call-tasks/{task['id']}/completion"
    assert (await client.post(path, json={"note": "On duty that day"})).status == 200
    third = await add_leader(services, district.centre, rank=2)
    by_third = await stand_in(client, by_other, third)
    [one] = (await confirmed(client))["days"]
    assert (one["day"]["id"], one["kept"]) == (by_third, "On duty that day")
    assert await tasks(client) == []


async def stand_in(client, day_id, leader) -> str:
    """The day under this leader."""
    body = {"leader_id": str(leader.account.id), "reason": "abroad"}
    answer = await client.post(f"/api/reception-days/{day_id}/substitution", json=body)
    assert answer.status == 200, await answer.text()
    return (await answer.json())["id"]


async def test_task_of_a_session_on_a_day_off_stays_until_it_is_moved_off_it(
    client, services, district, clerk
):
    mediator = await add_staff(services, district.centre, Role.MEDIATOR)
    async with services.uow.begin(SYSTEM) as tx:
        made = await add_appointment(
            services, tx, None, host_id=mediator.id, unit=district.centre,
            session_kind=SessionKind.MEDIATION, begins_at=at("2027-01-01T09:00"),
        )  # fmt: skip
        await invite(services, tx, made, SessionRole.APPLICANT, "Applicant")
    await confirmed(client)
    [task] = await tasks(client)
    for when, left in (("2027-01-02T09:00", [task["id"]]), ("2027-01-05T09:00", [])):
        await enter(client, services, mediator)
        path = f"/api/calendar/sessions/{made.id}"
        to = {"begins_at": at(when).isoformat()}
        seen = await (await client.post(f"{path}/move-previews", json=to)).json()
        moved = await client.post(f"{path}/moves", json={**to, "version": seen["version"]})
        assert moved.status == 200, await moved.text()
        await enter(client, services, clerk)
        assert [one["id"] for one in await tasks(client)] == left


async def test_notice_that_is_entered_otherwise_takes_tasks_back_and_gives_them_again(
    client, services, leader, clerk
):
    await publish_day(services, leader, in_days=TO_NEW_YEAR)
    await confirmed(client)
    other = {"document": "No. 1", "days": [{"date": "2027-05-01", "kind": "holiday"}]}
    assert (await client.put(PATH, json=other)).status == 200
    assert await tasks(client) == []
    await confirmed(client)
    assert len(await tasks(client)) == 1


async def test_joint_interview_on_a_new_holiday_is_a_task_until_it_is_off(
    client, services, district, clerk
):
    await district.roster("housing", NEW_YEAR, "09:00", "11:30")
    made = await opened(client, district, fixed=district.ids("housing"), until=None)
    best = (await times(client, made))["possible"][0]
    await book(client, made, best)
    [one] = (await confirmed(client))["sessions"]
    [task] = await tasks(client)
    assert (task["id"], task["appointment_id"]) == (one["task_id"], one["session"]["id"])
    path = f"/api/desk/appointments/{one['session']['id']}/cancellation"
    assert (await client.post(path, json={"reason": "a public holiday"})).status == 200
    assert await tasks(client) == []


async def test_desk_of_another_unit_has_the_tasks_of_its_own_days(client, services, clerk):
    async with services.uow.begin(SYSTEM) as tx:
        town = await add_unit(tx, "far", kind=UnitKind.SUB_CENTRE)
    theirs = await add_leader(services, town)
    await publish_day(services, theirs, in_days=TO_NEW_YEAR)
    assert (await confirmed(client))["days"] == []  # out of reach of who confirms
    assert await tasks(client) == []
    await enter(client, services, await add_staff(services, town, Role.CLERK, login="theirs"))
    assert len(await tasks(client)) == 1
