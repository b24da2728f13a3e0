"""Signing in, one's own account, persons, the public facts of the centre."""

from datetime import timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa

from server.app import application
from server.identity import accounts, persons, retention
from server.identity.tables import Challenge, Person, WebSession
from server.kernel.actor import SYSTEM, Role
from server.kernel.throttle import Throttle
from tests.identity import PASSWORD, add_staff, enter, sign_in_resident
from tests.units import add_unit

ZHANG = {"name": "测试甲", "id_number": "330502197001010015", "address": "测试路 1 号"}


@pytest_asyncio.fixture
async def unit(services):
    async with services.uow.begin(SYSTEM) as tx:
        return await add_unit(tx, "WX")


async def test_resident_signs_in_by_code_and_is_known_again(client, runner, outbox):
    me = await sign_in_resident(client, runner, outbox)
    assert (me["kind"], me["phone_masked"], me["roles"]) == ("resident", "139****0001", [])
    assert await (await client.get("/api/me")).json() == me
    await client.post("/api/sign-out")
    assert (await (await client.get("/api/me")).json())["kind"] == "anyone"
    assert (await sign_in_resident_again(client, runner, outbox))["account_id"] == me["account_id"]


async def sign_in_resident_again(client, runner, outbox):
    runner.uow.clock.move(timedelta(minutes=1))
    return await sign_in_resident(client, runner, outbox)


async def test_staff_sign_in_by_password_with_their_roles(client, services, unit):
    await add_staff(services, unit, Role.CLERK, login="chuangkou1")
    answer = await client.post(
        "/api/sign-in/staff", json={"login": "chuangkou1", "password": PASSWORD}
    )
    me = await answer.json()
    assert me["kind"] == "staff"
    assert [(r["role"], r["unit_name"]) for r in me["roles"]] == [("clerk", "WX")]
    assert (await client.get("/api/me/persons")).status == 404


async def test_wrong_password_is_refused_and_a_disabled_account_too(client, services, unit):
    await add_staff(services, unit, Role.CLERK)
    for login, password in (("clerk", "wrong"), ("nobody", PASSWORD)):
        body = {"login": login, "password": password}
        answer = await client.post("/api/sign-in/staff", json=body)
        assert (answer.status, (await answer.json())["code"]) == (422, "password_wrong")
    async with services.uow.begin(SYSTEM) as tx:
        await accounts.disable(tx, "clerk")
    body = {"login": "clerk", "password": PASSWORD}
    assert (await client.post("/api/sign-in/staff", json=body)).status == 422


async def test_disabling_an_account_ends_its_sign_ins(client, services, unit):
    await enter(client, services, await add_staff(services, unit, Role.CLERK))
    assert (await client.get("/api/me/sessions")).status == 200
    async with services.uow.begin(SYSTEM) as tx:
        assert await accounts.disable(tx, "clerk") == 1
    assert (await client.get("/api/me/sessions")).status == 401


async def test_own_sign_ins_are_listed_and_ended_one_by_one(
    client, services, runner, outbox, aiohttp_client
):
    await sign_in_resident(client, runner, outbox)
    other = await aiohttp_client(application(services), headers={"X-Yuntiao": "1"})
    await sign_in_resident_again(other, runner, outbox)
    listed = await (await client.get("/api/me/sessions")).json()
    assert sorted(s["is_this_one"] for s in listed) == [False, True]
    elsewhere = next(s["id"] for s in listed if not s["is_this_one"])
    assert (await client.delete(f"/api/me/sessions/{elsewhere}")).status == 204
    assert (await (await other.get("/api/me")).json())["kind"] == "anyone"
    assert (await (await client.get("/api/me")).json())["kind"] == "resident"


async def test_email_is_kept_masked_and_checked(client, runner, outbox):
    await sign_in_resident(client, runner, outbox)
    me = await (await client.put("/api/me/email", json={"email": "jia@example.cn"})).json()
    assert me["email_masked"] == "j***@example.cn"
    for bad in ("jia", "jia@", "jia@x", "a b@example.cn", "jia@example.cn\r\nBcc: x@y.cn"):
        answer = await client.put("/api/me/email", json={"email": bad})
        assert (answer.status, bad) == (422, bad)
    me = await (await client.put("/api/me/email", json={"email": None})).json()
    assert me["email_masked"] is None


async def test_same_id_number_is_the_same_person_and_tells_nothing_of_the_other_account(
    client, services, runner, outbox, aiohttp_client
):
    await sign_in_resident(client, runner, outbox)
    first = await (await client.post("/api/me/persons", json=ZHANG | {"relation": "self"})).json()
    assert (first["id_number_masked"], first["level"]) == ("330***********0015", "declared")
    other = await aiohttp_client(application(services), headers={"X-Yuntiao": "1"})
    await sign_in_resident(other, runner, outbox, "13900000002")
    typed = ZHANG | {"relation": "family", "address": "测试路 99 号"}
    second = await (await other.post("/api/me/persons", json=typed)).json()
    assert second["id"] == first["id"]
    assert second["address"] == "测试路 99 号"
    own = await (await client.get("/api/me/persons")).json()
    assert own == [first]


async def test_id_number_with_another_name_is_refused_and_counted(client, services, runner, outbox):
    await sign_in_resident(client, runner, outbox)
    await client.post("/api/me/persons", json=ZHANG | {"relation": "self"})
    for n in range(persons.ADDED_A_DAY - 1):
        typed = ZHANG | {"relation": "other", "name": f"猜猜{n}"}
        answer = await client.post("/api/me/persons", json=typed)
        assert (await answer.json())["code"] == "id_number_other_name"
    answer = await client.post("/api/me/persons", json=ZHANG | {"relation": "self"})
    assert answer.status == 429


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("name", "甲"),
        ("name", "测试\u202e甲"),
        ("name", "测试\n甲"),
        ("id_number", "330502197001010011"),
        ("id_number", "330502197013010012"),
        ("address", ""),
        ("relation", "friend"),
    ],
)
async def test_person_with_a_bad_field_names_that_field(client, runner, outbox, field, bad):
    await sign_in_resident(client, runner, outbox)
    typed = ZHANG | {"relation": "self"} | {field: bad}
    answer = await client.post("/api/me/persons", json=typed)
    assert answer.status == 422
    assert [e["field"] for e in (await answer.json())["errors"]] == [field]


async def test_comparing_the_card_raises_the_level_and_never_lowers_it(services):
    async with services.uow.begin(SYSTEM) as tx:
        declared = persons.Declared(ZHANG["name"], ZHANG["id_number"], None)
        person = await persons.declare(tx, declared, sealer=services.sealer)
        seen = await persons.compare_card(tx, person.id, note="window 3")
        assert seen.level == "seen"
        seen.level = "verified"
        assert (await persons.compare_card(tx, person.id)).level == "verified"


async def test_persons_without_a_number_are_never_merged(services):
    async with services.uow.begin(SYSTEM) as tx:
        same = persons.Declared("测试甲", None, None)
        ids = {(await persons.declare(tx, same, sealer=services.sealer)).id for _ in range(2)}
        assert len(ids) == 2
        assert {(await tx.session.get(Person, i)).level for i in ids} == {"phone"}


async def test_public_facts_need_no_sign_in(client, services, unit):
    centre = await (await client.get("/api/centre")).json()
    assert centre["demo"] is False
    units = await (await client.get("/api/units?kind=office")).json()
    assert [u["code"] for u in units] == ["WX"]
    categories = await (await client.get("/api/categories")).json()
    assert categories[0] == {"code": "labour", "name_zh": "劳资", "name_en": "Labour"}


async def test_limits_of_an_hour_and_of_a_day_are_counted_apart(services, clock):
    from server.kernel.throttle import tally

    async with services.uow.begin(SYSTEM) as tx:
        for per in (timedelta(hours=1), timedelta(days=1)):
            assert await tally(tx, "x", per=per) == 1
        assert await tx.session.get(Throttle, ("x/3600", clock.now())) is not None


async def test_codes_counts_and_sign_ins_are_not_kept_for_ever(
    client, services, runner, outbox, clock
):
    async def kept() -> tuple[int, int, int]:
        async with services.uow.begin(SYSTEM) as tx:
            await retention.sweep(tx)
            tables = (Challenge, Throttle, WebSession)
            counts = [sa.select(sa.func.count()).select_from(table) for table in tables]
            return tuple([await tx.session.scalar(count) for count in counts])

    await sign_in_resident(client, runner, outbox)
    assert await kept() == (1, 4, 1)
    clock.move(timedelta(days=3))
    assert await kept() == (0, 0, 1)
    assert (await (await client.get("/api/me")).json())["kind"] == "resident"
    clock.move(timedelta(days=60))
    assert await kept() == (0, 0, 0)
