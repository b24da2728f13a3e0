"""Booked by somebody else: no smartphone needed, the matter is the centre's alone."""

from dataclasses import dataclass

import pytest_asyncio
import sqlalchemy as sa

from scheduling import codes
from scheduling.tables import Appointment, Invitee, SessionRole, SitePass
from server.app import application
from server.cases.tables import Case
from server.identity.tables import Account
from server.kernel.actor import SYSTEM, Role
from server.units.tables import Unit
from tests.choosing import asked_by_phone, heard
from tests.identity import add_staff, enter
from tests.reception import Leader, add_centre, add_leader, publish_day, slots_of
from tests.units import add_unit

PHONE = "13700000000"
SENTENCE = "The village keeps my compensation"


@dataclass(frozen=True)
class Village:
    """A village and its neighbour in the same town, both with a device, and one in another town."""

    unit: Unit
    neighbour: Unit
    far: Unit
    worker: Account


@pytest_asyncio.fixture
async def leader(services) -> Leader:
    return await add_leader(services, await add_centre(services))


@pytest_asyncio.fixture
async def village(services, leader) -> Village:
    async with services.uow.begin(SYSTEM) as tx:
        town = await add_unit(tx, "TOWN", parent=leader.unit)
        other_town = await add_unit(tx, "ATOWN", parent=leader.unit)
        below = (("V1", town), ("V2", town), ("A1", other_town))
        places = [await add_unit(tx, code, parent=parent) for code, parent in below]
        for place in places:
            place.is_site = True
    worker = await add_staff(services, places[0], Role.VILLAGE_WORKER, login="vw")
    return Village(*places, worker)


@pytest_asyncio.fixture
async def desk(services, client, leader):
    await enter(client, services, await add_staff(services, leader.unit, Role.CLERK))
    return client


@pytest_asyncio.fixture
async def worker(services, village, aiohttp_client):
    browser = await aiohttp_client(application(services), headers={"X-Yuntiao": "1"})
    await enter(browser, services, village.worker)
    return browser


@pytest_asyncio.fixture
async def slots(services, leader, runner):
    day = await publish_day(services, leader)
    await runner.run_all_due()
    return await slots_of(services, day)


@pytest_asyncio.fixture
async def booked(worker, village, slots) -> dict:
    """An old man whom the village's worker booked in at the village's own device."""
    body = {
        "slot_id": str(slots[0]), "name": "Old Zhang", "phone": PHONE, "attend_by": "site",
        "site_id": str(village.unit.id), "needs": {"no_smartphone": True},
    }  # fmt: skip
    return await (await worker.post("/api/desk/appointments", json=body)).json()


async def appointment_of(services, booked) -> Appointment:
    async with services.uow.begin(SYSTEM) as tx:
        return await tx.session.get_one(Appointment, booked["id"])


async def call_of(desk, kind) -> dict:
    found = (await (await desk.get("/api/call-tasks")).json())["items"]
    return next((one for one in found if one["kind"] == kind), None)


async def tell(desk, task, **changes):
    body = {"sentence": SENTENCE, "note": "He told me", "category": "labour", **changes}
    return await desk.post(f"/api/call-tasks/{task['id']}/matter", json=body)


async def test_matter_is_told_to_the_centre_and_never_to_the_worker(services, desk, worker, booked):
    task = await call_of(desk, "take_matter")
    assert (task["phone"], "take_matter" in task["actions"]) == (PHONE, True)
    assert (await tell(desk, task)).status == 200
    assert await call_of(desk, "take_matter") is None
    path = f"/api/desk/appointments/{booked['id']}"
    clerks = await (await desk.get(path)).json()
    assert (clerks["sentence"], clerks["category"]) == (SENTENCE, "labour")  # the control
    for page in (path, "/api/desk/appointments"):
        text = await (await worker.get(page)).text()
        assert booked["reference"] in text
        assert SENTENCE not in text
        assert clerks["case_number"] not in text
    assert (await worker.get(f"/api/cases/{clerks['case_id']}")).status == 404


async def test_matter_is_written_down_once(desk, booked):
    task = await call_of(desk, "take_matter")
    assert (await tell(desk, task)).status == 200
    assert (await tell(desk, task, sentence="Something else")).status == 409


async def test_worker_does_not_say_what_it_is_about(worker, slots):
    body = {"slot_id": str(slots[1]), "name": "Old Zhang", "phone": PHONE, "category": "labour"}
    refused = await worker.post("/api/desk/appointments", json=body)
    assert [one["field"] for one in (await refused.json())["errors"]] == ["category"]


async def test_without_a_smartphone_a_clerk_calls_and_the_code_is_enough(
    services, desk, booked, runner, outbox
):
    await desk.post(f"/api/appointments/{booked['id']}/confirmation")
    await runner.run_all_due()
    task = await call_of(desk, "tell_by_phone")
    async with services.uow.begin(SYSTEM) as tx:
        seat = await petitioner(tx, booked["id"])
    assert codes.shown(seat, services.sealer) in task["words"]
    assert "V1" in task["words"]
    assert (task["phone"], seat.link, seat.token_hash) == (PHONE, None, None)
    assert not [one for one in outbox.sms if one.to == PHONE]


async def test_without_a_smartphone_a_clerk_asks_whether_they_stay_with_another_leader(
    services, desk, leader, booked, runner, outbox
):
    other = await add_leader(services, leader.unit, rank=2)
    day_id = (await appointment_of(services, booked)).day_id
    url = f"/api/reception-days/{day_id}/substitution"
    said = await (await desk.get(f"/api/reception-days/{day_id}/stand-ins")).json()
    assert (said["booked"], said["by_phone"]) == (1, 1)
    body = {"leader_id": str(other.account.id), "reason": "A meeting in the capital"}
    assert (await desk.post(url, json=body)).status == 200
    await runner.run_all_due()
    assert not [one for one in outbox.sms if one.to == PHONE]
    task, asked = await asked_by_phone(desk, "day_cancelled")
    assert (task["phone"], asked["kind"], asked["now"]["leader"]["name"]) == (
        PHONE, "replaced", "Leader 2",
    )  # fmt: skip
    said = await (await heard(desk, asked["id"], "keep")).json()
    assert (said["answer"], said["now"]["leader"]["name"]) == ("keep", "Leader 2")
    assert await call_of(desk, "day_cancelled") is None


async def test_call_that_a_clerk_is_at_stays_theirs_when_it_is_answered(
    services, desk, leader, booked, runner
):
    other = await add_leader(services, leader.unit, rank=2)
    day_id = (await appointment_of(services, booked)).day_id
    body = {"leader_id": str(other.account.id), "reason": "A meeting in the capital"}
    await desk.post(f"/api/reception-days/{day_id}/substitution", json=body)
    task, asked = await asked_by_phone(desk, "day_cancelled")
    await desk.post(f"/api/call-tasks/{task['id']}/taking")
    assert (await heard(desk, asked["id"], "decline")).status == 200
    assert (await call_of(desk, "day_cancelled"))["id"] == task["id"]
    assert (await appointment_of(services, booked)).state == "cancelled"
    note = {"note": "Does not want to come"}
    assert (await desk.post(f"/api/call-tasks/{task['id']}/completion", json=note)).status == 200


async def test_with_a_smartphone_the_link_comes(services, desk, slots, runner, outbox):
    """The control: nobody is called about it."""
    body = {"slot_id": str(slots[1]), "name": "Old Li", "phone": PHONE, "sentence": "About wages"}
    made = await (await desk.post("/api/desk/appointments", json=body)).json()
    assert (made["state"], "confirm" in made["actions"]) == ("confirmed", False)
    await runner.run_all_due()
    assert await call_of(desk, "tell_by_phone") is None
    assert [one for one in outbox.sms if one.to == PHONE and "/i/" in one.text]


async def test_without_a_smartphone_there_is_a_place_to_go(desk, slots):
    body = {"slot_id": str(slots[1]), "name": "Old Li", "phone": PHONE, "sentence": "About wages",
            "needs": {"no_smartphone": True}}  # fmt: skip
    refused = await desk.post("/api/desk/appointments", json=body)
    assert [one["field"] for one in (await refused.json())["errors"]] == ["attend_by"]


async def test_point_of_the_complained_of_is_left_for_another(
    services, desk, worker, village, booked, runner, clock
):
    path = f"/api/desk/appointments/{booked['id']}"
    await desk.post(f"/api/appointments/{booked['id']}/confirmation")
    assert (await worker.get(path)).status == 200  # the control: as long as it is about nobody
    task = await call_of(desk, "take_matter")
    await tell(desk, task, subject_unit_id=str(village.unit.id))
    assert (await worker.get(path)).status == 404
    shown = await (await desk.get(path)).json()
    assert (shown["site_barred"], "change_site" in shown["actions"]) == (True, True)
    assert (await call_of(desk, "other_site"))["phone"] == PHONE
    offered = await (await desk.get(f"{path}/sites")).json()
    assert [one["name"] for one in offered] == ["V2", "A1"]
    back = await desk.put(f"{path}/site", json={"site_id": str(village.unit.id)})
    assert back.status == 422
    moved = await (await desk.put(f"{path}/site", json={"site_id": offered[0]["id"]})).json()
    assert (moved["site_name"], moved["site_barred"]) == ("V2", False)
    assert await call_of(desk, "other_site") is None
    await runner.run_all_due()
    told = (await (await desk.get("/api/call-tasks")).json())["items"]
    assert any("V2" in (one["words"] or "") for one in told)


async def test_worker_of_the_complained_of_opens_no_seat(
    services, worker, village, booked, desk, clock
):
    await desk.post(f"/api/appointments/{booked['id']}/confirmation")
    async with services.uow.begin(SYSTEM) as tx:
        made = await tx.session.get_one(Appointment, booked["id"])
        seat = await petitioner(tx, booked["id"])
        code = codes.shown(seat, services.sealer)
    clock.instant = made.begins_at
    await enter(worker, services, village.worker)
    opened = await worker.post("/api/site/seats", json={"code": code})
    assert opened.status == 200  # the control
    async with services.uow.begin(SYSTEM) as tx:
        case = await tx.session.get_one(Case, made.case_id)
        case.subject_unit_id = village.unit.id
    assert (await worker.post("/api/site/seats", json={"code": code})).status == 404
    compared = await worker.post(f"/api/site/seats/{seat.id}/compared", json={})
    assert compared.status == 404


async def test_seat_they_had_opened_is_closed(services, worker, village, booked, desk, clock):
    await desk.post(f"/api/appointments/{booked['id']}/confirmation")
    task = await call_of(desk, "take_matter")
    async with services.uow.begin(SYSTEM) as tx:
        made = await tx.session.get_one(Appointment, booked["id"])
        seat = await petitioner(tx, booked["id"])
        code = codes.shown(seat, services.sealer)
        tx.session.add(
            SitePass(
                token_hash=b"1", invitee_id=seat.id, appointment_id=made.id,
                opened_by=village.worker.id, opened_at=tx.now, expires_at=made.ends_at,
            )
        )  # fmt: skip
    assert code
    await tell(desk, task, subject_unit_id=str(village.unit.id))
    async with services.uow.begin(SYSTEM) as tx:
        assert await tx.session.scalar(sa.select(SitePass.ended_at)) == tx.now


async def test_clerk_who_hears_of_the_office_at_once_offers_no_seat_of_theirs(
    desk, village, slots, leader
):
    body = {
        "slot_id": str(slots[1]), "name": "Old Li", "phone": PHONE, "sentence": SENTENCE,
        "attend_by": "site", "site_id": str(village.unit.id),
        "subject_unit_id": str(village.unit.id),
    }  # fmt: skip
    refused = await desk.post("/api/desk/appointments", json=body)
    assert [one["field"] for one in (await refused.json())["errors"]] == ["site_id"]
    of_host = {**body, "site_id": str(village.far.id), "subject_unit_id": str(leader.unit.id)}
    refused = await desk.post("/api/desk/appointments", json=of_host)
    assert (await refused.json())["code"] == "leader_keeps_out"
    made = await desk.post(
        "/api/desk/appointments", json={**body, "site_id": str(village.neighbour.id)}
    )
    assert (await made.json())["site_name"] == "V2"


async def petitioner(tx, appointment_id) -> Invitee:
    query = sa.select(Invitee).where(
        Invitee.appointment_id == appointment_id, Invitee.role == SessionRole.PETITIONER
    )
    return (await tx.session.scalars(query)).one()
