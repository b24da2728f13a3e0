"""Whoever has no account applies for a place by lot through the desk, or a village worker."""

from datetime import timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa

from scheduling import changes
from scheduling.draws.tables import DrawEntry
from scheduling.tables import Appointment, CallTask
from server.app import application
from server.cases.tables import Case
from server.identity.persons import Declared, Relation, add_own
from server.kernel.actor import SYSTEM, Role
from server.units.tables import Unit
from tests.choosing import asked_by_phone, heard
from tests.identity import add_staff, enter
from tests.reception import add_centre, add_resident, at, drawing
from tests.units import add_unit

DAY = {
    "kind": "mediator", "title": "调解员专场", "begins_at": at("2026-11-30T09:00").isoformat(),
    "minutes": 30, "places": 1, "opens_at": at("2026-11-23T10:00").isoformat(),
    "closes_at": at("2026-11-26T17:00").isoformat(),
}  # fmt: skip
PHONE = "13700000000"
SENTENCE = "Water comes through the roof"
CARD = "11010519491231002X"
OLD_ZHANG = {
    "name": "Old Zhang", "phone": PHONE, "attend_by": "centre", "needs": {"no_smartphone": True},
}  # fmt: skip
BY_HOTLINE = {**OLD_ZHANG, "sentence": SENTENCE, "channel": "hotline"}


@pytest.fixture
def config(config):
    """The switch is on."""
    return drawing(config)


@pytest_asyncio.fixture
async def centre(services):
    return await add_centre(services)


@pytest_asyncio.fixture
async def clerk(services, centre):
    return await add_staff(services, centre, Role.CLERK)


@pytest_asyncio.fixture
async def draw(client, services, centre, clerk, clock) -> dict:
    """A day of one place, while applying is open; the clerk is signed in."""
    host = await add_staff(services, centre, Role.MEDIATOR)
    await enter(client, services, clerk)
    answer = await client.post("/api/draws", json={**DAY, "host_id": str(host.id)})
    assert answer.status == 200, await answer.text()
    clock.move(timedelta(hours=2))
    await enter(client, services, clerk)
    return await answer.json()


@pytest_asyncio.fixture
async def worker(services, centre, draw, aiohttp_client):
    """Of a village, in a browser of their own."""
    async with services.uow.begin(SYSTEM) as tx:
        village = await add_unit(tx, "V1", parent=centre)
    account = await add_staff(services, village, Role.VILLAGE_WORKER, login="vw")
    browser = await aiohttp_client(application(services), headers={"X-Yuntiao": "1"})
    await enter(browser, services, account)
    return browser


async def apply(client, draw, form=BY_HOTLINE, **more):
    headers = {"Idempotency-Key": more.pop("key")} if "key" in more else {}
    body = {**form, **more, "draw_id": draw["id"]}
    return await client.post("/api/desk/draw-entries", json=body, headers=headers)


async def applied(client, draw, form=BY_HOTLINE, **more) -> dict:
    answer = await apply(client, draw, form, **more)
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def own(services, n: int, *, name: str, card: str):
    """Who has an account, and this card."""
    resident = await add_resident(services, n)
    async with services.uow.begin(resident.actor) as tx:
        declared = Declared(name=name, id_number=card, address=None)
        known = await add_own(tx, declared, relation=Relation.SELF, sealer=services.sealer)
    return resident, known.person


async def kept(services, table, key):
    async with services.uow.begin(SYSTEM) as tx:
        return await tx.session.get_one(table, key)


async def rings(client, phone=PHONE) -> dict:
    answer = await client.post("/api/desk/callers", json={"phone": phone})
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def drawn(runner, clock) -> None:
    clock.move(timedelta(days=3, hours=23))  # Friday, an hour after the draw fell due
    await runner.run_all_due()


async def calls_of(services, phone: str) -> list[tuple[str, str | None]]:
    """Open calls to this number: the kind, and what they are told."""
    sealer = services.sealer
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(CallTask).where(CallTask.done_at.is_(None)).order_by(CallTask.kind)
        found = (await tx.session.scalars(query)).all()
    return [
        (one.kind, sealer.open(one.words, purpose="text") if one.words else None)
        for one in found if one.phone and sealer.open(one.phone, purpose="phone") == phone
    ]  # fmt: skip


async def test_caller_without_an_account_is_drawn_and_told_the_time_by_a_call(
    services, client, clerk, draw, runner, clock, outbox
):
    made = await applied(client, draw)
    assert (made["person_name"], made["number"], made["stand"], made["actions"]) == (
        "Old Zhang", 1, "applied", ["withdraw"],
    )  # fmt: skip
    await drawn(runner, clock)
    entry = await kept(services, DrawEntry, made["id"])
    booked = await kept(services, Appointment, entry.appointment_id)
    assert (booked.state, booked.account_id, booked.booked_by, booked.attend_by) == (
        "confirmed", None, clerk.id, "centre",
    )  # fmt: skip
    assert (booked.person_id, booked.case_id) == (entry.person_id, entry.case_id)
    assert not [sms for sms in outbox.sms if sms.to == PHONE]
    [(kind, words)] = await calls_of(services, PHONE)
    assert (kind, "11月30日" in words) == ("tell_by_phone", True)


async def test_who_is_not_drawn_is_called_and_asked_on_the_phone_when_a_place_falls_free(
    services, client, clerk, draw, runner, clock, outbox
):
    made = await applied(client, draw)
    first = await applied(client, draw, name="Li Si", phone="13700000001")
    entries = (await (await client.get(f"/api/draws/{draw['id']}/applications")).json())[1:]
    path = f"/api/draws/{draw['id']}/entries/{entries[0]['id']}/judgements"
    judged = {"urgent": True, "needs": True, "reason": "told on the phone"}
    assert (await client.post(path, json=judged)).status == 200
    await drawn(runner, clock)
    [(kind, words)] = await calls_of(services, PHONE)
    assert (kind, "没有抽中" in words) == ("tell_by_phone", True)
    await enter(client, services, clerk)
    [waits] = (await rings(client))["drawn"]
    assert (waits["id"], waits["stand"], waits["turn"], waits["actions"]) == (
        made["id"], "waiting", 1, [],
    )  # fmt: skip
    winner = await kept(services, DrawEntry, first["id"])
    async with services.uow.begin(SYSTEM) as tx:
        booked = await tx.session.get_one(Appointment, winner.appointment_id)
        await changes.cancel(tx, booked, reason=None)
    await runner.run_all_due()
    assert not [sms for sms in outbox.sms if sms.to == PHONE]
    task, asked = await asked_by_phone(client, "draw_place")
    assert (task["phone"], asked["kind"]) == (PHONE, "drawn_freed")
    found = await rings(client)
    assert [one["stand"] for one in found["drawn"]] == ["offered"]
    assert [one["id"] for one in found["choices"]] == [asked["id"]]
    said = await (await heard(client, asked["id"], "take", asked["offers"][0]["id"])).json()
    assert said["appointment_state"] == "confirmed"
    found = await rings(client)
    assert (found["drawn"], [one["id"] for one in found["appointments"]]) == (
        [], [said["appointment_id"]],
    )  # fmt: skip


async def test_who_declined_a_freed_place_on_the_phone_waits_no_more(
    services, client, clerk, draw, runner, clock
):
    for n in (1, 2):
        await applied(client, draw, name=f"Caller {n}", phone=f"1370000000{n}")
    await drawn(runner, clock)
    async with services.uow.begin(SYSTEM) as tx:
        booked = (await tx.session.scalars(sa.select(Appointment))).one()
        waits = (await tx.session.scalars(sa.select(DrawEntry).where(DrawEntry.place == 2))).one()
        phone = services.sealer.open(waits.phone, purpose="phone")
        await changes.cancel(tx, booked, reason=None)
    await runner.run_all_due()
    await enter(client, services, clerk)
    [asked] = (await rings(client, phone))["choices"]
    assert (await heard(client, asked["id"], "decline")).status == 200
    found = await rings(client, phone)
    assert (found["drawn"], found["choices"]) == ([], [])


async def test_caller_takes_the_application_back_until_applying_closes(
    services, client, clerk, draw, clock
):
    for n in (1, 2):
        await applied(client, draw, name=f"Caller {n}", phone=f"1370000000{n}")
    [one] = (await rings(client, "13700000001"))["drawn"]
    assert (one["title"], one["actions"]) == ("调解员专场", ["withdraw"])
    path = f"/api/desk/draw-entries/{one['id']}/withdrawal"
    away = await (await client.post(path)).json()
    assert (away["id"], away["actions"]) == (one["id"], [])
    assert (await rings(client, "13700000001"))["drawn"] == []
    told = await (await client.get(f"/api/draws/{draw['id']}")).json()
    assert told["applied"] == 1
    assert (await (await client.post(path)).json())["code"] == "draw_not_open"
    [other] = (await rings(client, "13700000002"))["drawn"]
    clock.move(timedelta(days=3, hours=8))
    await enter(client, services, clerk)
    late = await client.post(f"/api/desk/draw-entries/{other['id']}/withdrawal")
    assert (await late.json())["code"] == "draw_not_open"


async def test_application_of_another_centre_or_a_matter_one_is_shut_out_of_is_not_there(
    services, client, centre, draw
):
    made = await applied(client, draw)
    path = f"/api/desk/draw-entries/{made['id']}/withdrawal"
    other = await add_centre(services, "FZ")
    foreign = await add_staff(services, other, Role.CLERK, login="elsewhere")
    await enter(client, services, foreign)
    assert ((await rings(client))["drawn"], (await client.post(path)).status) == ([], 404)
    entry = await kept(services, DrawEntry, made["id"])
    async with services.uow.begin(SYSTEM) as tx:
        (await tx.session.get_one(Case, entry.case_id)).subject_unit_id = centre.id
    own_clerk = await add_staff(services, centre, Role.CLERK, login="of-the-centre")
    await enter(client, services, own_clerk)
    assert ((await rings(client))["drawn"], (await client.post(path)).status) == ([], 404)


async def test_points_are_those_of_an_own_application(services, client, draw):
    resident, person = await own(services, 1, name="Zhang San", card=CARD)
    await enter(client, services, resident.account)
    needs = {"needs": {"companion": True}, "phone": "13900000001", "sentence": SENTENCE}
    body = {"person_id": str(person.id), **needs}
    path = f"/api/draws/{draw['id']}/entries"
    assert (await client.post(path, json=body)).status == 200
    async with services.uow.begin(SYSTEM) as tx:
        online = (await tx.session.scalars(sa.select(DrawEntry))).one()
    assert (await client.delete(f"{path}/mine")).status == 200
    clerk = await add_staff(services, await kept_centre(services), Role.CLERK, login="c2")
    await enter(client, services, clerk)
    card = {"name": "Zhang San", "id_number": CARD, **needs}
    entry = await kept(services, DrawEntry, (await applied(client, draw, **card))["id"])
    assert (entry.points, entry.person_id, entry.account_id) == (
        online.points, person.id, resident.account.id,
    )  # fmt: skip


async def kept_centre(services):
    async with services.uow.begin(SYSTEM) as tx:
        return (await tx.session.scalars(sa.select(Unit).limit(1))).one()


async def test_nobody_applies_twice_by_different_ways(services, client, clerk, worker, draw):
    """By the page with a card, by the village worker without one, by the desk."""
    resident, person = await own(services, 1, name="Old Zhang", card=CARD)
    await enter(client, services, resident.account)
    body = {"person_id": str(person.id), "phone": PHONE, "sentence": SENTENCE}
    assert (await client.post(f"/api/draws/{draw['id']}/entries", json=body)).status == 200
    await enter(client, services, clerk)
    for browser, form in ((client, {**BY_HOTLINE, "id_number": CARD}), (worker, OLD_ZHANG)):
        refused = await apply(browser, draw, form)
        assert (refused.status, (await refused.json())["code"]) == (422, "draw_applied")
    assert (await apply(worker, draw, {**OLD_ZHANG, "name": "Old Zhang's wife"})).status == 200
    again = await apply(worker, draw, {**OLD_ZHANG, "name": "Old Zhang's wife"})
    assert (await again.json())["code"] == "draw_applied"


async def test_same_key_applies_once(services, client, draw):
    made = [await applied(client, draw, key="a-key-of-one-form") for _ in range(2)]
    assert made[0] == made[1]


async def test_nobody_applies_for_more_than_they_may_have(services, client, draw):
    card = {"id_number": CARD}
    for n in range(services.config.scheduling.open_appointments):
        body = {**BY_HOTLINE, **card, "sentence": f"{SENTENCE} {n}"}
        assert (await client.post("/api/desk/wishes", json=body)).status == 200
    refused = await apply(client, draw, **card)
    assert (refused.status, (await refused.json())["code"]) == (422, "too_many_waiting")


async def test_nobody_applies_once_applying_is_over(services, client, clerk, draw, clock):
    clock.move(timedelta(days=3, hours=8))
    await enter(client, services, clerk)
    assert (await (await apply(client, draw)).json())["code"] == "draw_not_open"


async def test_worker_applies_for_somebody_and_the_centre_asks_what_it_is_about(
    services, client, worker, draw
):
    answer = await apply(worker, draw, OLD_ZHANG)
    assert answer.status == 200, await answer.text()
    made = await answer.json()
    entry = await kept(services, DrawEntry, made["id"])
    case = await kept(services, Case, entry.case_id)
    assert case.number not in await answer.text()
    assert (entry.channel, entry.account_id) == ("on_behalf", None)
    refused = await worker.post(f"/api/desk/draw-entries/{made['id']}/withdrawal")
    assert refused.status == 404
    [task] = (await (await client.get("/api/call-tasks")).json())["items"]
    assert (task["kind"], task["phone"]) == ("take_matter", PHONE)
    body = {"sentence": SENTENCE, "note": "He told me"}
    assert (await client.post(f"/api/call-tasks/{task['id']}/matter", json=body)).status == 200
    [one] = await (await client.get(f"/api/draws/{draw['id']}/applications")).json()
    assert one["sentence"] == SENTENCE


async def test_worker_writes_down_nothing_of_the_matter(worker, draw):
    refused = await apply(worker, draw)
    assert [one["field"] for one in (await refused.json())["errors"]] == ["sentence"]
