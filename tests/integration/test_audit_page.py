"""Reading the audit trail over HTTP."""

import ast
import json
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa

from scheduling.joint import interviews
from scheduling.mediation import mediations
from scheduling.states import Action, DayAction
from scheduling.tables import SessionRole
from server.cases.tables import Case
from server.http.audit_trail import PAGE
from server.identity import passwords
from server.kernel.actor import SYSTEM, Actor, ActorKind, Role
from server.kernel.audit import AuditLine
from server.kernel.errors import Invalid
from server.kernel.uow import READ_LATELY
from signaling.consequences import AUDITED
from tests.cases import add_appointment, invite, register
from tests.hall import hold
from tests.identity import PASSWORD, add_staff, enter
from tests.integration.test_kernel import sealed
from tests.reception import add_centre

ROOT = Path(__file__).parents[2]
CANARY = "张测试"


@pytest_asyncio.fixture
async def centre(services):
    return await add_centre(services)


@pytest_asyncio.fixture
async def auditor(services, client, centre):
    client.account = await add_staff(services, centre, Role.AUDITOR)
    await enter(client, services, client.account)
    return client


async def page(client, **query) -> dict:
    response = await client.get("/api/audit", params=query)
    assert response.status == 200, await response.text()
    return await response.json()


async def lines(client, **query) -> list[dict]:
    return (await page(client, **query))["items"]


async def test_lines_name_staff_and_say_whether_they_are_sealed(services, auditor):
    await page(auditor)
    [line] = await lines(auditor, action="read")
    assert (line["who"]["name"], line["who"]["roles"]) == ("auditor name", ["auditor"])
    assert (line["about"]["kind"], line["sealed"]) == ("audit", False)
    async with services.uow.begin(SYSTEM) as tx:
        unsealed = await tx.session.scalar(sa.select(sa.func.count()).select_from(AuditLine))
    await sealed(services, lines=unsealed or 0)
    assert [one["sealed"] for one in await lines(auditor, action="read")] == [True, True]


async def test_things_are_called_by_number_and_nobody_of_the_public_by_name(
    services, auditor, centre
):
    leader = await add_staff(services, centre, Role.LEADER)
    async with services.uow.begin(SYSTEM) as tx:
        case = await register(services, tx, centre)
        appointment = await add_appointment(services, tx, case, host_id=leader.id, unit=centre)
        guest = await invite(services, tx, appointment, SessionRole.PETITIONER, CANARY)
        tx.audit("confirm", "appointment", appointment.id)
    async with services.uow.begin(Actor(ActorKind.GUEST, invitee_id=guest.id)) as tx:
        tx.audit("consent", "invitee", guest.id, kind="record", given=True)
    [consent, confirmed, registered] = (await lines(auditor))[:3]
    assert registered["about"]["title"] == case.number
    assert (confirmed["about"]["title"], confirmed["about"]["name"]) == (
        appointment.reference, "leader name",
    )  # fmt: skip
    assert consent["who"] | {"id": None} == {
        "kind": "guest", "id": None, "name": None, "roles": [], "session_role": "petitioner",
        "reference": appointment.reference,
    }  # fmt: skip
    assert consent["facts"] == {"kind": "record", "given": True}
    assert CANARY not in json.dumps(await page(auditor), ensure_ascii=False)


async def test_case_opens_for_those_alone_who_may_read_it(services, auditor, centre):
    async with services.uow.begin(SYSTEM) as tx:
        case = await register(services, tx, centre)
    [line] = await lines(auditor, q=case.number)
    assert (line["about"]["title"], line["about"]["case_id"]) == (case.number, None)
    await hold(services, auditor.account, centre, Role.CLERK)
    [line] = await lines(auditor, q=case.number)
    assert line["about"]["case_id"] == str(case.id)


async def test_case_about_the_readers_own_unit_keeps_its_number(services, auditor, centre):
    async with services.uow.begin(SYSTEM) as tx:
        case = await register(services, tx, centre)
    assert [one["about"]["title"] for one in await lines(auditor, subject=str(case.id))] == [
        case.number
    ]
    async with services.uow.begin(SYSTEM) as tx:
        (await tx.session.get_one(Case, case.id)).subject_unit_id = centre.id
    assert [one["about"]["title"] for one in await lines(auditor, subject=str(case.id))] == [None]
    assert await lines(auditor, q=case.number) == []


async def test_who_did_not_get_in_is_told_from_who_did(
    services, auditor, centre, runner, outbox, aiohttp_client
):
    door = passwords.StaffDoor(services.uow, services.config.identity)
    clerk = await add_staff(services, centre, Role.CLERK, login="clerk")
    for login, password in (("clerk", "wrong"), ("nobody", "wrong")):
        with pytest.raises(Invalid):
            await door.enter(Actor(ActorKind.ANYONE), login=login, password=password,
                             address="a", shared=False)  # fmt: skip
    failed = await lines(auditor, action="sign_in_failed")
    assert [(one["who"]["kind"], one["about"]["title"]) for one in failed] == [
        ("anyone", None), ("anyone", "clerk"),
    ]  # fmt: skip
    assert failed[0]["about"]["id"] == "unknown"
    await door.enter(Actor(ActorKind.ANYONE), login="clerk", password=PASSWORD, address="a",
                     shared=False)  # fmt: skip
    [entered] = [
        one for one in await lines(auditor, action="sign_in") if one["about"]["title"] == "clerk"
    ]
    assert (entered["about"]["name"], entered["about"]["id"]) == (clerk.name, str(clerk.id))


async def test_lines_are_found_by_whom_what_and_when(services, auditor, centre, clock):
    clerk = await add_staff(services, centre, Role.CLERK, login="clerk")
    staff = Actor(ActorKind.STAFF, account_id=clerk.id)
    began = clock.now()
    async with services.uow.begin(staff) as tx:
        tx.audit("write", "thing", "one")
        tx.audit("change", "thing", "other")
    async with services.uow.begin(SYSTEM, now=began + timedelta(days=1)) as tx:
        tx.audit("write", "thing", "one")

    async def found(**query) -> list[tuple[str, str, str]]:
        shown = [one for one in await lines(auditor, **query) if one["about"]["kind"] == "thing"]
        return [(one["who"]["kind"], one["action"], one["about"]["id"]) for one in shown]

    later, changed, first = (
        ("system", "write", "one"),
        ("staff", "change", "other"),
        ("staff", "write", "one"),
    )
    assert await found() == [later, changed, first]
    assert await found(subject="one") == [later, first]
    assert await found(actor=str(clerk.id)) == [changed, first]
    assert await found(who="system") == [later]
    assert await found(action="change") == [changed]
    assert await found(q="clerk name") == await found(q="clerk") == [changed, first]
    assert await found(q="other") == [changed]
    assert await found(since=began.isoformat()) == [later]
    assert await found(until=(began + timedelta(hours=1)).isoformat()) == [changed, first]
    assert await found(q="no such thing") == []


async def test_pages_lead_to_older_lines_and_back(services, auditor):
    async with services.uow.begin(SYSTEM) as tx:
        for n in range(2 * PAGE + 1):
            tx.audit("write", "thing", str(n))
    first = await page(auditor, action="write")
    assert (first["newer"], first["older"], len(first["items"])) == (False, True, PAGE)
    second = await page(auditor, action="write", before=first["items"][-1]["id"])
    last = await page(auditor, action="write", before=second["items"][-1]["id"])
    assert [one["about"]["id"] for one in last["items"]] == ["0"]
    assert (last["newer"], last["older"]) == (True, False)
    back = await page(auditor, action="write", after=last["items"][0]["id"])
    assert back["items"] == second["items"]
    assert (await page(auditor, action="write", after=back["items"][0]["id"]))["newer"] is False


async def test_pages_that_are_left_open_do_not_fill_the_trail(services, centre, clock):
    clerk = await add_staff(services, centre, Role.CLERK)
    staff, other = (Actor(ActorKind.STAFF, account_id=one) for one in (clerk.id, None))

    async def reads() -> int:
        async with services.uow.begin(SYSTEM) as tx:
            query = sa.select(sa.func.count()).where(AuditLine.subject_kind == "door")
            return await tx.session.scalar(query.select_from(AuditLine)) or 0

    for actor, waited, count in ((staff, 0, 1), (staff, 0, 1), (other, 0, 2), (staff, 1, 3)):
        clock.move(waited * (READ_LATELY + timedelta(seconds=1)))
        async with services.uow.begin(actor) as tx:
            await tx.audit_reading("door", "today")
        assert await reads() == count


async def test_day_begins_with_what_is_new_and_whether_the_chain_holds(
    services, auditor, owner_engine, clock
):
    async def today() -> dict:
        return await (await auditor.get("/api/audit/today")).json()

    assert (await today())["last_look"] is None
    await page(auditor)
    clock.move(timedelta(minutes=1))
    async with services.uow.begin(SYSTEM) as tx:
        tx.audit("export", "case", "one")
        tx.audit("sign_in_failed", "account", "unknown")
        all_lines = 2 + (await tx.session.scalar(sa.select(sa.func.count(AuditLine.id))) or 0)
    shown = await today()
    assert (shown["new"], shown["exports"], shown["refused"]) == (2, 1, 1)
    assert [one["about"]["id"] for one in shown["newest_exports"]] == ["one"]
    assert (shown["chain"]["sealed"], shown["chain"]["waiting"]) == (0, all_lines)
    await sealed(services, lines=all_lines)
    chain = (await today())["chain"]
    assert (chain["checked"], chain["broken"], chain["last_check"]) == (all_lines, None, None)
    checked = await (await auditor.post("/api/audit/checks", json={})).json()
    assert checked == {"lines": all_lines, "broken": None}
    assert (await today())["chain"]["last_check"]["by"] == "auditor name"
    async with owner_engine.begin() as connection:  # the control: what is changed shows
        query = sa.update(AuditLine).where(AuditLine.action == "export").values(action="forged")
        forged = (await connection.execute(query.returning(AuditLine.id))).scalar_one()
    assert (await today())["chain"]["broken"] == forged


async def test_others_do_not_reach_the_trail(services, client, centre):
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    for path in ("/api/audit", "/api/audit/today"):
        assert (await client.get(path)).status == 404
    assert (await client.post("/api/audit/checks", json={})).status == 404


def test_everything_that_is_audited_has_its_words():
    actions, subjects = _audited()
    for language in ("zh-CN", "en"):
        folder = ROOT / "web/src/staff/messages" / language
        words = json.loads((folder / "audit.json").read_text("utf-8"))
        assert {
            one for one in actions if not isinstance(_below(words["actions"], one), str)
        } == set()
        assert subjects - set(words["subjects"]) - set(words["fixed"]) == set()


def _audited() -> tuple[set[str], set[str]]:
    """Every action and kind of thing that stands in the code, with those that come from tables."""
    steps = {step for _, step in (*mediations.TABLE, *interviews.TABLE)}
    actions = {*Action, *DayAction, *steps, *(f"session.{kind}" for kind in AUDITED)}
    subjects = {"live_session"}
    for folder in ("server", "scheduling", "signaling", "recordings"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                match node:
                    case ast.Call(func=ast.Attribute(attr="audit"), args=[did, about, *_]):
                        actions |= _literal(did)
                        subjects |= _literal(about)
                    case ast.Call(func=ast.Attribute(attr="audit_reading"), args=[about, *_]):
                        subjects |= _literal(about)
    return actions, subjects


def _literal(node: ast.expr) -> set[str]:
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def _below(words: dict, code: str) -> object:
    for key in code.split("."):
        words = words.get(key, {})
    return words
