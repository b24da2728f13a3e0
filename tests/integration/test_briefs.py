"""The brief: one page a leader reads, for whoever may, with facts of the matter only."""

from uuid import UUID

import pytest_asyncio
import sqlalchemy as sa

from server.app import application
from server.cases.tables import Case, Party
from server.identity.tables import Service
from server.kernel.actor import SYSTEM, Role
from tests.cases import REPLY, decide, register
from tests.hall import hold
from tests.identity import add_staff, enter
from tests.integration.test_notices import confirm
from tests.reception import (
    add_centre,
    add_leader,
    add_resident,
    book,
    publish_day,
    slots_of,
)
from tests.units import add_unit


@pytest_asyncio.fixture
async def day(services, runner):
    """A day with two confirmed receptions; the first resident has been here before."""
    centre = await add_centre(services)
    leader = await add_leader(services, centre)
    published = await publish_day(services, leader)
    await runner.run_all_due()
    slots = await slots_of(services, published)
    people = [await add_resident(services, n) for n in (1, 2)]
    async with services.uow.begin(SYSTEM) as tx:
        earlier = await register(services, tx, centre, sentence="去年的工资")
        await tx.session.execute(
            sa.update(Party).where(Party.case_id == earlier.id)
            .values(person_id=people[0].person.id)
        )  # fmt: skip
        await decide(services, tx, earlier, centre, release=True)
        hidden = await decide(services, tx, earlier, centre, reply="还没有公开", release=False)
    made = []
    for slot, resident in zip(slots[1::-1], people, strict=True):
        made.append(await book(services, slot, resident, needs={"interpreter": "方言"}))
        await confirm(services, centre, made[-1])
    return {"day": published, "made": made, "leader": leader, "centre": centre, "hidden": hidden}


@pytest_asyncio.fixture
async def enters(services, aiohttp_client):
    async def one(account):
        browser = await aiohttp_client(application(services), headers={"X-Yuntiao": "1"})
        await enter(browser, services, account)
        return browser

    return one


async def test_leader_reads_who_what_and_what_was_said_before(services, enters, day):
    await hold(services, day["leader"].account, day["centre"], Role.LEADER)
    leader = await enters(day["leader"].account)
    answer = await leader.get(f"/api/appointments/{day['made'][0]}/brief")
    brief = await answer.json()
    assert (brief["leader_name"], brief["needs"]) == ("Leader 1", {"interpreter": "方言"})
    assert (brief["person"]["name"], brief["person"]["level"]) == ("Resident 1", "declared")
    assert "*" in brief["person"]["id_number_masked"]
    [earlier] = brief["earlier"]
    assert (earlier["sentence"], [r["text"] for r in earlier["replies"]]) == ("去年的工资", [REPLY])
    second = await (await leader.get(f"/api/appointments/{day['made'][1]}/brief")).json()
    assert second["earlier"] == []


async def test_briefs_of_a_day_stand_in_the_order_of_its_line(services, enters, day):
    await hold(services, day["leader"].account, day["centre"], Role.LEADER)
    leader = await enters(day["leader"].account)
    briefs = await (await leader.get(f"/api/reception-days/{day['day'].id}/briefs")).json()
    assert [brief["appointment_id"] for brief in briefs] == [str(i) for i in reversed(day["made"])]


async def test_only_the_leader_those_who_serve_and_the_desk_reach_a_brief(services, enters, day):
    serving = await add_staff(services, day["centre"], Role.OPERATOR)
    desk = await add_staff(services, day["centre"], Role.CLERK)
    async with services.uow.begin(SYSTEM) as tx:
        tx.session.add(Service(account_id=serving.id, leader_id=day["leader"].account.id))
        other = await add_unit(tx, "QT")
    other_leader = await add_staff(services, day["centre"], Role.LEADER, login="other-leader")
    other_desk = await add_staff(services, other, Role.CLERK, login="other-desk")
    path = f"/api/appointments/{day['made'][0]}/brief"
    whole = f"/api/reception-days/{day['day'].id}/briefs"
    for account, status in ((serving, 200), (desk, 200), (other_leader, 404), (other_desk, 404)):
        browser = await enters(account)
        answers = [(await browser.get(p)).status for p in (path, whole)]
        assert answers == [status, status], account.login


async def complain(services, case_ids, unit) -> None:
    async with services.uow.begin(SYSTEM) as tx:
        about = sa.update(Case).where(Case.id.in_(case_ids))
        await tx.connection.execute(about.values(subject_unit_id=unit.id if unit else None))


async def test_complaint_about_their_unit_reaches_no_leader_by_a_brief(services, enters, day):
    await hold(services, day["leader"].account, day["centre"], Role.LEADER)
    leader = await enters(day["leader"].account)
    first, second = (f"/api/appointments/{made}/brief" for made in day["made"])
    today = f"/api/reception-days/{day['day'].id}/briefs"
    brief = await (await leader.get(first)).json()
    await complain(services, [UUID(brief["earlier"][0]["id"])], day["centre"])
    assert (await (await leader.get(first)).json())["earlier"] == []
    await complain(services, [UUID(brief["case_id"])], day["centre"])
    assert (await leader.get(first)).status == 404
    assert [b["appointment_id"] for b in await (await leader.get(today)).json()] == [
        str(day["made"][1])
    ]
    # the control: about nobody's unit, and the others of the day, are there
    await complain(services, [UUID(brief["case_id"])], None)
    assert (await leader.get(first)).status == (await leader.get(second)).status == 200
