"""A staffed point opens a seat by code; the duty officer answers the silent key."""

from datetime import timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa

from scheduling.events import AppointmentMoved
from scheduling.tables import Appointment, Invitee, SessionRole
from server.identity.tables import Consent, Person
from server.kernel.actor import SYSTEM, Role
from server.kernel.audit import AuditLine
from tests.hall import add_session
from tests.reception import add_centre
from tests.sockets import RefusedError, Seat


@pytest_asyncio.fixture
async def code(hall) -> str:
    return await hall.code()


@pytest_asyncio.fixture
async def worker(hall) -> Seat:
    return await hall.staff(await hall.clerk(Role.VILLAGE_WORKER))


def shared_device(hall, opened: dict) -> Seat:
    hall.tokens["shared"] = opened["token"]
    return hall.guest("shared")


async def test_code_opens_the_seat_on_a_shared_device_until_it_is_wiped(hall, code, worker):
    opened = await worker.post("/api/site/seats", {"code": code})
    assert (opened["person_name_masked"], opened["seen"]) == ("W***", False)
    device = shared_device(hall, opened)
    invitation = await device.get("/api/invitations/mine")
    assert invitation["my_name"] == "Wang"
    await device.check_in()
    await device.connect()
    assert device.people()["Wang"]["role"] == "petitioner"
    async with hall.services.uow.begin(SYSTEM) as tx:
        assert set(await tx.session.scalars(sa.select(Consent.how))) == {"site"}
    await worker.post(f"/api/site/seats/{await hall.seat_id()}/wiping")
    with pytest.raises(RefusedError, match="not_signed_in"):
        await device.ticket()
    assert (await hall.guest("Wang").get("/api/invitations/mine"))["my_name"] == "Wang"


async def test_card_compared_at_the_site_lets_the_leader_admit(hall, code, worker):
    opened = await worker.post("/api/site/seats", {"code": code})
    device = shared_device(hall, opened)
    await device.check_in()
    await device.connect()
    host = await hall.host()
    assert host.people()["Wang"]["seen"] is False
    await worker.post(f"/api/site/seats/{await hall.seat_id()}/compared", {})
    await host.wait_for("person.moved")
    assert host.people()["Wang"]["seen"] is True
    await host.send("admit", participant_id=device.id)
    async with hall.services.uow.begin(SYSTEM) as tx:
        person = await tx.session.get(Person, hall.appointment.person_id)
        worker_id = person.seen_by
    assert person.level == "seen"
    assert worker_id is not None


async def test_agents_card_compared_at_the_site_needs_no_because(hall, code, worker):
    invited = await hall.invite("Agent Zhou", SessionRole.AGENT)
    opened = await worker.post("/api/site/seats", {"code": code})
    [along] = opened["company"]
    assert (along["invitee_id"], along["seen"]) == (str(invited), False)
    assert "Zhou" not in along["name_masked"]
    agent, host = hall.guest("Agent Zhou"), await hall.host()
    await agent.check_in()
    await agent.connect()
    with pytest.raises(RefusedError, match="not_seen"):  # the control: nobody compared it
        await host.send("admit", participant_id=agent.id)
    mark = host.mark
    await worker.post(
        f"/api/site/seats/{await hall.seat_id()}/compared", {"invitee_id": str(invited)}
    )
    await host.wait_for("person.moved", since=mark)
    await host.send("admit", participant_id=agent.id)
    assert host.people()["Agent Zhou"]["state"] == "in_room"
    async with hall.services.uow.begin(SYSTEM) as tx:
        seat = await tx.session.get_one(Invitee, invited)
        person = await tx.session.get_one(Person, hall.appointment.person_id)
    assert (seat.seen_at is not None, person.level) == (True, "declared")
    again = await worker.post("/api/site/seats", {"code": code})
    assert [one["seen"] for one in again["company"]] == [True]


async def test_only_who_acts_by_a_letter_is_compared_beside_the_person(hall, code, worker):
    helper = await hall.invite("Neighbour", SessionRole.HELPER)
    opened = await worker.post("/api/site/seats", {"code": code})
    assert opened["company"] == []
    path = f"/api/site/seats/{await hall.seat_id()}/compared"
    with pytest.raises(RefusedError, match="not_found"):
        await worker.post(path, {"invitee_id": str(helper)})


async def test_pass_ends_with_the_session(hall, code, worker):
    device = shared_device(hall, await worker.post("/api/site/seats", {"code": code}))
    await device.check_in()
    host = await hall.host()
    await host.send("session.close", result="aborted")
    with pytest.raises(RefusedError, match="not_signed_in"):
        await device.get("/api/live/consents")


async def test_codes_cannot_be_guessed(hall, code, worker):
    """Five tries, right or wrong; then not even the right one until the window is over."""
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        with pytest.raises(RefusedError, match="not_found"):
            await worker.post("/api/site/seats", {"code": wrong})
    with pytest.raises(RefusedError, match="too_often"):
        await worker.post("/api/site/seats", {"code": code})
    other = await hall.staff(await hall.clerk(Role.VILLAGE_WORKER, login="other"))
    await other.post("/api/site/seats", {"code": code})  # the control: another worker may


async def test_only_the_worker_who_opened_a_seat_compares_there(hall, code, worker):
    await worker.post("/api/site/seats", {"code": code})
    other = await hall.staff(await hall.clerk(Role.VILLAGE_WORKER, login="other"))
    for path in ("compared", "wiping"):
        with pytest.raises(RefusedError, match="not_found"):
            await other.post(f"/api/site/seats/{await hall.seat_id()}/{path}")


async def test_code_opens_nothing_before_the_doors_do(hall, code, worker, clock):
    clock.move(timedelta(hours=-1))
    with pytest.raises(RefusedError, match="doors_closed"):
        await worker.post("/api/site/seats", {"code": code})


async def test_alarm_reaches_the_duty_officer_with_the_address_and_no_party(hall):
    host = await hall.host()
    wang = await hall.inside("Wang", host)
    duty = await hall.staff(await hall.clerk(Role.DUTY_OFFICER))
    mark, texts = wang.mark, len(wang.texts)
    await host.send("alarm", about=wang.id)
    [alarm] = await duty.get("/api/duty/alarms")
    assert (alarm["raised_by"], alarm["actions"], alarm["taken_by"]) == (
        "Leader 1", ["take"], None,
    )  # fmt: skip
    [about] = alarm["people"]
    assert (about["name"], about["address"], about["meant"]) == ("Wang", "Lane 1, Room 101", True)
    await duty.post(f"/api/duty/alarms/{alarm['id']}/taking")
    await host.wait_for("alarm.taken", alarm_id=alarm["id"])
    await duty.post(f"/api/duty/alarms/{alarm['id']}/report", {"text": "Police went there"})
    [done] = await duty.get("/api/duty/alarms")
    assert (done["report"], done["mine"]) == ("Police went there", True)
    assert wang.facts(since=mark) == []
    assert "alarm" not in "".join(wang.texts[texts:])
    async with hall.services.uow.begin(SYSTEM) as tx:
        query = sa.select(AuditLine.action).where(AuditLine.subject_kind == "alarm")
        trail = set(await tx.session.scalars(query))
    assert trail == {"read", "alarm_taken", "alarm_reported"}


async def test_alarm_is_taken_once_and_reported_by_who_took_it(hall):
    host = await hall.host()
    await host.send("alarm")
    first = await hall.staff(await hall.clerk(Role.DUTY_OFFICER))
    second = await hall.staff(await hall.clerk(Role.DUTY_OFFICER, login="second"))
    [alarm] = await first.get("/api/duty/alarms")
    path = f"/api/duty/alarms/{alarm['id']}"
    with pytest.raises(RefusedError, match="alarm_not_yours"):
        await first.post(f"{path}/report", {"text": "done"})
    await first.post(f"{path}/taking")
    with pytest.raises(RefusedError, match="alarm_taken"):
        await second.post(f"{path}/taking")
    with pytest.raises(RefusedError, match="alarm_not_yours"):
        await second.post(f"{path}/report", {"text": "done"})


async def test_duty_officer_of_another_centre_sees_no_alarm_here(hall):
    await (await hall.host()).send("alarm")
    elsewhere = await add_centre(hall.services, "YY")
    here = hall.unit
    hall.unit = elsewhere
    stranger = await hall.staff(await hall.clerk(Role.DUTY_OFFICER, login="far"))
    hall.unit = here
    near = await hall.staff(await hall.clerk(Role.DUTY_OFFICER))
    [alarm] = await near.get("/api/duty/alarms")
    assert await stranger.get("/api/duty/alarms") == []
    with pytest.raises(RefusedError, match="not_found"):
        await stranger.post(f"/api/duty/alarms/{alarm['id']}/taking")


async def test_door_shows_the_desk_who_waits(hall):
    await hall.waiting("Wang")
    clerk = await hall.staff(await hall.clerk())
    [door] = await clerk.get("/api/line/door")
    assert (door["appointment_id"], door["host_name"]) == (str(hall.appointment.id), "Leader 1")
    assert [(w["name"], w["seen"]) for w in door["waiting"]] == [("Wang", False)]


async def test_live_card_tells_staff_more_than_a_guest(hall):
    wang = await hall.waiting("Wang")
    path = f"/api/live/{hall.appointment.id}"
    mine = await wang.get(path)
    theirs = await (await hall.host()).get(path)
    assert (mine["my_role"], mine["present"], mine["waiting"], mine["case_id"]) == (
        "petitioner", 0, 0, None,
    )  # fmt: skip
    assert (theirs["my_role"], theirs["present"], theirs["waiting"]) == ("host", 1, 1)
    assert theirs["case_id"] == str(hall.case.id)
    assert theirs["session_state"] == "open"


async def test_appointment_at_another_time_sends_the_waiting_away_and_starts_anew(
    hall, runner, clock
):
    other, _ = await add_session(hall.services, hall.leader, begins_in=timedelta(minutes=20))
    await hall.invite("Chen", "petitioner", appointment=other)
    chen = await hall.waiting("Chen")
    async with hall.services.uow.begin(SYSTEM) as tx:
        row = await tx.session.get(Appointment, other.id)
        row.begins_at, row.ends_at = (t + timedelta(days=1) for t in (row.begins_at, row.ends_at))
        row.state = "confirmed"
        tx.emit(AppointmentMoved(appointment_id=row.id, sequence=1, was_confirmed=True))
    await runner.run_all_due()
    left = await chen.wait_for("leave")
    assert (left["action"], left["reason"]) == ("stop", "moved")
    with pytest.raises(RefusedError, match="doors_closed"):
        await chen.ticket()
    clock.move(timedelta(days=1))
    await chen.connect()
    assert chen.people()["Chen"]["state"] == "testing"
    assert chen.room is None
