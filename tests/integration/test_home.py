"""The home page's one answer, and the address that may be given after a booking."""

from datetime import timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa

from scheduling import access, reviews
from scheduling.tables import Invitee, SessionRole
from server.kernel.actor import SYSTEM
from server.notices.tables import Channel, Delivery
from tests.identity import enter
from tests.reception import (
    add_centre,
    add_leader,
    add_resident,
    book,
    clerk,
    form,
    publish_day,
    slots_of,
)


@pytest_asyncio.fixture
async def centre(services):
    return await add_centre(services)


@pytest_asyncio.fixture
async def leader(services, centre):
    return await add_leader(services, centre)


@pytest_asyncio.fixture
async def slots(services, leader, runner):
    day = await publish_day(services, leader)
    await runner.run_all_due()
    return await slots_of(services, day)


@pytest_asyncio.fixture
async def resident(services, client):
    resident = await add_resident(services)
    await enter(client, services, resident.account)
    return resident


async def home(client) -> dict:
    return await (await client.get("/api/home")).json()


async def confirm(services, centre, appointment_id) -> None:
    async with services.uow.begin(clerk(centre)) as tx:
        appointment = await access.desk_appointment(tx, appointment_id)
        await reviews.confirm(tx, services.sealer, appointment)


async def mails(services) -> list[str]:
    async with services.uow.begin(SYSTEM) as tx:
        found = await tx.session.scalars(sa.select(Delivery).filter_by(channel=Channel.MAIL))
        opened = [services.sealer.open(mail.to, purpose="email") for mail in found]
    return sorted(opened)


async def test_home_tells_anyone_the_days_that_can_be_booked(services, client, leader, slots):
    await publish_day(services, leader, in_days=6, invited_only=True)
    told = await home(client)
    assert [day["free"] for day in told["days"]] == [len(slots)]
    assert (told["me"]["kind"], told["next"], told["hold"]) == ("anyone", None, None)
    assert told["centre"]["phone"] == services.config.centre.phone


async def test_home_leaves_out_days_whose_booking_is_closed(client, slots, clock):
    clock.move(timedelta(days=6, hours=1))
    assert (await home(client))["days"] == []


async def test_home_tells_a_resident_of_the_hold_and_then_of_the_meeting(
    services, client, slots, resident
):
    held = await (await client.post("/api/holds", json={"slot_id": str(slots[0])})).json()
    told = await home(client)
    assert (told["hold"]["appointment_id"], told["next"]) == (held["appointment_id"], None)
    await client.post("/api/appointments", json=form(held["appointment_id"], resident))
    told = await home(client)
    assert (told["hold"], told["next"]["id"]) == (None, held["appointment_id"])


async def test_home_tells_nobody_of_another_ones_meeting(services, client, slots, resident):
    await book(services, slots[0], await add_resident(services, 2))
    assert (await home(client))["next"] is None


async def test_home_page_asks_for_its_answer_with_its_first_header(client):
    for path, is_asked in (("/", True), ("/my", False)):
        headers = (await client.get(path)).headers
        assert ("/api/home" in headers.get("Link", "")) == is_asked


@pytest.mark.parametrize("phone", [None, "13900000077"])
async def test_without_a_phone_the_one_that_signed_in_is_told(
    services, client, slots, resident, phone
):
    held = await (await client.post("/api/holds", json={"slot_id": str(slots[0])})).json()
    body = form(held["appointment_id"], resident, phone=phone)
    assert (await client.post("/api/appointments", json=body)).status == 200
    async with services.uow.begin(SYSTEM) as tx:
        seat = await tx.session.scalar(
            sa.select(Invitee).where(Invitee.role == SessionRole.PETITIONER)
        )
        own = services.sealer.open(resident.account.phone, purpose="phone")
        assert services.sealer.open(seat.phone, purpose="phone") == (phone or own)


async def test_an_address_given_later_gets_the_entry_once_the_time_stands(
    services, client, runner, centre, slots, resident
):
    appointment_id = await book(services, slots[0], resident)
    path = f"/api/appointments/{appointment_id}"
    answer = await client.put(f"{path}/email", json={"email": "later@mail.example"})
    assert "add_email" not in (await answer.json())["actions"]
    await runner.run_all_due()
    assert await mails(services) == []
    await confirm(services, centre, appointment_id)
    await runner.run_all_due()
    assert await mails(services) == ["later@mail.example"]


async def test_an_address_given_after_confirmation_gets_the_entry_at_once_and_once(
    services, client, runner, centre, slots, resident
):
    appointment_id = await book(services, slots[0], resident)
    await confirm(services, centre, appointment_id)
    await runner.run_all_due()
    path = f"/api/appointments/{appointment_id}/email"
    answers = [await client.put(path, json={"email": f"{n}@mail.example"}) for n in (1, 2)]
    await runner.run_all_due()
    assert [answer.status for answer in answers] == [200, 409]
    assert await mails(services) == ["1@mail.example"]


async def test_nobody_adds_an_address_to_another_ones_appointment(
    services, client, slots, resident
):
    appointment_id = await book(services, slots[0], await add_resident(services, 2))
    path = f"/api/appointments/{appointment_id}/email"
    answer = await client.put(path, json={"email": "mine@mail.example"})
    assert answer.status == 404
