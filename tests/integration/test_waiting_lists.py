"""A full day's waiting list: freed places go to the next in line, never back to the page."""

from datetime import datetime, timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa

from scheduling import changes, holds, turns
from scheduling.choices.tables import WaitlistEntry
from scheduling.slots import Reason
from scheduling.tables import Appointment, BookingChannel, DayState, ReceptionDay
from server.cases.tables import Case
from server.identity.tables import Account, Official
from server.kernel.actor import SYSTEM, Role
from server.kernel.audit import AuditLine
from server.kernel.errors import Conflict
from tests.choosing import asked_by_phone, heard, read, tap, token_of
from tests.identity import add_staff, enter
from tests.reception import (
    Leader,
    add_centre,
    add_leader,
    add_resident,
    at,
    book,
    publish_day,
    slots_of,
    without_rest,
)


@pytest_asyncio.fixture
async def centre(services):
    return await add_centre(services)


@pytest_asyncio.fixture
async def full(services, centre, runner):
    """A day of two times, both booked, and three residents who want one."""
    leader = await add_leader(services, centre)
    day = await publish_day(services, leader, slot_minutes=60, review=False)
    await runner.run_all_due()
    slots = await slots_of(services, day)
    holders = [await add_resident(services, n) for n in (1, 2)]
    booked = [await book(services, slot, who) for slot, who in zip(slots, holders, strict=True)]
    wanting = [await add_resident(services, n) for n in (5, 6, 7)]
    return {"day": day, "slots": slots, "holders": holders, "booked": booked, "wanting": wanting}


LINE = sa.select(WaitlistEntry.state).order_by(WaitlistEntry.number)


def phone_of(n: int) -> str:
    return f"1390000010{n}"


async def join(client, services, full, n, **changes):
    resident = full["wanting"][n]
    await enter(client, services, resident.account)
    body = {
        "day_id": str(full["day"].id), "person_id": str(resident.person.id),
        "phone": phone_of(n), "sentence": "Water comes through the roof", **changes,
    }  # fmt: skip
    return await client.post("/api/waitlist", json=body)


async def give_back(services, full, place=0):
    async with services.uow.begin(full["holders"][place].actor) as tx:
        appointment = await tx.session.get_one(Appointment, full["booked"][place])
        await changes.cancel(without_rest(tx), appointment, reason=None)


async def shown(client, full) -> list[str]:
    detail = await (await client.get(f"/api/days/{full['day'].id}")).json()
    return [slot["reason"] for slot in detail["slots"]]


async def test_line_is_in_the_order_of_asking(services, client, full):
    first = await (await join(client, services, full, 0)).json()
    second = await (await join(client, services, full, 1)).json()
    assert [(one["state"], one["place"]) for one in (first, second)] == [
        ("waiting", 1), ("waiting", 2),
    ]  # fmt: skip
    waits = await (await client.get("/api/my/waits")).json()
    assert [one["place"] for one in waits["entries"]] == [2]
    card = await (await client.get(f"/api/days/{full['day'].id}")).json()
    assert (card["free"], card["waiting"]) == (0, 2)


async def test_day_with_room_has_no_line(services, client, full, runner):
    await give_back(services, full)
    refused = await join(client, services, full, 0)
    assert (refused.status, (await refused.json())["code"]) == (422, "day_has_room")


async def test_freed_place_is_offered_to_the_first_alone(services, client, full, runner, outbox):
    for n in (0, 1):
        await join(client, services, full, n)
    await give_back(services, full)
    await runner.run_all_due()
    assert await shown(client, full) == ["held", "taken"]
    asked = await read(client, token_of(outbox, phone_of(0)))
    assert (asked["kind"], len(asked["offers"])) == ("place_freed", 1)
    assert datetime.fromisoformat(asked["due_at"]) == at("2026-11-23T11:00:00")
    with pytest.raises(IndexError):
        token_of(outbox, phone_of(1))  # nobody else was told


async def test_one_tap_books_the_freed_place(services, client, full, runner, outbox):
    entry = await (await join(client, services, full, 0)).json()
    await give_back(services, full)
    await runner.run_all_due()
    token = token_of(outbox, phone_of(0))
    offer = (await read(client, token))["offers"][0]["id"]
    taken = await (await tap(client, token, "take", offer)).json()
    assert (taken["answer"], taken["appointment_state"]) == ("take", "confirmed")
    async with services.uow.begin(SYSTEM) as tx:
        made = await tx.session.get_one(Appointment, taken["appointment_id"])
        kept = await tx.session.get_one(WaitlistEntry, entry["id"])
    assert (made.slot_id, made.person_id) == (full["slots"][0], full["wanting"][0].person.id)
    assert (kept.state, kept.appointment_id, made.case_id) == ("booked", made.id, kept.case_id)
    again = await tap(client, token, "take", offer)
    assert again.status == 409


async def test_who_has_enough_open_is_told_why_and_the_place_passes_on(
    services, client, full, runner, outbox, clock
):
    """Two lines and two bookings do not make four appointments."""
    for n in (0, 1):
        await join(client, services, full, n)
    leader = await add_leader(services, await add_centre(services, "OTHER"), rank=2)
    day = await publish_day(services, leader, in_days=8)
    await runner.run_all_due()
    slots = await slots_of(services, day)
    for slot in slots[:2]:
        await book(services, slot, full["wanting"][0])
    await give_back(services, full)
    await runner.run_all_due()
    token = token_of(outbox, phone_of(0))
    offer = (await read(client, token))["offers"][0]["id"]
    refused = await tap(client, token, "take", offer)
    assert (refused.status, (await refused.json())["code"]) == (422, "too_many_open_appointments")
    clock.move(timedelta(hours=2))
    await runner.run_all_due()
    assert (await read(client, token_of(outbox, phone_of(1))))["open"]  # the next one's turn


async def test_place_freed_may_be_taken_once_another_is_given_back(
    services, client, full, runner, outbox
):
    await join(client, services, full, 0)
    leader = await add_leader(services, await add_centre(services, "OTHER"), rank=2)
    day = await publish_day(services, leader, in_days=8)
    await runner.run_all_due()
    slots = await slots_of(services, day)
    booked = [await book(services, slot, full["wanting"][0]) for slot in slots[:2]]
    await give_back(services, full)
    await runner.run_all_due()
    token = token_of(outbox, phone_of(0))
    offer = (await read(client, token))["offers"][0]["id"]
    assert (await tap(client, token, "take", offer)).status == 422
    async with services.uow.begin(full["wanting"][0].actor) as tx:
        await changes.cancel(tx, await tx.session.get_one(Appointment, booked[0]), reason=None)
    assert (await tap(client, token, "take", offer)).status == 200


async def test_place_of_a_day_that_moves_is_taken_back_and_offered_anew(
    services, client, full, centre, runner, outbox
):
    for n in (0, 1):
        await join(client, services, full, n)
    await give_back(services, full)
    await runner.run_all_due()
    token = token_of(outbox, phone_of(0))
    offer = (await read(client, token))["offers"][0]["id"]
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    path, begins_at = (
        f"/api/calendar/days/{full['day'].id}",
        full["day"].begins_at + timedelta(days=1),
    )
    body = {"begins_at": begins_at.isoformat()}
    seen = await (await client.post(f"{path}/move-previews", json=body)).json()
    assert seen["not_booked"] == {"filling_in": 0, "offered": 1, "waiting": 2}
    moved = await client.post(f"{path}/moves", json={**body, "version": seen["version"]})
    assert moved.status == 200, await moved.text()
    assert (await tap(client, token, "take", offer)).status == 409
    async with services.uow.begin(SYSTEM) as tx:
        states = (await tx.session.scalars(LINE)).all()
    assert states == ["waiting", "waiting"]
    outbox.sms.clear()
    await runner.run_all_due()
    again = await read(client, token_of(outbox, phone_of(0)))
    assert [one["begins_at"] for one in again["offers"]] == [
        begins_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    ]
    async with services.uow.begin(SYSTEM) as tx:
        assert (await tx.session.scalars(LINE)).all() == ["offered", "waiting"]


async def test_silence_passes_it_on_until_nobody_waits(
    services, client, full, runner, outbox, clock
):
    for n in (0, 1):
        await join(client, services, full, n)
    await give_back(services, full)
    await runner.run_all_due()
    clock.move(timedelta(hours=2))
    await runner.run_all_due()
    assert await shown(client, full) == ["held", "taken"]  # the second's turn
    assert (await read(client, token_of(outbox, phone_of(0))))["answer"] == "silence"
    assert (await read(client, token_of(outbox, phone_of(1))))["open"]
    late = await tap(client, token_of(outbox, phone_of(0)), "take", str(full["slots"][0]))
    assert late.status == 409
    clock.move(timedelta(hours=2, minutes=1))
    await runner.run_all_due()
    assert await shown(client, full) == ["resting", "taken"]
    clock.move(services.config.scheduling.rest_most)
    assert await shown(client, full) == [None, "taken"]  # now the page's again
    assert any("候补" in sms.text and sms.to == phone_of(0) for sms in outbox.sms)


async def test_place_freed_in_the_evening_is_told_in_the_morning(
    services, client, full, runner, outbox, clock
):
    await join(client, services, full, 0)
    clock.move(timedelta(hours=12))  # 21:00
    await give_back(services, full)
    await runner.run_all_due()
    assert await shown(client, full) == ["held", "taken"]
    with pytest.raises(IndexError):
        token_of(outbox, phone_of(0))
    clock.move(timedelta(hours=12))
    await runner.run_all_due()
    asked = await read(client, token_of(outbox, phone_of(0)))
    assert datetime.fromisoformat(asked["due_at"]) == at("2026-11-24T11:00:00")


async def test_page_refuses_while_somebody_waits_and_the_desk_needs_a_reason(
    services, client, full, runner
):
    """Whatever freed it: an offer that cannot be made in time leaves the place to the desk."""
    await join(client, services, full, 0)
    await give_back(services, full)  # nothing has run yet: the place is bare
    other = full["wanting"][2]
    async with services.uow.begin(other.actor) as tx:
        with pytest.raises(Conflict, match="slot_waited_for"):
            await holds.hold(tx, full["slots"][0], config=services.config.scheduling)
    by_desk = {"channel": BookingChannel.ON_BEHALF, "for_desk": True}
    async with services.uow.begin(SYSTEM) as tx:
        with pytest.raises(Conflict, match="slot_waited_for"):
            await turns.give(tx, full["slots"][0], urgency=None, **by_desk)
        given = await turns.give(tx, full["slots"][0], urgency="It is urgent", **by_desk)
    assert given.overruled is Reason.WAITED_FOR


@pytest_asyncio.fixture
async def waited(services, client, full, centre, runner):
    """A place that fell free while somebody waits, and who is booked on the leader's next day."""
    async with services.uow.begin(SYSTEM) as tx:
        official = await tx.session.get_one(Official, full["day"].leader_id)
        account = await tx.session.get_one(Account, official.account_id)
    leader = Leader(account, official, centre)
    later = await publish_day(services, leader, in_days=9, slot_minutes=60, review=False)
    await runner.run_all_due()
    mover = await add_resident(services, 9)
    booked = await book(services, (await slots_of(services, later))[0], mover)
    await join(client, services, full, 0)
    await give_back(services, full)
    return {"id": booked, "slot": str(full["slots"][0]), "mover": mover, "leader": leader}


async def urgency_of(services, appointment_id) -> str | None:
    async with services.uow.begin(SYSTEM) as tx:
        return (await tx.session.get_one(Appointment, appointment_id)).urgency


async def test_residents_own_move_never_passes_over_who_waits(services, client, full, waited):
    await enter(client, services, waited["mover"].account)
    path = f"/api/appointments/{waited['id']}/moves"
    refused = await client.post(path, json={"slot_id": waited["slot"]})
    assert (refused.status, (await refused.json())["code"]) == (409, "slot_waited_for")


async def test_desk_moves_before_who_waits_with_a_reason_alone(
    services, client, full, waited, centre
):
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    path = f"/api/desk/appointments/{waited['id']}/moves"
    refused = await client.post(path, json={"slot_id": waited["slot"]})
    assert (refused.status, (await refused.json())["code"]) == (409, "slot_waited_for")
    moved = await client.post(path, json={"slot_id": waited["slot"], "urgency": "His operation"})
    assert moved.status == 200
    assert await urgency_of(services, waited["id"]) == "His operation"
    async with services.uow.begin(SYSTEM) as tx:
        passed = sa.select(AuditLine.reason).where(AuditLine.action == "out_of_order")
        assert (await tx.session.scalars(passed)).all() == ["His operation"]


async def test_drag_says_whose_turn_it_passes_over_and_asks_why(
    services, client, full, waited, centre
):
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    path = f"/api/calendar/sessions/{waited['id']}"
    body = {"begins_at": full["day"].begins_at.isoformat()}
    seen = await (await client.post(f"{path}/move-previews", json=body)).json()
    assert (seen["refusal"], seen["overrules"]) == (None, "waited_for")
    assert [(one["is_free"], one["in_turn"]) for one in seen["choices"]] == [
        (True, False), (False, False),
    ]  # fmt: skip
    body = {**body, "version": seen["version"]}
    assert (await client.post(f"{path}/moves", json=body)).status == 409
    assert (await client.post(f"{path}/moves", json={**body, "urgency": "Ill"})).status == 200
    assert await urgency_of(services, waited["id"]) == "Ill"


async def test_diverted_before_who_waits_with_a_reason_which_goes_along(
    services, client, full, waited, centre
):
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    body = {"slot_id": waited["slot"], "reason": "The right leader"}
    path = "/api/appointments/{}/diversion"
    refused = await client.post(path.format(waited["id"]), json=body)
    assert (refused.status, (await refused.json())["code"]) == (409, "slot_waited_for")
    answer = await client.post(path.format(waited["id"]), json={**body, "urgency": "Ill"})
    made = await answer.json()
    assert (made["slot_id"], made["urgency"]) == (waited["slot"], "Ill")
    on = await publish_day(services, waited["leader"], in_days=11, opens_days_before=60)
    async with services.uow.begin(SYSTEM) as tx:
        (await tx.session.get_one(ReceptionDay, on.id)).state = DayState.BOOKING_OPEN
    body["slot_id"] = str((await slots_of(services, on))[0])
    again = await (await client.post(path.format(made["id"]), json=body)).json()
    assert (again["slot_id"], again["urgency"]) == (body["slot_id"], "Ill")


async def test_before_booking_opens_the_desk_moves_with_a_reason_alone(
    services, client, full, waited, centre
):
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    early = await publish_day(services, waited["leader"], in_days=40)
    path = f"/api/desk/appointments/{waited['id']}/moves"
    body = {"slot_id": str((await slots_of(services, early))[0])}
    refused = await client.post(path, json=body)
    assert (refused.status, (await refused.json())["code"]) == (409, "slot_not_open_yet")
    assert (await client.post(path, json={**body, "urgency": "Abroad before"})).status == 200


async def test_control_without_the_line_the_place_is_the_quickest_ones(services, client, full):
    await give_back(services, full)
    async with services.uow.begin(full["wanting"][2].actor) as tx:
        held = await holds.hold(tx, full["slots"][0], config=services.config.scheduling)
    assert held.slot_id == full["slots"][0]


async def test_matter_stands_in_one_line_and_leaving_ends_it(services, client, full, runner):
    entry = await (await join(client, services, full, 0)).json()
    waits = await (await client.get("/api/my/waits")).json()
    async with services.uow.begin(SYSTEM) as tx:
        kept = await tx.session.get_one(WaitlistEntry, entry["id"])
    twice = await join(client, services, full, 0, case_id=str(kept.case_id))
    assert (twice.status, (await twice.json())["code"]) == (422, "one_line_a_matter")
    assert [one["id"] for one in waits["entries"]] == [entry["id"]]
    assert (await client.delete(f"/api/waitlist/{entry['id']}")).status == 204
    assert (await (await client.get("/api/my/waits")).json())["entries"] == []


async def test_line_ends_when_the_day_begins_and_everybody_is_told(
    services, client, full, runner, outbox, clock
):
    await join(client, services, full, 0)
    clock.move(timedelta(days=7))
    await runner.run_all_due()
    async with services.uow.begin(SYSTEM) as tx:
        assert (await tx.session.scalars(sa.select(WaitlistEntry.state))).all() == ["closed"]
    assert "候补已结束" in [sms.text for sms in outbox.sms if sms.to == phone_of(0)][-1]


async def test_clerk_sees_the_line_of_a_day(services, client, full, centre, runner):
    for n in (0, 1):
        await join(client, services, full, n)
    await give_back(services, full)
    await runner.run_all_due()
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    line = await (await client.get(f"/api/reception-days/{full['day'].id}/waitlist")).json()
    assert [(one["place"], one["state"], one["person_name"]) for one in line] == [
        (1, "offered", "Resident 5"), (2, "waiting", "Resident 6"),
    ]  # fmt: skip


async def test_without_a_smartphone_a_clerk_offers_the_place_and_hears_the_answer(
    services, client, full, centre, runner, outbox
):
    await join(client, services, full, 0, needs={"no_smartphone": True}, attend_by="centre")
    await join(client, services, full, 1)
    await give_back(services, full)
    await runner.run_all_due()
    assert not [sms for sms in outbox.sms if sms.to == phone_of(0) and "/choose/" in sms.text]
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    task, asked = await asked_by_phone(client, "choice_by_phone")
    assert (task["phone"], task["due_at"] <= asked["due_at"]) == (phone_of(0), True)
    assert (asked["kind"], asked["token"], asked["entry_state"]) == ("place_freed", None, "offered")
    said = await (await heard(client, asked["id"], "take", asked["offers"][0]["id"])).json()
    assert (said["appointment_state"], said["entry_state"]) == ("confirmed", "booked")
    left = (await (await client.get("/api/call-tasks")).json())["items"]
    assert "choice_by_phone" not in [one["kind"] for one in left]


async def test_nobody_phones_to_ask_who_left_the_line(services, client, full, centre, runner):
    entry = await (
        await join(client, services, full, 0, needs={"no_smartphone": True}, attend_by="centre")
    ).json()
    await give_back(services, full)
    await runner.run_all_due()
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    await asked_by_phone(client, "choice_by_phone")  # the control
    left = await client.post(f"/api/desk/waitlist/{entry['id']}/leaving", json={})
    assert left.status == 204, await left.text()
    assert (await (await client.get("/api/call-tasks")).json())["items"] == []


async def test_call_about_a_matter_that_the_clerk_is_shut_out_of_is_not_there(
    services, client, full, centre, runner
):
    await join(client, services, full, 0, needs={"no_smartphone": True}, attend_by="centre")
    await give_back(services, full)
    await runner.run_all_due()
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    task, asked = await asked_by_phone(client, "choice_by_phone")  # the control
    async with services.uow.begin(SYSTEM) as tx:
        entry = (await tx.session.scalars(sa.select(WaitlistEntry))).one()
        (await tx.session.get_one(Case, entry.case_id)).subject_unit_id = centre.id
    tasks = (await (await client.get("/api/call-tasks")).json())["items"]
    assert "choice_by_phone" not in [one["kind"] for one in tasks]
    assert (await client.get(f"/api/desk/choices/{asked['id']}")).status == 404
    assert (await client.post(f"/api/call-tasks/{task['id']}/taking")).status == 404


async def test_telling_of_a_matter_that_the_clerk_is_shut_out_of_is_not_there(
    services, client, full, centre, runner, clock
):
    await join(client, services, full, 0, needs={"no_smartphone": True}, attend_by="centre")
    await give_back(services, full)
    await runner.run_all_due()
    clock.move(timedelta(hours=3))
    await runner.run_all_due()
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    [task] = await told_by_phone(client)
    assert (
        len((await (await client.get("/api/call-tasks")).json())["items"]) == 1
    )  # no question is left
    async with services.uow.begin(SYSTEM) as tx:
        entry = (await tx.session.scalars(sa.select(WaitlistEntry))).one()
        assert entry.state == "lapsed"
        (await tx.session.get_one(Case, entry.case_id)).subject_unit_id = centre.id
    assert await told_by_phone(client) == []
    assert (await client.post(f"/api/call-tasks/{task['id']}/taking")).status == 404


async def told_by_phone(client) -> list[dict]:
    tasks = (await (await client.get("/api/call-tasks")).json())["items"]
    return [one for one in tasks if one["kind"] == "tell_by_phone"]


async def test_closed_line_is_not_said_to_go_on(services, client, full, centre, runner, outbox):
    await join(client, services, full, 0)
    await give_back(services, full)
    await runner.run_all_due()
    token = token_of(outbox, phone_of(0))
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    url = f"/api/reception-days/{full['day'].id}/cancellation"
    assert (await client.post(url, json={"reason": "A flood"})).status == 200
    over = await read(client, token)
    assert (over["answer"], over["entry_state"]) == ("withdrawn", "closed")
    noted = sa.select(sa.func.count(AuditLine.id)).where(
        AuditLine.subject_kind == "choice", AuditLine.action == "answer"
    )
    async with services.uow.begin(SYSTEM) as tx:
        assert await tx.session.scalar(noted) == 1
