"""Days for some topics alone: the page takes such matters only, the desk decides for itself."""

import pytest
import pytest_asyncio

from scheduling import changes
from scheduling.tables import Appointment
from server.kernel.actor import SYSTEM, Role
from server.kernel.errors import RuleBroken
from tests.identity import add_staff, enter
from tests.reception import (
    add_centre,
    add_leader,
    add_resident,
    book,
    form,
    publish_day,
    slots_of,
)

LAND = {"kind": "topic", "topics": ["land"]}


@pytest_asyncio.fixture
async def leader(services):
    return await add_leader(services, await add_centre(services))


@pytest_asyncio.fixture
async def day(services, leader, runner):
    made = await publish_day(services, leader, slot_minutes=60, **LAND)
    await runner.run_all_due()
    return made


async def submit(client, services, day, resident, **changes):
    await enter(client, services, resident.account)
    slot = str((await slots_of(services, day))[0])
    held = await (await client.post("/api/holds", json={"slot_id": slot})).json()
    body = form(held["appointment_id"], resident, **changes)
    return await client.post("/api/appointments", json=body)


@pytest.mark.parametrize("about", [{"category": "labour"}, {}])
async def test_page_takes_nothing_else_on_a_topic_day(services, client, day, about):
    refused = await submit(client, services, day, await add_resident(services), **about)
    assert (refused.status, (await refused.json())["code"]) == (422, "topic_day")


async def test_matter_of_the_topic_is_booked(services, client, day):
    made = await submit(client, services, day, await add_resident(services), category="land")
    assert made.status == 200, await made.text()
    card = await (await client.get(f"/api/days/{day.id}")).json()
    assert (card["kind"], card["topics"]) == ("topic", ["land"])


async def test_day_that_only_prefers_its_topics_takes_any_matter(services, client, leader, runner):
    """The control."""
    day = await publish_day(services, leader, topics=["land"])
    await runner.run_all_due()
    made = await submit(client, services, day, await add_resident(services), category="labour")
    assert made.status == 200, await made.text()


async def test_line_of_a_topic_day_is_for_its_matters_too(services, client, day):
    for n, slot in enumerate(await slots_of(services, day), start=1):
        await book(services, slot, await add_resident(services, n), category="land")
    resident = await add_resident(services, 9)
    await enter(client, services, resident.account)
    body = {
        "day_id": str(day.id), "person_id": str(resident.person.id), "phone": "13900000009",
        "sentence": "Wages were not paid", "category": "labour",
    }  # fmt: skip
    refused = await client.post("/api/waitlist", json=body)
    assert (refused.status, (await refused.json())["code"]) == (422, "topic_day")
    assert (await client.post("/api/waitlist", json={**body, "category": "land"})).status == 200


async def test_resident_moves_no_other_matter_to_a_topic_day_and_the_desk_may(
    services, leader, day, runner
):
    plain = await publish_day(services, leader, in_days=9)
    await runner.run_all_due()
    resident = await add_resident(services)
    booked = await book(services, (await slots_of(services, plain))[0], resident, category="labour")
    slot = (await slots_of(services, day))[0]
    async with services.uow.begin(resident.actor) as tx:
        mine = await tx.session.get_one(Appointment, booked)
        with pytest.raises(RuleBroken, match="topic_day"):
            await changes.move(tx, mine, slot, for_desk=False)
    async with services.uow.begin(SYSTEM) as tx:
        mine = await tx.session.get_one(Appointment, booked)
        await changes.move(tx, mine, slot, for_desk=True)
        assert mine.slot_id == slot


async def test_desk_decides_who_comes_on_a_topic_day(services, client, leader, day):
    await enter(client, services, await add_staff(services, leader.unit, Role.CLERK))
    body = {
        "slot_id": str((await slots_of(services, day))[0]), "name": "Old Zhang",
        "phone": "13700000000", "sentence": "Wages were not paid", "category": "labour",
    }  # fmt: skip
    assert (await client.post("/api/desk/appointments", json=body)).status == 200


async def test_others_topic_days_are_not_offered_instead(services, client, leader, day, runner):
    other = await add_leader(services, leader.unit, rank=2)
    plain = await publish_day(services, other, slot_minutes=120, in_days=6)
    await runner.run_all_due()
    [slot] = await slots_of(services, plain)
    await book(services, slot, await add_resident(services, 1))
    await enter(client, services, (await add_resident(services, 2)).account)
    refused = await client.post("/api/holds", json={"slot_id": str(slot)})
    assert (await refused.json())["details"]["alternatives"] == []


async def test_plan_of_topic_days_names_its_topics(services, client, leader):
    await enter(client, services, await add_staff(services, leader.unit, Role.CLERK))
    terms = {
        "leader_id": str(leader.account.id), "rrule": "FREQ=WEEKLY;BYDAY=MO",
        "starts_on": "2026-11-30", "begins": "09:00", "ends": "11:00", "document": "No. 1",
        "approver": "the office", "approved_on": "2026-11-01", "kind": "topic",
    }  # fmt: skip
    refused = await client.post("/api/plans", json=terms)
    assert [one["field"] for one in (await refused.json())["errors"]] == ["topics"]
    plan = await (await client.post("/api/plans", json={**terms, "topics": ["land"]})).json()
    assert (plan["kind"], plan["topics"]) == ("topic", ["land"])


async def test_times_for_a_wish_fit_by_the_days_own_topics(services, client, leader, day, runner):
    """Who is in charge of labour receives on land that day, and another the other way round."""
    other = await add_leader(services, leader.unit, rank=2, topics=("land",))
    await publish_day(services, other, in_days=9, kind="topic", topics=["labour"])
    await runner.run_all_due()
    resident = await add_resident(services)
    await enter(client, services, resident.account)
    body = {
        "person_id": str(resident.person.id), "phone": "13900000001", "category": "land",
        "sentence": "The village keeps my compensation",
    }  # fmt: skip
    wish = await (await client.post("/api/wishes", json=body)).json()
    await enter(client, services, await add_staff(services, leader.unit, Role.CLERK))
    found = await (await client.get(f"/api/desk/wishes/{wish['id']}/times")).json()
    assert [(one["leader"]["name"], one["fits"]) for one in found] == [
        ("Leader 1", True), ("Leader 2", False),
    ]  # fmt: skip
