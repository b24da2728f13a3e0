"""Joint interviews that the clock proposes, books and repairs, over HTTP."""

from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range

from scheduling.tables import Appointment, CallTask, Claim
from server.cases.tables import Case
from server.identity import accounts
from server.kernel.actor import SYSTEM, Role
from server.kernel.audit import AuditLine
from tests.cases import register
from tests.identity import add_staff, enter
from tests.joint import (
    FIRST,
    SECOND,
    VETOED,
    District,
    book,
    count,
    later,
    shown,
    times,
    two_mornings,
    wanted,
)
from tests.reception import at


@pytest_asyncio.fixture
async def district(services) -> District:
    return await two_mornings(services)


@pytest_asyncio.fixture
async def clerk(client, services, district):
    account = await add_staff(services, district.centre, Role.CLERK)
    await enter(client, services, account)
    return account


async def audited(services, action: str) -> list[dict]:
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(AuditLine.facts).where(
            AuditLine.subject_kind == "joint_interview", AuditLine.action == action
        )
        return list((await tx.session.scalars(query.order_by(AuditLine.id))).all())


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


async def test_desk_is_phoned_about_a_deadline_before_it_is_over(
    client, services, district, clerk, runner, clock
):
    await wanted(client, district, fixed=district.ids("police"), until="2026-11-23")
    await later(clock, runner, client, services, clerk)
    [call] = (await (await client.get("/api/call-tasks")).json())["items"]
    due_at = datetime.fromisoformat(call["due_at"])
    assert (call["kind"], due_at) == ("joint_stuck", at("2026-11-24T00:00"))
