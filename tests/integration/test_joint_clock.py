"""Joint interviews that the clock proposes, books and repairs, over HTTP."""

from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range

from scheduling.joint.tables import JointSeat
from scheduling.plans import days
from scheduling.tables import Appointment, CallTask, Claim, ReceptionDay
from server.cases.tables import Case
from server.identity import accounts
from server.identity.tables import Service
from server.kernel.actor import SYSTEM, Role
from server.kernel.audit import AuditLine
from server.units.tables import Presence
from tests.cases import register
from tests.identity import add_staff, enter
from tests.joint import District, book, make, opened, times
from tests.reception import add_leader, at, publish_day, slots_of

THURSDAY, FRIDAY = date(2026, 11, 26), date(2026, 11, 27)
FIRST, SECOND = "2026-11-26T01:00:00Z", "2026-11-27T01:00:00Z"
VETOED = timedelta(hours=30)
"""Searched, and the time to object gone by."""


@pytest_asyncio.fixture
async def district(services) -> District:
    made = await make(services)
    for day in (THURSDAY, FRIDAY):
        await made.roster("housing", day, "09:00", "11:30")
        await made.roster("labour", day, "09:00", "11:30")
    return made


@pytest_asyncio.fixture
async def clerk(client, services, district):
    account = await add_staff(services, district.centre, Role.CLERK)
    await enter(client, services, account)
    return account


async def shown(client, made: dict) -> dict:
    answer = await client.get(f"/api/joint-interviews/{made['id']}")
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def wanted(client, district, **wishes) -> dict:
    fixed = district.ids("housing", "labour")
    return await opened(client, district, **{"fixed": fixed, "until": str(FRIDAY), **wishes})


async def later(clock, runner, client, services, clerk, by=timedelta(minutes=20)) -> None:
    clock.move(by)
    await runner.run_all_due()
    await enter(client, services, clerk)


async def audited(services, action: str) -> list[dict]:
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(AuditLine.facts).where(
            AuditLine.subject_kind == "joint_interview", AuditLine.action == action
        )
        return list((await tx.session.scalars(query.order_by(AuditLine.id))).all())


async def count(services, table) -> int:
    async with services.uow.begin(SYSTEM) as tx:
        return await tx.session.scalar(sa.select(sa.func.count(table.id)))


async def test_clock_proposes_the_best_time_and_books_it_when_nobody_objects(
    client, services, district, clerk, runner, clock
):
    made = await wanted(client, district)
    assert (made["state"], made["rule"], made["proposal"]) == ("open", "open_request", None)
    await later(clock, runner, client, services, clerk)
    proposed = await shown(client, made)
    assert (proposed["state"], proposed["rule"]) == ("proposed", "open_request")
    assert proposed["proposal"]["begins_at"] == FIRST
    assert [unit["name"] for unit in proposed["proposal"]["units"]] == ["housing", "labour"]
    assert await count(services, Claim) == 0
    await later(clock, runner, client, services, clerk, by=VETOED)
    booked = await shown(client, made)
    assert (booked["state"], booked["rule"]) == ("booked", "open_request")
    assert booked["session"]["begins_at"] == FIRST
    assert await count(services, Claim) == 3  # two seats, and the clerk who presides
    assert [line["rule"] for line in await audited(services, "book")] == ["open_request"]


async def test_vetoed_time_is_not_booked_and_another_is_proposed(
    client, services, district, clerk, runner, clock
):
    made = await wanted(client, district)
    await later(clock, runner, client, services, clerk)
    path = f"/api/joint-interviews/{made['id']}/veto"
    answer = await client.post(path, json={"reason": "the petitioner is in hospital"})
    assert (await answer.json())["state"] == "open"
    await later(clock, runner, client, services, clerk)
    assert (await shown(client, made))["proposal"]["begins_at"] == SECOND
    await later(clock, runner, client, services, clerk, by=VETOED)
    assert (await shown(client, made))["session"]["begins_at"] == SECOND
    async with services.uow.begin(SYSTEM) as tx:
        assert (await tx.session.scalars(sa.select(Appointment.begins_at))).all() == [
            datetime.fromisoformat(SECOND)
        ]


async def test_time_taken_meanwhile_is_looked_for_again(
    client, services, district, clerk, runner, clock
):
    made = await wanted(client, district)
    await later(clock, runner, client, services, clerk)
    async with services.uow.begin(SYSTEM) as tx:
        twin = await register(services, tx, district.centre)
    rival = await (
        await client.post(
            f"/api/cases/{twin.id}/joint-interviews",
            json={"fixed": district.ids("housing", "labour")},
        )
    ).json()
    best = next(
        one for one in (await times(client, rival))["possible"] if one["begins_at"] == FIRST
    )
    assert (await book(client, rival, best)).status == 200
    await later(clock, runner, client, services, clerk, by=timedelta(hours=7))
    again = await shown(client, made)
    assert (again["state"], again["proposal"]["begins_at"]) == ("proposed", SECOND)
    assert await count(services, Appointment) == 1


async def test_time_that_has_passed_before_anybody_decided_is_given_up(
    client, services, district, clerk, runner, clock
):
    made = await wanted(client, district, until=None)
    await later(clock, runner, client, services, clerk)
    assert (await shown(client, made))["state"] == "proposed"
    await later(clock, runner, client, services, clerk, by=timedelta(days=21))
    left = await shown(client, made)
    assert (left["state"], left["proposal"]) == ("open", None)
    assert await count(services, Appointment) == 0


async def test_hand_taken_from_the_clock_books_nothing_by_itself(
    client, services, district, clerk, runner, clock
):
    made = await wanted(client, district)
    await later(clock, runner, client, services, clerk)
    path = f"/api/joint-interviews/{made['id']}/clock"
    answer = await (await client.put(path, json={"by_clock": False})).json()
    assert (answer["state"], answer["by_clock"], answer["due_at"]) == ("open", False, None)
    await later(clock, runner, client, services, clerk, by=VETOED)
    assert await count(services, Appointment) == 0
    assert (await client.put(path, json={"by_clock": True})).status == 200  # the control
    clock.move(-VETOED)
    await later(clock, runner, client, services, clerk, by=VETOED)
    assert (await shown(client, made))["proposal"]["begins_at"] == SECOND


async def test_without_any_time_it_is_searched_again_and_comes_to_the_desk_in_the_end(
    client, services, district, clerk, runner, clock
):
    made = await wanted(client, district, fixed=district.ids("police"))
    await later(clock, runner, client, services, clerk)
    none = await shown(client, made)
    assert (none["state"], none["proposal"]) == ("open", None)
    assert none["due_at"] > none["searched_at"]
    for _ in range(5):
        await later(clock, runner, client, services, clerk, by=timedelta(hours=24))
    stuck = await shown(client, made)
    assert (stuck["by_clock"], stuck["due_at"]) == (False, None)
    async with services.uow.begin(SYSTEM) as tx:
        kinds = (await tx.session.scalars(sa.select(CallTask.kind))).all()
    assert kinds == ["joint_stuck"]


async def test_time_after_many_that_are_too_soon_or_refused_is_proposed(
    client, services, district, clerk, runner, clock
):
    for day in (23, 24, 25):
        await district.roster("police", date(2026, 11, day), "09:00", "17:00")
    made = await wanted(client, district, fixed=district.ids("police"), minutes=30)
    assert (await times(client, made))["possible"][-1]["begins_at"] < "2026-11-24T06:00:00Z"
    await later(clock, runner, client, services, clerk)
    assert (await shown(client, made))["proposal"]["begins_at"] == "2026-11-24T06:00:00Z"
    path = f"/api/joint-interviews/{made['id']}/veto"
    assert (await client.post(path, json={"reason": "not this day"})).status == 200
    await later(clock, runner, client, services, clerk)
    assert (await shown(client, made))["proposal"]["begins_at"] == "2026-11-25T01:00:00Z"


async def test_desk_is_called_once_where_nothing_is_found_without_a_deadline(
    client, services, district, clerk, runner, clock
):
    async def stuck() -> list[bool]:
        async with services.uow.begin(SYSTEM) as tx:
            query = sa.select(CallTask).where(CallTask.kind == "joint_stuck")
            return [call.done_at is not None for call in await tx.session.scalars(query)]

    made = await wanted(client, district, fixed=district.ids("police"), until=None)
    told = []
    for _ in range(5):
        for _ in range(6):
            clock.move(timedelta(hours=4))
            await runner.run_all_due()
        told.append(await stuck())
    assert told == [[], *[[False]] * 4]  # two working days of patience
    await later(clock, runner, client, services, clerk)
    looks = await shown(client, made)
    assert looks["by_clock"]
    assert looks["due_at"] > looks["searched_at"]
    await district.roster("police", date(2026, 12, 3), "09:00", "11:30")
    await later(clock, runner, client, services, clerk, by=timedelta(hours=48))
    found = await shown(client, made)
    assert found["proposal"]["begins_at"] == "2026-12-03T01:00:00Z"
    assert await stuck() == [True]  # nobody need phone about it any more


async def colleague(services, client, district):
    other = await add_staff(services, district.centre, Role.CLERK, login="colleague")
    await enter(client, services, other)
    return other


async def hosts(services) -> list[UUID]:
    async with services.uow.begin(SYSTEM) as tx:
        return list(await tx.session.scalars(sa.select(Appointment.host_id)))


async def test_who_opened_it_presides_whoever_looks_and_books(
    client, services, district, clerk, clock
):
    made = await wanted(client, district)
    other = await colleague(services, client, district)
    first, last = "2026-11-26T01:00:00Z", "2026-11-26T03:30:00Z"
    async with services.uow.begin(SYSTEM) as tx:  # the colleague has no time that day
        during = Range(datetime.fromisoformat(first), datetime.fromisoformat(last))
        tx.session.add(Claim(id=uuid4(), resource=other.id, during=during, reason="leave"))
    time = (await times(client, made))["possible"][0]
    assert time["begins_at"] == first
    booked = await book(client, made, time)
    assert booked.status == 200, await booked.text()
    assert await hosts(services) == [clerk.id]


async def test_account_that_was_shut_hosts_nothing_and_the_desk_is_told(
    client, services, district, clerk, runner, clock
):
    made = await wanted(client, district)
    async with services.uow.begin(SYSTEM) as tx:
        await accounts.disable(tx, "clerk")
    clock.move(timedelta(minutes=20))
    await runner.run_all_due()
    async with services.uow.begin(SYSTEM) as tx:
        assert (await tx.session.scalars(sa.select(CallTask.kind))).all() == ["joint_stuck"]
    other = await colleague(services, client, district)
    left = await shown(client, made)
    assert (left["state"], left["by_clock"]) == ("open", False)
    booked = await book(client, made, (await times(client, made))["possible"][0])
    assert booked.status == 200, await booked.text()
    assert await hosts(services) == [other.id]


async def test_account_shut_after_the_proposal_hosts_nothing(
    client, services, district, clerk, runner, clock
):
    made = await wanted(client, district)
    await later(clock, runner, client, services, clerk)
    assert (await shown(client, made))["state"] == "proposed"
    async with services.uow.begin(SYSTEM) as tx:
        await accounts.disable(tx, "clerk")
    clock.move(VETOED)
    await runner.run_all_due()
    assert await hosts(services) == []


async def test_unit_complained_of_since_is_not_booked(
    client, services, district, clerk, runner, clock
):
    made = await wanted(client, district)
    await later(clock, runner, client, services, clerk)
    async with services.uow.begin(SYSTEM) as tx:
        case = await tx.session.get_one(Case, district.case.id)
        case.subject_unit_id = district.units["housing"].id
    await later(clock, runner, client, services, clerk, by=VETOED)
    assert await count(services, Appointment) == 0
    assert (await shown(client, made))["state"] == "open"


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


async def test_desk_is_phoned_about_a_deadline_before_it_is_over(
    client, services, district, clerk, runner, clock
):
    await wanted(client, district, fixed=district.ids("police"), until="2026-11-23")
    await later(clock, runner, client, services, clerk)
    [call] = (await (await client.get("/api/call-tasks")).json())["items"]
    due_at = datetime.fromisoformat(call["due_at"])
    assert (call["kind"], due_at) == ("joint_stuck", at("2026-11-24T00:00"))


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


async def test_whoever_falls_ill_is_replaced_by_the_next_of_the_unit(
    client, services, district, clerk, runner
):
    ill, deputy = district.staff["police"]
    await district.roster(
        "police", THURSDAY, "14:00", "17:00", presence=Presence.ROTATING, account_id=ill.id
    )
    made = await wanted(client, district, fixed=district.ids("police"))
    best = (await times(client, made))["possible"][0]
    booked = await (await book(client, made, best)).json()
    assert [(seat["state"], seat["rule"]) for seat in booked["seats"]] == [("present", None)]
    body = {
        "account_id": str(ill.id), "begins_at": at("2026-11-26T00:00").isoformat(),
        "ends_at": at("2026-11-27T00:00").isoformat(),
    }  # fmt: skip
    assert (await client.post("/api/roster/leaves", json=body)).status == 200
    [seat] = (await shown(client, made))["seats"]
    assert (seat["state"], seat["rule"], seat["refused"]) == ("asked", "next_of_unit", 1)
    await enter(client, services, deputy)
    assert (await client.post(f"/api/joint-asks/{seat['id']}/acceptance")).status == 200
    async with services.uow.begin(SYSTEM) as tx:
        row = (await tx.session.scalars(sa.select(JointSeat))).one()
        held = sa.select(Claim.resource).where(Claim.appointment_id == row.appointment_id)
        assert row.account_id == deputy.id
        assert ill.id not in set((await tx.session.scalars(held)).all())


async def test_whoever_said_yes_may_still_fall_out(client, services, district, clerk):
    person = district.staff["police"][1]
    await district.roster(
        "police", THURSDAY, "14:00", "17:00", presence=Presence.ON_CALL, account_id=person.id
    )
    made = await wanted(client, district, fixed=district.ids("police"))
    best = (await times(client, made))["possible"][0]
    [seat] = (await (await book(client, made, best)).json())["seats"]
    await enter(client, services, person)
    for answer in ("acceptance", "refusal"):
        assert (await client.post(f"/api/joint-asks/{seat['id']}/{answer}")).status == 200
    assert await (await client.get("/api/joint-asks/mine")).json() == []
    await enter(client, services, clerk)
    [after] = (await shown(client, made))["seats"]
    assert (after["state"], after["asked_name"]) == ("asked", "handler name")


async def test_who_falls_out_after_the_clerk_found_them_is_called_about_anew(
    client, services, district, clerk
):
    person, deputy = district.staff["police"][1], district.staff["police"][0]
    await district.roster(
        "police", THURSDAY, "14:00", "17:00", presence=Presence.ON_CALL, account_id=person.id
    )
    made = await wanted(client, district, fixed=district.ids("police"))
    best = (await times(client, made))["possible"][0]
    [seat] = (await (await book(client, made, best)).json())["seats"]
    for who in (person, deputy):
        await enter(client, services, who)
        assert (await client.post(f"/api/joint-asks/{seat['id']}/refusal")).status == 200
    assert len(await unanswered_calls(client, services, clerk)) == 1
    path = f"/api/joint-interviews/{made['id']}/seats/{seat['id']}/person"
    assert (await client.post(path, json={"account_id": str(deputy.id)})).status == 200
    assert await unanswered_calls(client, services, clerk) == []
    await enter(client, services, deputy)
    assert (await client.post(f"/api/joint-asks/{seat['id']}/refusal")).status == 200
    assert await unanswered_calls(client, services, clerk) == [made["id"]]


async def unanswered_calls(client, services, clerk) -> list[str]:
    """The joint interviews that the clerk is to phone about, since nobody comes."""
    await enter(client, services, clerk)
    tasks = (await (await client.get("/api/call-tasks")).json())["items"]
    return [one["interview_id"] for one in tasks if one["kind"] == "joint_unanswered"]
