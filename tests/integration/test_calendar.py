"""What a view of the staff's calendar holds, for whom, and how much it may ask for."""

from datetime import date, timedelta

import pytest
import pytest_asyncio

from scheduling.mediation.times import main_room
from scheduling.tables import SessionKind, SessionRole
from server.identity.tables import Service
from server.kernel.actor import SYSTEM, Role
from server.units.tables import CalendarDay, DayKind, UnitKind, YearStatus
from tests.cases import add_appointment, invite
from tests.counting import counting
from tests.identity import add_staff, enter
from tests.joint import book as book_joint
from tests.joint import make, opened, times
from tests.reception import add_centre, add_leader, add_resident, book, publish_day, slots_of
from tests.units import add_unit

WEEK = {"from": "2026-11-30", "until": "2026-12-06"}


@pytest_asyncio.fixture
async def centre(services):
    return await add_centre(services)


@pytest_asyncio.fixture
async def clerk(services, client, centre):
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    return client


async def view(client, **query) -> dict:
    answer = await client.get("/api/calendar", params={**WEEK, **query})
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def booked_day(services, centre, runner, *, rank: int = 1):
    leader = await add_leader(services, centre, rank=rank)
    day = await publish_day(services, leader)
    await runner.run_all_due()
    slot = (await slots_of(services, day))[1]
    booked = await book(services, slot, await add_resident(services, rank))
    return leader, day, booked


async def mediate(services, centre, mediator, **more):
    async with services.uow.begin(SYSTEM) as tx:
        return await add_appointment(
            services, tx, None, host_id=mediator.id, unit=centre,
            session_kind=SessionKind.MEDIATION, begins_at=tx.now + timedelta(days=8), **more,
        )  # fmt: skip


async def test_week_holds_days_with_how_full_they_are_and_who_comes(
    services, clerk, centre, runner
):
    leader, day, booked = await booked_day(services, centre, runner)
    shown = await view(clerk)
    [held] = shown["days"]
    assert (held["id"], held["booked"], held["total"]) == (str(day.id), 1, 4)
    [session] = shown["sessions"]
    assert (session["id"], session["day_id"]) == (str(booked), str(day.id))
    assert (session["person_name"], session["who"][0]) == ("Resident 1", str(leader.account.id))
    [row] = [row for row in shown["rows"] if row["kind"] == "person"]
    assert (row["name"], row["post"], row["rank"]) == ("Leader 1", "Head", 1)


async def test_dates_say_holidays_make_up_days_and_years_not_announced(services, clerk):
    async with services.uow.begin(SYSTEM) as tx:
        tx.session.add_all(
            CalendarDay(date=tx.now.date() + timedelta(days=n), kind=kind, source="test",
                        status=YearStatus.CONFIRMED)
            for n, kind in ((7, DayKind.HOLIDAY), (12, DayKind.MAKE_UP))
        )  # fmt: skip
    dates = (await view(clerk))["dates"]
    kinds = ["holiday", *["working"] * 4, "make_up", "weekend"]
    assert [one["kind"] for one in dates] == kinds
    assert {one["confirmed"] for one in dates} == {True}
    later = await view(clerk, **{"from": "2027-03-01", "until": "2027-03-01"})
    assert later["dates"][0]["confirmed"] is False


async def test_mediation_stands_in_the_row_of_its_mediator_and_of_its_room(services, clerk, centre):
    mediator = await add_staff(services, centre, Role.MEDIATOR)
    made = await mediate(services, centre, mediator)
    shown = await view(clerk)
    room = str(main_room(centre.id))
    assert {(row["kind"], row["id"]) for row in shown["rows"]} == {
        ("person", str(mediator.id)), ("room", room), ("unit", str(centre.id)),
    }  # fmt: skip
    narrowed = await view(clerk, room_id=room)
    assert [one["id"] for one in narrowed["sessions"]] == [str(made.id)]


async def test_joint_interview_stands_with_everybody_who_is_in_it(services, clerk, centre):
    host, other = [await add_leader(services, centre, rank=rank) for rank in (1, 2)]
    async with services.uow.begin(SYSTEM) as tx:
        made = await add_appointment(
            services, tx, None, host_id=host.account.id, unit=centre,
            session_kind=SessionKind.JOINT_INTERVIEW, begins_at=tx.now + timedelta(days=8),
        )  # fmt: skip
        await invite(services, tx, made, SessionRole.CO_HOST, "x", account_id=other.account.id)
    [of_other] = (await view(clerk, leader_id=str(other.account.id)))["sessions"]
    assert of_other["who"] == [str(host.account.id), str(other.account.id)]


async def booked_joint(services, client, district, *, rooms: list[str]) -> dict:
    wishes = {"fixed": district.ids("housing"), "rooms": rooms, "until": "2026-12-01"}
    made = await opened(client, district, **wishes)
    answer = await book_joint(client, made, (await times(client, made))["possible"][0])
    assert answer.status == 200, await answer.text()
    return await answer.json()


@pytest.mark.parametrize("by_video", [False, True])
async def test_joint_interview_takes_the_room_that_was_chosen_and_stands_with_its_units(
    services, client, by_video
):
    district = await make(services)
    async with services.uow.begin(SYSTEM) as tx:
        street = await add_unit(tx, "street", parent=district.centre, kind=UnitKind.SUB_CENTRE)
    await enter(client, services, await add_staff(services, district.centre, Role.CLERK))
    await district.roster("housing", date(2026, 12, 1), "09:00", "11:30")
    await booked_joint(services, client, district, rooms=[] if by_video else [str(street.id)])
    shown = await view(client)
    [session] = shown["sessions"]
    taken, lead = str(main_room(street.id)), str(main_room(district.centre.id))
    assert session["room_id"] == (None if by_video else taken)
    [housing], centre = district.ids("housing"), str(district.centre.id)
    assert session["units"] == [centre, housing]
    places = {row["id"] for row in shown["rows"] if row["kind"] in {"room", "unit"}}
    assert places == {centre, housing, *([] if by_video else [taken])}
    for query, found in (
        ({"room_id": taken}, not by_video), ({"room_id": lead}, False),
        ({"unit_id": housing}, True), ({"unit_id": district.ids("labour")[0]}, False),
    ):  # fmt: skip
        assert len((await view(client, **query))["sessions"]) == found, query


async def test_view_is_narrowed_by_leader_unit_and_kind(services, clerk, centre, runner):
    leader, day, booked = await booked_day(services, centre, runner)
    _, other_day, _ = await booked_day(services, centre, runner, rank=2)
    of_one = await view(clerk, leader_id=str(leader.account.id))
    assert [one["id"] for one in of_one["days"]] == [str(day.id)]
    assert [one["id"] for one in of_one["sessions"]] == [str(booked)]
    assert len([row for row in of_one["rows"] if row["kind"] == "person"]) == 2
    only_days = await view(clerk, show="days")
    assert {one["id"] for one in only_days["days"]} == {str(day.id), str(other_day.id)}
    assert only_days["sessions"] == []
    elsewhere = await view(clerk, unit_id=str(leader.account.id))
    assert (elsewhere["days"], elsewhere["sessions"]) == ([], [])


async def test_leader_sees_their_own_and_their_operator_too(services, client, centre, runner):
    leader, day, booked = await booked_day(services, centre, runner)
    await booked_day(services, centre, runner, rank=2)
    operator = await add_staff(services, centre, Role.OPERATOR)
    await enter(client, services, operator)
    assert (await view(client))["days"] == []
    async with services.uow.begin(SYSTEM) as tx:
        tx.session.add(Service(account_id=operator.id, leader_id=leader.account.id))
    shown = await view(client)
    assert [one["id"] for one in shown["days"]] == [str(day.id)]
    assert [one["id"] for one in shown["sessions"]] == [str(booked)]
    assert [one["actions"] for one in (*shown["days"], *shown["sessions"])] == [[], []]


async def test_clerk_of_another_unit_sees_nothing(services, client, centre, runner):
    await booked_day(services, centre, runner)
    async with services.uow.begin(SYSTEM) as tx:
        elsewhere = await add_unit(tx, "FZ", kind=UnitKind.SUB_CENTRE)
    await enter(client, services, await add_staff(services, elsewhere, Role.CLERK))
    shown = await view(client)
    assert (shown["days"], shown["sessions"], shown["rows"]) == ([], [], [])


async def test_mediator_may_move_their_own_mediation_only(services, client, centre):
    mine, theirs = [
        await add_staff(services, centre, Role.MEDIATOR, login=login) for login in ("one", "two")
    ]
    own, other = [await mediate(services, centre, one) for one in (mine, theirs)]
    await enter(client, services, mine)
    [session] = (await view(client))["sessions"]
    assert (session["id"], session["actions"]) == (str(own.id), ["move"])
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    assert {one["id"]: one["actions"] for one in (await view(client))["sessions"]} == {
        str(own.id): ["cancel"], str(other.id): ["cancel"],
    }  # fmt: skip


async def test_more_than_45_days_are_refused_in_words(clerk):
    for until in ("2027-01-14", "2026-11-29"):
        answer = await clerk.get("/api/calendar", params={**WEEK, "until": until})
        [error] = (await answer.json())["errors"]
        assert (answer.status, error["field"]) == (422, "until")
    widest = await clerk.get("/api/calendar", params={**WEEK, "until": "2027-01-13"})
    assert widest.status == 200


async def test_view_takes_as_many_statements_for_three_days_as_for_one(
    services, clerk, centre, runner
):
    await booked_day(services, centre, runner)
    await view(clerk)
    with counting(services.uow.engine) as for_one:
        await view(clerk)
    for rank in (2, 3):
        await booked_day(services, centre, runner, rank=rank)
    with counting(services.uow.engine) as for_three:
        assert len((await view(clerk))["days"]) == 3
    assert 0 < for_three.statements == for_one.statements
