"""Who asks without a time of their own names who comes along; they come to what is booked for it."""

from datetime import timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa

from scheduling import changes, invitees
from scheduling.choices.tables import Wish
from scheduling.comers import ALONG
from scheduling.tables import Appointment, Invitee
from server.kernel.actor import SYSTEM, Role
from tests.choosing import read, tap, token_of
from tests.identity import add_staff, enter
from tests.integration.test_comers import add_paper
from tests.reception import (
    add_centre,
    add_leader,
    add_resident,
    at,
    book,
    drawing,
    publish_day,
    slots_of,
)

PHONE, AUNT = "13900001001", "13900002002"


@pytest.fixture
def config(config):
    return drawing(config)


@pytest_asyncio.fixture
async def centre(services):
    return await add_centre(services)


@pytest_asyncio.fixture
async def day(services, centre, runner):
    """A day of two times, another a week later."""
    leader = await add_leader(services, centre)
    days = [
        await publish_day(services, leader, in_days=n, slot_minutes=60, review=False)
        for n in (7, 14)
    ]
    await runner.run_all_due()
    return days[0]


@pytest_asyncio.fixture
async def clerk(services, centre):
    return await add_staff(services, centre, Role.CLERK)


@pytest_asyncio.fixture
async def resident(services):
    return await add_resident(services)


@pytest_asyncio.fixture
async def asked(client, services, resident) -> dict:
    """What is filled in, with an aunt and a lawyer, who has a letter."""
    letter = await add_paper(services, resident.account)
    await enter(client, services, resident.account)
    return {
        "person_id": str(resident.person.id), "phone": PHONE, "paper_ids": [letter],
        "sentence": "Water comes through the roof",
        "company": [
            {"role": "helper", "name": "Aunt Wang", "phone": AUNT},
            {"role": "agent", "name": "Lawyer Li", "letter_id": letter},
        ],
    }  # fmt: skip


async def along(services, appointment: Appointment) -> list[tuple]:
    """Who is invited beside the resident and the host."""
    async with services.uow.begin(SYSTEM) as tx:
        found: list[Invitee] = await invitees.of(tx, appointment.id)
    return sorted(
        (one.role, services.sealer.open(one.name, purpose="name"), one.letter_id is not None)
        for one in found if one.role in ALONG
    )  # fmt: skip


async def booked_for(services, person_id: str) -> Appointment:
    query = sa.select(Appointment).where(
        Appointment.state == "confirmed", Appointment.person_id == person_id
    )
    async with services.uow.begin(SYSTEM) as tx:
        return (await tx.session.scalars(query)).one()


async def taken(client, outbox) -> None:
    """The first place that is offered, by one tap."""
    token = token_of(outbox, PHONE)
    offer = (await read(client, token))["offers"][0]["id"]
    assert (await tap(client, token, "take", offer)).status == 200


async def check(services, runner, outbox, asked: dict) -> None:
    await runner.run_all_due()
    found = await booked_for(services, asked["person_id"])
    assert await along(services, found) == [
        ("agent", "Lawyer Li", True), ("helper", "Aunt Wang", False),
    ]  # fmt: skip
    assert any(one.to == AUNT and "/i/" in one.text for one in outbox.sms)


async def test_company_of_a_wish_comes_to_the_time_that_is_picked(
    client, services, day, clerk, asked, runner, outbox
):
    wish = await (await client.post("/api/wishes", json=asked)).json()
    await enter(client, services, clerk)
    [shown] = await (await client.get("/api/desk/wishes")).json()
    assert shown["company"] == [
        {"role": "helper", "name": "Aunt Wang"}, {"role": "agent", "name": "Lawyer Li"},
    ]  # fmt: skip
    body = {"slot_ids": [str(one) for one in await slots_of(services, day)]}
    proposed = await client.post(f"/api/desk/wishes/{wish['id']}/proposal", json=body)
    assert proposed.status == 200, await proposed.text()
    await runner.run_all_due()
    await taken(client, outbox)
    await check(services, runner, outbox, asked)


async def test_company_of_who_stands_in_line_comes_to_the_freed_place(
    client, services, day, asked, runner, outbox
):
    other = await add_resident(services, 2)
    booked = [await book(services, slot, other) for slot in await slots_of(services, day)]
    joined = await client.post("/api/waitlist", json={**asked, "day_id": str(day.id)})
    assert joined.status == 200, await joined.text()
    async with services.uow.begin(other.actor) as tx:
        appointment = await tx.session.get_one(Appointment, booked[0])
        await changes.cancel(tx, appointment, reason=None)
    await runner.run_all_due()
    await taken(client, outbox)
    await check(services, runner, outbox, asked)


async def test_company_of_an_application_comes_to_the_place_that_is_drawn(
    client, services, centre, clerk, asked, resident, runner, outbox, clock
):
    host = await add_staff(services, centre, Role.MEDIATOR, login="host")
    await enter(client, services, clerk)
    body = {
        "host_id": str(host.id), "kind": "mediator", "title": "Day of the mediator", "minutes": 30,
        "begins_at": at("2026-11-30T09:00").isoformat(), "places": 2,
        "opens_at": at("2026-11-23T09:00").isoformat(),
        "closes_at": at("2026-11-26T17:00").isoformat(),
    }  # fmt: skip
    draw = await (await client.post("/api/draws", json=body)).json()
    await enter(client, services, resident.account)
    applied = await client.post(f"/api/draws/{draw['id']}/entries", json=asked)
    assert applied.status == 200, await applied.text()
    clock.move(timedelta(days=4))
    await check(services, runner, outbox, asked)


async def test_company_comes_to_the_time_in_place_of_one_that_was_not_held(
    client, services, day, clerk, asked, runner, outbox
):
    held = await client.post(
        "/api/holds", json={"slot_id": str((await slots_of(services, day))[0])}
    )
    body = {**asked, "appointment_id": (await held.json())["appointment_id"]}
    assert (await client.post("/api/appointments", json=body)).status == 200
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(Invitee).where(Invitee.role == "agent")
        agent = (await tx.session.scalars(query)).one()
        agent.seen_by, agent.seen_at = clerk.id, tx.now
    await enter(client, services, clerk)
    url = f"/api/reception-days/{day.id}/cancellation"
    assert (await client.post(url, json={"reason": "A flood"})).status == 200
    await runner.run_all_due()
    outbox.sms[:] = [one for one in outbox.sms if one.to == PHONE]
    await taken(client, outbox)
    await check(services, runner, outbox, asked)
    shown = await booked_for(services, asked["person_id"])
    found = await (await client.get(f"/api/desk/appointments/{shown.id}")).json()
    assert {one["name"]: one["seen"] for one in found["company"]} == {
        "Lawyer Li": True, "Aunt Wang": False,
    }  # fmt: skip


@pytest.mark.parametrize("company", [
    [{"role": "agent", "name": "Lawyer Li"}],
    [{"role": "helper", "name": f"Cousin {n}"} for n in range(7)],
])  # fmt: skip
async def test_company_that_cannot_come_is_refused_when_asking(
    client, services, day, asked, company
):
    answer = await client.post("/api/wishes", json={**asked, "company": company})
    assert answer.status == 422
    async with services.uow.begin(SYSTEM) as tx:
        assert (await tx.session.scalars(sa.select(Wish))).all() == []
