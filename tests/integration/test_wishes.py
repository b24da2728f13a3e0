"""Receptions by appointment: asked, proposed, picked; nothing waits unseen."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
import pytest_asyncio
import sqlalchemy as sa

from scheduling import changes, holds
from scheduling.choices import waiting
from scheduling.choices.states import EntryAction
from scheduling.choices.tables import Choice, WaitlistEntry
from scheduling.tables import Appointment, CallTask, Claim, Invitee, ReceptionDay
from server.kernel.actor import SYSTEM, Role
from tests.choosing import asked_by_phone, heard, read, tap, token_of
from tests.identity import add_staff, enter
from tests.reception import (
    add_centre,
    add_leader,
    add_resident,
    at,
    book,
    publish_day,
    slots_of,
)

PHONE = "13900000001"


@pytest_asyncio.fixture
async def centre(services):
    return await add_centre(services)


@pytest_asyncio.fixture
async def hall(services, centre, runner):
    """The wished leader with a day next week, and one in charge of the topic with another."""
    wished = await add_leader(services, centre, rank=3, topics=("land",))
    fitting = await add_leader(services, centre, rank=7, topics=("labour",))
    days = [
        await publish_day(services, leader, in_days=n, invited_only=n == 8)
        for n, leader in ((7, fitting), (8, wished))
    ]
    await runner.run_all_due()
    return {"wished": wished, "fitting": fitting, "days": days}


@pytest_asyncio.fixture
async def resident(services):
    return await add_resident(services)


async def ask(client, services, resident, **changes):
    await enter(client, services, resident.account)
    body = {
        "person_id": str(resident.person.id), "phone": PHONE, "category": "labour",
        "sentence": "Wages of a year were not paid", **changes,
    }  # fmt: skip
    return await client.post("/api/wishes", json=body)


async def desk(client, services, centre, login="clerk"):
    await enter(client, services, await add_staff(services, centre, Role.CLERK, login=login))
    return client


async def times_of(client, wish_id) -> list[dict]:
    return await (await client.get(f"/api/desk/wishes/{wish_id}/times")).json()


async def propose(client, wish_id) -> list[dict]:
    """Two times of the wished leader and one of the other."""
    first, second = await times_of(client, wish_id)
    picked = [*first["times"][:2], second["times"][0]]
    body = {"slot_ids": [time["slot_id"] for time in picked]}
    made = await client.post(f"/api/desk/wishes/{wish_id}/proposal", json=body)
    assert made.status == 200, await made.text()
    return picked


@pytest_asyncio.fixture
async def proposed(services, client, centre, hall, resident, runner):
    """A wish with two times of the wished leader and one of the other to pick from."""
    wish = await (
        await ask(client, services, resident, leader_id=str(hall["wished"].account.id))
    ).json()
    await desk(client, services, centre)
    picked = await propose(client, wish["id"])
    await runner.run_all_due()
    return {"id": wish["id"], "times": picked}


async def test_wish_registers_the_matter_and_says_by_when(services, client, hall, resident):
    wish = await (await ask(client, services, resident)).json()
    assert (wish["state"], wish["leader"], wish["case_number"]) == ("asked", None, "ZX-2026-000001")
    assert datetime.fromisoformat(wish["due_at"]) == at("2026-11-25T17:30:00")
    waits = await (await client.get("/api/my/waits")).json()
    assert [one["id"] for one in waits["wishes"]] == [wish["id"]]


async def test_times_found_say_whose_and_why_others_fail(services, client, centre, hall, resident):
    """The wished leader first, though nobody books there online; what is taken is counted."""
    other = await add_resident(services, 2)
    await book(services, (await slots_of(services, hall["days"][0]))[1], other)
    wish = await (
        await ask(client, services, resident, leader_id=str(hall["wished"].account.id))
    ).json()
    await desk(client, services, centre)
    first, second = await times_of(client, wish["id"])
    assert (first["leader"]["name"], first["wished"], len(first["times"])) == ("Leader 3", True, 4)
    assert (second["leader"]["name"], second["fits"], len(second["times"])) == ("Leader 7", True, 3)
    assert second["missing"] == [{"why": "taken", "count": 1}]


async def test_residents_own_appointment_is_not_proposed_over(
    services, client, centre, hall, resident
):
    await book(services, (await slots_of(services, hall["days"][0]))[0], resident)
    wish = await (await ask(client, services, resident)).json()
    await desk(client, services, centre)
    found = await times_of(client, wish["id"])
    theirs = next(one for one in found if one["leader"]["name"] == "Leader 7")
    begins = [datetime.fromisoformat(time["begins_at"]) for time in theirs["times"]]
    assert hall["days"][0].begins_at not in begins


async def test_time_that_is_too_soon_is_not_proposed(
    services, client, centre, hall, resident, runner, clock
):
    wish = await (await ask(client, services, resident)).json()
    slots = await slots_of(services, hall["days"][0])
    url = f"/api/desk/wishes/{wish['id']}/proposal"
    clock.move(hall["days"][0].begins_at - timedelta(days=1, minutes=-1) - clock.now())
    await runner.run_all_due()
    await desk(client, services, centre)
    refused = await client.post(url, json={"slot_ids": [str(slots[1]), str(slots[0])]})
    assert (refused.status, (await refused.json())["code"]) == (409, "proposed_time_too_soon")
    made = await client.post(url, json={"slot_ids": [str(slots[1])]})
    assert made.status == 200, await made.text()  # the control


async def test_kept_place_is_not_booked_after_it_has_begun(
    services, client, hall, proposed, outbox, clock
):
    token = token_of(outbox, PHONE)
    clock.move(hall["days"][0].begins_at - clock.now())
    later = clock.now() + timedelta(hours=1)
    async with services.uow.begin(SYSTEM) as tx:
        await tx.session.execute(sa.update(Choice).values(due_at=later))
        await tx.session.execute(sa.update(Claim).values(expires_at=later))
        await tx.session.execute(sa.update(Appointment).values(held_until=later))
    offers = (await read(client, token))["offers"]
    begun = next(one for one in offers if one["leader"]["name"] == "Leader 7")
    late = await tap(client, token, "take", begun["id"])
    assert (late.status, (await late.json())["code"]) == (410, "hold_expired")
    ahead = next(one for one in offers if one["leader"]["name"] == "Leader 3")
    assert (await tap(client, token, "take", ahead["id"])).status == 200  # the control


async def test_proposed_times_are_kept_and_one_tap_books(
    services, client, hall, resident, outbox, proposed
):
    async with services.uow.begin(SYSTEM) as tx:
        held = await tx.session.scalar(sa.select(sa.func.count()).select_from(Claim))
    assert held == 3
    token = token_of(outbox, PHONE)
    asked = await read(client, token)
    assert (asked["kind"], len(asked["offers"]), asked["actions"]) == (
        "proposed", 3, ["take", "decline"],
    )  # fmt: skip
    taken = await (await tap(client, token, "take", asked["offers"][1]["id"])).json()
    assert (taken["answer"], taken["appointment_state"]) == ("take", "confirmed")
    async with services.uow.begin(SYSTEM) as tx:
        made = await tx.session.get_one(Appointment, taken["appointment_id"])
        claims = (await tx.session.scalars(sa.select(Claim))).all()
        coded = list(
            await tx.session.scalars(sa.select(Invitee.role).where(Invitee.code.is_not(None)))
        )
    assert coded == ["petitioner"]
    assert {(c.resource, c.reason, c.appointment_id) for c in claims} == {
        (made.host_id, "booking", made.id), (resident.person.id, "booking", made.id),
    }  # fmt: skip
    assert made.begins_at == datetime.fromisoformat(asked["offers"][1]["begins_at"])


async def test_times_are_not_proposed_to_who_has_enough_open(
    services, client, centre, hall, resident
):
    wish = await (await ask(client, services, resident)).json()
    slots = await slots_of(services, hall["days"][0])
    for slot in slots[:2]:
        await book(services, slot, resident)
    await desk(client, services, centre)
    path = f"/api/desk/wishes/{wish['id']}/proposal"
    refused = await client.post(path, json={"slot_ids": [str(slots[2])]})
    assert (refused.status, (await refused.json())["code"]) == (422, "too_many_open_appointments")


async def test_kept_time_is_nobody_elses(services, client, hall, proposed):
    other = await add_resident(services, 2)
    await enter(client, services, other.account)
    slot = proposed["times"][2]["slot_id"]
    refused = await client.post("/api/holds", json={"slot_id": slot})
    assert (refused.status, (await refused.json())["code"]) == (409, "slot_held")


async def test_silence_goes_back_to_the_desk_with_a_call(
    services, client, centre, proposed, runner, clock
):
    clock.move(timedelta(days=3))
    await runner.run_all_due()
    async with services.uow.begin(SYSTEM) as tx:
        await holds.sweep(tx)
        assert (await tx.session.scalars(sa.select(Claim))).all() == []
        calls = (await tx.session.scalars(sa.select(CallTask.kind))).all()
    assert calls == ["wish_open"]
    await desk(client, services, centre, login="later")
    [wish] = await (await client.get("/api/desk/wishes")).json()
    assert (wish["state"], wish["returned_because"], wish["rounds"], wish["actions"]) == (
        "asked", "silence", 1, ["propose", "decline"],
    )  # fmt: skip
    assert datetime.fromisoformat(wish["due_at"]) > clock.now()


async def calls_to_make(client) -> list[tuple[str, str | None]]:
    tasks = (await (await client.get("/api/call-tasks")).json())["items"]
    return [(task["kind"], task["wish_id"]) for task in tasks]


async def test_who_was_proposed_times_anew_is_phoned_no_more(
    services, client, centre, proposed, runner, clock
):
    clock.move(timedelta(days=3))
    await runner.run_all_due()
    await desk(client, services, centre, login="later")
    assert await calls_to_make(client) == [("wish_open", proposed["id"])]
    clock.move(timedelta(days=2))
    await runner.run_all_due()
    await desk(client, services, centre, login="last")
    kinds = ["wish_open", "wish_overdue"]
    assert sorted(await calls_to_make(client)) == [(kind, proposed["id"]) for kind in kinds]
    await propose(client, proposed["id"])
    assert await calls_to_make(client) == []


@pytest.mark.parametrize("ended", ["decline", "withdrawal"])
async def test_whose_wish_is_over_is_phoned_no_more(
    services, client, centre, resident, proposed, runner, clock, ended
):
    clock.move(timedelta(days=3))
    await runner.run_all_due()
    await desk(client, services, centre, login="returned")
    assert await calls_to_make(client) == [("wish_open", proposed["id"])]
    if ended == "decline":
        body = {"reason": "It is before the court", "right_route": "The district court"}
        url = f"/api/desk/wishes/{proposed['id']}/decline"
    else:
        await enter(client, services, resident.account)
        body, url = {}, f"/api/wishes/{proposed['id']}/withdrawal"
    assert (await client.post(url, json=body)).status == 200
    await desk(client, services, centre, login="later")
    assert await calls_to_make(client) == []


async def test_none_of_them_goes_back_at_once(services, client, outbox, proposed):
    token = token_of(outbox, PHONE)
    await tap(client, token, "decline")
    [wish] = await (await client.get("/api/desk/wishes")).json()
    assert (wish["state"], wish["returned_because"]) == ("asked", "decline")


async def test_wish_nobody_sees_to_is_on_the_list_of_calls(
    services, client, centre, hall, resident, runner, clock
):
    await ask(client, services, resident)
    clock.move(timedelta(days=2, hours=9))
    await runner.run_all_due()
    await desk(client, services, centre)
    [wish] = await (await client.get("/api/desk/wishes")).json()
    assert wish["overdue"]
    [call] = (await (await client.get("/api/call-tasks")).json())["items"]
    assert (call["kind"], call["phone"]) == ("wish_overdue", PHONE)


async def test_time_taken_meanwhile_is_refused_whole(services, client, centre, hall, resident):
    wish = await (await ask(client, services, resident)).json()
    await desk(client, services, centre)
    fitting = (await times_of(client, wish["id"]))[0]
    slots = [time["slot_id"] for time in fitting["times"][:2]]
    async with services.uow.begin((await add_resident(services, 2)).actor) as tx:
        await holds.hold(tx, UUID(slots[0]), config=services.config.scheduling)
    url = f"/api/desk/wishes/{wish['id']}/proposal"
    refused = await client.post(url, json={"slot_ids": slots})
    assert (refused.status, (await refused.json())["code"]) == (409, "proposed_time_taken")
    async with services.uow.begin(SYSTEM) as tx:
        held = (await tx.session.scalars(sa.select(Claim))).all()
    assert len(held) == 1  # the other resident's


async def test_time_that_others_wait_for_is_not_proposed(services, client, centre, hall, resident):
    """Though it was free when the desk looked."""
    wish = await (await ask(client, services, resident)).json()
    day = hall["days"][0]
    slots = await slots_of(services, day)
    holders = [await add_resident(services, n) for n in range(20, 24)]
    booked = [await book(services, slot, who) for slot, who in zip(slots, holders, strict=True)]
    other = await add_resident(services, 2)
    await enter(client, services, other.account)
    body = {
        "day_id": str(day.id), "person_id": str(other.person.id), "phone": "13900000002",
        "sentence": "Water comes through the roof",
    }  # fmt: skip
    entry = await (await client.post("/api/waitlist", json=body)).json()
    async with services.uow.begin(holders[0].actor) as tx:
        await changes.cancel(tx, await tx.session.get_one(Appointment, booked[0]), reason=None)
    await desk(client, services, centre)
    url = f"/api/desk/wishes/{wish['id']}/proposal"
    refused = await client.post(url, json={"slot_ids": [str(slots[0])]})
    assert (refused.status, (await refused.json())["code"]) == (409, "proposed_time_waited_for")
    async with services.uow.begin(SYSTEM) as tx:  # the control: nobody waits any more
        waiting.end(tx, await tx.session.get_one(WaitlistEntry, entry["id"]), EntryAction.LEAVE)
    assert (await client.post(url, json={"slot_ids": [str(slots[0])]})).status == 200


async def test_declined_wish_tells_the_right_route(
    services, client, centre, hall, resident, runner, outbox
):
    wish = await (await ask(client, services, resident)).json()
    await desk(client, services, centre)
    body = {"reason": "It is before the court", "right_route": "The district court"}
    url = f"/api/desk/wishes/{wish['id']}/decline"
    assert (await client.post(url, json=body)).status == 200
    assert (await client.post(url, json=body)).status == 409
    await runner.run_all_due()
    assert any(sms.to == PHONE for sms in outbox.sms)
    await enter(client, services, resident.account)
    waits = await (await client.get("/api/my/waits")).json()
    assert [(one["state"], one["right_route"]) for one in waits["wishes"]] == [
        ("declined", "The district court")
    ]


async def test_withdrawn_wish_lets_its_places_go(services, client, resident, proposed):
    await enter(client, services, resident.account)
    waits = await (await client.post(f"/api/wishes/{proposed['id']}/withdrawal", json={})).json()
    assert (waits["wishes"], waits["choices"]) == ([], [])
    async with services.uow.begin(SYSTEM) as tx:
        assert (await tx.session.scalars(sa.select(Claim))).all() == []
    await enter(client, services, (await add_resident(services, 2)).account)
    handed = await client.post("/api/holds", json={"slot_id": proposed["times"][2]["slot_id"]})
    assert (handed.status, (await handed.json())["code"]) == (409, "slot_resting")


@pytest.mark.parametrize("moves", [False, True])
async def test_cancelled_or_moved_day_takes_back_what_was_proposed_of_it(
    services, client, hall, outbox, proposed, runner, moves
):
    for day in hall["days"]:
        url, body = f"/api/reception-days/{day.id}/cancellation", {"reason": "A meeting"}
        if moves:
            async with services.uow.begin(SYSTEM) as tx:
                version = (await tx.session.get_one(ReceptionDay, day.id)).version
            url = f"/api/calendar/days/{day.id}/moves"
            later = day.begins_at + timedelta(days=1)
            body = {"begins_at": later.isoformat(), "version": version}
        assert (await client.post(url, json=body)).status == 200
    [wish] = await (await client.get("/api/desk/wishes")).json()
    assert (wish["state"], wish["returned_because"]) == ("asked", "withdrawn")
    assert not (await read(client, token_of(outbox, PHONE)))["open"]


async def test_too_many_waits_are_refused(services, client, hall, resident):
    for _ in range(2):
        assert (await ask(client, services, resident)).status == 200
    refused = await ask(client, services, resident)
    assert (refused.status, (await refused.json())["code"]) == (422, "too_many_waiting")


async def test_foreign_wish_is_not_there(services, client, hall, resident):
    wish = await (await ask(client, services, resident)).json()
    await enter(client, services, (await add_resident(services, 2)).account)
    for method, path in (("GET", ""), ("POST", "/withdrawal")):
        answer = await client.request(method, f"/api/wishes/{wish['id']}{path}", json={})
        assert answer.status == 404


@pytest.mark.parametrize("answer", ["take", "decline"])
async def test_without_a_smartphone_the_times_are_told_and_the_answer_is_heard_on_the_phone(
    services, client, centre, hall, resident, runner, outbox, answer
):
    needs = {"needs": {"no_smartphone": True}, "attend_by": "centre"}
    wish = await (await ask(client, services, resident, **needs)).json()
    await desk(client, services, centre)
    times = (await times_of(client, wish["id"]))[0]["times"][:2]
    body = {"slot_ids": [time["slot_id"] for time in times]}
    made = await (await client.post(f"/api/desk/wishes/{wish['id']}/proposal", json=body)).json()
    await runner.run_all_due()
    assert not [sms for sms in outbox.sms if "/choose/" in sms.text]
    task, asked = await asked_by_phone(client, "choice_by_phone")
    assert (task["phone"], made["choice_id"], made["by_phone"]) == (PHONE, asked["id"], True)
    offer = asked["offers"][0]["id"] if answer == "take" else None
    said = await (await heard(client, asked["id"], answer, offer)).json()
    assert (said["answer"], said["wish_state"]) == {
        "take": ("take", "booked"), "decline": ("decline", "asked"),
    }[answer]  # fmt: skip
    kinds = [one["kind"] for one in (await (await client.get("/api/call-tasks")).json())["items"]]
    assert not {"choice_by_phone", "wish_open"} & set(kinds)  # who spoke with them is not to phone
    again = await heard(client, asked["id"], "decline")
    assert (again.status, (await again.json())["code"]) == (409, "answered_already")
