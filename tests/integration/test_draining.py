"""On the way out: running requests end, new writes come again later, nobody is sent here."""

import asyncio

import pytest_asyncio

from server.app import application
from server.http.draining import DRAINING


@pytest_asyncio.fixture
async def app(services):
    return application(services)


async def test_running_request_ends_while_new_writes_are_sent_away(app, aiohttp_client):
    client = await aiohttp_client(app, headers={"X-Yuntiao": "1"})
    go_on, begun = asyncio.Event(), asyncio.Event()

    async def slowly():
        yield b'{"phone": "139'
        begun.set()
        await go_on.wait()
        yield b'00000001"}'

    json = {"Content-Type": "application/json"}
    running = asyncio.create_task(client.post("/api/sign-in/code", data=slowly(), headers=json))
    await begun.wait()
    for path in ("/readyz", "/livez"):
        assert (await client.get(path)).status == 200  # the control; answered after what is sent
    app[DRAINING].is_on = True
    refused = await client.post("/api/sign-in/code", json={"phone": "13900000002"})
    assert (refused.status, refused.headers["Retry-After"]) == (503, "3")
    assert (await refused.json())["code"] == "restarting"
    assert (await client.get("/readyz")).status == 503
    assert (await client.get("/livez")).status == 200
    assert (await client.get("/api/me")).status == 200  # reading goes on
    go_on.set()
    assert (await running).status == 200
