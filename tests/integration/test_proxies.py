"""Behind a proxy: who asks is believed from the proxies that are ours, from nobody else."""

from dataclasses import replace
from ipaddress import ip_network

import pytest
from aiohttp import WSServerHandshakeError

from server.app import application
from server.app.proxies import client_address, client_scheme
from server.http.socket import PATH
from tests.identity import sign_in_resident

OURS = (ip_network("10.0.0.0/8"), ip_network("127.0.0.1/32"))


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ([], None),
        (["1.2.3.4"], "1.2.3.4"),
        (["9.9.9.9, 1.2.3.4"], "1.2.3.4"),
        (["9.9.9.9", "1.2.3.4, 10.0.0.7"], "1.2.3.4"),
        (["10.0.0.8, 10.0.0.7"], "10.0.0.8"),
        (["1.2.3.4, nonsense"], "nonsense"),
    ],
)
def test_client_is_the_last_address_before_our_own_proxies(forwarded, client):
    assert client_address(forwarded, OURS) == client


@pytest.mark.parametrize(
    ("said", "ours", "scheme"),
    [
        ([], 0, None),
        (["https"], 0, "https"),
        (["https"], 1, "https"),  # the nearest proxy overwrites
        (["https", "http"], 1, "https"),
        (["https", "http"], 0, "http"),
        (["http", "https", "http"], 1, "https"),  # the first one was written by the client
        (["https", "HTTPS"], 0, "https"),
    ],
)
def test_scheme_is_what_the_first_of_our_proxies_was_asked_by(said, ours, scheme):
    assert client_scheme(said, ours=ours) == scheme


async def test_list_of_schemes_is_read_and_not_refused(services, aiohttp_client):
    behind = served(services, trusted_proxies=OURS)
    proxied = await aiohttp_client(application(behind), headers={"X-Yuntiao": "1"})
    for hops, schemes, secure in (
        ("1.2.3.4, 10.0.0.7", "https,http", True),
        ("1.2.3.4", "https, http", False),
        ("6.6.6.6", "https, http, https", True),
    ):
        headers = {"X-Forwarded-For": hops, "X-Forwarded-Proto": schemes}
        answer = await proxied.post("/api/sign-out", headers=headers)
        assert ("Secure" in str(answer.headers.getall("Set-Cookie"))) is secure
    nonsense = {"X-Forwarded-Proto": "gopher"}
    assert (await proxied.get("/api/me", headers=nonsense)).status == 400  # the control


def served(services, **settings):
    server = services.config.server.model_copy(update=settings)
    config = services.config.model_copy(update={"server": server})
    return replace(services, config=config)


async def test_cookie_is_bound_to_https_when_people_come_by_https(services, aiohttp_client):
    """The configured address says so, even where the proxy in front says nothing."""
    behind = served(services, public_url="https://centre.example")
    proxied = await aiohttp_client(application(behind), headers={"X-Yuntiao": "1"})
    asked = await proxied.post("/api/sign-in/code", json={"phone": "13900000001"})
    left = await proxied.post("/api/sign-out")
    kept, cleared = asked.headers["Set-Cookie"], left.headers.getall("Set-Cookie")
    assert kept.startswith("__Host-yuntiao-flow=")
    assert "Secure" in kept
    [gone] = [line for line in cleared if line.startswith("__Host-yuntiao-session=")]
    assert "Secure" in gone


async def test_cookie_is_bound_to_https_when_our_proxy_says_so(
    client, services, runner, outbox, aiohttp_client
):
    headers = {"X-Yuntiao": "1", "X-Forwarded-Proto": "https", "X-Forwarded-For": "1.2.3.4"}
    behind = served(services, trusted_proxies=OURS)
    proxied = await aiohttp_client(application(behind), headers=headers)
    answer = await proxied.post("/api/sign-in/code", json={"phone": "13900000001"})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-yuntiao-flow=")
    assert "Secure" in cookie
    # the control: from whom we do not trust, the same headers change nothing
    plain = await client.post("/api/sign-in/code", json={"phone": "13900000002"}, headers=headers)
    assert plain.headers["Set-Cookie"].startswith("yuntiao-flow=")
    assert (await sign_in_resident(client, runner, outbox, "13900000003"))["kind"] == "resident"


async def test_socket_opens_behind_our_proxy_for_the_public_address_alone(services, aiohttp_client):
    behind = served(services, public_url="https://centre.example", trusted_proxies=OURS)
    proxied = await aiohttp_client(application(behind), headers={"X-Forwarded-Proto": "https"})
    async with proxied.ws_connect(PATH, headers={"Origin": "https://centre.example"}) as socket:
        await socket.send_json({"type": "hello", "version": 1, "ticket": "x" * 22})
        assert (await socket.receive_json())["type"] == "refused"
    for origin in ("http://centre.example", "https://centre.example.evil"):
        with pytest.raises(WSServerHandshakeError):
            await proxied.ws_connect(PATH, headers={"Origin": origin})
