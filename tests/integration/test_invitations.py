"""Personal links and calendar files over HTTP."""

from datetime import timedelta
from uuid import UUID, uuid4

import icalendar
import pytest
import pytest_asyncio
import sqlalchemy as sa

from scheduling.tables import Appointment, AppointmentState, Invitee, SessionRole
from server.cases.tables import Decision
from server.kernel.actor import SYSTEM
from tests.identity import enter
from tests.reception import add_centre, add_leader, add_resident, book, publish_day, slots_of


@pytest_asyncio.fixture
async def confirmed(services, client, runner):
    """A confirmed appointment as its resident sees it; the client is signed in as them."""
    leader = await add_leader(services, await add_centre(services))
    day = await publish_day(services, leader, review=False)
    await runner.run_all_due()
    resident = await add_resident(services)
    booked = await book(services, (await slots_of(services, day))[0], resident)
    await enter(client, services, resident.account)
    return await (await client.get(f"/api/appointments/{booked}")).json()


def link(appointment) -> dict:
    return {"X-Invitation": appointment["join_token"]}


async def test_link_shows_the_invitation_and_nothing_of_the_case(client, confirmed, clock):
    client.session.cookie_jar.clear()
    answer = await client.get("/api/invitations/mine", headers=link(confirmed))
    invitation = await answer.json()
    assert (invitation["role"], invitation["my_name"]) == ("petitioner", "Resident 1")
    assert (invitation["host_name"], invitation["may_join_now"]) == ("Leader 1", False)
    text = await answer.text()
    assert confirmed["case_number"] not in text
    assert confirmed["sentence"] not in text
    clock.move(timedelta(days=6, hours=23, minutes=30))
    again = await client.get("/api/invitations/mine", headers=link(confirmed))
    assert (await again.json())["may_join_now"] is True


async def replied(services, confirmed, *, released: bool) -> None:
    async with services.uow.begin(SYSTEM) as tx:
        appointment = await tx.session.get_one(Appointment, UUID(confirmed["id"]))
        appointment.state = AppointmentState.COMPLETED
        tx.session.add(
            Decision(
                id=uuid4(), case_id=appointment.case_id, appointment_id=appointment.id,
                result="held", reply=services.sealer.seal("It is paid", purpose="text"),
                reply_released_at=tx.now if released else None, decided_by=appointment.host_id,
                recorded_by=appointment.host_id, decided_at=tx.now,
            )
        )  # fmt: skip


@pytest.mark.parametrize("released", [False, True])
async def test_link_says_where_the_reply_is_once_it_is_released(
    services, client, confirmed, released
):
    client.session.cookie_jar.clear()
    before = await client.get("/api/invitations/mine", headers=link(confirmed))
    assert (await before.json())["reply_in"] is None
    await replied(services, confirmed, released=released)
    answer = await client.get("/api/invitations/mine", headers=link(confirmed))
    assert (await answer.json())["reply_in"] == (confirmed["case_id"] if released else None)
    assert "It is paid" not in await answer.text()


async def test_who_came_along_is_not_told_of_the_reply(services, client, confirmed):
    async with services.uow.begin(SYSTEM) as tx:
        await tx.connection.execute(sa.update(Invitee).values(role=SessionRole.HELPER))
    await replied(services, confirmed, released=True)
    client.session.cookie_jar.clear()
    answer = await client.get("/api/invitations/mine", headers=link(confirmed))
    assert (await answer.json())["reply_in"] is None


async def test_altered_or_removed_link_opens_nothing(services, client, confirmed):
    client.session.cookie_jar.clear()
    token = confirmed["join_token"]
    for wrong in (token[:-1], token[:-1] + ("A" if token[-1] != "A" else "B"), token.swapcase()):
        answer = await client.get("/api/invitations/mine", headers={"X-Invitation": wrong})
        assert answer.status == 401
    assert (await client.get("/api/invitations/mine", headers=link(confirmed))).status == 200
    async with services.uow.begin(SYSTEM) as tx:
        await tx.connection.execute(sa.update(Invitee).values(removed_at=tx.now))
    assert (await client.get("/api/invitations/mine", headers=link(confirmed))).status == 401


async def test_link_reaches_no_account(client, confirmed):
    client.session.cookie_jar.clear()
    for path in ("/api/appointments", f"/api/appointments/{confirmed['id']}", "/api/my/cases"):
        assert (await client.get(path, headers=link(confirmed))).status == 404


async def test_calendar_files_of_account_and_link_are_one_entry(client, confirmed):
    own = await client.get(f"/api/appointments/{confirmed['id']}/calendar.ics")
    assert (own.status, own.content_type) == (200, "text/calendar")
    client.session.cookie_jar.clear()
    linked = await client.get("/api/invitations/mine/calendar.ics", headers=link(confirmed))
    files = [icalendar.Calendar.from_ical(await answer.read()) for answer in (own, linked)]
    [first, second] = [file.walk("VEVENT")[0] for file in files]
    assert first["UID"] == second["UID"] == f"{confirmed['id']}@yuntiao"
    assert confirmed["join_token"] in first["URL"]
    assert first["DTSTART"].dt.isoformat() == "2026-11-30T09:00:00+08:00"


async def test_cancelled_appointment_has_no_calendar_file(client, confirmed):
    url = f"/api/appointments/{confirmed['id']}"
    await client.post(f"{url}/cancellation", json={})
    assert (await client.get(f"{url}/calendar.ics")).status == 404
    client.session.cookie_jar.clear()
    invitation = await client.get("/api/invitations/mine", headers=link(confirmed))
    assert (await invitation.json())["state"] == "cancelled"
