"""Joint interviews on leaders' days: with their office's word, moved and reopened with the day."""

from datetime import datetime, time, timedelta
from uuid import UUID

import pytest
import pytest_asyncio
import sqlalchemy as sa

from scheduling.plans import days
from scheduling.tables import Appointment, CallTask, Claim, ReceptionDay
from server.identity.tables import Service
from server.kernel.actor import SYSTEM, Role
from tests.identity import add_staff, enter
from tests.joint import (
    FIRST,
    SECOND,
    THURSDAY,
    VETOED,
    District,
    count,
    later,
    shown,
    two_mornings,
    wanted,
)
from tests.reception import add_leader, at, publish_day, slots_of


@pytest_asyncio.fixture
async def district(services) -> District:
    return await two_mornings(services)


@pytest_asyncio.fixture
async def clerk(client, services, district):
    account = await add_staff(services, district.centre, Role.CLERK)
    await enter(client, services, account)
    return account


async def with_leaders(services, district, *, arranged: bool = True) -> list:
    """Two leaders; the first receives on Thursday, by an approved arrangement or without."""
    leaders = [await add_leader(services, district.centre, rank=rank) for rank in (1, 2)]
    day = await publish_day(services, leaders[0], in_days=3)
    if not arranged:
        async with services.uow.begin(SYSTEM) as tx:
            (await tx.session.get_one(ReceptionDay, day.id)).arranged = None
    return [*leaders, day]


async def office_of(services, district, leader):
    account = await add_staff(
        services, district.centre, Role.LEADER_OFFICE, login=f"office{leader.official.rank}"
    )
    async with services.uow.begin(SYSTEM) as tx:
        tx.session.add(Service(account_id=account.id, leader_id=leader.account.id))
    return account


async def test_day_outside_the_arrangement_waits_for_the_leaders_office(
    client, services, district, clerk, runner, clock
):
    leader, other, _ = await with_leaders(services, district, arranged=False)
    office, stranger = [await office_of(services, district, one) for one in (leader, other)]
    made = await wanted(client, district, leaders=[str(leader.account.id)])
    await later(clock, runner, client, services, clerk)
    assert (await shown(client, made))["proposal"]["awaits_office"]
    await later(clock, runner, client, services, clerk, by=VETOED)
    waiting = await shown(client, made)
    assert (waiting["state"], await count(services, Appointment)) == ("proposed", 0)
    await enter(client, services, stranger)
    path = f"/api/joint-proposals/{made['id']}"
    assert await (await client.get("/api/joint-proposals/mine")).json() == []
    assert (await client.post(f"{path}/acceptance")).status == 404
    await enter(client, services, office)
    [asked] = await (await client.get("/api/joint-proposals/mine")).json()
    assert (asked["leader_name"], asked["begins_at"]) == ("Leader 1", FIRST)
    assert "工资没有发" not in str(asked)
    assert await (await client.post(f"{path}/acceptance")).json() == []
    await later(clock, runner, client, services, clerk)
    assert (await shown(client, made))["state"] == "booked"


async def test_office_is_phoned_while_its_word_counts(
    client, services, district, clerk, runner, clock
):
    leader, _, _ = await with_leaders(services, district, arranged=False)
    clock.move(timedelta(hours=25))
    await enter(client, services, clerk)
    made = await wanted(client, district, leaders=[str(leader.account.id)])
    await later(clock, runner, client, services, clerk)
    proposal = (await shown(client, made))["proposal"]
    await later(clock, runner, client, services, clerk, by=timedelta(hours=24))
    [call] = (await (await client.get("/api/call-tasks")).json())["items"]
    begins_at = datetime.fromisoformat(proposal["begins_at"])
    assert call["kind"] == "joint_office"
    assert datetime.fromisoformat(call["due_at"]) == begins_at - timedelta(hours=4)


async def test_office_that_refuses_is_asked_for_no_booking(
    client, services, district, clerk, runner, clock
):
    leader, _, _ = await with_leaders(services, district, arranged=False)
    office = await office_of(services, district, leader)
    made = await wanted(client, district, leaders=[str(leader.account.id)])
    await later(clock, runner, client, services, clerk)
    await enter(client, services, office)
    answer = await client.post(
        f"/api/joint-proposals/{made['id']}/refusal", json={"reason": "abroad"}
    )
    assert (answer.status, await answer.json()) == (200, [])
    await later(clock, runner, client, services, clerk, by=VETOED)
    after = await shown(client, made)
    assert (after["state"], after["refused"], await count(services, Appointment)) == ("open", 1, 0)


async def test_day_of_the_arrangement_is_booked_without_the_office(
    client, services, district, clerk, runner, clock
):
    leader, _, day = await with_leaders(services, district)
    made = await wanted(client, district, leaders=[str(leader.account.id)])
    await later(clock, runner, client, services, clerk)
    assert not (await shown(client, made))["proposal"]["awaits_office"]
    await later(clock, runner, client, services, clerk, by=VETOED)
    assert (await shown(client, made))["session"]["host_name"] == "Leader 1"
    _, taken, _, free = await slots_of(services, day)
    for slot, told in ((taken, True), (free, False)):
        path = f"/api/reception-days/{day.id}/slots/{slot}/story"
        lines = await (await client.get(path)).json()
        assert ("joint_interview" in {line["about"]["kind"] for line in lines}) is told


async def test_day_of_an_imported_arrangement_is_booked_without_the_office(
    client, services, district, clerk, runner, clock
):
    leader = await add_leader(services, district.centre)
    row = {
        "number": 2, "leader_id": str(leader.account.id), "date": str(THURSDAY),
        "begins": "09:00", "ends": "11:00", "minutes": 30,
    }  # fmt: skip
    approval = {"document": "No. 7", "approver": "the office", "approved_on": "2026-11-20"}
    answer = await client.post("/api/planning/imports", json={**approval, "rows": [row]})
    assert answer.status == 200, await answer.text()
    async with services.uow.begin(SYSTEM) as tx:
        await days.publish(
            tx, (await tx.session.scalars(sa.select(ReceptionDay))).one(), brief_at=time(18)
        )
    await booked_with(client, services, district, clerk, runner, clock, leader)


@pytest.mark.parametrize("returns", [True, False])
async def test_day_that_was_dragged_is_of_the_arrangement_where_it_is_back(
    client, services, district, clerk, runner, clock, returns
):
    leader, _, day = await with_leaders(services, district)
    for begins_at in (day.begins_at + timedelta(days=1), *([day.begins_at] if returns else [])):
        async with services.uow.begin(SYSTEM) as tx:
            version = (await tx.session.get_one(ReceptionDay, day.id)).version
        body = {"begins_at": begins_at.isoformat(), "version": version}
        answer = await client.post(f"/api/calendar/days/{day.id}/moves", json=body)
        assert answer.status == 200, await answer.text()
    made = await wanted(client, district, leaders=[str(leader.account.id)])
    await later(clock, runner, client, services, clerk)
    proposal = (await shown(client, made))["proposal"]
    assert (proposal["begins_at"], proposal["awaits_office"]) == (
        FIRST if returns else SECOND, not returns,
    )  # fmt: skip


async def booked_with(client, services, district, clerk, runner, clock, *leaders) -> dict:
    made = await wanted(client, district, leaders=[str(one.account.id) for one in leaders])
    await later(clock, runner, client, services, clerk)
    await later(clock, runner, client, services, clerk, by=VETOED)
    booked = await shown(client, made)
    assert (booked["state"], booked["session"]["host_name"]) == ("booked", "Leader 1")
    return booked


async def test_leader_who_stands_in_receives_the_joint_interview_too(
    client, services, district, clerk, runner, clock, outbox
):
    leader, other, day = await with_leaders(services, district)
    made = await booked_with(client, services, district, clerk, runner, clock, leader, other)
    answer = await client.post(
        f"/api/reception-days/{day.id}/substitution",
        json={"leader_id": str(other.account.id), "reason": "called away"},
    )
    assert answer.status == 200, await answer.text()
    await runner.run_all_due()
    after = await shown(client, made)
    assert (after["state"], after["rule"]) == ("booked", "stand_in")
    assert after["session"]["host_name"] == "Leader 2"
    async with services.uow.begin(SYSTEM) as tx:
        held = sa.select(Claim.resource, Claim.reason).where(
            Claim.resource.in_([leader.account.id, other.account.id])
        )
        rows = set((await tx.session.execute(held)).all())
    assert rows == {(other.account.id, "booking"), (leader.account.id, "leave")}
    assert any("Leader 2" in sms.text for sms in outbox.sms if sms.to == "13900000001")


async def test_joint_interview_whose_leader_did_not_come_is_looked_for_anew(
    client, services, district, clerk, runner, clock
):
    leader, *_ = await with_leaders(services, district)
    made = await booked_with(client, services, district, clerk, runner, clock, leader)
    session = UUID((await shown(client, made))["session"]["appointment_id"])
    async with services.uow.begin(SYSTEM) as tx:
        (await tx.session.get_one(Appointment, session)).state = "checked_in"
    clock.move(at("2026-11-26T13:00:00") - clock.now())
    await runner.run_all_due()
    await enter(client, services, clerk)
    after = await shown(client, made)
    assert (after["state"], after["session"]) == ("open", None)
    async with services.uow.begin(SYSTEM) as tx:
        found = await tx.session.get_one(Appointment, session)
        calls = await tx.session.scalars(
            sa.select(CallTask.kind).where(CallTask.appointment_id == session)
        )
        assert (found.state, found.host_missed_at is None) == ("rescheduled", False)
        assert "leader_missed" in list(calls)


async def test_joint_interview_without_a_leader_to_stand_in_is_reopened(
    client, services, district, clerk, runner, clock
):
    leader, other, day = await with_leaders(services, district)
    made = await booked_with(client, services, district, clerk, runner, clock, leader)
    answer = await client.post(
        f"/api/reception-days/{day.id}/substitution",
        json={"leader_id": str(other.account.id), "reason": "called away"},
    )
    assert answer.status == 200, await answer.text()
    after = await shown(client, made)
    assert (after["state"], after["rule"], after["session"]) == ("open", "replacement", None)


async def test_day_with_a_joint_interview_is_not_moved_away_from_it(
    client, services, district, clerk, runner, clock
):
    leader, other, day = await with_leaders(services, district)
    elsewhere = await publish_day(services, other, in_days=2)
    await booked_with(client, services, district, clerk, runner, clock, leader)
    codes = []
    for one in (day, elsewhere):
        async with services.uow.begin(SYSTEM) as tx:
            now = await tx.session.get_one(ReceptionDay, one.id)
        begins_at = (now.begins_at + timedelta(days=7)).isoformat()
        answer = await client.post(
            f"/api/calendar/days/{one.id}/moves",
            json={"begins_at": begins_at, "version": now.version},
        )
        codes.append((answer.status, (await answer.json()).get("code")))
    assert codes == [(422, "move_joint_interview"), (200, None)]


async def test_cancelled_day_reopens_its_joint_interview_and_another_day_does_not(
    client, services, district, clerk, runner, clock
):
    leader, other, day = await with_leaders(services, district)
    elsewhere = await publish_day(services, other, in_days=2)
    made = await booked_with(client, services, district, clerk, runner, clock, leader)
    for one, state in ((elsewhere, "booked"), (day, "open")):
        path = f"/api/reception-days/{one.id}/cancellation"
        answer = await client.post(path, json={"reason": "a flood"})
        assert answer.status == 200, await answer.text()
        assert (await shown(client, made))["state"] == state
    await later(clock, runner, client, services, clerk)
    async with services.uow.begin(SYSTEM) as tx:
        assert await tx.session.scalar(sa.select(sa.func.count(Claim.id))) == 0
        kinds = set((await tx.session.scalars(sa.select(CallTask.kind))).all())
    assert "day_cancelled" in kinds
