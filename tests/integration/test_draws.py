"""Places that are drawn: announced, applied for, drawn by the clock, recomputed, over HTTP."""

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa

from scheduling.draws import lottery
from scheduling.draws.tables import Draw, DrawEntry
from scheduling.tables import Appointment, Claim
from server.app import application
from server.cases.tables import Case
from server.identity.tables import Account
from server.kernel.actor import SYSTEM, Role
from server.kernel.audit import AuditLine
from tests.draws import BY_PHONE, DAY, announced, apply, open_calls, protocol
from tests.identity import add_staff, enter
from tests.reception import add_centre, add_leader, add_resident, drawing


@pytest.fixture
def config(config):
    """The switch is on."""
    return drawing(config)


@pytest_asyncio.fixture
async def centre(services):
    return await add_centre(services)


@pytest_asyncio.fixture
async def host(services, centre):
    return await add_staff(services, centre, Role.MEDIATOR)


@pytest_asyncio.fixture
async def clerk(services, centre):
    return await add_staff(services, centre, Role.CLERK)


@pytest_asyncio.fixture
async def draw(client, services, clerk, host) -> dict:
    return await announced(client, services, clerk, host)


async def test_draw_gives_the_places_and_anybody_recomputes_it(
    client, services, draw, host, runner, clock, outbox, tmp_path
):
    clock.move(timedelta(hours=2))
    for n in (1, 2, 3, 4):
        needs = {"needs": {"elder": True}} if n == 3 else {}
        assert (await apply(client, services, draw, n, **needs)).status == 200
    before = await protocol(client, draw)
    assert (before["applied"], before["seed"], before["applications"]) == (4, None, [])
    assert (await apply(client, services, draw, 5)).status == 200
    client.session.cookie_jar.clear()
    clock.move(timedelta(days=4))
    await runner.run_all_due()
    told = await protocol(client, draw)
    assert (told["state"], told["commitment"]) == ("drawn", before["commitment"])
    assert lottery.check(told) == []
    assert lottery.check({**told, "seed": "0" * 64}) != []  # the control
    ordered = sorted(told["applications"], key=lambda one: one["place"])
    assert ordered[0]["number"] == 3  # more points by its needs
    times = [one["begins_at"] for one in ordered]
    assert times == ["2026-11-30T01:00:00Z", "2026-11-30T01:30:00Z", None, None, None]
    script = tmp_path / "lottery.py"
    script.write_bytes(await (await client.get("/api/draw-script")).read())
    ran = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-I", script], input=json.dumps(told).encode(),
        capture_output=True, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, b"")
    async with services.uow.begin(SYSTEM) as tx:
        booked = (await tx.session.scalars(sa.select(Appointment))).all()
        mine = sa.select(Claim.during).where(Claim.resource == host.id)
        assert len((await tx.session.scalars(mine)).all()) == 2
    assert {(one.state, one.host_id) for one in booked} == {("confirmed", host.id)}
    assert len([sms for sms in outbox.sms if "/i/" in sms.text]) == 2
    text = json.dumps(told, ensure_ascii=False)
    assert "Resident" not in text
    assert "139" not in text.replace(told["seed"], "").replace(told["digest"], "").replace(
        told["commitment"], ""
    )


async def judge(client, draw, entry, **found):
    body = {"urgent": False, "needs": False, "reason": "told on the phone", **found}
    return await client.post(f"/api/draws/{draw['id']}/entries/{entry['id']}/judgements", json=body)


async def test_desk_judges_urgency_and_needs_in_writing_until_applying_closes(
    client, services, draw, clerk, runner, clock
):
    clock.move(timedelta(hours=2))
    for n in (1, 2, 3):
        needs = {"needs": {"companion": True}} if n == 3 else {}
        assert (await apply(client, services, draw, n, **needs)).status == 200
    await enter(client, services, clerk)
    one, two, three = await (await client.get(f"/api/draws/{draw['id']}/applications")).json()
    assert (one["name"], one["sentence"]) == ("Resident 1", "Water comes through the roof")
    assert [each["points"]["needs"] for each in (one, two, three)] == [0, 0, 2]
    assert (await judge(client, draw, two, reason="")).status == 422
    assert (await judge(client, draw, two, urgent=True)).status == 200
    seen = await (await judge(client, draw, three)).json()
    assert [each["total"] for each in seen] == [1, 4, 1]
    elsewhere = await add_staff(
        services, await add_centre(services, "FZ"), Role.CLERK, login="elsewhere"
    )
    await enter(client, services, elsewhere)
    assert (await judge(client, draw, one, urgent=True)).status == 404
    assert (await client.get(f"/api/draws/{draw['id']}/applications")).status == 404
    clock.move(timedelta(days=4))
    await enter(client, services, clerk)
    assert (await judge(client, draw, one, urgent=True)).status == 409
    await runner.run_all_due()
    told = await protocol(client, draw)
    assert lottery.check(told) == []
    [first] = [each for each in told["applications"] if each["place"] == 1]
    assert (first["number"], first["points"]["urgent"]) == (2, 3)
    async with services.uow.begin(SYSTEM) as tx:
        lines = sa.select(AuditLine).where(AuditLine.action == "judge").order_by(AuditLine.id)
        written = [(line.reason, line.facts["number"]) for line in await tx.session.scalars(lines)]
    assert written == [("told on the phone", 2), ("told on the phone", 3)]


async def test_what_the_desk_judged_stands_when_an_application_is_handed_in_anew(
    client, services, draw, clerk, clock
):
    clock.move(timedelta(hours=2))
    resident = await add_resident(services, 1)
    body = {
        "person_id": str(resident.person.id), "phone": "13900000101", "sentence": "A roof leaks",
        "needs": {"companion": True},
    }  # fmt: skip
    path = f"/api/draws/{draw['id']}"

    async def again() -> dict:
        await enter(client, services, resident.account)
        await client.delete(f"{path}/entries/mine")
        assert (await client.post(f"{path}/entries", json=body)).status == 200
        await enter(client, services, clerk)
        [one] = await (await client.get(f"{path}/applications")).json()
        return one

    first = await again()
    assert first["points"] == {"urgent": 0, "waited": 0, "needs": 2, "first": 1}
    assert (await again())["points"]["needs"] == 2  # the control: not judged yet
    judged = await again()
    assert (await judge(client, draw, judged, urgent=True)).status == 200
    for number in (4, 5):
        one = await again()
        assert (one["number"], one["needs"]["companion"]) == (number, True)
        assert one["points"] == {"urgent": 3, "waited": 0, "needs": 0, "first": 1}


async def test_application_of_a_matter_that_the_clerk_is_shut_out_of_is_not_there(
    client, services, draw, clerk, centre, clock
):
    clock.move(timedelta(hours=2))
    for n in (1, 2):
        assert (await apply(client, services, draw, n)).status == 200
    await enter(client, services, clerk)
    path = f"/api/draws/{draw['id']}/applications"
    one, two = await (await client.get(path)).json()
    async with services.uow.begin(SYSTEM) as tx:
        entry = (await tx.session.scalars(sa.select(DrawEntry).where(DrawEntry.number == 2))).one()
        (await tx.session.get_one(Case, entry.case_id)).subject_unit_id = centre.id
    assert [each["id"] for each in await (await client.get(path)).json()] == [one["id"]]
    assert (await judge(client, draw, two, urgent=True)).status == 404
    seen = await judge(client, draw, one, urgent=True)  # the control
    assert [each["id"] for each in await seen.json()] == [one["id"]]


async def test_winner_finds_the_appointment_and_the_others_their_place(
    client, services, draw, runner, clock
):
    clock.move(timedelta(hours=2))
    for n in (1, 2, 3):
        await apply(client, services, draw, n)
    clock.move(timedelta(days=4))
    await runner.run_all_due()
    async with services.uow.begin(SYSTEM) as tx:
        entries = (await tx.session.scalars(sa.select(DrawEntry).order_by(DrawEntry.place))).all()
    for entry in entries:
        async with services.uow.begin(SYSTEM) as tx:
            account = await tx.session.get_one(Account, entry.account_id)
        await enter(client, services, account)
        [own] = (await protocol(client, draw))["mine"]
        assert (own["number"], own["place"]) == (entry.number, entry.place)
        appointments = await (await client.get("/api/appointments")).json()
        assert len(appointments) == (entry.place <= 2)


async def test_one_application_a_person_within_the_window_which_can_be_taken_back(
    client, services, draw, clock
):
    early = await apply(client, services, draw, 1)
    assert (await early.json())["code"] == "draw_not_open"
    clock.move(timedelta(hours=2))
    resident = await add_resident(services, 2)
    await enter(client, services, resident.account)
    body = {
        "person_id": str(resident.person.id),
        "phone": "13900000102",
        "sentence": "A roof leaks",
    }
    path = f"/api/draws/{draw['id']}/entries"
    assert (await client.post(path, json=body)).status == 200
    assert (await (await client.post(path, json=body)).json())["code"] == "draw_applied"
    gone = await client.delete(f"{path}/mine")
    assert ((await gone.json())["applied"], (await gone.json())["mine"]) == (0, [])
    other = await add_resident(services, 3)  # nobody applies for a person of others
    foreign = await client.post(path, json={**body, "person_id": str(other.person.id)})
    assert foreign.status == 404
    clock.move(timedelta(days=4))
    late = await apply(client, services, draw, 4)
    assert (await late.json())["code"] == "draw_not_open"


async def test_leaders_places_are_never_drawn(client, services, centre, host, clock):
    leader = await add_leader(services, centre)
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    hosts = await (await client.get("/api/draw-hosts")).json()
    assert [one["account_id"] for one in hosts] == [str(host.id)]
    refused = await client.post("/api/draws", json={**DAY, "host_id": str(leader.account.id)})
    assert (await refused.json())["code"] == "draw_never_leader"
    assert (await client.post("/api/draws", json={**DAY, "host_id": str(host.id)})).status == 200
    again = await client.post("/api/draws", json={**DAY, "host_id": str(host.id)})
    assert (await again.json())["code"] == "host_busy_then"


async def test_seed_lies_sealed_until_the_draw(client, services, draw):
    async with services.uow.begin(SYSTEM) as tx:
        row = (await tx.session.scalars(sa.select(Draw))).one()
    seed = services.sealer.open(row.seed, purpose="seed")
    assert lottery.commitment(seed) == draw["commitment"]
    assert seed.encode() not in row.seed
    assert seed not in json.dumps(await protocol(client, draw))


async def test_cancelled_draw_gives_the_hosts_time_back(client, services, draw, host):
    path = f"/api/draws/{draw['id']}/cancellation"
    assert (await client.post(path, json={"reason": "ill"})).status == 200
    async with services.uow.begin(SYSTEM) as tx:
        mine = sa.select(sa.func.count(Claim.id)).where(Claim.resource == host.id)
        assert await tx.session.scalar(mine) == 0
    assert await (await client.get("/api/draws")).json() == []


async def test_cancelled_draw_is_told_to_whoever_applied_and_did_not_take_it_back(
    client, services, draw, clerk, runner, clock, outbox
):
    clock.move(timedelta(hours=2))
    assert (await apply(client, services, draw, 1)).status == 200
    assert (await apply(client, services, draw, 2, **BY_PHONE)).status == 200
    assert (await apply(client, services, draw, 3)).status == 200
    assert (await client.delete(f"/api/draws/{draw['id']}/entries/mine")).status == 200
    await enter(client, services, clerk)
    path = f"/api/draws/{draw['id']}/cancellation"
    assert (await client.post(path, json={"reason": "the host fell ill"})).status == 200
    await runner.run_all_due()
    [told] = outbox.sms
    assert (told.to, "取消了" in told.text, "/draws" in told.text) == ("13900000101", True, True)
    assert "the host fell ill" not in told.text
    assert await open_calls(services) == [("tell_by_phone", "13900000102")]


async def test_switched_off_there_is_nothing_here(services, centre, host, aiohttp_client):
    scheduling = services.config.scheduling.model_copy(update={"draws": False})
    off = replace(services, config=services.config.model_copy(update={"scheduling": scheduling}))
    client = await aiohttp_client(application(off), headers={"X-Yuntiao": "1"})
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    assert (await client.get("/api/draws")).status == 404
    assert (await client.get("/api/draw-script")).status == 404
    answer = await client.post("/api/draws", json={**DAY, "host_id": str(host.id)})
    assert answer.status == 404
