"""Places kept for walk-ins, callers and people who are booked for; and a place out of order."""

from datetime import timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa

from scheduling import holds
from scheduling.plans import substitution
from scheduling.tables import Appointment, BookingChannel
from server.kernel.actor import SYSTEM, Role
from server.kernel.audit import AuditLine
from server.kernel.errors import Conflict
from tests.choosing import token_of
from tests.identity import add_staff, enter
from tests.reception import (
    add_centre,
    add_leader,
    add_resident,
    book,
    clerk,
    publish_day,
    slots_of,
)
from tests.units import add_unit

SHARES = {"walk_in": [1, 30], "hotline": [1, 3 * 24 * 60]}
ZHANG = {"name": "Old Zhang", "phone": "13700000000", "sentence": "The wall is falling"}


@pytest_asyncio.fixture
async def leader(services):
    return await add_leader(services, await add_centre(services))


@pytest_asyncio.fixture
async def desk(services, client, leader):
    await enter(client, services, await add_staff(services, leader.unit, Role.CLERK))
    return client


@pytest_asyncio.fixture
async def day(services, leader, runner):
    """Four times, of which the last is kept for walk-ins and the one before for callers."""
    made = await publish_day(services, leader, shares=SHARES)
    await runner.run_all_due()
    return made


async def hold(services, slot, n=1):
    async with services.uow.begin((await add_resident(services, n)).actor) as tx:
        return await holds.hold(tx, slot, config=services.config.scheduling)


async def ask(desk, slot, channel, **changes):
    body = {**ZHANG, "slot_id": str(slot), "channel": channel, **changes}
    return await desk.post("/api/desk/appointments", json=body)


async def reasons(client, day) -> list[str | None]:
    detail = await (await client.get(f"/api/days/{day.id}")).json()
    return [slot["reason"] for slot in detail["slots"]]


async def times(desk, day, channel) -> list[tuple[str | None, bool, str | None]]:
    params = {"day_id": str(day.id), "channel": channel}
    found = await (await desk.get("/api/desk/times", params=params)).json()
    return [(one["reason"], one["may_overrule"], one["kept_for"]) for one in found]


async def test_kept_places_are_never_the_publics(services, client, day):
    assert await reasons(client, day) == [None, None, "reserved", "reserved"]
    [card] = await (await client.get("/api/days")).json()
    assert (card["free"], card["total"]) == (2, 4)
    slots = await slots_of(services, day)
    with pytest.raises(Conflict, match="slot_reserved") as refused:
        await hold(services, slots[2])
    offered = {one["slot_id"] for one in refused.value.details["alternatives"]}
    assert offered == {str(slots[0]), str(slots[1])}
    assert (await hold(services, slots[1], n=2)).slot_id == slots[1]  # the control


async def test_desk_gives_each_channel_its_own_share(services, desk, day):
    _, _, called_in, walk_in = await slots_of(services, day)
    assert await times(desk, day, "walk_in") == [
        (None, False, None), (None, False, None), ("reserved", True, "hotline"),
        (None, False, "walk_in"),
    ]  # fmt: skip
    refused = await ask(desk, called_in, "walk_in")
    assert (refused.status, (await refused.json())["code"]) == (409, "slot_reserved")
    made = await (await ask(desk, walk_in, "walk_in")).json()
    assert (made["state"], made["channel"], made["urgency"]) == ("confirmed", "walk_in", None)
    page = await (await desk.get(f"/api/reception-days/{day.id}")).json()
    kept = [(one["channel"], one["places"], one["free"], one["over"]) for one in page["kept"]]
    assert kept == [("walk_in", 1, 0, False), ("hotline", 1, 1, False)]


async def test_place_out_of_order_needs_a_reason_that_is_kept_and_shown(services, desk, day):
    _, _, called_in, _ = await slots_of(services, day)
    why = "Eviction is tomorrow"
    made = await (await ask(desk, called_in, "walk_in", urgency=why)).json()
    assert (made["slot_id"], made["urgency"]) == (str(called_in), why)
    page = await (await desk.get(f"/api/reception-days/{day.id}")).json()
    assert [one["urgency"] for one in page["line"]] == [why]
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(AuditLine).where(AuditLine.action == "out_of_order")
        [line] = await tx.session.scalars(query)
    assert (line.reason, line.facts["overruled"]) == (why, "reserved")
    assert line.subject_id == made["id"]


async def test_reason_for_a_place_in_turn_is_not_kept(services, desk, day):
    """The control: nobody was passed over."""
    first = (await slots_of(services, day))[0]
    made = await (await ask(desk, first, "walk_in", urgency="Because")).json()
    assert made["urgency"] is None


async def test_taken_place_is_not_given_for_any_reason(services, desk, day):
    first = (await slots_of(services, day))[0]
    await book(services, first, await add_resident(services))
    refused = await ask(desk, first, "walk_in", urgency="Eviction is tomorrow")
    assert (refused.status, (await refused.json())["code"]) == (409, "slot_taken")


async def test_places_before_booking_opens_are_the_desks_for_a_reason_only(services, desk, leader):
    day = await publish_day(services, leader, in_days=20, shares=SHARES)
    first, *_, walk_in = await slots_of(services, day)
    refused = await ask(desk, first, "walk_in")
    assert (await refused.json())["code"] == "slot_not_open_yet"
    assert (await ask(desk, walk_in, "walk_in")).status == 200  # the control: their own share
    urgent = await ask(desk, first, "walk_in", urgency="Eviction is tomorrow", phone="13700000002")
    assert urgent.status == 200


async def test_village_worker_draws_on_their_share_and_overrules_nobody(
    services, client, leader, runner
):
    async with services.uow.begin(SYSTEM) as tx:
        village = await add_unit(tx, "VIL", parent=leader.unit)
    await enter(client, services, await add_staff(services, village, Role.VILLAGE_WORKER))
    day = await publish_day(services, leader, shares={"walk_in": [1, 30], "on_behalf": [1, 30]})
    await runner.run_all_due()
    _, _, theirs, walk_in = await slots_of(services, day)
    body = {"name": "Old Zhang", "phone": "13700000000", "channel": "walk_in"}
    urgent = {**body, "slot_id": str(walk_in), "urgency": "Eviction is tomorrow"}
    refused = await client.post("/api/desk/appointments", json=urgent)
    assert [one["field"] for one in (await refused.json())["errors"]] == ["urgency"]
    refused = await client.post("/api/desk/appointments", json={**body, "slot_id": str(walk_in)})
    assert (await refused.json())["code"] == "slot_reserved"
    made = await client.post("/api/desk/appointments", json={**body, "slot_id": str(theirs)})
    assert (await made.json())["channel"] == "on_behalf"
    assert {one[1] for one in await times(client, day, "walk_in")} == {False}


async def test_unused_share_is_anybodys_at_its_hour(services, client, day, runner, clock):
    clock.instant = day.begins_at - timedelta(days=3)
    await runner.run_all_due()
    assert await reasons(client, day) == [None, None, None, "reserved"]
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(AuditLine.facts).where(AuditLine.action == "release_share")
        [facts] = await tx.session.scalars(query)
    assert facts == {"channel": "hotline", "places": 1}
    slots = await slots_of(services, day)
    assert (await hold(services, slots[2])).slot_id == slots[2]


async def test_released_place_goes_to_who_waits(services, client, day, runner, clock, outbox):
    slots = await slots_of(services, day)
    for n in (0, 1):
        await book(services, slots[n], await add_resident(services, n + 1))
    resident = await add_resident(services, 9)
    await enter(client, services, resident.account)
    body = {
        "day_id": str(day.id), "person_id": str(resident.person.id), "phone": "13900000109",
        "sentence": "Water comes through the roof",
    }  # fmt: skip
    assert (await client.post("/api/waitlist", json=body)).status == 200  # kept places are not room
    clock.instant = day.begins_at - timedelta(days=3)
    await runner.run_all_due()
    assert await reasons(client, day) == ["taken", "taken", "held", "reserved"]
    assert token_of(outbox, "13900000109")


async def test_share_of_one_day_is_changed_around_what_is_taken(services, desk, day):
    slots = await slots_of(services, day)
    await book(services, slots[2 - 1], await add_resident(services))
    path = f"/api/reception-days/{day.id}/shares"
    many = {"shares": [{"channel": "walk_in", "places": 5, "minutes_before": 30}]}
    refused = await desk.put(path, json=many)
    assert [one["field"] for one in (await refused.json())["errors"]] == ["shares"]
    wanted = {"shares": [{"channel": "on_behalf", "places": 3, "minutes_before": 60}]}
    changed = await (await desk.put(path, json=wanted)).json()
    assert [(one["channel"], one["free"]) for one in changed["kept"]] == [("on_behalf", 3)]
    assert await reasons(desk, day) == ["reserved", "taken", "reserved", "reserved"]


async def test_shares_go_with_the_day_to_another_leader(services, leader, day):
    other = await add_leader(services, leader.unit, rank=2)
    async with services.uow.begin(clerk(leader.unit)) as tx:
        made = await substitution.substitute(
            tx, services.sealer, await tx.session.get_one(type(day), day.id),
            other.account.id, reason="Flood", rules=services.config.scheduling,
        )  # fmt: skip
    slots = await slots_of(services, made)
    with pytest.raises(Conflict, match="slot_reserved"):
        await hold(services, slots[3])
    assert (await hold(services, slots[1], n=2)).slot_id == slots[1]  # the control


async def test_plan_keeps_no_more_places_than_it_has(desk, leader):
    terms = {
        "leader_id": str(leader.account.id), "rrule": "FREQ=WEEKLY;BYDAY=TU",
        "starts_on": "2026-11-23", "begins": "09:00", "ends": "11:00", "document": "No. 12",
        "approver": "The committee", "approved_on": "2026-11-01",
    }  # fmt: skip
    share = {"channel": "walk_in", "places": 5, "minutes_before": 30}
    refused = await desk.post("/api/plans", json={**terms, "shares": [share]})
    assert [one["field"] for one in (await refused.json())["errors"]] == ["shares"]
    plan = await (
        await desk.post("/api/plans", json={**terms, "shares": [{**share, "places": 2}]})
    ).json()
    assert plan["shares"] == [{**share, "places": 2}]
    [_, draft, *_] = await (await desk.get("/api/reception-days")).json()
    published = await desk.post(f"/api/reception-days/{draft['id']}/publication")
    [kept] = (await published.json())["kept"]
    assert (kept["channel"], kept["places"], kept["free"]) == ("walk_in", 2, 2)


async def test_appointment_booked_online_says_so(services, day):
    made = await book(services, (await slots_of(services, day))[0], await add_resident(services))
    async with services.uow.begin(SYSTEM) as tx:
        assert (await tx.session.get_one(Appointment, made)).channel == BookingChannel.ONLINE
