"""Moving in the calendar: first what it leads to, then done as shown, then undone by the same rules."""

from datetime import datetime, timedelta

import pytest_asyncio
from sqlalchemy.dialects.postgresql import Range

from scheduling import claims, confirmation, holds
from scheduling.claims import Wanted
from scheduling.plans import days
from scheduling.tables import (
    Appointment,
    AppointmentState,
    Claim,
    ClaimReason,
    ReceptionDay,
    SessionKind,
    SessionRole,
    Slot,
)
from server.kernel.actor import SYSTEM, Role
from server.units.calendar import day_of, load_calendar
from server.units.tables import CalendarDay, DayKind, YearStatus
from tests.cases import add_appointment, invite
from tests.identity import add_staff, enter
from tests.reception import add_centre, add_leader, add_resident, book, publish_day, slots_of

A_DAY = timedelta(days=1)


@pytest_asyncio.fixture
async def centre(services):
    return await add_centre(services)


@pytest_asyncio.fixture
async def leader(services, centre):
    return await add_leader(services, centre)


@pytest_asyncio.fixture
async def day(services, leader, runner):
    made = await publish_day(services, leader)
    await runner.run_all_due()
    return made


@pytest_asyncio.fixture
async def clerk(services, client, centre):
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    return client


async def booked(services, day, place: int, n: int = 1):
    """A confirmed appointment of resident n at one of the day's times."""
    slot = (await slots_of(services, day))[place]
    made = await book(services, slot, await add_resident(services, n))
    async with services.uow.begin(SYSTEM) as tx:
        row = await tx.session.get_one(Appointment, made)
        row.state = AppointmentState.CONFIRMED
        calendar = await load_calendar(tx, around=day_of(tx.now))
        await confirmation.stand(tx, services.sealer, row, calendar=calendar)
    return made


async def row_of(services, table, row_id):
    async with services.uow.begin(SYSTEM) as tx:
        return await tx.session.get_one(table, row_id)


async def preview(client, what: str, begins_at: datetime) -> dict:
    answer = await client.post(
        f"/api/calendar/{what}/move-previews", json={"begins_at": begins_at.isoformat()}
    )
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def move(client, what: str, begins_at: datetime, version: int):
    body = {"begins_at": begins_at.isoformat(), "version": version}
    return await client.post(f"/api/calendar/{what}/moves", json=body)


async def test_who_has_checked_in_goes_with_the_day_but_nobody_who_is_being_received(
    services, clerk, day, clock, centre, runner, outbox
):
    made = await booked(services, day, 0)
    await runner.run_all_due()
    clock.move(day.begins_at - timedelta(minutes=15) - clock.now())
    await runner.run_all_due()
    await enter(clerk, services, await add_staff(services, centre, Role.CLERK, login="early"))
    await set_state(services, made, AppointmentState.IN_SESSION)
    seen = await preview(clerk, f"days/{day.id}", day.begins_at + A_DAY)
    refused = await move(clerk, f"days/{day.id}", day.begins_at + A_DAY, seen["version"])
    assert (refused.status, (await refused.json())["code"]) == (422, "day_under_way")
    await set_state(services, made, AppointmentState.CHECKED_IN)
    outbox.sms.clear()
    moved = await move(clerk, f"days/{day.id}", day.begins_at + A_DAY, seen["version"])
    assert moved.status == 200
    await runner.run_all_due()
    row = await row_of(services, Appointment, made)
    assert (row.state, row.begins_at) == ("confirmed", day.begins_at + A_DAY)
    assert len(outbox.sms) == 1


async def set_state(services, appointment_id, state) -> None:
    async with services.uow.begin(SYSTEM) as tx:
        (await tx.session.get_one(Appointment, appointment_id)).state = state


async def test_preview_says_who_is_told_and_keeps_nothing(services, clerk, day):
    made = await booked(services, day, 0)
    before = await row_of(services, Appointment, made)
    seen = await preview(clerk, f"sessions/{made}", day.begins_at + timedelta(hours=1))
    assert (seen["refusal"], seen["in_the_way"]) == (None, [])
    told = {(one["name"], one["role"], one["sms"], one["page"]) for one in seen["told"]}
    assert told == {
        ("Resident 1", "petitioner", True, False), ("Leader 1", "host", False, True),
    }  # fmt: skip
    assert [one["is_free"] for one in seen["choices"]] == [True] * 4
    after = await row_of(services, Appointment, made)
    assert (after.begins_at, after.version) == (before.begins_at, before.version)


async def test_appointment_is_moved_as_shown_and_told_and_moved_back(
    services, clerk, day, runner, outbox
):
    made = await booked(services, day, 0)
    await runner.run_all_due()
    later = day.begins_at + timedelta(hours=1)
    version = (await preview(clerk, f"sessions/{made}", later))["version"]
    moved = await (await move(clerk, f"sessions/{made}", later, version)).json()
    assert datetime.fromisoformat(moved["begins_at"]) == later
    outbox.sms.clear()
    await runner.run_all_due()
    assert ["10:00" in sms.text for sms in outbox.sms] == [True]
    back = await move(clerk, f"sessions/{made}", day.begins_at, moved["version"])
    assert back.status == 200
    again = await row_of(services, Appointment, made)
    assert (again.begins_at, again.sequence) == (day.begins_at, 2)


async def test_taken_time_is_refused_with_whose_it_is(services, clerk, day):
    made = await booked(services, day, 0)
    other = await row_of(services, Appointment, await booked(services, day, 1, n=2))
    seen = await preview(clerk, f"sessions/{made}", other.begins_at)
    assert seen["refusal"]
    [way] = seen["in_the_way"]
    assert (way["part"], way["reason"], way["reference"]) == ("host", "booking", other.reference)
    assert [one["is_free"] for one in seen["choices"]] == [True, False, True, True]
    refused = await move(clerk, f"sessions/{made}", other.begins_at, seen["version"])
    assert (refused.status, (await refused.json())["code"]) == (409, "slot_taken")


async def test_somebody_on_another_seat_is_not_in_the_way(services, clerk, centre, runner):
    leader = await add_leader(services, centre, rank=2)
    day = await publish_day(services, leader, capacity=2)
    await runner.run_all_due()
    made = await booked(services, day, 0)
    others = [await row_of(services, Appointment, await booked(services, day, 2, n=2))]
    half_past = others[0].begins_at
    seen = await preview(clerk, f"sessions/{made}", half_past)
    assert (seen["in_the_way"], seen["choices"][1]["is_free"]) == ([], True)
    others.append(await row_of(services, Appointment, await booked(services, day, 2, n=3)))
    full = await preview(clerk, f"sessions/{made}", half_past)
    assert {one["reference"] for one in full["in_the_way"]} == {one.reference for one in others}
    assert not full["choices"][1]["is_free"]


async def test_person_who_is_elsewhere_then_is_in_the_way(services, clerk, day, centre, runner):
    made = await booked(services, day, 0)
    row = await row_of(services, Appointment, made)
    async with services.uow.begin(SYSTEM) as tx:
        then = day.begins_at + timedelta(minutes=30)
        wanted = [Wanted(row.person_id, then, then + timedelta(minutes=30))]
        assert await claims.take(
            await tx.driver(), wanted, appointment_id=None, reason=ClaimReason.OUTSIDE,
            expires_at=None, now=tx.now,
        )  # fmt: skip
    seen = await preview(clerk, f"sessions/{made}", then)
    assert [(one["part"], one["reason"]) for one in seen["in_the_way"]] == [("person", "outside")]
    assert seen["refusal"]


async def test_time_without_a_slot_is_refused(services, clerk, day):
    made = await booked(services, day, 0)
    seen = await preview(clerk, f"sessions/{made}", day.begins_at + A_DAY)
    assert (bool(seen["refusal"]), seen["choices"]) == (True, [])


async def test_what_changed_since_it_was_shown_is_not_moved(services, clerk, day):
    made = await booked(services, day, 0)
    later = day.begins_at + timedelta(hours=1)
    version = (await preview(clerk, f"sessions/{made}", later))["version"]
    assert (await move(clerk, f"sessions/{made}", later, version - 1)).status == 409
    assert (await move(clerk, f"sessions/{made}", later, version)).status == 200


async def test_day_takes_its_slots_and_everybody_booked_along(services, clerk, day, runner, outbox):
    first, second = [await booked(services, day, place, n=place + 1) for place in (0, 2)]
    await runner.run_all_due()
    # by half an hour: each slot takes the place that another leaves
    later = day.begins_at + A_DAY + timedelta(minutes=30)
    seen = await preview(clerk, f"days/{day.id}", later)
    assert (seen["refusal"], len(seen["told"])) == (None, 4)
    moved = await move(clerk, f"days/{day.id}", later, seen["version"])
    assert moved.status == 200, await moved.text()
    shift = later - day.begins_at
    for one, before in ((first, 0), (second, 60)):
        row = await row_of(services, Appointment, one)
        assert row.begins_at == later + timedelta(minutes=before)
        slot = await row_of(services, Slot, row.slot_id)
        assert slot.begins_at == row.begins_at
    held = await row_of(services, ReceptionDay, day.id)
    assert (held.begins_at, held.booking_closes_at) == (later, day.booking_closes_at + shift)
    outbox.sms.clear()
    await runner.run_all_due()
    assert {sms.to for sms in outbox.sms} == {"13900000001"}
    assert len(outbox.sms) == 2


async def test_who_fills_in_a_form_is_counted_and_is_not_in_the_way(services, clerk, day):
    resident = await add_resident(services)
    async with services.uow.begin(resident.actor) as tx:
        slot = (await slots_of(services, day))[3]
        await holds.hold(tx, slot, config=services.config.scheduling)
    later = day.begins_at + timedelta(minutes=30)
    seen = await preview(clerk, f"days/{day.id}", later)
    assert seen["not_booked"] == {"filling_in": 1, "offered": 0, "waiting": 0}
    assert (seen["in_the_way"], seen["refusal"]) == ([], None)
    assert (await move(clerk, f"days/{day.id}", later, seen["version"])).status == 200


async def test_moved_day_begins_at_its_new_time_and_not_at_the_old(
    services, clerk, day, runner, clock
):
    seen = await preview(clerk, f"days/{day.id}", day.begins_at + A_DAY)
    await move(clerk, f"days/{day.id}", day.begins_at + A_DAY, seen["version"])
    clock.move(day.begins_at - clock.now())
    await runner.run_all_due()
    assert (await row_of(services, ReceptionDay, day.id)).state == "booking_closed"
    clock.move(A_DAY)
    await runner.run_all_due()
    assert (await row_of(services, ReceptionDay, day.id)).state == "in_progress"


async def test_day_moved_back_is_as_it_was(services, clerk, day):
    made = await booked(services, day, 0)
    seen = await preview(clerk, f"days/{day.id}", day.begins_at + A_DAY)
    there = await move(clerk, f"days/{day.id}", day.begins_at + A_DAY, seen["version"])
    back = await move(clerk, f"days/{day.id}", day.begins_at, (await there.json())["version"])
    assert back.status == 200
    assert (await row_of(services, Appointment, made)).begins_at == day.begins_at
    async with services.uow.begin(SYSTEM) as tx:
        slots = [slot.begins_at for slot in await days.slots_of(tx, day.id)]
    assert slots == [day.begins_at + timedelta(minutes=30 * n) for n in range(4)]


async def test_day_does_not_go_onto_another_day_leave_or_holiday(
    services, clerk, day, leader, centre
):
    other = await publish_day(services, leader, in_days=8)
    await booked(services, day, 0)
    async with services.uow.begin(SYSTEM) as tx:
        tx.session.add(
            CalendarDay(date=day_of(day.begins_at + 2 * A_DAY), kind=DayKind.HOLIDAY,
                        source="test", status=YearStatus.CONFIRMED)
        )  # fmt: skip
        away = day.begins_at + 3 * A_DAY
        tx.session.add(
            Claim(resource=leader.account.id, reason=ClaimReason.LEAVE,
                  during=Range(away - timedelta(hours=3), away + timedelta(hours=9)))
        )  # fmt: skip
    codes = []
    for days_later in (1, 2, 3):
        to = day.begins_at + days_later * A_DAY
        seen = await preview(clerk, f"days/{day.id}", to)
        assert seen["refusal"]
        codes.append(
            (await (await move(clerk, f"days/{day.id}", to, seen["version"])).json())["code"]
        )
    assert codes == ["leader_has_day_then", "move_onto_holiday", "leader_busy_then"]
    assert other.begins_at == day.begins_at + A_DAY


async def test_mediation_is_moved_by_its_mediator_and_by_nobody_else(services, client, centre):
    mediator = await add_staff(services, centre, Role.MEDIATOR)
    async with services.uow.begin(SYSTEM) as tx:
        made = await add_appointment(
            services, tx, None, host_id=mediator.id, unit=centre,
            session_kind=SessionKind.MEDIATION,
        )  # fmt: skip
        await invite(services, tx, made, SessionRole.APPLICANT, "Applicant")
    to = made.begins_at + A_DAY
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    answer = await client.post(
        f"/api/calendar/sessions/{made.id}/move-previews", json={"begins_at": to.isoformat()}
    )
    assert answer.status == 404
    await enter(client, services, mediator)
    seen = await preview(client, f"sessions/{made.id}", to)
    assert (seen["refusal"], [one["name"] for one in seen["told"]]) == (None, ["Applicant"])
    assert (await move(client, f"sessions/{made.id}", to, seen["version"])).status == 200
    async with services.uow.begin(SYSTEM) as tx:
        other = await add_appointment(
            services, tx, None, host_id=mediator.id, unit=centre,
            session_kind=SessionKind.MEDIATION,
        )  # fmt: skip
    taken = await preview(client, f"sessions/{other.id}", to)
    assert {one["part"] for one in taken["in_the_way"]} == {"host", "room"}
    assert taken["refusal"]
