"""Requests that nobody looks at: on the list of calls in time, and other times when it is too late."""

from datetime import timedelta

import pytest_asyncio
import sqlalchemy as sa

from scheduling.tables import Appointment, CallTask
from server.kernel.actor import SYSTEM, Role
from server.kernel.tasks import Task
from tests.choosing import read, tap, token_of
from tests.identity import add_staff, enter
from tests.reception import add_centre, add_leader, add_resident, book, publish_day, slots_of

PHONE = "13900000001"


@pytest_asyncio.fixture
async def centre(services):
    return await add_centre(services)


@pytest_asyncio.fixture
async def day(services, centre, runner):
    """A day of a leader who has another a week later."""
    leader = await add_leader(services, centre)
    made = await publish_day(services, leader)
    await publish_day(services, leader, in_days=14)
    await runner.run_all_due()
    return made


@pytest_asyncio.fixture
async def asked(services, day, runner):
    """Requests for the first and for the last time of the day."""
    slots = await slots_of(services, day)
    first = await book(services, slots[0], await add_resident(services, 2), phone="13900000002")
    last = await book(services, slots[3], await add_resident(services))
    await runner.run_all_due()
    return first, last


async def states(services, *ids) -> list[str]:
    async with services.uow.begin(SYSTEM) as tx:
        return [(await tx.session.get_one(Appointment, one)).state for one in ids]


async def calls_of(services, appointment_id) -> list[tuple[str, bool]]:
    """The kind of each, and whether it is to be made still."""
    query = sa.select(CallTask).where(CallTask.appointment_id == appointment_id)
    async with services.uow.begin(SYSTEM) as tx:
        found = await tx.session.scalars(query.order_by(CallTask.created_at))
        return [(one.kind, one.done_at is None) for one in found]


async def until(clock, runner, instant) -> None:
    clock.move(instant - clock.now())
    await runner.run_all_due()


async def test_request_expires_at_its_own_time_and_other_times_are_offered(
    services, client, day, asked, runner, clock, outbox
):
    first, last = asked
    await until(clock, runner, day.begins_at + timedelta(minutes=1))
    assert await states(services, first, last) == ["expired", "submitted"]
    await until(clock, runner, day.begins_at + timedelta(minutes=91))
    assert await states(services, last) == ["expired"]
    assert ("unreviewed", True) in await calls_of(services, last)
    token = token_of(outbox, PHONE)
    choice = await read(client, token)
    assert (choice["kind"], len(choice["offers"])) == ("unreviewed", 2)
    taken = await (await tap(client, token, "take", choice["offers"][0]["id"])).json()
    async with services.uow.begin(SYSTEM) as tx:
        made = await tx.session.get_one(Appointment, taken["appointment_id"])
    assert (made.state, made.moved_from_id, made.review_due_at is None) == (
        "submitted", last, False,
    )  # fmt: skip


async def test_request_is_expired_when_its_day_ends_whatever_became_of_its_task(
    services, day, asked, runner, clock
):
    async with services.uow.begin(SYSTEM) as tx:
        await tx.session.execute(sa.delete(Task).where(Task.kind == "review.expire"))
    await until(clock, runner, day.ends_at - timedelta(minutes=1))
    assert await states(services, *asked) == ["submitted", "submitted"]
    await until(clock, runner, day.ends_at)
    assert await states(services, *asked) == ["expired", "expired"]


async def test_request_whose_review_is_overdue_is_on_the_list_of_calls_until_it_is_looked_at(
    services, client, centre, day, asked, runner, clock
):
    _, last = asked
    async with services.uow.begin(SYSTEM) as tx:
        due_at = (await tx.session.get_one(Appointment, last)).review_due_at
    assert await calls_of(services, last) == []
    await until(clock, runner, due_at)
    assert await calls_of(services, last) == [("review_overdue", True)]
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    assert (await client.post(f"/api/appointments/{last}/confirmation")).status == 200
    assert await calls_of(services, last) == [("review_overdue", False)]
    await until(clock, runner, day.begins_at + timedelta(minutes=91))
    assert await states(services, last) == ["confirmed"]
