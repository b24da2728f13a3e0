"""The day itself of a leader who cannot come or misses it: who waits, has checked in, is called."""

from datetime import timedelta

import pytest_asyncio
import sqlalchemy as sa

from scheduling.choices.tables import Choice
from scheduling.tables import Appointment, CallTask
from server.kernel.actor import SYSTEM, Role
from tests.choosing import read, tap, token_of
from tests.identity import add_staff, enter
from tests.reception import add_centre, add_resident, slots_of
from tests.stand_ins import PHONE, appointment_of, confirmed, replace, two_leaders


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


async def test_call_on_the_very_day_is_due_before_they_set_out_in_vain(
    services, desk, hall, centre, clock
):
    slot = (await slots_of(services, hall["day"]))[0]
    await confirmed(services, centre, slot, await add_resident(services))
    clock.move(timedelta(days=9, hours=-1))
    await enter(desk, services, await add_staff(services, centre, Role.CLERK, login="late"))
    begins_at = hall["day"].begins_at
    assert timedelta() < begins_at - clock.now() < timedelta(days=1)
    assert (await replace(desk, hall)).status == 200
    async with services.uow.begin(SYSTEM) as tx:
        call = (await tx.session.scalars(sa.select(CallTask))).one()
        choice = (await tx.session.scalars(sa.select(Choice))).one()
    assert call.due_at == choice.due_at <= begins_at


async def test_leader_who_never_came_is_counted_and_the_waiting_come_first_next_time(
    services, desk, hall, centre, runner, outbox, client, clock
):
    booked = await confirmed(
        services, centre, (await slots_of(services, hall["day"]))[0], await add_resident(services)
    )
    clock.move(timedelta(days=9, minutes=-10))
    await runner.run_all_due()
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.update(Appointment).values(state="checked_in")
        await tx.connection.execute(query.where(Appointment.id == booked))
    for _ in range(5):
        clock.move(timedelta(hours=1))
        await runner.run_all_due()
    missed = await appointment_of(services, booked)
    assert (missed.state, missed.host_missed_at is not None) == ("rescheduled", True)
    await enter(client, services, await add_staff(services, centre, Role.CLERK, login="late"))
    day = await (await client.get(f"/api/reception-days/{hall['day'].id}")).json()
    assert (day["state"], day["missed"]) == ("done", 1)
    asked = await read(client, token_of(outbox, PHONE))
    assert (asked["kind"], len(asked["offers"])) == ("leader_missed", 2)


@pytest_asyncio.fixture
async def came(services, client, hall, centre, runner, clock):
    """One who has checked in a quarter of an hour before the day begins; a clerk is signed in."""
    slot = (await slots_of(services, hall["day"]))[0]
    booked = await confirmed(services, centre, slot, await add_resident(services))
    await runner.run_all_due()
    clock.move(hall["day"].begins_at - timedelta(minutes=15) - clock.now())
    await runner.run_all_due()
    await set_state(services, booked, "checked_in")
    await enter(client, services, await add_staff(services, centre, Role.CLERK, login="early"))
    return booked


async def set_state(services, appointment_id, state) -> None:
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.update(Appointment).values(state=state)
        await tx.connection.execute(query.where(Appointment.id == appointment_id))


async def test_who_has_checked_in_is_asked_and_received_by_whoever_stands_in(
    services, client, hall, came, runner, outbox, clock
):
    made = await (await replace(client, hall)).json()
    await runner.run_all_due()
    moved = await appointment_of(services, came)
    assert (str(moved.day_id), moved.host_id, moved.state, moved.sequence) == (
        made["id"], hall["other"].account.id, "checked_in", 1,
    )  # fmt: skip
    asked = await read(client, token_of(outbox, PHONE))
    assert (asked["kind"], asked["now"]["leader"]["name"]) == ("replaced", "Leader 2")
    for _ in range(4):
        clock.move(timedelta(hours=1))
        await runner.run_all_due()
    assert (await appointment_of(services, came)).state == "rescheduled"


async def test_who_has_checked_in_may_follow_the_old_leader(
    services, client, hall, came, runner, outbox
):
    await replace(client, hall)
    await runner.run_all_due()
    token = token_of(outbox, PHONE)
    offer = (await read(client, token))["offers"][0]
    assert (await tap(client, token, "take", offer["id"])).status == 200
    moved = await appointment_of(services, came)
    assert (moved.host_id, moved.day_id, moved.state) == (
        hall["absent"].account.id, hall["later"].id, "confirmed",
    )  # fmt: skip


async def test_day_on_which_somebody_is_received_already_stays_its_leaders(
    services, client, hall, came
):
    await set_state(services, came, "in_session")
    refused = await replace(client, hall)
    assert (refused.status, (await refused.json())["code"]) == (422, "day_under_way")
    await set_state(services, came, "checked_in")
    assert (await replace(client, hall)).status == 200  # the control
