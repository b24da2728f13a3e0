"""Not having come: what it leads to, and saying why."""

from datetime import timedelta

import pytest_asyncio
import sqlalchemy as sa

from scheduling import access, reviews
from scheduling.tables import Appointment
from server.bootstrap.handlers import handlers
from server.kernel.actor import SYSTEM, Role
from server.kernel.audit import AuditLine
from server.kernel.tasks import Due
from tests.identity import add_staff, enter
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

WORDS = {"words": "The power was out in the whole street"}


@pytest_asyncio.fixture
async def missed(services, runner, clock):
    """A resident who was not there twice."""
    centre = await add_centre(services)
    leader = await add_leader(services, centre)
    resident, booked = await add_resident(services), []
    for in_days in (7, 8):
        day = await publish_day(services, leader, in_days=in_days)
        await runner.run_all_due()
        booked.append(await book(services, (await slots_of(services, day))[0], resident))
        async with services.uow.begin(clerk(centre)) as tx:
            one = await access.desk_appointment(tx, booked[-1])
            await reviews.confirm(tx, services.sealer, one)
    clock.move(timedelta(days=8, hours=3))
    await runner.run_all_due()
    later = await publish_day(services, leader, in_days=7)
    await runner.run_all_due()
    return {
        "centre": centre, "resident": resident, "booked": booked,
        "slot": (await slots_of(services, later))[0],
    }  # fmt: skip


async def booking_again(client, missed):
    held = await (await client.post("/api/holds", json={"slot_id": str(missed["slot"])})).json()
    return await client.post(
        "/api/appointments", json=form(held["appointment_id"], missed["resident"])
    )


async def test_after_two_a_clerk_books_instead_and_one_excused_does_not_count(
    services, client, missed
):
    await enter(client, services, missed["resident"].account)
    first = f"/api/appointments/{missed['booked'][0]}"
    shown = await (await client.get(first)).json()
    assert (shown["state"], shown["actions"]) == ("no_show", ["appeal"])
    refused = await booking_again(client, missed)  # the control
    assert (await refused.json())["code"] == "clerk_calls_you"
    appealed = await (await client.post(f"{first}/appeal", json=WORDS)).json()
    assert (appealed["appealed"], appealed["excused"], appealed["actions"]) == (True, False, [])
    assert (await client.post(f"{first}/appeal", json=WORDS)).status == 422
    await enter(client, services, await add_staff(services, missed["centre"], Role.CLERK))
    calls = (await (await client.get("/api/call-tasks")).json())["items"]
    [call] = [one for one in calls if one["kind"] == "no_show_appeal"]
    assert (call["words"], call["actions"]) == (WORDS["words"], ["take", "complete", "excuse"])
    url = f"/api/call-tasks/{call['id']}/excuse"
    assert (await client.post(url, json={"note": "The grid company says so too"})).status == 200
    await enter(client, services, missed["resident"].account)
    assert (await (await client.get(first)).json())["excused"]
    assert (await booking_again(client, missed)).status == 200


async def test_who_did_not_come_is_told_and_until_when_to_say_otherwise(
    services, missed, outbox, runner
):
    told = sorted(sms.text for sms in outbox.sms if "没有来" in sms.text)
    assert len(told) == 2
    assert "11月30日 周一 上午 9:00" in told[0]
    assert "12月30日" in told[0]
    assert "12345" in told[0]


async def test_without_a_smartphone_they_are_told_on_the_phone(services, client, missed, runner):
    appointment_id = missed["booked"][0]
    async with services.uow.begin(SYSTEM) as tx:
        one = await tx.session.get_one(Appointment, appointment_id)
        one.needs = {"no_smartphone": True}
        due = Due(1, "notice.missed", "k", {"appointment_id": str(one.id)}, tx.now, 1, 1)
        assert await handlers(services).work["notice.missed"](tx, due) is None
    await enter(client, services, await add_staff(services, missed["centre"], Role.CLERK))
    [call] = (await (await client.get("/api/call-tasks")).json())["items"]
    assert (call["kind"], call["phone"]) == ("tell_by_phone", "13900000001")
    assert "12345" in call["words"]


async def test_clerk_writes_down_what_is_said_on_the_phone(services, client, missed):
    """Of somebody without an account, who told a village's worker nothing of the matter."""
    appointment_id = missed["booked"][0]
    async with services.uow.begin(SYSTEM) as tx:
        one = await tx.session.get_one(Appointment, appointment_id)
        one.account_id = one.case_id = None
    await enter(client, services, await add_staff(services, missed["centre"], Role.CLERK))
    url = f"/api/desk/appointments/{appointment_id}"
    assert (await (await client.get(url)).json())["actions"] == ["appeal"]
    heard = await client.post(f"{url}/appeal", json=WORDS)
    assert (heard.status, (await heard.json())["actions"]) == (200, [])
    again = await client.post(f"{url}/appeal", json=WORDS)
    assert (again.status, (await again.json())["code"]) == (422, "appeal_over")
    [call] = (await (await client.get("/api/call-tasks")).json())["items"]
    assert (call["kind"], call["words"], call["appointment_id"]) == (
        "no_show_appeal", WORDS["words"], str(appointment_id),
    )  # fmt: skip
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(AuditLine.actor_id).where(AuditLine.action == "appeal")
        assert await tx.session.scalar(query) is not None
    other = await add_centre(services, code="QX")
    await enter(client, services, await add_staff(services, other, Role.CLERK, login="other"))
    assert (await client.post(f"{url}/appeal", json=WORDS)).status == 404


async def test_only_an_appeal_can_be_excused(services, client, missed):
    await enter(client, services, missed["resident"].account)
    await booking_again(client, missed)
    await enter(client, services, await add_staff(services, missed["centre"], Role.CLERK))
    [call] = (await (await client.get("/api/call-tasks")).json())["items"]
    refused = await client.post(f"/api/call-tasks/{call['id']}/excuse", json={"note": "Nice"})
    assert (call["kind"], refused.status) == ("no_shows", 409)


async def test_who_came_has_nothing_to_appeal(services, client, missed):
    async with services.uow.begin(SYSTEM) as tx:
        one = await tx.session.get_one(Appointment, missed["booked"][0])
        one.state = "completed"
    await enter(client, services, missed["resident"].account)
    url = f"/api/appointments/{missed['booked'][0]}/appeal"
    assert (await client.post(url, json=WORDS)).status == 422
