"""A resident books over HTTP: days, holds, submission, moving, cancelling."""

from datetime import timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa

from scheduling import holds, reviews
from scheduling.tables import Appointment, Claim, Invitee, Slot
from server.cases.tables import Case, CaseState, Party
from server.identity.persons import Declared, Relation, add_own
from server.kernel.actor import SYSTEM
from server.kernel.audit import AuditLine
from server.kernel.sealing import token_hash
from server.kernel.tasks import Task
from tests.identity import enter
from tests.reception import (
    Resident,
    add_centre,
    add_leader,
    add_resident,
    at,
    form,
    publish_day,
    slots_of,
)


@pytest_asyncio.fixture
async def leader(services):
    return await add_leader(services, await add_centre(services))


@pytest_asyncio.fixture
async def day(services, leader, runner):
    day = await publish_day(services, leader)
    await runner.run_all_due()
    return day


@pytest_asyncio.fixture
async def resident(services, client):
    resident = await add_resident(services)
    await enter(client, services, resident.account)
    return resident


async def hold(client, slot_id):
    return await client.post("/api/holds", json={"slot_id": str(slot_id)})


async def submit(client, resident, slot_id, **changes):
    held = await (await hold(client, slot_id)).json()
    return await client.post(
        "/api/appointments", json=form(held["appointment_id"], resident, **changes)
    )


async def test_days_show_slots_once_booking_opens(services, client, leader, runner, clock):
    day = await publish_day(services, leader, in_days=20)
    await runner.run_all_due()
    [card] = await (await client.get("/api/days")).json()
    assert (card["state"], card["free"], card["total"]) == ("published", 4, 4)
    detail = await (await client.get(f"/api/days/{day.id}")).json()
    assert {(s["state"], s["reason"]) for s in detail["slots"]} == {("closed", "not_open_yet")}
    clock.move(timedelta(days=6))
    await runner.run_all_due()
    detail = await (await client.get(f"/api/days/{day.id}")).json()
    assert detail["state"] == "booking_open"
    assert [s["state"] for s in detail["slots"]] == ["free"] * 4


async def test_days_of_the_leader_in_charge_come_first(services, client, leader, runner):
    other = await add_leader(services, leader.unit, rank=2, topics=("medical",))
    await publish_day(services, leader, in_days=5)
    await publish_day(services, other, in_days=9)
    await runner.run_all_due()
    cards = await (await client.get("/api/days", params={"topic": "medical"})).json()
    assert [(c["leader"]["name"], c["fits"]) for c in cards] == [
        ("Leader 2", True),
        ("Leader 1", False),
    ]


async def test_booking_registers_a_case_and_waits_for_review(services, client, day, resident):
    slots = await slots_of(services, day)
    answer = await submit(client, resident, slots[0], others=[{"name": "Wang"}], people=12)
    booked = await answer.json()
    assert answer.status == 200, booked
    assert (booked["state"], booked["code"], booked["join_token"]) == ("submitted", None, None)
    assert booked["case_number"] == "ZX-2026-000001"
    assert booked["sentence"] == "Wages of three months were not paid"
    assert booked["actions"] == ["move", "cancel", "add_email"]
    async with services.uow.begin(SYSTEM) as tx:
        case = (await tx.session.scalars(sa.select(Case))).one()
        parties = (await tx.session.scalars(sa.select(Party).order_by(Party.position))).all()
    assert (case.people, [p.role for p in parties]) == (12, ["petitioner", "concerned"])
    assert await (await client.get("/api/appointments")).json() == [booked]
    detail = await (await client.get(f"/api/days/{day.id}")).json()
    assert [s["state"] for s in detail["slots"]] == ["taken", "free", "free", "free"]


async def test_plan_without_review_confirms_at_once(services, client, leader, runner, resident):
    day = await publish_day(services, leader, review=False)
    await runner.run_all_due()
    booked = await (await submit(client, resident, (await slots_of(services, day))[0])).json()
    assert booked["state"] == "confirmed"
    assert booked["code"].isdigit()
    assert len(booked["code"]) == 6
    link = {"X-Invitation": booked["join_token"]}
    assert (await client.get("/api/appointments", headers=link)).status == 404


async def test_taken_slot_answers_with_the_next_three(services, client, day, resident):
    slots = await slots_of(services, day)
    other = await add_resident(services, 2)
    async with services.uow.begin(other.actor) as tx:
        await holds.hold(tx, slots[0], config=services.config.scheduling)
    answer = await hold(client, slots[0])
    problem = await answer.json()
    assert (answer.status, problem["code"]) == (409, "slot_held")
    assert [a["slot_id"] for a in problem["details"]["alternatives"]] == [
        str(slot) for slot in slots[1:4]
    ]


async def test_new_hold_replaces_the_old_one(services, client, day, resident):
    slots = await slots_of(services, day)
    first = await (await hold(client, slots[0])).json()
    second = await (await hold(client, slots[1])).json()
    again = await (await hold(client, slots[1])).json()
    assert second == again
    mine = await (await client.get("/api/holds/mine")).json()
    assert mine["appointment_id"] == second["appointment_id"] != first["appointment_id"]
    detail = await (await client.get(f"/api/days/{day.id}")).json()
    assert [s["state"] for s in detail["slots"]] == ["free", "held", "free", "free"]


async def test_hold_ends_by_itself_and_is_extended_once(services, client, day, resident, clock):
    slots = await slots_of(services, day)
    held = await (await hold(client, slots[0])).json()
    url = f"/api/holds/{held['appointment_id']}/extend"
    assert (await client.post(url, json={})).status == 200
    assert (await client.post(url, json={})).status == 409
    clock.move(timedelta(minutes=21))
    assert (await client.get("/api/holds/mine")).status == 204
    late = await client.post("/api/appointments", json=form(held["appointment_id"], resident))
    assert (late.status, (await late.json())["code"]) == (410, "hold_expired")
    assert (await hold(client, slots[0])).status == 200


async def test_elder_hold_is_renewed_while_active_within_an_hour(
    client, services, day, resident, clock
):
    held = await (await hold(client, (await slots_of(services, day))[0])).json()
    url = f"/api/holds/{held['appointment_id']}/extend"
    for _ in range(7):
        clock.move(timedelta(minutes=8))
        assert (await client.post(url, json={"elder": True})).status == 200
    clock.move(timedelta(minutes=5))
    assert (await client.post(url, json={"elder": True})).status == 410


async def test_swept_holds_leave_no_claim(services, client, day, resident, clock):
    await hold(client, (await slots_of(services, day))[0])
    async with services.uow.begin(SYSTEM) as tx:
        assert await holds.sweep(tx) == 0
    clock.move(timedelta(minutes=10))
    async with services.uow.begin(SYSTEM) as tx:
        assert await holds.sweep(tx) == 1
        assert await tx.session.scalar(sa.select(sa.func.count()).select_from(Claim)) == 0
        assert await tx.session.scalar(sa.select(Appointment.state)) == "expired"


async def test_same_idempotency_key_gets_the_same_answer(services, client, day, resident):
    held = await (await hold(client, (await slots_of(services, day))[0])).json()
    body = form(held["appointment_id"], resident)
    headers = {"Idempotency-Key": "0123456789abcdef"}
    first = await client.post("/api/appointments", json=body, headers=headers)
    again = await client.post("/api/appointments", json=body, headers=headers)
    assert await first.json() == await again.json()
    without = await client.post("/api/appointments", json=body)  # the control
    assert without.status == 409


@pytest.mark.parametrize(
    ("moved_by", "code"),
    [
        (timedelta(days=6, minutes=1), "slot_closed"),
        (timedelta(days=7, minutes=10), "slot_passed"),
    ],
)
async def test_late_booking_says_why(
    services, client, day, resident, clock, runner, moved_by, code
):
    slots = await slots_of(services, day)
    clock.move(moved_by)
    await runner.run_all_due()
    answer = await hold(client, slots[0])
    assert (answer.status, (await answer.json())["code"]) == (409, code)


async def test_booking_before_the_hour_is_refused(services, client, leader, resident, runner):
    day = await publish_day(services, leader, in_days=20)
    await runner.run_all_due()
    answer = await hold(client, (await slots_of(services, day))[0])
    assert (answer.status, (await answer.json())["code"]) == (409, "slot_not_open_yet")


async def test_invited_only_day_is_booked_by_the_desk(services, client, leader, resident, runner):
    day = await publish_day(services, leader, invited_only=True)
    await runner.run_all_due()
    answer = await hold(client, (await slots_of(services, day))[0])
    assert (answer.status, (await answer.json())["code"]) == (409, "slot_invited_only")


async def test_two_open_appointments_are_enough(services, client, day, resident):
    slots = await slots_of(services, day)
    for slot in slots[:2]:
        assert (await submit(client, resident, slot)).status == 200
    third = await submit(client, resident, slots[2])
    problem = await third.json()
    assert (third.status, problem["code"]) == (422, "too_many_open_appointments")


async def test_one_open_appointment_a_matter(services, client, day, resident):
    slots = await slots_of(services, day)
    booked = await (await submit(client, resident, slots[0])).json()
    again = await submit(client, resident, slots[1], case_id=booked["case_id"])
    assert (await again.json())["code"] == "one_open_appointment_a_matter"
    await client.post(f"/api/appointments/{booked['id']}/cancellation", json={})
    later = await (await submit(client, resident, slots[1], case_id=booked["case_id"])).json()
    assert later["case_id"] == booked["case_id"]


async def test_earlier_matter_is_offered_while_it_runs_and_to_its_own_person_alone(
    services, client, day, resident
):
    slots = await slots_of(services, day)
    booked = await (await submit(client, resident, slots[0])).json()
    path = f"/api/my/matters?person_id={resident.person.id}"
    [known] = await (await client.get(path)).json()
    assert (known["case_id"], known["has_time"]) == (booked["case_id"], True)
    assert known["sentence"] == "Wages of three months were not paid"
    await client.post(f"/api/appointments/{booked['id']}/cancellation", json={})
    [known] = await (await client.get(path)).json()
    assert known["has_time"] is False
    async with services.uow.begin(SYSTEM) as tx:
        (await tx.session.get_one(Case, booked["case_id"])).state = CaseState.CONCLUDED
    assert await (await client.get(path)).json() == []
    other = await add_resident(services, 2)
    await enter(client, services, other.account)
    assert await (await client.get(path)).json() == []


async def test_earlier_matter_of_somebody_else_is_not_there(services, client, day, resident):
    slots = await slots_of(services, day)
    booked = await (await submit(client, resident, slots[0])).json()
    await client.post(f"/api/appointments/{booked['id']}/cancellation", json={})
    mother = Declared(name="Mother", id_number="330502195001010002", address="Lane 1")
    async with services.uow.begin(resident.actor) as tx:
        known = await add_own(tx, mother, relation=Relation.FAMILY, sealer=services.sealer)
    theirs = Resident(resident.account, known.person)
    wrong = await submit(client, theirs, slots[1], case_id=booked["case_id"])
    assert wrong.status == 404
    right = await submit(client, resident, slots[1], case_id=booked["case_id"])
    assert (await right.json())["case_id"] == booked["case_id"]


async def test_moved_appointment_keeps_its_entry_and_frees_the_slot(
    services, client, day, resident
):
    slots = await slots_of(services, day)
    booked = await (await submit(client, resident, slots[0])).json()
    url = f"/api/appointments/{booked['id']}"
    moved = await (await client.post(f"{url}/moves", json={"slot_id": str(slots[2])})).json()
    assert (moved["slot_id"], moved["sequence"]) == (str(slots[2]), 1)
    detail = await (await client.get(f"/api/days/{day.id}")).json()
    assert [s["reason"] for s in detail["slots"]] == ["resting", None, "taken", None]
    async with services.uow.begin(SYSTEM) as tx:
        assert (await tx.session.scalar(sa.select(Appointment.uid))) == f"{booked['id']}@yuntiao"


async def test_request_moved_to_an_earlier_day_is_reviewed_before_it(
    services, client, leader, resident, runner
):
    late = await publish_day(services, leader, in_days=7, closes_hours_before=1)
    soon = await publish_day(services, leader, in_days=1, closes_hours_before=1)
    await runner.run_all_due()
    booked = await (await submit(client, resident, (await slots_of(services, late))[0])).json()
    slot = (await slots_of(services, soon))[0]
    url = f"/api/appointments/{booked['id']}/moves"
    moved = await (await client.post(url, json={"slot_id": str(slot)})).json()
    assert booked["review_due_at"] > moved["begins_at"]
    assert moved["review_due_at"][:10] < moved["begins_at"][:10]


async def test_cancelled_appointment_is_over_and_says_why_to_nobody_else(
    services, client, day, resident
):
    slots = await slots_of(services, day)
    booked = await (await submit(client, resident, slots[0])).json()
    url = f"/api/appointments/{booked['id']}/cancellation"
    cancelled = await (await client.post(url, json={"reason": "It is settled"})).json()
    assert (cancelled["state"], cancelled["sequence"]) == ("cancelled", 1)
    async with services.uow.begin(SYSTEM) as tx:  # the trail cannot be erased
        assert "It is settled" not in (await tx.session.scalars(sa.select(AuditLine.reason))).all()
        assert await tx.session.scalar(sa.select(Appointment.change_reason)) == "It is settled"
    assert (await client.post(url, json={})).status == 409


async def test_foreign_appointment_is_not_there(services, client, day, resident):
    booked = await (await submit(client, resident, (await slots_of(services, day))[0])).json()
    other = await add_resident(services, 2)
    url = f"/api/appointments/{booked['id']}"
    assert (await client.get(url)).status == 200  # the control
    await enter(client, services, other.account)
    for method, tail, body in (
        ("GET", "", None),
        ("POST", "/moves", {"slot_id": booked["slot_id"]}),
        ("POST", "/cancellation", {}),
    ):
        assert (await client.request(method, url + tail, json=body)).status == 404
    assert (await submit(client, resident, (await slots_of(services, day))[1])).status == 404


async def test_form_names_every_bad_field_at_once(client, services, day, resident):
    held = await (await hold(client, (await slots_of(services, day))[0])).json()
    body = form(held["appointment_id"], resident, phone="12345", sentence="", email="x", people=0)
    answer = await client.post("/api/appointments", json={**body, "state": "confirmed"})
    fields = {error["field"] for error in (await answer.json())["errors"]}
    assert (answer.status, fields) == (
        422, {"phone", "sentence", "email", "people", "state"},
    )  # fmt: skip


async def test_seats_of_a_day_with_capacity_are_taken_lowest_first(
    services, client, leader, runner
):
    day = await publish_day(services, leader, capacity=2)
    await runner.run_all_due()
    slots = await slots_of(services, day)
    states = []
    for n in range(3):
        resident = await add_resident(services, n + 1)
        await enter(client, services, resident.account)
        states.append((await hold(client, slots[0])).status)
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(Slot.seat).join(Appointment, Appointment.slot_id == Slot.id)
        seats = (await tx.session.scalars(query.order_by(Appointment.created_at))).all()
    assert (states, sorted(seats)) == ([200, 200, 409], [0, 1])


async def test_call_me_is_promised_within_a_working_day_and_bounded(client, services, day):
    body = {"name": "Old Zhang", "phone": "0572-2012345", "words": "About the wall"}
    promised = await (await client.post("/api/call-me", json=body)).json()
    assert promised["due_at"] == "2026-11-24T09:30:00Z"
    for _ in range(2):
        assert (await client.post("/api/call-me", json=body)).status == 200
    assert (await client.post("/api/call-me", json=body)).status == 429


async def test_confirmed_appointment_has_link_code_and_reminders(services, client, day, resident):
    booked = await (await submit(client, resident, (await slots_of(services, day))[0])).json()
    async with services.uow.begin(SYSTEM) as tx:
        appointment = await tx.session.get(Appointment, booked["id"])
        await reviews.confirm(tx, services.sealer, appointment)
    shown = await (await client.get(f"/api/appointments/{booked['id']}")).json()
    assert (shown["state"], len(shown["code"]), shown["actions"]) == (
        "confirmed", 6, ["move", "cancel", "calendar", "add_email"],
    )  # fmt: skip
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(Invitee.token_hash, Invitee.link).where(Invitee.link.is_not(None))
        [(hashed, sealed)] = (await tx.session.execute(query)).all()
        reminders = await tx.session.scalars(
            sa.select(Task.due_at).where(Task.kind == "reminder.due").order_by(Task.due_at)
        )
    token = shown["join_token"].encode()
    assert token not in hashed
    assert token not in sealed
    assert hashed == token_hash(shown["join_token"])
    assert list(reminders) == [at("2026-11-27T09:00"), at("2026-11-30T08:00")]
