"""A quarter of reception days: read, tried, kept all or nothing, taken back."""

from datetime import date, time, timedelta

import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range

from scheduling.plans import cutting, days, plans, quarter
from scheduling.plans.quarter import Leave
from scheduling.plans.recurrence import PlannedDate
from scheduling.slots import look_up_all
from scheduling.tables import Claim, ReceptionDay
from server.kernel.actor import SYSTEM, Role
from server.kernel.clock import local
from server.units.tables import CalendarDay, DayKind, YearStatus
from tests.identity import add_staff, enter
from tests.reception import add_centre, add_leader, plan_of, publish_day, slots_of
from tests.reception import clerk as clerk_of

QUARTER = "2027-Q1"
MONDAYS = [date(2027, 1, 4) + timedelta(weeks=n) for n in range(13)]


@pytest_asyncio.fixture
async def centre(services):
    return await add_centre(services)


@pytest_asyncio.fixture
async def clerk(services, client, centre):
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    return client


async def planned(services, centre, *, rank: int = 1, **changes):
    """A leader who receives on Mondays."""
    leader = await add_leader(services, centre, rank=rank)
    async with services.uow.begin(SYSTEM) as tx:
        plan = plan_of(leader, today=date(2027, 1, 4), **changes)
        tx.session.add(plan)
    return leader, plan


async def grid(client, quarter: str = QUARTER) -> dict:
    answer = await client.get("/api/planning", params={"quarter": quarter})
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def send(client, path: str, *changes: dict):
    body = {"quarter": QUARTER, "changes": list(changes)}
    return await client.post(f"/api/planning/{path}", json=body)


def put(plan, planned_for: date, on: date | None = None, begins="09:00", ends="11:00") -> dict:
    return {"kind": "put", "plan_id": str(plan.id), "planned_for": str(planned_for),
            "date": str(on or planned_for), "begins": begins, "ends": ends}  # fmt: skip


def drop(plan, planned_for: date) -> dict:
    return {"kind": "drop", "plan_id": str(plan.id), "planned_for": str(planned_for)}


def dates(view: dict) -> list[str]:
    return [cell["planned_for"] for cell in view["cells"]]


async def rows(services, table) -> int:
    async with services.uow.begin(SYSTEM) as tx:
        return await tx.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


async def test_quarter_stands_as_the_plans_say_before_any_day_is_made(services, clerk, centre):
    await planned(services, centre)
    view = await grid(clerk)
    assert dates(view) == [str(monday) for monday in MONDAYS]
    assert {cell["state"] for cell in view["cells"]} == {None}
    assert {one["confirmed"] for one in view["dates"][4:]} == {False}
    assert await rows(services, ReceptionDay) == 0


async def test_twenty_leaders_stand_in_official_order(services, clerk, centre):
    for rank in range(20, 0, -1):
        await planned(services, centre, rank=rank)
    view = await grid(clerk)
    assert [one["rank"] for one in view["leaders"]] == list(range(1, 21))
    assert len(view["cells"]) == 20 * 13


async def test_change_is_tried_without_being_kept(services, clerk, centre):
    _, plan = await planned(services, centre)
    tried = await (
        await send(clerk, "checks", put(plan, MONDAYS[0], MONDAYS[0] + timedelta(days=1)))
    ).json()
    assert tried["cells"][0]["begins_at"].startswith("2027-01-05T01:00")
    assert (await grid(clerk))["cells"][0]["begins_at"].startswith("2027-01-04T01:00")
    assert await rows(services, ReceptionDay) == 0


async def test_changes_are_kept_and_taken_back_together(services, clerk, centre):
    _, plan = await planned(services, centre)
    before = await grid(clerk)
    saved = await (
        await send(
            clerk,
            "changes",
            put(plan, MONDAYS[0], MONDAYS[0] + timedelta(days=1)),
            drop(plan, MONDAYS[1]),
        )
    ).json()
    assert str(MONDAYS[1]) not in dates(saved["view"])
    assert dates(await grid(clerk)) == dates(saved["view"])
    back = await send(clerk, "changes", *saved["back"])
    assert back.status == 200, await back.text()
    assert (await grid(clerk))["cells"] == before["cells"]


async def test_hours_that_were_approved_stay_known_whatever_is_planned(services, clerk, centre):
    """The clock books a leader for joint interviews within these alone."""
    _, plan = await planned(services, centre)
    monday, tuesday = MONDAYS[1], MONDAYS[1] + timedelta(days=1)
    said = Range(cutting.instant(monday, time(9)), cutting.instant(monday, time(11)))
    for change in (
        drop(plan, monday), put(plan, monday), put(plan, monday, tuesday), put(plan, monday),
        put(plan, tuesday),
    ):  # fmt: skip
        assert (await send(clerk, "changes", change)).status == 200
        async with services.uow.begin(SYSTEM) as tx:
            query = sa.select(ReceptionDay.arranged).order_by(ReceptionDay.planned_for)
            arranged = (await tx.session.scalars(query)).all()
        assert arranged[0] == said
    assert arranged == [said, None]  # what no rule says, a clerk put there


async def test_dropped_day_is_not_made_again_by_the_clock(services, clerk, centre):
    _, plan = await planned(services, centre)
    await send(
        clerk,
        "changes",
        drop(plan, MONDAYS[1]),
        put(plan, MONDAYS[2], begins="14:00", ends="16:00"),
    )
    async with services.uow.begin(SYSTEM) as tx:
        await days.materialise(
            tx, [await tx.session.get_one(plans.ReceptionPlan, plan.id)], horizon_days=70
        )
    view = await grid(clerk)
    assert str(MONDAYS[1]) not in dates(view)
    third = next(cell for cell in view["cells"] if cell["planned_for"] == str(MONDAYS[2]))
    assert (third["begins_at"][11:16], third["by_hand"]) == ("06:00", True)


async def test_one_conflict_keeps_everything_from_being_saved(services, clerk, centre):
    _, plan = await planned(services, centre)
    clash = put(plan, MONDAYS[3], MONDAYS[4], begins="10:00", ends="12:00")
    tried = await (await send(clerk, "checks", drop(plan, MONDAYS[0]), clash)).json()
    assert [cell["planned_for"] for cell in tried["cells"] if "overlap" in cell["troubles"]] == [
        str(MONDAYS[4]), str(MONDAYS[3]),
    ]  # fmt: skip
    refused = await send(clerk, "changes", drop(plan, MONDAYS[0]), clash)
    assert (refused.status, (await refused.json())["code"]) == (409, "planning_conflicts")
    assert str(MONDAYS[0]) in dates(await grid(clerk))


async def test_holidays_and_weekends_are_flagged(services, clerk, centre):
    _, plan = await planned(services, centre)
    async with services.uow.begin(SYSTEM) as tx:
        tx.session.add(
            CalendarDay(date=MONDAYS[1] + timedelta(days=1), kind=DayKind.HOLIDAY, source="test",
                        status=YearStatus.PROVISIONAL)
        )  # fmt: skip
    tried = await (await send(
        clerk, "checks", put(plan, MONDAYS[1], MONDAYS[1] + timedelta(days=1)),
        put(plan, MONDAYS[2], MONDAYS[2] + timedelta(days=5)),
    )).json()  # fmt: skip
    troubles = {cell["planned_for"]: cell["troubles"] for cell in tried["cells"]}
    assert troubles[str(MONDAYS[1])] == ["holiday"]
    assert troubles[str(MONDAYS[2])] == ["weekend"]


async def test_leave_of_a_leader_conflicts_with_days_until_they_are_dropped(
    services, clerk, centre
):
    leader, plan = await planned(services, centre)
    away = {"kind": "leave", "leader_id": str(leader.account.id), "since": str(MONDAYS[1]),
            "until": str(MONDAYS[2])}  # fmt: skip
    tried = await (await send(clerk, "checks", away)).json()
    flagged = [cell["planned_for"] for cell in tried["cells"] if "away" in cell["troubles"]]
    assert flagged == [str(MONDAYS[1]), str(MONDAYS[2])]
    assert (await send(clerk, "changes", away)).status == 409
    saved = await send(clerk, "changes", drop(plan, MONDAYS[1]), drop(plan, MONDAYS[2]), away)
    assert saved.status == 200, await saved.text()
    assert await rows(services, Claim) == 1
    assert (await send(clerk, "changes", *(await saved.json())["back"])).status == 200
    assert await rows(services, Claim) == 0
    assert len(dates(await grid(clerk))) == 13


async def test_leave_keeps_every_seat_of_a_day(services, centre):
    leader = await add_leader(services, centre)
    day = await publish_day(services, leader, in_days=42, capacity=2)
    async with services.uow.begin(clerk_of(centre)) as tx:
        await quarter.apply(tx, [Leave(leader.account.id, MONDAYS[0], MONDAYS[0])])
    assert local(day.begins_at).date() == MONDAYS[0]
    async with services.uow.begin(SYSTEM) as tx:
        slots = await look_up_all(await tx.driver(), await slots_of(services, day), now=tx.now)
    assert [one.free for one in slots.values()] == [()] * 8


async def drafted(services, plan, on: date) -> ReceptionDay:
    async with services.uow.begin(SYSTEM) as tx:
        day = ReceptionDay(**days.day_row(plan, PlannedDate(on, on)))
        tx.session.add(day)
    return day


async def test_day_is_neither_added_nor_published_while_its_leader_is_away(services, clerk, centre):
    leader, plan = await planned(services, centre)
    draft = await drafted(services, plan, MONDAYS[1])
    async with services.uow.begin(clerk_of(centre)) as tx:
        away = Leave(leader.account.id, MONDAYS[0], MONDAYS[1])
        back = await quarter.apply(tx, [away])
    new = {"plan_id": str(plan.id), "date": str(MONDAYS[0])}
    path = f"/api/reception-days/{draft.id}/publication"
    for answer in (await clerk.post("/api/reception-days", json=new), await clerk.post(path)):
        assert (answer.status, (await answer.json())["code"]) == (422, "day_away")
    async with services.uow.begin(clerk_of(centre)) as tx:
        await quarter.apply(tx, back)
    assert (await clerk.post("/api/reception-days", json=new)).status == 200
    assert (await clerk.post(path)).status == 200


async def test_day_is_neither_added_nor_published_on_a_holiday(services, clerk, centre):
    _, plan = await planned(services, centre)
    draft = await drafted(services, plan, MONDAYS[1])
    async with services.uow.begin(SYSTEM) as tx:
        for day in MONDAYS[:2]:
            row = {"kind": DayKind.HOLIDAY, "source": "test", "status": YearStatus.CONFIRMED}
            tx.session.add(CalendarDay(date=day, **row))
    new = {"plan_id": str(plan.id), "date": str(MONDAYS[0])}
    path = f"/api/reception-days/{draft.id}/publication"
    for answer in (await clerk.post("/api/reception-days", json=new), await clerk.post(path)):
        assert (answer.status, (await answer.json())["code"]) == (422, "day_holiday")
    saturday = {**new, "date": str(MONDAYS[2] + timedelta(days=5))}
    assert (await clerk.post("/api/reception-days", json=saturday)).status == 200  # only unusual


async def test_of_two_days_at_one_time_one_is_published(services, clerk, centre):
    leader, plan = await planned(services, centre)
    first = await drafted(services, plan, MONDAYS[0])
    async with services.uow.begin(SYSTEM) as tx:
        other = plan_of(leader, today=date(2027, 1, 4), begins=time(10), ends=time(12))
        tx.session.add(other)
    new = {"plan_id": str(other.id), "date": str(MONDAYS[0])}
    refused = await clerk.post("/api/reception-days", json=new)
    assert (await refused.json())["code"] == "day_overlap"
    second = await drafted(services, other, MONDAYS[0])
    paths = [f"/api/reception-days/{one.id}/publication" for one in (first, second)]
    assert (await clerk.post(paths[0])).status == 200
    refused = await clerk.post(paths[1])
    assert (refused.status, (await refused.json())["code"]) == (422, "day_overlap")


async def test_published_day_is_not_changed_here(services, clerk, centre):
    leader = await add_leader(services, centre)
    day = await publish_day(services, leader, in_days=49)
    view = await grid(clerk)
    cell = next(one for one in view["cells"] if one["planned_for"] == str(day.planned_for))
    assert cell["changeable"] is False
    refused = await send(
        clerk,
        "changes",
        {"kind": "drop", "plan_id": str(day.plan_id), "planned_for": str(day.planned_for)},
    )
    assert (await refused.json())["code"] == "planning_published"


async def test_clerk_of_another_unit_changes_nothing(services, client, centre):
    _, plan = await planned(services, centre)
    elsewhere = await add_centre(services, "FZ")
    await enter(client, services, await add_staff(services, elsewhere, Role.CLERK))
    assert (await send(client, "changes", drop(plan, MONDAYS[0]))).status == 404
    assert (await grid(client))["cells"] == []


async def publish_all(client, *days: tuple) -> dict:
    body = [{"plan_id": str(plan.id), "planned_for": str(on)} for plan, on in days]
    answer = await client.post("/api/planning/publication", json={"days": body})
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def states_of(services) -> list[tuple[date, str]]:
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(ReceptionDay.planned_for, ReceptionDay.state)
        rows = await tx.session.execute(query.order_by(ReceptionDay.planned_for))
        return [(on, state) for on, state in rows.all()]


async def test_days_of_many_leaders_are_published_at_once_made_or_not(services, clerk, centre):
    plans_ = [(await planned(services, centre, rank=rank))[1] for rank in (1, 2)]
    await send(clerk, "changes", put(plans_[0], MONDAYS[1]))  # one is a row already
    said = await publish_all(clerk, *((plan, on) for plan in plans_ for on in MONDAYS[1:4]))
    assert said == {"published": 6, "refused": []}
    assert await states_of(services) == [(on, "published") for on in MONDAYS[1:4] for _ in plans_]
    shown = (await grid(clerk))["cells"]
    assert [one["state"] for one in shown if one["planned_for"] == str(MONDAYS[2])] == [
        "published", "published",
    ]  # fmt: skip


async def test_day_that_cannot_be_published_keeps_none_of_the_others_from_it(
    services, clerk, centre
):
    leader, plan = await planned(services, centre)
    async with services.uow.begin(clerk_of(centre)) as tx:
        await quarter.apply(tx, [Leave(leader.account.id, MONDAYS[2], MONDAYS[2])])
    tuesday = MONDAYS[4] + timedelta(days=1)
    said = await publish_all(clerk, *((plan, on) for on in (*MONDAYS[1:4], tuesday, MONDAYS[1])))
    assert said["published"] == 2
    refused = [(one["planned_for"], one["why"]) for one in said["refused"]]
    assert [on for on, _ in refused] == [str(MONDAYS[2]), str(tuesday), str(MONDAYS[1])]
    assert all(why and not why.startswith("error.") for _, why in refused)
    assert [row for row in await states_of(services) if row[1] == "published"] == [
        (MONDAYS[1], "published"), (MONDAYS[3], "published"),
    ]  # fmt: skip


async def test_nobody_but_a_clerk_in_reach_publishes(services, client, centre):
    _, plan = await planned(services, centre)
    elsewhere = await add_centre(services, "ELSEWHERE")
    await enter(client, services, await add_staff(services, elsewhere, Role.CLERK, login="far"))
    said = await publish_all(client, (plan, MONDAYS[1]))
    assert (said["published"], len(said["refused"])) == (0, 1)
    assert await states_of(services) == []
