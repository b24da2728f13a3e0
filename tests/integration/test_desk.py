"""The desk over HTTP: plans and days, reviews, calls, booking on behalf."""

import asyncio
from datetime import date, timedelta

import pytest_asyncio
import sqlalchemy as sa

from scheduling.steps import Materialise
from scheduling.tables import CallTask, ReceptionDay
from server.identity.tables import Person
from server.kernel.actor import SYSTEM, Role
from server.units.tables import CalendarDay, DayKind, YearStatus
from tests.identity import add_staff, enter
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
async def centre(services):
    return await add_centre(services)


@pytest_asyncio.fixture
async def leader(services, centre):
    return await add_leader(services, centre)


@pytest_asyncio.fixture
async def desk(services, client, centre):
    """The client, signed in as a clerk of the centre."""
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    return client


PATTERN = ("rrule", "starts_on", "begins", "ends", "slot_minutes")


def terms(leader, **changes) -> dict:
    return {
        "leader_id": str(leader.account.id),
        "rrule": "FREQ=WEEKLY;BYDAY=TU",
        "starts_on": "2026-11-23",
        "begins": "09:00",
        "ends": "11:30",
        "slot_minutes": 30,
        "document": "No. 12 of 2026",
        "approver": "The committee",
        "approved_on": "2026-11-01",
        **changes,
    }


async def test_plan_makes_days_that_a_clerk_publishes(services, desk, leader, runner):
    plan = await (await desk.post("/api/plans", json=terms(leader))).json()
    assert plan["next_dates"][:3] == ["2026-11-24", "2026-12-01", "2026-12-08"]
    drafts = await (await desk.get("/api/reception-days")).json()
    assert [d["state"] for d in drafts] == ["draft"] * len(drafts)
    assert await (await desk.get("/api/days")).json() == []
    day = drafts[1]
    assert day["actions"] == ["publish", "cancel", "keep"]
    published = await desk.post(f"/api/reception-days/{day['id']}/publication")
    assert ((await published.json())["total"], (await published.json())["booked"]) == (5, 0)
    await runner.run_all_due()
    [card] = await (await desk.get("/api/days")).json()
    assert (card["id"], card["state"]) == (day["id"], "booking_open")
    again = await desk.post(f"/api/reception-days/{day['id']}/publication")
    assert again.status == 409


async def test_days_are_made_once_however_often(services, desk, leader):
    await desk.post("/api/plans", json=terms(leader))
    async with services.uow.begin(SYSTEM) as tx:
        count = sa.select(sa.func.count()).select_from(ReceptionDay)
        before = await tx.session.scalar(count)
        assert await Materialise(services.config.scheduling.horizon_days)(tx) == 0
        assert await tx.session.scalar(count) == before > 5


async def test_plan_moves_off_a_holiday(services, desk, leader):
    async with services.uow.begin(SYSTEM) as tx:
        facts = {"source": "test", "status": YearStatus.CONFIRMED}
        for day in (1, 2):
            row = {"date": date(2026, 12, day), "kind": DayKind.HOLIDAY, **facts}
            await tx.connection.execute(sa.insert(CalendarDay).values(row))
    for rule, dates in (
        ("after", ["2026-11-24", "2026-12-03", "2026-12-08"]),
        ("before", ["2026-11-24", "2026-11-30", "2026-12-08"]),
        ("skip", ["2026-11-24", "2026-12-08", "2026-12-15"]),
    ):
        body = {name: terms(leader)[name] for name in PATTERN} | {"holiday_rule": rule}
        preview = await (await desk.post("/api/plan-previews", json=body)).json()
        assert [d["held"] for d in preview["dates"][:3]] == dates
    assert preview["slots_a_day"] == 5


async def test_changed_plan_leaves_days_made_by_hand(services, desk, leader):
    plan = await (await desk.post("/api/plans", json=terms(leader))).json()
    by_hand = {"plan_id": plan["id"], "date": "2026-12-03"}  # a Thursday
    assert (await desk.post("/api/reception-days", json=by_hand)).status == 200
    changed = terms(leader, rrule="FREQ=WEEKLY;BYDAY=WE")
    assert (await desk.put(f"/api/plans/{plan['id']}", json=changed)).status == 200
    days = await (await desk.get("/api/reception-days")).json()
    held = [d["begins_at"][:10] for d in days]
    assert "2026-12-03" in held
    assert "2026-12-02" in held
    assert "2026-12-01" not in held  # the control: the rule's own drafts are made anew


async def test_plan_whose_booking_would_close_before_it_opens_is_refused(desk, leader):
    inverted = terms(leader, opens_days_before=1, opens_at="09:00", closes_hours_before=48)
    answer = await desk.post("/api/plans", json=inverted)
    assert answer.status == 422
    assert [e["field"] for e in (await answer.json())["errors"]] == ["closes_hours_before"]
    open_for_a_while = terms(leader, opens_days_before=3, opens_at="09:00", closes_hours_before=48)
    assert (await desk.post("/api/plans", json=open_for_a_while)).status == 200


async def test_changed_plan_leaves_published_days_as_told(services, desk, leader):
    plan = await (await desk.post("/api/plans", json=terms(leader))).json()
    [_, told, *_] = await (await desk.get("/api/reception-days")).json()
    await desk.post(f"/api/reception-days/{told['id']}/publication")
    changed = terms(leader, begins="14:00", ends="16:00")
    assert (await desk.put(f"/api/plans/{plan['id']}", json=changed)).status == 200
    days = await (await desk.get("/api/reception-days")).json()
    begins = {d["begins_at"][11:16]: d["state"] for d in days}
    assert begins == {"01:00": "published", "06:00": "draft"}


async def test_plan_names_every_impossible_field(desk, leader):
    body = terms(leader, ends="08:00", ends_on="2026-01-01")
    answer = await desk.post("/api/plans", json=body)
    fields = {e["field"] for e in (await answer.json())["errors"]}
    assert (answer.status, fields) == (422, {"ends", "ends_on"})
    bad = await desk.post("/api/plans", json=terms(leader, rrule="FREQ=SECONDLY"))
    assert [e["field"] for e in (await bad.json())["errors"]] == ["rrule"]


async def test_desk_of_another_unit_reaches_nothing(services, client, leader, runner):
    async with services.uow.begin(SYSTEM) as tx:
        elsewhere = await add_unit(tx, "ELSE")
    day = await publish_day(services, leader)
    await runner.run_all_due()
    booked = await book(services, (await slots_of(services, day))[0], await add_resident(services))
    await enter(client, services, await add_staff(services, elsewhere, Role.CLERK, login="other"))
    assert (await client.post("/api/plans", json=terms(leader))).status == 404
    assert (await client.post(f"/api/reception-days/{day.id}/publication")).status == 404
    assert (await client.post(f"/api/appointments/{booked}/confirmation")).status == 404
    assert await (await client.get("/api/reviews")).json() == {"items": [], "total": 0}
    assert await (await client.get("/api/reception-days")).json() == []
    found = await (await client.get("/api/desk/appointments")).json()
    assert found["total"] == 0


async def test_review_confirms(services, desk, leader, runner):
    day = await publish_day(services, leader)
    await runner.run_all_due()
    booked = await book(services, (await slots_of(services, day))[0], await add_resident(services))
    page = await (await desk.get("/api/reviews")).json()
    [card] = page["items"]
    assert (page["total"], card["id"]) == (1, str(booked))
    assert card["review_due_at"] == "2026-11-25T09:30:00Z"
    assert card["actions"] == ["cancel", "confirm", "decline", "divert", "move"]
    answer = await desk.post(f"/api/appointments/{booked}/confirmation")
    assert (await answer.json())["state"] == "confirmed"
    assert (await desk.post(f"/api/appointments/{booked}/confirmation")).status == 409


async def test_review_declines_in_writing_and_frees_the_slot(services, desk, leader, runner):
    day = await publish_day(services, leader)
    await runner.run_all_due()
    booked = await book(services, (await slots_of(services, day))[0], await add_resident(services))
    url = f"/api/appointments/{booked}/decline"
    assert (await desk.post(url, json={"reason": "A court decides this"})).status == 422
    body = {"reason": "A court decides this", "right_route": "The court's filing hall"}
    declined = await (await desk.post(url, json=body)).json()
    assert (declined["state"], declined["right_route"]) == ("declined", "The court's filing hall")
    [card] = await (await desk.get("/api/days")).json()
    assert card["free"] == card["total"]


async def test_review_diverts_to_another_leader(services, desk, leader, runner):
    other = await add_leader(services, leader.unit, rank=2)
    day, theirs = await publish_day(services, leader), await publish_day(services, other)
    await runner.run_all_due()
    booked = await book(services, (await slots_of(services, day))[0], await add_resident(services))
    slot = (await slots_of(services, theirs))[1]
    body = {"slot_id": str(slot), "reason": "In charge of wages"}
    made = await (await desk.post(f"/api/appointments/{booked}/diversion", json=body)).json()
    assert (made["state"], made["leader"]["name"], made["slot_id"]) == (
        "confirmed", "Leader 2", str(slot),
    )  # fmt: skip
    old = await (await desk.get(f"/api/desk/appointments/{booked}")).json()
    assert (old["state"], old["case_id"]) == ("diverted", made["case_id"])
    assert (made["phone"], made["person_name"]) == ("13900000001", "Resident 1")
    cards = {c["leader"]["name"]: c for c in await (await desk.get("/api/days")).json()}
    assert (cards["Leader 1"]["free"], cards["Leader 2"]["free"]) == (4, 3)


async def test_cancelled_day_tells_and_calls_everybody(services, desk, leader, runner):
    day = await publish_day(services, leader)
    await runner.run_all_due()
    slots = await slots_of(services, day)
    for n in range(2):
        await book(services, slots[n], await add_resident(services, n + 1))
    url = f"/api/reception-days/{day.id}/cancellation"
    off = await (await desk.post(url, json={"reason": "Flood duty"})).json()
    assert (off["state"], off["actions"]) == ("cancelled", [])
    found = await (await desk.get("/api/desk/appointments")).json()
    assert {a["state"] for a in found["items"]} == {"cancelled"}
    calls = (await (await desk.get("/api/call-tasks")).json())["items"]
    assert [c["kind"] for c in calls] == ["day_cancelled"] * 2
    detail = await (await desk.get(f"/api/days/{day.id}")).json()
    assert {s["reason"] for s in detail["slots"]} == {"day_cancelled"}


async def test_day_called_off_while_people_wait_leaves_nobody_open(
    services, desk, leader, runner, clock
):
    day = await publish_day(services, leader)
    await runner.run_all_due()
    slots = await slots_of(services, day)
    for n in range(2):
        booked = await book(services, slots[n], await add_resident(services, n + 1))
        await desk.post(f"/api/appointments/{booked}/confirmation")
    clock.instant = day.begins_at + timedelta(minutes=10)
    await enter(desk, services, await add_staff(services, leader.unit, Role.CLERK, login="later"))
    url = f"/api/reception-days/{day.id}/cancellation"
    await desk.post(url, json={"reason": "Flood duty"})
    found = await (await desk.get("/api/desk/appointments")).json()
    assert {a["state"] for a in found["items"]} == {"cancelled"}
    calls = (await (await desk.get("/api/call-tasks")).json())["items"]
    assert [c["kind"] for c in calls].count("day_cancelled") == 2


async def test_day_is_never_stuck_because_a_step_was_left_out(services, leader, runner, clock):
    """Booking that would open after it closes: the day begins and ends all the same."""
    day = await publish_day(services, leader, opens_days_before=1, closes_hours_before=240)
    await runner.run_all_due()
    clock.instant = day.ends_at
    await runner.run_all_due()
    async with services.uow.begin(SYSTEM) as tx:
        assert await tx.session.scalar(sa.select(ReceptionDay.state)) == "done"


async def test_clerk_books_for_a_caller_and_closes_the_call(services, desk, client, leader):
    day = await publish_day(services, leader, in_days=20)  # residents cannot book it yet
    me = {"name": "Old Zhang", "phone": "13700000000"}
    await client.post("/api/call-me", json=me)
    [call] = (await (await desk.get("/api/call-tasks")).json())["items"]
    assert (call["phone"], call["overdue"], call["actions"]) == (
        "13700000000", False, ["take", "complete"],
    )  # fmt: skip
    taken = await (await desk.post(f"/api/call-tasks/{call['id']}/taking")).json()
    assert taken["taken_by"] == "clerk name"
    slot = (await slots_of(services, day))[0]
    body = {**me, "slot_id": str(slot), "sentence": "The wall of my neighbour is falling"}
    refused = await desk.post("/api/desk/appointments", json=body)
    assert (await refused.json())["code"] == "slot_not_open_yet"  # the others' turn comes first
    body["urgency"] = "It falls before booking opens"
    booked = await (await desk.post("/api/desk/appointments", json=body)).json()
    assert (booked["state"], booked["person_level"]) == ("confirmed", "phone")
    await desk.post(f"/api/call-tasks/{call['id']}/completion", json={"note": "Booked"})
    assert (await (await desk.get("/api/call-tasks")).json())["items"] == []
    [done] = (await (await desk.get("/api/call-tasks", params={"open": "false"})).json())["items"]
    assert (done["note"], done["actions"]) == ("Booked", [])
    for words in ("Zhang", "1370000", booked["reference"], booked["case_number"]):
        found = await (await desk.get("/api/desk/appointments", params={"q": words})).json()
        assert [a["id"] for a in found["items"]] == [booked["id"]], words
    nobody = await (await desk.get("/api/desk/appointments", params={"q": "Li"})).json()
    assert nobody["total"] == 0


async def test_desk_books_for_a_matter_that_the_card_has_brought_before(
    services, desk, leader, runner
):
    day = await publish_day(services, leader)
    await runner.run_all_due()
    first, second = (await slots_of(services, day))[:2]
    card = {"name": "Old Zhang", "id_number": "11010519491231002X"}
    body = {**card, "phone": "13700000000", "sentence": "About the wall"}
    made = await (
        await desk.post("/api/desk/appointments", json={**body, "slot_id": str(first)})
    ).json()
    [known] = await (await desk.post("/api/desk/matters", json=card)).json()
    assert (known["case_id"], known["has_time"]) == (made["case_id"], True)
    again = {**body, "slot_id": str(second), "case_id": known["case_id"]}
    refused = await desk.post("/api/desk/appointments", json=again)
    assert (await refused.json())["code"] == "one_open_appointment_a_matter"
    path = f"/api/desk/appointments/{made['id']}/cancellation"
    assert (await desk.post(path, json={"reason": "He is ill"})).status == 200
    booked = await desk.post("/api/desk/appointments", json=again)
    assert (await booked.json())["case_id"] == made["case_id"]
    wrong = {**card, "name": "Somebody else"}
    assert await (await desk.post("/api/desk/matters", json=wrong)).json() == []


async def test_booking_on_behalf_that_is_sent_again_is_made_once(services, desk, leader, runner):
    day = await publish_day(services, leader)
    await runner.run_all_due()
    first, second, third = (await slots_of(services, day))[:3]
    body = {"name": "Old Zhang", "phone": "13700000000", "sentence": "About the wall"}

    async def ask(slot, key: str) -> str:
        sent = {**body, "slot_id": str(slot)}
        headers = {"Idempotency-Key": key}
        answer = await desk.post("/api/desk/appointments", json=sent, headers=headers)
        return (await answer.json()).get("id")

    at_once = await asyncio.gather(*(ask(first, "the-booking") for _ in range(4)))
    assert len(set(at_once)) == 1
    assert await ask(second, "the-booking") == at_once[0]
    assert await ask(third, "another-one") not in {at_once[0], None}  # the control
    found = await (await desk.get("/api/desk/appointments")).json()
    assert found["total"] == 2


async def test_village_worker_enters_name_phone_needs_and_time_only(
    services, client, leader, runner
):
    async with services.uow.begin(SYSTEM) as tx:
        village = await add_unit(tx, "VIL", parent=leader.unit)
    worker = await add_staff(services, village, Role.VILLAGE_WORKER, login="vw")
    await enter(client, services, worker)
    day = await publish_day(services, leader)
    await runner.run_all_due()
    slots = await slots_of(services, day)
    body = {"slot_id": str(slots[0]), "name": "Old Zhang", "phone": "13700000000"}
    more = {**body, "sentence": "About the wall", "address": "Lane 3, house 4"}
    refused = await client.post("/api/desk/appointments", json=more)
    assert {e["field"] for e in (await refused.json())["errors"]} == {"sentence", "address"}
    booked = await (await client.post("/api/desk/appointments", json=body)).json()
    assert (booked["state"], booked["actions"]) == ("submitted", [])
    assert (await client.get(f"/api/desk/appointments/{booked['id']}")).status == 200
    early = await publish_day(services, leader, in_days=20)
    body["slot_id"] = str((await slots_of(services, early))[0])
    answer = await client.post("/api/desk/appointments", json=body)
    assert (await answer.json())["code"] == "slot_not_open_yet"


async def test_compared_card_makes_the_person_seen(services, desk, leader, runner):
    day = await publish_day(services, leader)
    await runner.run_all_due()
    resident = await add_resident(services)
    booked = await book(services, (await slots_of(services, day))[0], resident)
    seen = await desk.post(f"/api/appointments/{booked}/identity", json={"level": "seen"})
    assert (await seen.json())["person_level"] == "seen"
    async with services.uow.begin(SYSTEM) as tx:
        person = await tx.session.get(Person, resident.person.id)
        assert person.seen_at == tx.now


async def test_today_shows_what_waits(services, desk, leader, runner):
    day = await publish_day(services, leader)
    await runner.run_all_due()
    await book(services, (await slots_of(services, day))[0], await add_resident(services))
    await desk.post("/api/call-me", json={"name": "Old Zhang", "phone": "13700000000"})
    today = await (await desk.get("/api/desk/today")).json()
    counts = (today["review_total"], len(today["review"]), today["calls"], today["undelivered"])
    assert counts == (1, 1, 1, 0)


async def test_residents_do_not_reach_the_desk(services, client, leader):
    await enter(client, services, (await add_resident(services)).account)
    for method, path in (
        ("GET", "/api/desk/today"), ("GET", "/api/plans"), ("GET", "/api/reviews"),
        ("GET", "/api/call-tasks"), ("GET", "/api/desk/appointments"),
        ("GET", "/api/reception-days"), ("POST", "/api/plans"),
    ):  # fmt: skip
        assert (await client.request(method, path, json={})).status == 404, path
    async with services.uow.begin(SYSTEM) as tx:
        assert await tx.session.scalar(sa.select(sa.func.count()).select_from(CallTask)) == 0
