"""T19: a sign-in cannot be fixed, replayed from a dump, ridden from another site, or kept idle."""

from datetime import timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa

from server.app import application
from server.identity import sessions
from server.identity.tables import WebSession
from server.kernel.actor import SYSTEM, Role
from tests.identity import PASSWORD, add_staff, enter, put_cookie, sign_in_resident
from tests.units import add_unit

COOKIE = "yuntiao-session"


@pytest_asyncio.fixture
async def clerk(services):
    async with services.uow.begin(SYSTEM) as tx:
        unit = await add_unit(tx, "WX")
    return await add_staff(services, unit, Role.CLERK)


async def kind(client, token: str | None = None) -> str:
    cookies = {COOKIE: token} if token else None
    return (await (await client.get("/api/me", cookies=cookies)).json())["kind"]


def token_of(client) -> str:
    return next(c.value for c in client.session.cookie_jar if c.key == COOKIE)


@pytest_asyncio.fixture
async def stranger(services, aiohttp_client):
    """Another browser, which sends only what it is told to."""
    return await aiohttp_client(application(services), headers={"X-Yuntiao": "1"})


async def test_t19_old_id_is_dead_after_signing_in_again(client, services, clerk, stranger):
    await enter(client, services, clerk)
    old = token_of(client)
    assert await kind(stranger, old) == "staff"  # the control: it was good
    body = {"login": clerk.login, "password": PASSWORD}
    assert (await client.post("/api/sign-in/staff", json=body)).status == 200
    assert token_of(client) != old
    assert await kind(stranger, old) == "anyone"


async def test_t19_id_chosen_by_an_attacker_is_never_adopted(client, runner, outbox, stranger):
    put_cookie(client, "chosen-by-an-attacker")
    await sign_in_resident(client, runner, outbox)
    assert token_of(client) != "chosen-by-an-attacker"
    assert await kind(stranger, "chosen-by-an-attacker") == "anyone"


async def test_t19_dump_of_the_database_cannot_be_replayed(client, services, clerk, stranger):
    await enter(client, services, clerk)
    async with services.uow.begin(SYSTEM) as tx:
        row = (await tx.session.scalars(sa.select(WebSession))).one()
        texts = await tx.connection.execute(sa.text("SELECT web_session::text FROM web_session"))
        assert token_of(client) not in texts.scalar_one()
    for stolen in (row.token_hash.hex(), str(row.id), row.token_hash.decode("latin-1")):
        assert await kind(stranger, stolen.encode("ascii", "ignore").decode() or "x") == "anyone"
    assert await kind(stranger, token_of(client)) == "staff"  # the control


async def test_t19_cookie_is_out_of_reach_of_scripts_and_other_sites(client, services, clerk):
    body = {"login": clerk.login, "password": PASSWORD}
    answer = await client.post("/api/sign-in/staff", json=body)
    session = next(c for c in answer.headers.getall("Set-Cookie") if c.startswith(COOKIE))
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(session.split("; "))
    assert "Domain" not in session
    assert len(session.partition("=")[2].partition(";")[0]) * 6 >= 256  # bits, in base 64


async def test_t19_staff_fall_idle_after_thirty_minutes(client, services, clerk, clock):
    await enter(client, services, clerk)
    for _ in range(3):
        clock.move(timedelta(minutes=29))
        assert await kind(client) == "staff"  # the control: whoever works stays
    clock.move(timedelta(minutes=31))
    assert await kind(client) == "anyone"


async def test_t19_staff_sign_in_ends_after_twelve_hours_of_work(client, services, clerk, clock):
    await enter(client, services, clerk)
    for _ in range(12 * 3 - 1):
        clock.move(timedelta(minutes=20))
        assert await kind(client) == "staff"
    clock.move(timedelta(minutes=20))
    assert await kind(client) == "anyone"


async def test_t19_resident_on_a_shared_device_falls_idle_as_well(services, clock, stranger):
    from server.identity import accounts

    async with services.uow.begin(SYSTEM) as tx:
        account = await accounts.resident_of_phone(tx, "13900000001", sealer=services.sealer)
        config = services.config.identity
        shared = await sessions.sign_in(tx, account, config=config, shared=True)
        own = await sessions.sign_in(tx, account, config=config)
    clock.move(timedelta(minutes=31))
    assert await kind(stranger, shared.token) == "anyone"
    assert await kind(stranger, own.token) == "resident"  # the control: one's own phone stays


async def test_t19_signing_out_ends_it_on_the_server_too(client, services, clerk, stranger):
    await enter(client, services, clerk)
    token = token_of(client)
    assert (await client.post("/api/sign-out")).status == 204
    assert await kind(stranger, token) == "anyone"


CROSS_SITE = [
    {"X-Yuntiao": "0"},
    {"X-Yuntiao": ""},
    {"Origin": "null"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://{host}.evil.example"},
    {"Origin": "http://evil-{host}"},
    {"Origin": "http://127.0.0.1:1"},
    {"Origin": "https://{host}"},
]


@pytest.mark.parametrize("headers", CROSS_SITE, ids=str)
async def test_t19_t09_write_from_another_site_changes_nothing(client, services, clerk, headers):
    await enter(client, services, clerk)
    host = f"{client.host}:{client.port}"
    sent = {name: value.format(host=host) for name, value in headers.items()}
    answer = await client.put("/api/me/email", json={"email": "e@evil.example"}, headers=sent)
    assert (answer.status, (await answer.json())["code"]) == (403, "cross_site")
    assert (await (await client.get("/api/me")).json())["email_masked"] is None


async def test_t19_t09_control_the_same_write_from_our_own_page_is_done(client, services, clerk):
    await enter(client, services, clerk)
    sent = {"Origin": f"http://{client.host}:{client.port}"}
    answer = await client.put("/api/me/email", json={"email": "e@centre.example"}, headers=sent)
    assert (await answer.json())["email_masked"] == "e***@centre.example"


async def test_t19_form_post_of_another_site_is_refused(client, services, clerk):
    """A form sends no header of ours, and its fields are no JSON."""
    await enter(client, services, clerk)
    form = {"email": "e@evil.example"}
    answer = await client.post("/api/me/persons", data=form, headers={"X-Yuntiao": ""})
    assert answer.status == 403
