"""Further people of an appointment: brought in by the desk, told, counted."""

import re
from uuid import UUID

import pytest_asyncio
from icalendar import Calendar, Event

from scheduling import invitees
from scheduling.invitees import NewInvitee
from scheduling.tables import Invitee, SessionRole
from server.identity.tables import Account, Membership
from server.kernel.actor import SYSTEM, Role
from tests.identity import add_staff, enter
from tests.reception import add_centre, add_leader, add_resident, book, publish_day, slots_of

GUEST = {"role": "helper", "name": "Neighbour Sun", "phone": "13900000031"}
NEIGHBOUR = GUEST | {"name": "Neighbour Qian", "phone": "13900000032"}


@pytest_asyncio.fixture
async def centre(services):
    return await add_centre(services)


@pytest_asyncio.fixture
async def clerk(services, client, centre):
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    return client


@pytest_asyncio.fixture
async def booked(services, centre, runner) -> str:
    """An appointment that stands."""
    leader = await add_leader(services, centre)
    day = await publish_day(services, leader, in_days=3, review=False)
    await runner.run_all_due()
    at = await book(services, (await slots_of(services, day))[0], await add_resident(services))
    await runner.run_all_due()
    return str(at)


async def test_guest_gets_a_link_that_opens_their_seat(clerk, booked, runner, outbox):
    path = f"/api/desk/appointments/{booked}"
    assert "invite" in (await (await clerk.get(path)).json())["actions"]
    made = await (await clerk.post(f"{path}/guests", json=GUEST)).json()
    assert (made["role"], made["name"]) == ("helper", GUEST["name"])
    await runner.run_all_due()
    [sms] = [one for one in outbox.sms if one.to == GUEST["phone"]]
    token = re.search(r"/i/([\w-]+)", sms.text)[1]
    seat = await clerk.get("/api/invitations/mine", headers={"X-Invitation": token})
    assert (await seat.json())["role"] == "helper"
    coming = await (await clerk.get(f"{path}/company")).json()
    assert {one["role"] for one in coming} == {"host", "petitioner", "helper"}


async def test_nobody_is_invited_twice_nor_beyond_the_room(clerk, booked):
    path = f"/api/desk/appointments/{booked}/guests"
    assert (await clerk.post(path, json=GUEST)).status == 200
    assert await problem(await clerk.post(path, json=GUEST)) == (409, "comes_already")
    for number in range(5):
        one = GUEST | {"phone": f"1390000004{number}"}
        assert (await clerk.post(path, json=one)).status == 200
    assert await problem(await clerk.post(path, json=GUEST | {"phone": "13900000050"})) == (
        409, "room_is_full",
    )  # fmt: skip


async def test_handler_finds_the_session_on_their_page(services, client, clerk, centre, booked):
    handler = await add_staff(services, centre, Role.HANDLER)
    [known] = await (await clerk.get("/api/desk/handlers")).json()
    assert known["account_id"] == str(handler.id)
    path = f"/api/desk/appointments/{booked}/handlers"
    assert (await clerk.post(path, json={"account_id": str(handler.id)})).status == 200
    await enter(client, services, handler)
    [session] = await (await client.get("/api/own-sessions")).json()
    assert (session["appointment_id"], session["is_host"]) == (booked, False)
    # a handler brings in nobody
    assert (await client.post(path, json={"account_id": str(handler.id)})).status == 404


async def test_only_handlers_are_asked_in_as_handlers(services, clerk, centre, booked):
    other = await add_staff(services, centre, Role.MEDIATOR)
    path = f"/api/desk/appointments/{booked}/handlers"
    assert (await clerk.post(path, json={"account_id": str(other.id)})).status == 404
    async with services.uow.begin(SYSTEM) as tx:
        tx.session.add(Membership(account_id=other.id, unit_id=centre.id, role=Role.HANDLER))
    assert (await clerk.post(path, json={"account_id": str(other.id)})).status == 200


async def test_nobody_joins_what_was_called_off(clerk, booked):
    path = f"/api/desk/appointments/{booked}"
    off = await (await clerk.post(f"{path}/cancellation", json={"reason": "Ill"})).json()
    assert "invite" not in off["actions"]
    assert await problem(await clerk.post(f"{path}/guests", json=GUEST)) == (409, "wrong_state")


async def test_uninvited_guest_finds_the_link_dead(services, clerk, booked, runner, outbox):
    path = f"/api/desk/appointments/{booked}"
    made = await (await clerk.post(f"{path}/guests", json=GUEST)).json()
    other = await (await clerk.post(f"{path}/guests", json=NEIGHBOUR)).json()
    await runner.run_all_due()
    [token, of_other] = [link_to(outbox, one["phone"]) for one in (GUEST, NEIGHBOUR)]
    assert (await clerk.delete(f"{path}/company/{made['id']}")).status == 204
    await runner.run_all_due()
    assert await seat_by(clerk, token) == 401
    assert await seat_by(clerk, of_other) == 200
    told = [one.text for one in outbox.sms if one.to == GUEST["phone"]]
    assert "not join" in told[-1] or "不用" in told[-1]
    coming = await (await clerk.get(f"{path}/company")).json()
    assert other["id"] in {one["id"] for one in coming}
    assert made["id"] not in {one["id"] for one in coming}
    assert (await clerk.delete(f"{path}/company/{made['id']}")).status == 404


async def test_entry_leaves_the_calendar_of_the_uninvited_alone(
    services, clerk, centre, booked, runner, outbox
):
    handler = await add_staff(services, centre, Role.HANDLER)
    await give_address(services, handler, "handler@example.com")
    path = f"/api/desk/appointments/{booked}"
    body = {"account_id": str(handler.id)}
    made = await (await clerk.post(f"{path}/handlers", json=body)).json()
    await runner.run_all_due()
    assert (await clerk.delete(f"{path}/company/{made['id']}")).status == 204
    await runner.run_all_due()
    assert (await clerk.post(f"{path}/handlers", json=body)).status == 200
    await runner.run_all_due()
    entries = [entry_of(mail) for to, mail in outbox.mails if to == "handler@example.com"]
    sent = [(method, event["SEQUENCE"], event.get("STATUS")) for method, event in entries]
    assert sent == [("REQUEST", 0, "CONFIRMED"), ("CANCEL", 1, None), ("REQUEST", 2, "CONFIRMED")]
    assert len({event["UID"] for _, event in entries}) == 1


async def test_nobody_whom_it_is_about_can_be_left_out(clerk, booked):
    path = f"/api/desk/appointments/{booked}/company"
    everybody = await (await clerk.get(path)).json()
    assert {one["role"] for one in everybody} == {"host", "petitioner"}
    for one in everybody:
        assert not one["can_leave_out"]
        assert (await clerk.delete(f"{path}/{one['id']}")).status == 404


async def test_company_comes_along_to_another_leader(
    services, clerk, centre, booked, runner, outbox
):
    handler = await add_staff(services, centre, Role.HANDLER)
    path = f"/api/desk/appointments/{booked}"
    await clerk.post(f"{path}/guests", json=GUEST)
    await clerk.post(f"{path}/handlers", json={"account_id": str(handler.id)})
    await runner.run_all_due()
    before = link_to(outbox, GUEST["phone"])
    day = await publish_day(
        services, await add_leader(services, centre, rank=2), in_days=4, review=False
    )
    await runner.run_all_due()
    body = {"slot_id": str((await slots_of(services, day))[0]), "reason": "Better placed"}
    made = await (await clerk.post(f"/api/appointments/{booked}/diversion", json=body)).json()
    await runner.run_all_due()
    coming = await (await clerk.get(f"/api/desk/appointments/{made['id']}/company")).json()
    assert {one["role"] for one in coming} == {"host", "petitioner", "helper", "handler"}
    after = link_to(outbox, GUEST["phone"])
    assert after != before
    assert await seat_by(clerk, after) == 200


async def test_what_was_established_about_who_comes_goes_along_to_another_leader(
    services, clerk, centre, booked, runner
):
    agent = NewInvitee(SessionRole.AGENT, "Lawyer Li", phone=GUEST["phone"])
    async with services.uow.begin(SYSTEM) as tx:
        invited = invitees.add(tx, services.sealer, UUID(booked), agent)
        for one in await invitees.of(tx, UUID(booked)):
            if one.role == SessionRole.PETITIONER:
                one.email_bad_at = tx.now
    path = f"/api/appointments/{booked}"
    seen = await clerk.post(f"{path}/identity", json={"invitee_id": str(invited.id)})
    assert [one["seen"] for one in (await seen.json())["company"]] == [True]
    other = await add_leader(services, centre, rank=2)
    day = await publish_day(services, other, in_days=4, review=False)
    await runner.run_all_due()
    body = {"slot_id": str((await slots_of(services, day))[0]), "reason": "Better placed"}
    made = await (await clerk.post(f"{path}/diversion", json=body)).json()
    assert [(one["name"], one["seen"]) for one in made["company"]] == [("Lawyer Li", True)]
    async with services.uow.begin(SYSTEM) as tx:
        came = {one.role: one for one in await invitees.of(tx, UUID(made["id"]))}
        was = await tx.session.get_one(Invitee, invited.id)
    assert (came["agent"].seen_by, came["agent"].seen_at) == (was.seen_by, was.seen_at)
    assert came["petitioner"].email_bad_at is not None


async def seat_by(client, token: str) -> int:
    answer = await client.get("/api/invitations/mine", headers={"X-Invitation": token})
    return answer.status


def link_to(outbox, phone: str) -> str:
    found = [re.search(r"/i/([\w-]+)", one.text) for one in outbox.sms if one.to == phone]
    return next(one[1] for one in reversed(found) if one)


async def give_address(services, account, email: str) -> None:
    sealed = services.sealer.seal(email, purpose="email")
    async with services.uow.begin(SYSTEM) as tx:
        (await tx.session.get_one(Account, account.id)).email = sealed


def entry_of(mail) -> tuple[str, Event]:
    """The method and the event of a calendar mail."""
    [part] = [one for one in mail.walk() if one.get_content_type() == "text/calendar"]
    entry = Calendar.from_ical(part.get_payload(decode=True))
    [event] = entry.walk("VEVENT")
    return str(entry["METHOD"]), event


async def problem(answer) -> tuple[int, str]:
    return answer.status, (await answer.json())["code"]
