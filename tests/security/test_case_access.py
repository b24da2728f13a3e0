"""Who reaches a case, and that the two texts of a decision never mix (T21, T22)."""

import itertools
import json

import pytest
import pytest_asyncio

from scheduling import case_access
from scheduling.tables import AppointmentState, SessionRole
from server.app import application
from server.http.routes import endpoints
from server.identity import persons, sessions
from server.identity.permissions import POLICY
from server.identity.persons import Declared
from server.kernel.actor import SYSTEM, ActorKind, Role
from server.kernel.errors import NotFound
from server.units.tables import UnitKind
from tests.cases import INSTRUCTION, REPLY, add_appointment, decide, invite, register
from tests.identity import add_staff, enter, sign_in_resident
from tests.units import add_unit


@pytest_asyncio.fixture
async def browsers(services, aiohttp_client):
    async def one(account=None):
        browser = await aiohttp_client(application(services), headers={"X-Yuntiao": "1"})
        if account:
            await enter(browser, services, account)
        return browser

    return one


@pytest_asyncio.fixture
async def units(services):
    async with services.uow.begin(SYSTEM) as tx:
        centre = await add_unit(tx, "WX")
        sub = await add_unit(tx, "FZ01", parent=centre)
        return {
            "centre": centre,
            "sub": sub,
            "village": await add_unit(tx, "CS01", parent=sub),
            "other": await add_unit(tx, "FZ02", parent=centre),
            "labour": await add_unit(tx, "BM09", parent=centre),
            "inspection": await add_unit(tx, "BJW", parent=centre, kind=UnitKind.DEPARTMENT),
        }


async def reaches(services, account, case) -> bool:
    """Whether the account's own actor reaches the case; asked as the pages ask."""
    async with services.uow.begin(SYSTEM) as tx:
        opened = await sessions.sign_in(tx, account, config=services.config.identity)
        await tx.session.flush()
        actor = await sessions.actor_of_session(
            await tx.driver(), opened.token, now=tx.now, config=services.config.identity
        )
    async with services.uow.begin(actor) as tx:
        try:
            await case_access.readable_case(tx, case.id)
        except NotFound:
            return False
        return True


@pytest.mark.parametrize(
    ("role", "unit", "reached"),
    [
        (Role.CLERK, "centre", True), (Role.CLERK, "sub", True), (Role.CLERK, "other", False),
        (Role.CLERK, "village", False), (Role.SUPERVISOR, "centre", True),
        (Role.MEDIATOR, "sub", True), (Role.MEDIATOR, "other", False),
        (Role.HANDLER, "labour", True), (Role.HANDLER, "centre", True),
        (Role.HANDLER, "other", False), (Role.LEADER, "centre", False),
        (Role.OPERATOR, "centre", False), (Role.LEADER_OFFICE, "centre", False),
        (Role.RECORDER, "sub", False), (Role.VILLAGE_WORKER, "sub", False),
        (Role.DUTY_OFFICER, "centre", False), (Role.AUDITOR, "centre", False),
        (Role.ADMIN, "centre", False),
    ],
)  # fmt: skip
async def test_t21_role_and_unit_decide_who_reaches_a_case(services, units, role, unit, reached):
    account = await add_staff(services, units[unit], role)
    async with services.uow.begin(SYSTEM) as tx:
        case = await register(services, tx, units["sub"])
        await decide(services, tx, case, units["labour"])
    assert await reaches(services, account, case) is reached


async def test_t21_staff_of_the_unit_complained_of_are_shut_out(services, units):
    inside = await add_staff(services, units["sub"], Role.CLERK, login="inside")
    below = await add_staff(services, units["village"], Role.RECORDER, login="below")
    above = await add_staff(services, units["centre"], Role.CLERK, login="above")
    leader = await add_staff(services, units["sub"], Role.LEADER)
    async with services.uow.begin(SYSTEM) as tx:
        for subject, seen in ((None, True), (units["sub"].id, False)):
            case = await register(services, tx, units["sub"], subject_unit_id=subject)
            held = await add_appointment(services, tx, case, host_id=leader.id, unit=units["sub"])
            await invite(services, tx, held, SessionRole.RECORDER, "书", account_id=below.id)
            if seen:
                open_case = case
    for account in (inside, below, leader):
        assert await reaches(services, account, open_case)  # the control: without a subject
        assert not await reaches(services, account, case)
    assert await reaches(services, above, case)


@pytest.mark.parametrize("petition_class", ["suggestion", "accusation"])
async def test_t21_accusation_is_seen_by_one_clerk_and_the_inspection_alone(
    services, units, browsers, petition_class
):
    seen_by_all = petition_class == "suggestion"  # the control
    named = await add_staff(services, units["sub"], Role.CLERK, login="named")
    others = [
        await add_staff(services, units["sub"], Role.CLERK, login="colleague"),
        await add_staff(services, units["centre"], Role.SUPERVISOR, login="above"),
        await add_staff(services, units["sub"], Role.MEDIATOR, login="mediator"),
        await add_staff(services, units["sub"], Role.LEADER, login="host"),
    ]
    inspector = await add_staff(services, units["inspection"], Role.HANDLER, login="inspector")
    async with services.uow.begin(SYSTEM) as tx:
        case = await register(services, tx, units["sub"])
        await add_appointment(services, tx, case, host_id=others[-1].id, unit=units["sub"])
    for account in others:
        assert await reaches(services, account, case)
    assert not await reaches(services, inspector, case)
    browser = await browsers(named)
    body = {"petition_class": petition_class, "inspection_unit_id": str(units["inspection"].id)}
    assert (await browser.put(f"/api/cases/{case.id}/class", json=body)).status == 200
    assert await reaches(services, named, case)
    assert [await reaches(services, one, case) for one in others] == [seen_by_all] * len(others)
    assert await reaches(services, inspector, case) is not seen_by_all
    colleague = await browsers(others[0])
    again = await colleague.put(f"/api/cases/{case.id}/class", json=body)
    listed = await (await colleague.get("/api/desk/appointments")).json()
    assert (again.status == 200, listed["total"] == 1) == (seen_by_all, seen_by_all)


async def test_t21_accusation_needs_a_department_that_inspects(services, units, browsers):
    browser = await browsers(await add_staff(services, units["sub"], Role.CLERK))
    async with services.uow.begin(SYSTEM) as tx:
        case = await register(services, tx, units["sub"])
    for unit_id in (None, str(units["other"].id)):
        body = {"petition_class": "accusation", "inspection_unit_id": unit_id}
        answer = await browser.put(f"/api/cases/{case.id}/class", json=body)
        fields = [e["field"] for e in (await answer.json())["errors"]]
        assert (answer.status, fields) == (422, ["inspection_unit_id"])


async def test_t21_a_typed_identity_number_opens_nobody_elses_case(
    services, client, runner, outbox, units
):
    """Anybody can type the number and the name on a card; cases hang on the account."""
    zhang = Declared(name="测试甲", id_number="330502197001010015", address=None)
    async with services.uow.begin(SYSTEM) as tx:
        person = await persons.declare(tx, zhang, sealer=services.sealer)
        case = await register(services, tx, units["sub"], parties=[])
    me = await sign_in_resident(client, runner, outbox)
    body = {
        "name": "测试甲",
        "id_number": "330502197001010015",
        "relation": "self",
        "address": "某路 1 号",
    }
    added = await (await client.post("/api/me/persons", json=body)).json()
    assert added["id"] == str(person.id)
    async with services.uow.begin(SYSTEM) as tx:
        leader = await add_staff(services, units["sub"], Role.LEADER)
        held = await add_appointment(
            services, tx, case, host_id=leader.id, unit=units["sub"], person_id=person.id
        )
    assert await (await client.get("/api/my/cases")).json() == []
    assert (await client.get(f"/api/my/cases/{case.id}")).status == 404
    async with services.uow.begin(SYSTEM) as tx:  # the control: booked for this account
        row = await tx.session.get(type(held), held.id)
        row.account_id = me["account_id"]
    assert (await client.get(f"/api/my/cases/{case.id}")).status == 200


async def test_t21_other_residents_reach_nothing(services, client, browsers, runner, outbox, units):
    me = await sign_in_resident(client, runner, outbox)
    leader = await add_staff(services, units["sub"], Role.LEADER)
    async with services.uow.begin(SYSTEM) as tx:
        case = await register(services, tx, units["sub"], opened_by=me["account_id"])
        held = await add_appointment(
            services, tx, case, host_id=leader.id, unit=units["sub"],
            account_id=me["account_id"], state=AppointmentState.COMPLETED,
        )  # fmt: skip
    stranger = await browsers()
    await sign_in_resident(stranger, runner, outbox, phone="13900000002")
    rating = {"appointment_id": str(held.id), "office": {"stars": 1}}
    path = f"/api/my/cases/{case.id}"
    assert (await client.get(path)).status == 200
    assert (await stranger.get(path)).status == 404
    assert (await stranger.post(f"{path}/ratings", json=rating)).status == 404
    assert (await client.post(f"{path}/ratings", json=rating)).status == 200


async def test_t22_unknown_fields_are_refused(client, runner, outbox, services, units):
    me = await sign_in_resident(client, runner, outbox)
    async with services.uow.begin(SYSTEM) as tx:
        case = await register(services, tx, units["sub"], opened_by=me["account_id"])
    body = {"appointment_id": str(case.id), "office": {"stars": 5}, "case_id": str(case.id)}
    answer = await client.post(f"/api/my/cases/{case.id}/ratings", json=body)
    assert answer.status == 422
    assert [e["field"] for e in (await answer.json())["errors"]] == ["case_id"]


def resident_endpoints():
    """Every GET that a resident, a guest or anybody may ask for."""
    kinds = {ActorKind.ANYONE, ActorKind.RESIDENT, ActorKind.GUEST}
    return [e for e in endpoints() if e.method == "GET" and kinds & POLICY[e.permission]]


async def test_instruction_is_in_no_byte_that_a_resident_can_fetch(
    services, client, browsers, runner, outbox, units
):
    me = await sign_in_resident(client, runner, outbox)
    leader = await add_staff(services, units["centre"], Role.LEADER)
    async with services.uow.begin(SYSTEM) as tx:
        case = await register(services, tx, units["centre"], opened_by=me["account_id"])
        held = await add_appointment(
            services, tx, case, host_id=leader.id, unit=units["centre"],
            account_id=me["account_id"], state=AppointmentState.COMPLETED,
        )  # fmt: skip
        decision = await decide(
            services, tx, case, units["labour"], appointment_id=held.id, release=True,
            decided_by=leader.id, recorded_by=leader.id,
        )  # fmt: skip
    ids = [case.id, held.id, decision.id, leader.id, me["account_id"]]
    fetched = [await _everything(client, endpoint, ids) for endpoint in resident_endpoints()]
    assert any(REPLY in text for text in fetched)  # the control: the reply can be read
    assert not any(INSTRUCTION in text for text in fetched)
    clerk = await browsers(await add_staff(services, units["centre"], Role.CLERK))
    staff = await (await clerk.get(f"/api/cases/{case.id}")).text()
    assert INSTRUCTION in _plain(staff)  # the control: this search would have found it


async def _everything(client, endpoint, ids) -> str:
    """What an endpoint answers for every id in every place."""
    filled = itertools.product(ids, repeat=len(endpoint.places))
    paths = {_filled(endpoint, values) for values in filled}
    texts = []
    for path in paths:
        answer = await client.get(path)
        texts.append(_plain((await answer.read()).decode("utf-8", "replace")))
    return "\n".join(texts)


def _filled(endpoint, values) -> str:
    path = endpoint.path
    for place, value in zip(endpoint.places, values, strict=True):
        path = path.replace(f"{{{place}}}", str(value))
    return path


def _plain(text: str) -> str:
    """JSON may write characters as escapes; compare what is meant."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        return text
