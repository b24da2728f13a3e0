"""Whoever has no account is put in the line of a full day, or asks for a time, by somebody else."""

from datetime import timedelta

import pytest_asyncio
import sqlalchemy as sa

from scheduling import changes
from scheduling.choices.tables import WaitlistEntry, Wish
from scheduling.tables import Appointment
from server.app import application
from server.cases.tables import Case
from server.identity.persons import Declared, Relation, add_own
from server.kernel.actor import SYSTEM, Role
from server.kernel.audit import AuditLine
from tests.choosing import asked_by_phone, heard, read, tap, token_of
from tests.identity import add_staff, enter
from tests.reception import add_centre, add_leader, add_resident, book, publish_day, slots_of
from tests.units import add_unit

PHONE = "13700000000"
SENTENCE = "The village keeps my compensation"
CARD = "11010519491231002X"
OLD_ZHANG = {
    "name": "Old Zhang", "phone": PHONE, "attend_by": "centre", "needs": {"no_smartphone": True},
}  # fmt: skip
BY_HOTLINE = {**OLD_ZHANG, "sentence": SENTENCE, "channel": "hotline"}


@pytest_asyncio.fixture
async def leader(services):
    return await add_leader(services, await add_centre(services))


@pytest_asyncio.fixture
async def clerk(services, leader):
    return await add_staff(services, leader.unit, Role.CLERK)


@pytest_asyncio.fixture
async def desk(services, client, clerk):
    await enter(client, services, clerk)
    return client


@pytest_asyncio.fixture
async def worker(services, leader, aiohttp_client):
    """Of a village, in a browser of their own."""
    async with services.uow.begin(SYSTEM) as tx:
        village = await add_unit(tx, "V1", parent=leader.unit)
    account = await add_staff(services, village, Role.VILLAGE_WORKER, login="vw")
    browser = await aiohttp_client(application(services), headers={"X-Yuntiao": "1"})
    await enter(browser, services, account)
    return browser


@pytest_asyncio.fixture
async def full(services, leader, runner):
    """A day of two times, both booked."""
    day = await publish_day(services, leader, slot_minutes=60, review=False)
    await runner.run_all_due()
    holders = [await add_resident(services, n) for n in (1, 2)]
    slots = await slots_of(services, day)
    booked = [await book(services, slot, who) for slot, who in zip(slots, holders, strict=True)]
    return {"day": day, "slots": slots, "holder": holders[0], "booked": booked[0]}


async def wait_for(client, full, form, **changes):
    return await client.post(
        "/api/desk/waitlist", json={"day_id": str(full["day"].id), **form, **changes}
    )


async def give_back(services, full, runner):
    async with services.uow.begin(full["holder"].actor) as tx:
        await changes.cancel(tx, await tx.session.get_one(Appointment, full["booked"]), reason=None)
    await runner.run_all_due()


async def kept(services, table, key):
    async with services.uow.begin(SYSTEM) as tx:
        return await tx.session.get_one(table, key)


async def test_caller_waits_for_a_full_day_and_is_phoned_when_a_place_falls_free(
    services, desk, clerk, full, runner, outbox
):
    entered = await (await wait_for(desk, full, BY_HOTLINE)).json()
    assert (entered["person_name"], entered["place"]) == ("Old Zhang", 1)
    await give_back(services, full, runner)
    assert not [one for one in outbox.sms if one.to == PHONE]
    task, asked = await asked_by_phone(desk, "choice_by_phone")
    assert (task["phone"], asked["kind"]) == (PHONE, "place_freed")
    said = await (await heard(desk, asked["id"], "take", asked["offers"][0]["id"])).json()
    assert (said["answer"], said["appointment_state"]) == ("take", "confirmed")
    made = await kept(services, Appointment, said["appointment_id"])
    assert (made.slot_id, made.account_id, made.booked_by, made.channel, made.attend_by) == (
        full["slots"][0], None, clerk.id, "hotline", "centre",
    )  # fmt: skip
    entry = await kept(services, WaitlistEntry, entered["id"])
    assert (entry.state, entry.person_id, entry.case_id, entry.asked_by) == (
        "booked", made.person_id, made.case_id, clerk.id,
    )  # fmt: skip


async def test_who_has_a_smartphone_is_sent_the_link(services, desk, full, runner, outbox):
    await wait_for(desk, full, BY_HOTLINE, needs={})
    await give_back(services, full, runner)
    token = token_of(outbox, PHONE)
    offer = (await read(desk, token))["offers"][0]["id"]
    assert (await (await tap(desk, token, "take", offer)).json())["answer"] == "take"


async def test_who_waits_stands_behind_who_asked_before(services, desk, full):
    assert (await (await wait_for(desk, full, BY_HOTLINE)).json())["place"] == 1
    assert (await (await wait_for(desk, full, BY_HOTLINE, name="Li Si")).json())["place"] == 2
    listed = await desk.get(f"/api/reception-days/{full['day'].id}/waitlist")
    assert [one["person_name"] for one in await listed.json()] == ["Old Zhang", "Li Si"]


async def test_same_key_puts_nobody_in_line_twice(services, desk, full):
    body = {"day_id": str(full["day"].id), **BY_HOTLINE}
    headers = {"Idempotency-Key": "a-key-of-one-form"}
    made = [
        await (await desk.post("/api/desk/waitlist", json=body, headers=headers)).json()
        for _ in range(2)
    ]
    assert made[0] == made[1]
    async with services.uow.begin(SYSTEM) as tx:
        assert len((await tx.session.scalars(sa.select(WaitlistEntry))).all()) == 1


async def test_day_with_room_has_no_line_for_the_desk_either(services, desk, leader, runner):
    day = await publish_day(services, leader)
    await runner.run_all_due()
    refused = await wait_for(desk, {"day": day}, BY_HOTLINE)
    assert (refused.status, (await refused.json())["code"]) == (422, "day_has_room")


async def test_nobody_waits_for_more_than_they_may_have(services, desk, full):
    card = {"id_number": CARD}
    for n in range(services.config.scheduling.open_appointments):
        body = {**BY_HOTLINE, **card, "sentence": f"{SENTENCE} {n}"}
        assert (await desk.post("/api/desk/wishes", json=body)).status == 200
    refused = await wait_for(desk, full, BY_HOTLINE, **card)
    assert (refused.status, (await refused.json())["code"]) == (422, "too_many_waiting")


async def test_own_account_of_who_called_follows_it(services, desk, full):
    resident = await add_resident(services, 5)
    declared = Declared(name="Old Zhang", id_number=CARD, address=None)
    async with services.uow.begin(resident.actor) as tx:
        own = await add_own(tx, declared, relation=Relation.SELF, sealer=services.sealer)
    card = {"id_number": CARD, "phone": "13900000005"}
    entered = await (await wait_for(desk, full, BY_HOTLINE, **card)).json()
    entry = await kept(services, WaitlistEntry, entered["id"])
    assert (entry.person_id, entry.account_id) == (own.person.id, resident.account.id)


async def test_worker_puts_somebody_in_line_and_the_centre_asks_what_it_is_about(
    services, desk, worker, full, runner
):
    answer = await wait_for(worker, full, OLD_ZHANG)
    assert answer.status == 200, await answer.text()
    entered = await answer.json()
    entry = await kept(services, WaitlistEntry, entered["id"])
    case = await kept(services, Case, entry.case_id)
    assert case.number not in await answer.text()
    assert (entry.channel, entry.account_id) == ("on_behalf", None)
    [task] = (await (await desk.get("/api/call-tasks")).json())["items"]
    assert (task["kind"], task["phone"]) == ("take_matter", PHONE)
    body = {"sentence": SENTENCE, "note": "He told me", "category": "labour"}
    assert (await desk.post(f"/api/call-tasks/{task['id']}/matter", json=body)).status == 200
    [waits] = await (await desk.get(f"/api/reception-days/{full['day'].id}/waitlist")).json()
    assert waits["sentence"] == SENTENCE


async def test_worker_writes_down_nothing_of_the_matter(worker, full):
    for path, more in (("waitlist", {"day_id": str(full["day"].id)}), ("wishes", {})):
        refused = await worker.post(f"/api/desk/{path}", json={**BY_HOTLINE, **more})
        assert [one["field"] for one in (await refused.json())["errors"]] == ["sentence"]


async def test_caller_whom_no_day_suits_is_proposed_times_on_the_phone(
    services, desk, clerk, leader, full, runner
):
    later = await publish_day(services, leader, in_days=9)
    await runner.run_all_due()
    body = {**BY_HOTLINE, "leader_id": str(leader.account.id)}
    answer = await desk.post("/api/desk/wishes", json=body)
    assert answer.status == 200, await answer.text()
    entered = await answer.json()
    [wish] = await (await desk.get("/api/desk/wishes")).json()
    assert (wish["id"], wish["phone"], wish["by_phone"], wish["due_at"]) == (
        entered["id"], PHONE, True, entered["due_at"],
    )  # fmt: skip
    slot = (await slots_of(services, later))[0]
    path = f"/api/desk/wishes/{entered['id']}/proposal"
    assert (await desk.post(path, json={"slot_ids": [str(slot)]})).status == 200
    _, asked = await asked_by_phone(desk, "choice_by_phone")
    said = await (await heard(desk, asked["id"], "take", asked["offers"][0]["id"])).json()
    made = await kept(services, Appointment, said["appointment_id"])
    assert (made.slot_id, made.account_id, made.booked_by, made.channel) == (
        slot, None, clerk.id, "hotline",
    )  # fmt: skip


async def test_times_that_nobody_picked_bring_the_wish_of_a_caller_back(
    services, desk, leader, full, runner, clock
):
    later = await publish_day(services, leader, in_days=9)
    await runner.run_all_due()
    entered = await (await desk.post("/api/desk/wishes", json=BY_HOTLINE)).json()
    slot = str((await slots_of(services, later))[0])
    await desk.post(f"/api/desk/wishes/{entered['id']}/proposal", json={"slot_ids": [slot]})
    clock.move(timedelta(days=3))
    await runner.run_all_due()
    wish = await kept(services, Wish, entered["id"])
    assert (wish.state, wish.returned_because) == ("asked", "silence")


async def test_letter_that_was_seen_is_noted_where_they_wait(services, desk, full):
    company = [{"role": "agent", "name": "Lawyer Wang", "letter_seen": True}]
    entered = await (await wait_for(desk, full, BY_HOTLINE, company=company)).json()
    async with services.uow.begin(SYSTEM) as tx:
        seen = sa.select(AuditLine.subject_id).where(AuditLine.action == "letter_seen")
        assert (await tx.session.scalars(seen)).all() == [entered["id"]]
