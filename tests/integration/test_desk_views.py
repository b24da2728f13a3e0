"""What staff see of days, calls and their own sessions; and that others do not."""

from datetime import timedelta

import pytest_asyncio

from scheduling import calls
from scheduling.calls import NewCall
from scheduling.plans import quarter
from scheduling.plans.quarter import Leave
from scheduling.tables import CallKind
from server.identity.tables import Service
from server.kernel.actor import SYSTEM, Role
from tests.identity import add_staff, enter
from tests.reception import add_centre, add_leader, add_resident, book, publish_day, slots_of
from tests.reception import clerk as desk_of

A_WEEK = timedelta(days=7)
PATTERN = {"rrule": "FREQ=WEEKLY;BYDAY=TU", "starts_on": "2026-11-23", "begins": "09:00",
           "ends": "10:00", "slot_minutes": 30}  # fmt: skip


@pytest_asyncio.fixture
async def centre(services):
    return await add_centre(services)


@pytest_asyncio.fixture
async def clerk(services, client, centre):
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    return client


async def test_leaders_stand_in_official_order(services, client, centre):
    await add_leader(services, centre, rank=2)
    await add_leader(services, centre, rank=1)
    leaders = await (await client.get("/api/leaders")).json()
    assert [(one["rank"], one["name"]) for one in leaders] == [(1, "Leader 1"), (2, "Leader 2")]


async def test_plan_is_previewed_before_anything_else_is_known(clerk):
    preview = await (await clerk.post("/api/plan-previews", json=PATTERN)).json()
    assert (preview["slots_a_day"], preview["dates"][0]["held"]) == (2, "2026-11-24")


async def test_day_shows_its_times_and_its_line(services, clerk, centre, runner):
    day = await publish_day(services, await add_leader(services, centre))
    await runner.run_all_due()
    booked = await book(services, (await slots_of(services, day))[1], await add_resident(services))
    shown = await (await clerk.get(f"/api/reception-days/{day.id}")).json()
    assert [slot["state"] for slot in shown["slots"]] == ["free", "taken", "free", "free"]
    [person] = shown["line"]
    assert (person["id"], person["person_name"]) == (str(booked), "Resident 1")
    assert person["begins_at"] == shown["slots"][1]["begins_at"]
    assert (shown["booked"], shown["total"]) == (1, 4)


async def story(clerk, day, slot_id) -> list[tuple[str, str]]:
    path = f"/api/reception-days/{day.id}/slots/{slot_id}/story"
    lines = await (await clerk.get(path)).json()
    return [(line["who"]["kind"], line["action"]) for line in lines]


async def test_time_tells_how_it_came_to_be_taken_and_by_whom(services, clerk, centre, runner):
    day = await publish_day(services, await add_leader(services, centre))
    await runner.run_all_due()
    first, second, *_ = await slots_of(services, day)
    await book(services, second, await add_resident(services))
    of_day = await story(clerk, day, first)
    assert ("system", "open") in of_day
    of_time = await story(clerk, day, second)
    assert [line for line in of_time if line not in of_day] == [
        ("resident", "hold"), ("resident", "submit"),
    ]  # fmt: skip


async def test_time_tells_who_moved_away_from_it_and_whose_it_is_now(
    services, clerk, centre, runner
):
    day = await publish_day(services, await add_leader(services, centre))
    await runner.run_all_due()
    first, second, third, _ = await slots_of(services, day)
    moved = await book(services, first, await add_resident(services))
    await book(services, second, await add_resident(services, 2))
    answer = await clerk.post(f"/api/desk/appointments/{moved}/moves", json={"slot_id": str(third)})
    assert answer.status == 200, await answer.text()
    hers = [("resident", "hold"), ("resident", "submit"), ("staff", "move")]
    for slot, steps in ((first, hers), (second, hers[:2]), (third, hers)):
        told = await story(clerk, day, slot)
        assert [step for step in told if step in hers] == steps


async def test_time_tells_that_its_leader_is_away(services, clerk, centre, runner):
    leader = await add_leader(services, centre)
    day = await publish_day(services, leader)
    await runner.run_all_due()
    off = day.begins_at.date()
    async with services.uow.begin(desk_of(centre)) as tx:
        await quarter.apply(tx, [Leave(leader.account.id, off, off)])
        await quarter.apply(tx, [Leave(leader.account.id, off + A_WEEK, off + A_WEEK)])
    told = await story(clerk, day, (await slots_of(services, day))[0])
    assert [step for step in told if step[1] == "take_leave"] == [("staff", "take_leave")]
    shown = await (await clerk.get(f"/api/reception-days/{day.id}")).json()
    assert {(one["reason"], one["claimed_for"]) for one in shown["slots"]} == {("taken", "leave")}
    public = await (await clerk.get(f"/api/days/{day.id}")).json()
    assert all("claimed_for" not in one for one in public["slots"])


async def test_time_of_another_leaders_day_tells_nothing(services, client, centre):
    leader, other = [await add_leader(services, centre, rank=rank) for rank in (1, 2)]
    day, theirs = [await publish_day(services, one) for one in (leader, other)]
    operator = await add_staff(services, centre, Role.OPERATOR)
    await enter(client, services, operator)
    async with services.uow.begin(SYSTEM) as tx:
        tx.session.add(Service(account_id=operator.id, leader_id=leader.account.id))
    for one, status in ((day, 200), (theirs, 404)):
        [slot, *_] = await slots_of(services, one)
        path = f"/api/reception-days/{one.id}/slots/{slot}/story"
        assert (await client.get(path)).status == status


async def test_day_is_there_for_its_leader_and_their_operator_only(services, client, centre):
    leader, other = [await add_leader(services, centre, rank=rank) for rank in (1, 2)]
    day = await publish_day(services, leader)
    operator = await add_staff(services, centre, Role.OPERATOR)
    await enter(client, services, operator)
    assert (await client.get(f"/api/reception-days/{day.id}")).status == 404
    async with services.uow.begin(SYSTEM) as tx:
        tx.session.add(Service(account_id=operator.id, leader_id=leader.account.id))
    assert (await client.get(f"/api/reception-days/{day.id}")).status == 200
    theirs = await publish_day(services, other)
    assert (await client.get(f"/api/reception-days/{theirs.id}")).status == 404
    days = await (await client.get("/api/reception-days")).json()
    assert [one["id"] for one in days] == [str(day.id)]


async def test_booked_counts_people_not_times_that_passed(services, client, centre, clock, runner):
    day = await publish_day(services, await add_leader(services, centre))
    await runner.run_all_due()
    await book(services, (await slots_of(services, day))[3], await add_resident(services))
    clock.move(day.ends_at - clock.now())
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    shown = await (await client.get(f"/api/reception-days/{day.id}")).json()
    assert shown["booked"] == 1


async def test_call_says_whose_it_is_and_when_it_is_late(services, clerk, centre, client, clock):
    async with services.uow.begin(SYSTEM) as tx:
        call = NewCall(kind=CallKind.CALL_ME, key="one", name="Somebody", phone="13900000001")
        task = await calls.request(tx, services.sealer, call)
    taken = await (await clerk.post(f"/api/call-tasks/{task.id}/taking")).json()
    assert (taken["mine"], taken["taken_by"]) == (True, "clerk name")
    today = await (await clerk.get("/api/desk/today")).json()
    assert (today["calls"], today["calls_overdue"]) == (1, 0)
    clock.move(timedelta(days=9))
    colleague = await add_staff(services, centre, Role.CLERK, login="colleague")
    await enter(client, services, colleague)
    [seen] = (await (await client.get("/api/call-tasks")).json())["items"]
    assert (seen["mine"], seen["overdue"]) == (False, True)
    assert (await (await client.get("/api/desk/today")).json())["calls_overdue"] == 1


async def test_card_is_compared_once_the_time_stands(services, clerk, centre, runner):
    day = await publish_day(services, await add_leader(services, centre))
    await runner.run_all_due()
    booked = await book(services, (await slots_of(services, day))[0], await add_resident(services))
    before = await (await clerk.get(f"/api/desk/appointments/{booked}")).json()
    assert "compare" not in before["actions"]
    confirmed = await (await clerk.post(f"/api/appointments/{booked}/confirmation")).json()
    assert "compare" in confirmed["actions"]
    seen = await (await clerk.post(f"/api/appointments/{booked}/identity", json={})).json()
    assert (seen["person_level"], "compare" in seen["actions"]) == ("seen", False)


async def test_own_sessions_are_those_one_hosts_or_is_invited_to(services, client, centre, runner):
    leader = await add_leader(services, centre)
    day = await publish_day(services, leader, in_days=3, review=False)
    await runner.run_all_due()
    booked = await book(services, (await slots_of(services, day))[0], await add_resident(services))
    await enter(client, services, leader.account)
    [own] = await (await client.get("/api/own-sessions")).json()
    assert (own["appointment_id"], own["is_host"], own["host_name"]) == (
        str(booked), True, "Leader 1",
    )  # fmt: skip
    await enter(client, services, await add_staff(services, centre, Role.HANDLER))
    assert await (await client.get("/api/own-sessions")).json() == []
