"""T21: staff of the unit complained of find nothing of the case, whatever way they come."""

import asyncio
import itertools
from dataclasses import dataclass

import pytest
import pytest_asyncio

from scheduling.tables import Appointment, AppointmentState, SessionRole
from server.app import application
from server.cases.tables import Case, PetitionClass
from server.http.routes import endpoints
from server.identity import accounts
from server.identity.permissions import POLICY
from server.identity.tables import Service
from server.kernel.actor import SYSTEM, ActorKind, Role
from tests.cases import invite
from tests.hall import add_line
from tests.identity import add_staff, enter
from tests.sockets import RefusedError
from tests.units import add_unit

SENTENCE = "工资没有发"
WHO = [Role.CLERK, Role.LEADER, Role.OPERATOR, Role.LEADER_OFFICE, Role.SUPERVISOR, Role.RECORDER,
       Role.HANDLER, Role.MEDIATOR]  # fmt: skip


@dataclass(frozen=True)
class Complaint:
    hall: object
    line: list[Appointment]
    ids: list[object]


@pytest_asyncio.fixture
async def complaint(hall) -> Complaint:
    """A reception day whose petitioners' cases can be made to be about the hall's own unit."""
    line = await add_line(hall, ["Zhao", "Qian"], minutes=30)
    async with hall.services.uow.begin(SYSTEM) as tx:
        waiting = await tx.session.get_one(Appointment, line[1].id)
        waiting.state = AppointmentState.SUBMITTED
    ids = [hall.leader.account.id, line[0].day_id]
    ids += [value for one in line for value in (one.id, one.case_id)]
    return Complaint(hall, line, ids)


async def complain(complaint: Complaint) -> None:
    hall = complaint.hall
    async with hall.services.uow.begin(SYSTEM) as tx:
        for case_id in {hall.case.id, *(one.case_id for one in complaint.line)}:
            (await tx.session.get_one(Case, case_id)).subject_unit_id = hall.unit.id


async def member(hall, role: Role, aiohttp_client):
    """Somebody of the unit, with every part in the session that staff of this kind can have."""
    account = hall.leader.account if role is Role.LEADER else await add_staff(
        hall.services, hall.unit, role
    )  # fmt: skip
    async with hall.services.uow.begin(SYSTEM) as tx:
        if role in {Role.OPERATOR, Role.LEADER_OFFICE}:
            tx.session.add(Service(account_id=account.id, leader_id=hall.leader.account.id))
        if role in {Role.RECORDER, Role.HANDLER, Role.MEDIATOR}:
            part = SessionRole.RECORDER
            await invite(
                hall.services, tx, hall.appointment, part, account.name, account_id=account.id
            )
    browser = await aiohttp_client(application(hall.services), headers={"X-Yuntiao": "1"})
    await enter(browser, hall.services, account)
    return browser


async def found(browser, role: Role, ids) -> set[str]:
    """The routes that answer with the sentence or a file, over every GET that this role may ask."""
    routes = set()
    for endpoint in endpoints():
        if endpoint.method != "GET" or not {role, ActorKind.STAFF} & POLICY[endpoint.permission]:
            continue
        for values in itertools.product(ids, repeat=len(endpoint.places)):
            places = dict(zip(endpoint.places, map(str, values), strict=True))
            answer = await browser.get(endpoint.path.format(**places))
            is_file = answer.status == 200 and answer.content_type != "application/json"
            if is_file or SENTENCE.encode() in await answer.read():
                routes.add(endpoint.path)
    return routes


@pytest.mark.parametrize("role", WHO)
async def test_t21_no_page_tells_the_complained_of_what_the_matter_is(
    complaint, role, aiohttp_client
):
    browser = await member(complaint.hall, role, aiohttp_client)
    ids = [*complaint.ids, complaint.hall.appointment.id, complaint.hall.case.id]
    assert await found(browser, role, ids)  # the control: as long as it is about nobody
    await complain(complaint)
    assert await found(browser, role, ids) == set()


async def test_t21_line_of_the_complained_of_leader_leaves_the_case_out(complaint, aiohttp_client):
    hall = complaint.hall
    browser = await member(hall, Role.LEADER, aiohttp_client)
    day = f"/api/line/today?day_id={complaint.line[0].day_id}"
    shown = (await (await browser.get(day)).json())["items"]
    assert [one["appointment_id"] for one in shown] == [str(complaint.line[0].id)]
    await complain(complaint)
    assert (await (await browser.get(day)).json())["items"] == []


async def test_t21_complained_of_host_neither_takes_the_seat_nor_decides(complaint, aiohttp_client):
    hall = complaint.hall
    browser = await member(hall, Role.LEADER, aiohttp_client)
    ticket = {"appointment_id": str(hall.appointment.id)}
    path = f"/api/live/{hall.appointment.id}/decision"
    decision = {"result": "held", "reply": "all is well", "release": True}
    assert (await browser.post("/api/live/tickets", json=ticket)).status == 200  # the control
    await complain(complaint)
    assert (await browser.post("/api/live/tickets", json=ticket)).status == 404
    assert (await browser.get(f"/api/live/{hall.appointment.id}")).status == 404
    assert (await browser.post(path, json=decision)).status == 404
    async with hall.services.uow.begin(SYSTEM) as tx:  # the control: impartial again
        (await tx.session.get_one(Case, hall.case.id)).subject_unit_id = None
    assert (await browser.post(path, json=decision)).status == 200


async def looked(hall) -> None:
    """Until seats were looked at: somebody disabled is cut by the same look."""
    clerk = await hall.clerk()
    seat = await (await hall.staff(clerk)).connect()
    async with hall.services.uow.begin(SYSTEM) as tx:
        await accounts.disable(tx, clerk.login)
    async with asyncio.timeout(20):
        assert await seat.closed() == 4403


async def test_t21_whoever_sits_there_is_cut_when_their_unit_is_named(hall):
    """The next look at the database ends the seats; the petitioner's stays."""
    leader, wang = await hall.host(), await hall.waiting("Wang")
    await leader.send("beat")  # the control: in the session as long as it is about nobody
    async with hall.services.uow.begin(SYSTEM) as tx:
        other = await add_unit(tx, "OTHER")
        (await tx.session.get_one(Case, hall.case.id)).subject_unit_id = other.id
    await looked(hall)
    await leader.send("beat")  # the control: it is about another unit
    async with hall.services.uow.begin(SYSTEM) as tx:
        (await tx.session.get_one(Case, hall.case.id)).subject_unit_id = hall.unit.id
    async with asyncio.timeout(20):
        assert await leader.closed() == 4403
    with pytest.raises(RefusedError, match="not_found"):
        await leader.ticket()
    await wang.send("beat")


async def test_t21_whoever_an_accusation_is_not_confided_to_is_cut(hall):
    leader, clerk = await hall.host(), await (await hall.staff(await hall.clerk())).connect()
    async with hall.services.uow.begin(SYSTEM) as tx:
        case = await tx.session.get_one(Case, hall.case.id)
        case.petition_class, case.confided_to = PetitionClass.ACCUSATION, hall.leader.account.id
    async with asyncio.timeout(20):
        assert await clerk.closed() == 4403
    await leader.send("beat")  # the control: confided to the very one
    async with hall.services.uow.begin(SYSTEM) as tx:
        (await tx.session.get_one(Case, hall.case.id)).confided_to = None
    async with asyncio.timeout(20):
        assert await leader.closed() == 4403


async def test_t21_complained_of_desk_neither_confirms_nor_declines(complaint, aiohttp_client):
    browser = await member(complaint.hall, Role.CLERK, aiohttp_client)
    await complain(complaint)
    path = f"/api/appointments/{complaint.line[1].id}"
    reason = {"reason": "because", "right_route": "the other office, room 2"}
    assert (await browser.post(f"{path}/confirmation")).status == 404
    assert (await browser.post(f"{path}/decline", json=reason)).status == 404
    assert (await (await browser.get("/api/reviews")).json())["total"] == 0
    async with complaint.hall.services.uow.begin(SYSTEM) as tx:  # the control
        (await tx.session.get_one(Case, complaint.line[1].case_id)).subject_unit_id = None
    assert (await (await browser.get("/api/reviews")).json())["total"] == 1
    assert (await browser.post(f"{path}/decline", json=reason)).status == 200
