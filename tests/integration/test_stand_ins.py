"""A leader who cannot come: replaced or swapped, everybody booked told and asked by one tap."""

from dataclasses import replace as changed
from datetime import datetime, time, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range

from scheduling.choices.tables import Choice
from scheduling.tables import CallTask, Claim, ReceptionDay
from server.identity.tables import Official, Service
from server.kernel.actor import SYSTEM, Role
from server.kernel.audit import AuditLine
from server.notices.tables import Delivery
from tests.choosing import read, tap, token_of
from tests.identity import add_staff, enter
from tests.reception import add_centre, add_leader, add_resident, at, publish_day, slots_of
from tests.stand_ins import PHONE, REASON, appointment_of, confirmed, replace, two_leaders
from tests.units import add_unit


@pytest_asyncio.fixture
async def centre(services):
    return await add_centre(services)


@pytest_asyncio.fixture
async def desk(services, client, centre):
    """A clerk who is signed in."""
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    return client


@pytest_asyncio.fixture
async def hall(services, centre, runner):
    return await two_leaders(services, centre, runner)


@pytest_asyncio.fixture
async def replaced(services, desk, hall, centre, runner, outbox):
    """One confirmed appointment, whose leader was replaced since."""
    resident = await add_resident(services)
    slots = await slots_of(services, hall["day"])
    booked = await confirmed(services, centre, slots[1], resident, email="me@home.example")
    await runner.run_all_due()
    made = await (await replace(desk, hall)).json()
    await runner.run_all_due()
    return {"id": booked, "day": made, "resident": resident}


async def test_replaced_day_keeps_times_and_what_was_told(services, desk, hall, replaced):
    day, old = replaced["day"], hall["day"]
    assert (day["leader"]["name"], day["booked"], day["unanswered"]) == ("Leader 2", 1, 1)
    assert day["replaces_id"] == str(old.id)
    before = await (await desk.get(f"/api/reception-days/{old.id}")).json()
    assert (before["state"], before["replaced_by"]) == ("swapped", day["id"])
    moved = await appointment_of(services, replaced["id"])
    assert (str(moved.day_id), moved.begins_at) == (
        day["id"],
        old.begins_at + timedelta(minutes=30),
    )
    assert (moved.host_id, moved.state, moved.sequence) == (
        hall["other"].account.id, "confirmed", 1,
    )  # fmt: skip


async def test_replaced_leader_frees_one_time_and_takes_the_other(services, hall, replaced):
    async with services.uow.begin(SYSTEM) as tx:
        rows = (await tx.session.scalars(sa.select(Claim).where(Claim.reason != "hold"))).all()
    found = {(claim.resource, claim.reason) for claim in rows}
    assert found == {
        (hall["other"].account.id, "booking"),
        (replaced["resident"].person.id, "booking"),
        (hall["absent"].account.id, "leave"),
    }


async def test_entry_follows_by_uid_and_sequence(outbox, services, replaced):
    moved = await appointment_of(services, replaced["id"])
    entries = [
        part.get_payload(decode=True).decode()
        for _, mail in outbox.mails if "me@home.example" in mail["To"]
        for part in mail.walk() if part.get_content_type() == "text/calendar"
    ]  # fmt: skip
    sequences = [line for entry in entries for line in entry.splitlines() if "SEQUENCE" in line]
    assert sequences == ["SEQUENCE:0", "SEQUENCE:1"]
    assert all(moved.uid in entry for entry in entries)


async def test_one_tap_keeps_the_new_leader(client, outbox, services, replaced):
    token = token_of(outbox, PHONE)
    asked = await read(client, token)
    assert (asked["kind"], asked["actions"]) == ("replaced", ["keep", "take", "decline"])
    assert asked["from_leader"]["name"] == "Leader 5"
    assert asked["now"]["leader"]["name"] == "Leader 2"
    kept = await (await tap(client, token, "keep")).json()
    assert (kept["open"], kept["answer"], kept["offers"]) == (False, "keep", [])
    assert (await appointment_of(services, replaced["id"])).state == "confirmed"
    assert await held_places(services) == 0
    again = await tap(client, token, "decline")
    assert (again.status, (await again.json())["code"]) == (409, "answered_already")


async def test_one_tap_follows_the_old_leader(client, outbox, services, hall, replaced, runner):
    token = token_of(outbox, PHONE)
    asked = await read(client, token)
    assert {one["leader"]["name"] for one in asked["offers"]} == {"Leader 5"}
    taken = await (await tap(client, token, "take", asked["offers"][0]["id"])).json()
    assert (taken["answer"], taken["now"]["leader"]["name"]) == ("take", "Leader 5")
    await runner.run_all_due()
    moved = await appointment_of(services, replaced["id"])
    assert (moved.host_id, moved.day_id) == (hall["absent"].account.id, hall["later"].id)
    assert (moved.sequence, moved.state) == (2, "confirmed")
    assert await held_places(services) == 0


async def test_one_tap_cancels_without_blame(client, outbox, services, replaced):
    await tap(client, token_of(outbox, PHONE), "decline")
    gone = await appointment_of(services, replaced["id"])
    assert (gone.state, gone.given_up_at) == ("cancelled", None)


async def test_silence_stays_and_is_told(outbox, services, client, replaced, runner, clock):
    token = token_of(outbox, PHONE)
    due_at = (await read(client, token))["due_at"]
    assert datetime.fromisoformat(due_at) == at("2026-11-25T17:30:00")
    clock.move(timedelta(days=3))
    await runner.run_all_due()
    kept = await appointment_of(services, replaced["id"])
    assert (kept.state, kept.sequence) == ("confirmed", 1)
    assert (await read(client, token))["answer"] == "silence"
    assert await held_places(services) == 0
    async with services.uow.begin(SYSTEM) as tx:
        told = (await tx.session.scalars(sa.select(Delivery.template))).all()
    assert told.count("choice_kept") == 1
    late = await tap(client, token, "decline")
    assert late.status == 409


async def held_places(services) -> int:
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(sa.func.count()).select_from(Claim).where(Claim.reason == "hold")
        return await tx.session.scalar(query)


async def test_everybody_gets_a_place_with_the_old_leader_before_anybody_a_second(
    services, desk, hall, centre, runner, outbox, client
):
    slots = await slots_of(services, hall["day"])
    for n, slot in enumerate(slots[:3], start=1):
        resident = await add_resident(services, n)
        await confirmed(services, centre, slot, resident, phone=f"1390000000{n}")
    await replace(desk, hall)
    await runner.run_all_due()
    offered = [
        len((await read(client, token_of(outbox, f"1390000000{n}")))["offers"]) for n in (1, 2, 3)
    ]
    assert offered == [2, 1, 1]  # four places on the later day


@pytest.mark.parametrize(("in_days", "calls"), [(9, 0), (4, 1)])
async def test_short_notice_means_a_call_too(services, desk, centre, runner, in_days, calls):
    absent, other = (
        await add_leader(services, centre, rank=5),
        await add_leader(services, centre, rank=2),
    )
    day = await publish_day(services, absent, in_days=in_days)
    await runner.run_all_due()
    await confirmed(
        services, centre, (await slots_of(services, day))[0], await add_resident(services)
    )
    stands = await (await desk.get(f"/api/reception-days/{day.id}/stand-ins")).json()
    assert (stands["short_notice"], stands["by_phone"]) == (bool(calls), 0)
    await replace(desk, {"day": day, "other": other})
    async with services.uow.begin(SYSTEM) as tx:
        found = (await tx.session.scalars(sa.select(CallTask))).all()
    assert [task.kind for task in found] == ["day_cancelled"] * calls


async def test_leader_who_has_somebody_on_a_second_seat_cannot_stand_in(services, desk, hall):
    day, other = hall["day"], hall["other"].account.id
    during = Range(day.begins_at, day.begins_at + timedelta(minutes=30))
    async with services.uow.begin(SYSTEM) as tx:
        tx.session.add(Claim(resource=other, seats=Range(1, 2), during=during, reason="booking"))
    refused = await replace(desk, hall)
    assert (refused.status, (await refused.json())["code"]) == (422, "stand_in_busy_then")
    async with services.uow.begin(SYSTEM) as tx:
        await tx.session.execute(sa.delete(Claim).where(Claim.resource == other))
    assert (await replace(desk, hall)).status == 200  # the control


async def test_stand_ins_say_why_not(services, desk, hall, centre, runner):
    async with services.uow.begin(SYSTEM) as tx:
        low = await add_leader(services, centre, rank=9)
        await tx.connection.execute(
            sa.update(Official).where(Official.rank == 9).values(post="Deputy")
        )
    busy = await add_leader(services, centre, rank=1)
    await publish_day(services, busy, in_days=9)
    stands = await (await desk.get(f"/api/reception-days/{hall['day'].id}/stand-ins")).json()
    assert [(one["leader"]["rank"], one["why"]) for one in stands["leaders"]] == [
        (2, None), (1, "receives_then"), (9, "lower_rank"),
    ]  # fmt: skip
    for leader, why in (
        (low, "lower_rank"),
        (busy, "receives_then"),
        (hall["absent"], "same_leader"),
    ):
        refused = await replace(desk, hall, leader_id=str(leader.account.id))
        assert (refused.status, (await refused.json())["code"]) == (422, f"stand_in_{why}")


async def test_day_to_swap_with_is_found_behind_many_that_cannot_be(services, desk, hall, centre):
    """A week of twenty leaders does not hide the one of the week after."""
    away = await add_leader(services, centre, rank=3)
    fits = await publish_day(services, hall["other"], in_days=12)
    theirs = await publish_day(services, away, in_days=7)
    async with services.uow.begin(SYSTEM) as tx:
        during = Range(hall["day"].begins_at, hall["day"].ends_at)
        tx.session.add(Claim(id=uuid4(), resource=away.account.id, during=during, reason="leave"))
        facts = {
            column.key: getattr(theirs, column.key)
            for column in ReceptionDay.__table__.columns if column.key not in {"id", "plan_id"}
        }  # fmt: skip
        tx.session.add_all(ReceptionDay(id=uuid4(), plan_id=None, **facts) for _ in range(45))
    said = await (await desk.get(f"/api/reception-days/{hall['day'].id}/stand-ins")).json()
    assert [one["id"] for one in said["days"] if one["why"] is None] == [str(fits.id)]
    assert {one["why"] for one in said["days"][1:]} == {"away_then"}
    assert len(said["days"]) == 40


async def test_swapped_days_change_leaders_and_people_may_follow(
    services, desk, hall, centre, runner, outbox, client
):
    theirs = await publish_day(services, hall["other"], in_days=12)
    await runner.run_all_due()
    first, second = await add_resident(services, 1), await add_resident(services, 2)
    one = await confirmed(services, centre, (await slots_of(services, hall["day"]))[0], first)
    two = await confirmed(
        services, centre, (await slots_of(services, theirs))[0], second, phone="13900000002"
    )
    body = {"other_id": str(theirs.id), **REASON}
    made = await (await desk.post(f"/api/reception-days/{hall['day'].id}/swap", json=body)).json()
    assert [day["leader"]["name"] for day in made] == ["Leader 2", "Leader 5"]
    await runner.run_all_due()
    found = [await appointment_of(services, each) for each in (one, two)]
    assert [each.host_id for each in found] == [
        hall["other"].account.id, hall["absent"].account.id,
    ]  # fmt: skip
    asked = await read(client, token_of(outbox, "13900000002"))
    assert asked["from_leader"]["name"] == "Leader 2"
    offered = [datetime.fromisoformat(one["begins_at"]) for one in asked["offers"]]
    half_hour = timedelta(minutes=30)
    assert offered == [hall["day"].begins_at + half_hour, hall["day"].begins_at + 2 * half_hour]


async def test_office_replaces_its_own_leader_only(services, client, hall, centre):
    office = await add_staff(services, centre, Role.LEADER_OFFICE)
    await enter(client, services, office)
    assert (await replace(client, hall)).status == 404  # the control
    async with services.uow.begin(SYSTEM) as tx:
        tx.session.add(Service(account_id=office.id, leader_id=hall["absent"].account.id))
    assert (await replace(client, hall)).status == 200


async def test_cancelled_day_offers_the_next_places_by_one_tap(
    services, desk, hall, centre, runner, outbox, client
):
    resident = await add_resident(services)
    old = await confirmed(services, centre, (await slots_of(services, hall["day"]))[0], resident)
    url = f"/api/reception-days/{hall['day'].id}/cancellation"
    assert (await desk.post(url, json=REASON)).status == 200
    await runner.run_all_due()
    asked = await read(client, token_of(outbox, PHONE))
    assert (asked["kind"], asked["actions"]) == ("day_cancelled", ["take", "decline"])
    taken = await (
        await tap(client, token_of(outbox, PHONE), "take", asked["offers"][0]["id"])
    ).json()
    made = await appointment_of(services, taken["appointment_id"])
    assert (made.state, made.moved_from_id, made.day_id) == ("confirmed", old, hall["later"].id)
    assert made.case_id == (await appointment_of(services, old)).case_id


@pytest.mark.parametrize("answer", ["take", "decline"])
async def test_who_wants_none_of_the_places_is_phoned_as_they_were_promised(
    services, desk, hall, centre, runner, outbox, client, clock, answer
):
    await confirmed(
        services, centre, (await slots_of(services, hall["day"]))[0], await add_resident(services)
    )
    clock.instant = hall["day"].begins_at - timedelta(days=1)
    await enter(desk, services, await add_staff(services, centre, Role.CLERK, login="again"))
    await called_off(desk, hall, runner)
    token = token_of(outbox, PHONE)
    offer = (await read(client, token))["offers"][0]["id"] if answer == "take" else None
    assert (await tap(client, token, answer, offer)).status == 200
    async with services.uow.begin(SYSTEM) as tx:
        open_ones = sa.select(CallTask.kind).where(CallTask.done_at.is_(None))
        found = list(await tx.session.scalars(open_ones))
    assert found == (["day_cancelled"] if answer == "decline" else [])


async def called_off(desk, hall, runner) -> None:
    url = f"/api/reception-days/{hall['day'].id}/cancellation"
    assert (await desk.post(url, json=REASON)).status == 200
    await runner.run_all_due()


async def test_cancelled_day_offers_others_in_charge_after_the_leaders_own_places(
    services, desk, hall, centre, runner, outbox, client
):
    await publish_day(services, hall["other"], in_days=6)
    elsewhere = await add_leader(services, centre, rank=3, topics=("land",))
    await publish_day(services, elsewhere, in_days=5)
    slots = await slots_of(services, hall["day"])
    resident = await add_resident(services)
    await confirmed(services, centre, slots[0], resident, category="labour")
    await called_off(desk, hall, runner)
    token = token_of(outbox, PHONE)
    asked = await read(client, token)
    names = [offer["leader"]["name"] for offer in asked["offers"]]
    assert names == ["Leader 5", "Leader 5", "Leader 2"]
    taken = await (await tap(client, token, "take", asked["offers"][2]["id"])).json()
    made = await appointment_of(services, taken["appointment_id"])
    assert (made.state, made.host_id) == ("confirmed", hall["other"].account.id)


@pytest.mark.parametrize("own", [True, False])
async def test_places_of_others_never_shorten_the_time_to_answer_about_a_cancelled_day(
    services, desk, hall, centre, runner, outbox, client, own
):
    for in_days in (1, 2, 6):
        await publish_day(services, hall["other"], in_days=in_days, begins=time(14), ends=time(16))
    slots = await slots_of(services, hall["day"])
    resident = await add_resident(services)
    await confirmed(services, centre, slots[0], resident, category="labour")
    if not own:
        url = f"/api/reception-days/{hall['later'].id}/cancellation"
        assert (await desk.post(url, json=REASON)).status == 200
    await called_off(desk, hall, runner)
    asked = await read(client, token_of(outbox, PHONE))
    names = [offer["leader"]["name"] for offer in asked["offers"]]
    assert names == (["Leader 5", "Leader 5", "Leader 2"] if own else ["Leader 2"] * 3)
    assert datetime.fromisoformat(asked["due_at"]) == at("2026-11-25T17:30:00")
    soonest = min(datetime.fromisoformat(offer["begins_at"]) for offer in asked["offers"])
    assert soonest == at("2026-11-29T14:00:00")


async def test_of_a_cancelled_day_nobody_is_offered_who_is_complained_of(
    services, desk, hall, centre, runner, outbox, client
):
    async with services.uow.begin(SYSTEM) as tx:
        office = await add_unit(tx, "office", parent=centre)
    theirs = changed(await add_leader(services, office, rank=3), unit=centre)
    await publish_day(services, theirs, in_days=5)
    slots = await slots_of(services, hall["day"])
    for n, subject in ((1, None), (2, office.id)):
        await confirmed(
            services, centre, slots[n], await add_resident(services, n), category="labour",
            phone=f"1390000000{n}", subject_unit_id=subject,
        )  # fmt: skip
    await called_off(desk, hall, runner)
    offered = [await read(client, token_of(outbox, f"1390000000{n}")) for n in (1, 2)]
    names = [{offer["leader"]["name"] for offer in asked["offers"]} for asked in offered]
    assert names == [{"Leader 5", "Leader 3"}, {"Leader 5"}]


async def test_leave_is_written_around_what_the_leader_has_besides(services, desk, hall):
    day, leader = hall["day"], hall["absent"].account.id
    begins_at, half_hour = day.begins_at, timedelta(minutes=30)
    outside = Range(begins_at + half_hour, begins_at + 2 * half_hour)
    async with services.uow.begin(SYSTEM) as tx:
        tx.session.add(Claim(resource=leader, during=outside, reason="outside"))
    assert (await replace(desk, hall)).status == 200
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(Claim).where(Claim.resource == leader).order_by(Claim.during)
        found = [(one.reason, one.during) for one in await tx.session.scalars(query)]
    assert found == [
        ("leave", Range(begins_at, outside.lower)), ("outside", outside),
        ("leave", Range(outside.upper, day.ends_at)),
    ]  # fmt: skip


async def test_foreign_token_opens_nothing(client, replaced):
    assert (await client.get("/api/choices/given", headers={"X-Ask": "x" * 22})).status == 404
    assert (await client.get("/api/choices/given")).status == 404


async def test_change_stands_in_the_trail_with_its_reason(services, hall, replaced):
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(AuditLine).where(AuditLine.action == "replace")
        [line] = (await tx.session.scalars(query)).all()
        days = (await tx.session.scalars(sa.select(ReceptionDay))).all()
        choices = (await tx.session.scalars(sa.select(Choice))).all()
    assert (line.reason, line.subject_id) == (REASON["reason"], str(hall["day"].id))
    assert (len(days), len(choices)) == (3, 1)
