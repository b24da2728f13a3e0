"""The pages of cases, for staff and for residents, over HTTP."""

import io

import pytest
import pytest_asyncio
import sqlalchemy as sa
from aiohttp import FormData

from scheduling.tables import AppointmentState, SessionRole
from server.app import application
from server.cases import papers
from server.cases.tables import CaseState, Paper
from server.kernel.actor import SYSTEM, Role
from server.kernel.audit import AuditLine
from tests.cases import INSTRUCTION, REPLY, add_appointment, decide, invite, register
from tests.counting import counting
from tests.identity import add_staff, enter, sign_in_resident
from tests.unit.test_files import PDF, picture
from tests.units import add_unit


@pytest_asyncio.fixture
async def district(services):
    """A centre with one sub-centre and one department."""
    async with services.uow.begin(SYSTEM) as tx:
        centre = await add_unit(tx, "WX")
        return {
            "centre": centre,
            "sub": await add_unit(tx, "FZ01", parent=centre),
            "labour": await add_unit(tx, "BM09", parent=centre),
        }


@pytest_asyncio.fixture
async def browsers(services, aiohttp_client):
    """As many browsers as a test opens, each with its own cookies."""

    async def one():
        return await aiohttp_client(application(services), headers={"X-Yuntiao": "1"})

    return one


@pytest_asyncio.fixture
async def desk(services, browsers, district):
    """A clerk of the centre at the window."""
    browser = await browsers()
    browser.account = await add_staff(services, district["centre"], Role.CLERK)
    await enter(browser, services, browser.account)
    return browser


@pytest_asyncio.fixture
async def met(services, district, client, runner, outbox):
    """A resident's reception that took place, with a decision not released yet."""
    me = await sign_in_resident(client, runner, outbox)
    leader = await add_staff(services, district["centre"], Role.LEADER)
    async with services.uow.begin(SYSTEM) as tx:
        case = await register(services, tx, district["centre"], opened_by=me["account_id"])
        appointment = await add_appointment(
            services, tx, case, host_id=leader.id, unit=district["centre"],
            account_id=me["account_id"], state=AppointmentState.COMPLETED,
        )  # fmt: skip
        decision = await decide(
            services, tx, case, district["labour"], appointment_id=appointment.id,
            decided_by=leader.id, recorded_by=leader.id,
        )  # fmt: skip
    return {"case": case, "appointment": appointment, "decision": decision, "leader": leader}


def upload(data: bytes, name: str) -> FormData:
    form = FormData(quote_fields=False)  # as browsers do
    form.add_field("file", io.BytesIO(data), filename=name, content_type="application/octet-stream")
    return form


async def read(client, path: str, status: int = 200):
    answer = await client.get(path)
    assert answer.status == status, await answer.text()
    return await answer.json()


async def test_clerk_finds_cases_by_number_name_and_phone(services, desk, district):
    async with services.uow.begin(SYSTEM) as tx:
        for _ in range(23):
            await register(services, tx, district["sub"])
        await register(services, tx, district["sub"], parties=[], category=None)
    page = await read(desk, "/api/cases")
    assert (page["total"], len(page["items"]), page["page_size"]) == (24, 20, 20)
    assert len((await read(desk, "/api/cases?page=2"))["items"]) == 4
    assert page["items"][0]["number"] == "FZ01-2026-000024"
    assert next(c["kind"] for c in page["items"][0]["clocks_due"]) == "first_feedback"
    for q, total in (
        ("000007", 1), ("张测试", 23), ("张测", 0), ("13900000001", 23), ("1390000000", 0), ("%", 0),
    ):  # fmt: skip
        found = await read(desk, f"/api/cases?q={q.replace('%', '%25')}")
        assert found["total"] == total, q
    assert (await read(desk, "/api/cases?state=accepted"))["total"] == 0
    assert (await read(desk, "/api/cases?mine=true"))["total"] == 0


async def test_reading_a_case_stands_in_the_audit(services, desk, met, district):
    case = await read(desk, f"/api/cases/{met['case'].id}")
    assert case["decisions"][0]["instruction"] == INSTRUCTION
    assert case["sessions"][0]["host_name"] == "leader name"
    assert [e["kind"] for e in case["timeline"]] == ["registered", "decision"]
    assert {"release", "export", "accept"} <= set(case["actions"])
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(AuditLine).where(AuditLine.actor_id == desk.account.id)
        lines = [(x.action, x.subject_id) for x in await tx.session.scalars(query)]
    assert ("read", str(met["case"].id)) in lines


async def test_pages_cost_the_same_number_of_queries_for_one_and_three(services, desk, district):
    counts = []
    for _ in range(2):
        async with services.uow.begin(SYSTEM) as tx:
            await register(services, tx, district["centre"])
            await register(services, tx, district["sub"])
        with counting(services.engine) as count:
            await read(desk, "/api/cases")
        counts.append(count.statements)
    assert counts[0] == counts[1]


async def test_clerk_moves_a_case_on_and_must_say_why(services, desk, met, district):
    path = f"/api/cases/{met['case'].id}/moves"
    accepted = await (await desk.post(path, json={"action": "accept"})).json()
    assert accepted["state"] == CaseState.ACCEPTED
    body = {"action": "assign", "unit_id": str(district["labour"].id)}
    assert (await (await desk.post(path, json=body)).json())["lead_unit_name"] == "BM09"
    refused = await desk.post(path, json={"action": "withdraw"})
    assert (refused.status, (await refused.json())["errors"][0]["field"]) == (422, "reason")
    assert (await desk.post(path, json={"action": "conclude"})).status == 409


async def test_resident_reads_the_reply_once_it_is_released(services, client, desk, met):
    path = f"/api/my/cases/{met['case'].id}"
    before = await read(client, path)
    assert (before["replies"], [e["kind"] for e in before["timeline"]]) == ([], ["registered"])
    released = await desk.post(f"/api/decisions/{met['decision'].id}/release")
    assert released.status == 200
    after = await read(client, path)
    assert [reply["text"] for reply in after["replies"]] == [REPLY]
    assert [e["kind"] for e in after["timeline"]] == ["registered", "reply"]
    assert [c["number"] for c in await read(client, "/api/my/cases")] == [met["case"].number]


async def test_resident_rates_office_and_unit_once(client, met):
    path = f"/api/my/cases/{met['case'].id}"
    assert (await read(client, path))["sessions"][0]["rates"] == ["office", "unit"]
    body = {
        "appointment_id": str(met["appointment"].id),
        "office": {"stars": 5, "words": "很耐心"}, "unit": {"stars": 2},
    }  # fmt: skip
    rated = await (await client.post(f"{path}/ratings", json=body)).json()
    assert rated["sessions"][0]["rates"] == []
    assert [(r["unit_name"], r["stars"]) for r in rated["sessions"][0]["ratings"]] == [
        ("WX", 5), ("BM09", 2),
    ]  # fmt: skip
    again = await client.post(f"{path}/ratings", json=body)
    assert (again.status, (await again.json())["code"]) == (409, "already_rated")
    body["office"] = {"stars": 6}
    assert (await client.post(f"{path}/ratings", json=body)).status == 422


async def test_papers_are_kept_for_their_owner_and_read_as_attachments(
    client, browsers, runner, outbox, clock
):
    await sign_in_resident(client, runner, outbox)
    added = await (await client.post("/api/papers", data=upload(picture(), "工资条.jpg"))).json()
    assert (added["name"], added["media_type"]) == ("工资条.jpg", "image/jpeg")
    file = await client.get(f"/api/papers/{added['id']}/file")
    assert file.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert file.headers["Content-Disposition"].startswith("attachment;")
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert [p["id"] for p in await read(client, "/api/papers")] == [added["id"]]
    stranger = await browsers()
    await sign_in_resident(stranger, runner, outbox, phone="13900000002")
    assert (await stranger.get(f"/api/papers/{added['id']}/file")).status == 404
    assert (await stranger.delete(f"/api/papers/{added['id']}")).status == 404
    assert (await client.delete(f"/api/papers/{added['id']}")).status == 204
    assert await read(client, "/api/papers") == []


async def test_wrong_and_too_many_papers_are_refused_in_words(client, runner, outbox):
    await sign_in_resident(client, runner, outbox)
    wrong = await client.post("/api/papers", data=upload(b"<svg/>", "x.jpg"))
    assert (wrong.status, (await wrong.json())["code"]) == (422, "paper_wrong_kind")
    large = await client.post("/api/papers", data=upload(b"\0" * (21 << 20), "x.jpg"))
    assert (large.status, (await large.json())["code"]) == (413, "file_too_large")
    for _ in range(papers.WAITING_PAPERS):
        assert (await client.post("/api/papers", data=upload(PDF, "x.pdf"))).status == 200
    more = await client.post("/api/papers", data=upload(PDF, "x.pdf"))
    assert (more.status, (await more.json())["code"]) == (422, "papers_too_many")
    for _ in range(8):
        await client.post("/api/papers", data=upload(b"wrong", "x.pdf"))
    spent = await client.post("/api/papers", data=upload(PDF, "x.pdf"))
    assert (spent.status, (await spent.json())["code"]) == (429, "too_often")


async def test_unused_papers_and_their_bytes_go_after_two_days(
    services, client, runner, outbox, clock
):
    me = await sign_in_resident(client, runner, outbox)
    kept = await (await client.post("/api/papers", data=upload(PDF, "a.pdf"))).json()
    await client.post("/api/papers", data=upload(PDF, "b.pdf"))
    other = await (await client.post("/api/papers", data=upload(PDF + b"%%EOF", "c.pdf"))).json()
    async with services.uow.begin(SYSTEM) as tx:
        unit = await add_unit(tx, "WX")
        case = await register(services, tx, unit, opened_by=me["account_id"])
        rows = {str(p.id): p.sha256 for p in await tx.session.scalars(sa.select(Paper))}
        await tx.session.execute(
            sa.update(Paper).where(Paper.id == kept["id"]).values(case_id=case.id)
        )
    clock.move(papers.UNUSED_FOR)
    await runner.run_all_due()
    async with services.uow.begin(SYSTEM) as tx:
        assert [str(p.id) for p in await tx.session.scalars(sa.select(Paper))] == [kept["id"]]
    assert await services.blobs.get(rows[kept["id"]]) == PDF
    with pytest.raises(FileNotFoundError):
        await services.blobs.get(rows[other["id"]])


async def test_staff_put_papers_onto_a_case(services, desk, met, district):
    path = f"/api/cases/{met['case'].id}"
    assert (await desk.post(f"{path}/papers", data=upload(PDF, "回执.pdf"))).status == 200
    case = await read(desk, path)
    assert [p["name"] for p in case["papers"]] == ["回执.pdf"]
    entry = case["timeline"][-1]
    assert (entry["kind"], entry["for_resident"], entry["personal"]) == (
        "paper", False, {"name": "回执.pdf"},
    )  # fmt: skip


async def test_everybody_invited_reads_the_case_of_the_session(services, browsers, met, district):
    handler = await add_staff(services, district["labour"], Role.HANDLER, login="invited")
    recorder = await add_staff(services, district["sub"], Role.RECORDER)
    async with services.uow.begin(SYSTEM) as tx:
        other = await register(services, tx, district["centre"])
        held = await add_appointment(
            services, tx, other, host_id=met["leader"].id, unit=district["centre"]
        )
        await invite(services, tx, held, SessionRole.RECORDER, "书记员", account_id=recorder.id)
    for account, seen in ((handler, [met["case"].number]), (recorder, [other.number])):
        browser = await browsers()
        await enter(browser, services, account)
        assert [c["number"] for c in (await read(browser, "/api/cases"))["items"]] == seen


async def test_staff_who_may_write_name_another_party(services, browsers, desk, district):
    async with services.uow.begin(SYSTEM) as tx:
        case = await register(services, tx, district["centre"], opened_by=None)
    body = {"role": "respondent", "name": "Wang Shan", "phone": "0572-2222222"}
    named = await (await desk.post(f"/api/cases/{case.id}/parties", json=body)).json()
    shown = await (await desk.get(f"/api/cases/{case.id}")).json()
    assert (named["name"], named["role"]) == ("Wang Shan", "respondent")
    assert named in shown["parties"]
    assert shown["timeline"][-1]["kind"] == "party"
    elsewhere = await browsers()
    await enter(
        elsewhere, services, await add_staff(services, district["sub"], Role.CLERK, login="sub")
    )
    assert (await elsewhere.post(f"/api/cases/{case.id}/parties", json=body)).status == 404


async def test_naming_the_unit_complained_of_shuts_its_staff_out(
    services, desk, browsers, district
):
    async with services.uow.begin(SYSTEM) as tx:
        case = await register(services, tx, district["sub"])
    inside = await browsers()
    account = await add_staff(services, district["sub"], Role.CLERK, login="inside")
    await enter(inside, services, account)
    path, subject = f"/api/cases/{case.id}", {"unit_id": str(district["sub"].id)}
    assert (await inside.get(path)).status == 200
    leads = await desk.put(f"{path}/subject", json=subject)
    assert (leads.status, (await leads.json())["errors"][0]["field"]) == (422, "unit_id")
    move = {"action": "accept", "unit_id": str(district["centre"].id)}
    assert (await desk.post(f"{path}/moves", json=move)).status == 200
    assert (await inside.get(path)).status == 200
    named = await desk.put(f"{path}/subject", json=subject)
    assert (await named.json())["subject_unit_name"] == "FZ01"
    assert (await inside.get(path)).status == 404
    assert (await desk.get(path)).status == 200
