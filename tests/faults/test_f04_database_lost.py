"""F04: the database dies and comes back; what was told to somebody stands, and the server goes on."""

import asyncio
import os
import signal
import time

import aiohttp
import asyncpg
import pytest

from server.kernel.postgres import Postgres
from tests.bench.booking import prepared
from tests.bench.booking_district import Client, Place
from tests.bench.booking_load import server

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("processes")]
CYCLES = 3
LATE_READY, LATE_BACK = 20.0, 20.0


@pytest.fixture
def postgres(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lost")
    made = Postgres(folder / "db", settings={"max_connections": "100"})
    made.start()
    yield made
    made.stop()


def kill(postgres: Postgres) -> None:
    """Without a word to anybody."""
    postmaster = int((postgres.data / "postmaster.pid").read_text().split("\n")[0])
    os.kill(postmaster, signal.SIGQUIT)


async def until_ready(web: aiohttp.ClientSession, *, ready: bool, within: float) -> None:
    began = time.monotonic()
    while (await web.get("/readyz")).ok is not ready:
        assert time.monotonic() - began < within
        await asyncio.sleep(0.05)


async def hold(web: aiohttp.ClientSession, client: Client, place: Place) -> aiohttp.ClientResponse:
    headers = {"X-Yuntiao": "1", "Cookie": f"yuntiao-session={client.token}; yuntiao-flow=f"}
    return await web.post("/api/holds", json={"slot_id": str(place.slot_id)}, headers=headers)


async def test_f04_a_database_that_was_lost_and_came_back_cost_nothing_that_was_told(
    postgres, config
):
    district = await prepared(postgres, config.server.data_dir, "f04", clients=CYCLES * 2)
    told = []
    url = postgres.url("f04")
    async with (
        server("clocked", url=url, folder=config.server.data_dir) as running,
        aiohttp.ClientSession(f"http://127.0.0.1:{running.port}") as web,
    ):
        await until_ready(web, ready=True, within=LATE_BACK)
        for _ in range(CYCLES):
            one, other = district.clients.pop(), district.clients.pop()
            held = await hold(web, one, district.spread.pop())
            assert held.status == 200, await held.text()
            told.append((await held.json())["appointment_id"])
            kill(postgres)
            await until_ready(web, ready=False, within=LATE_READY)
            away = await hold(web, other, district.spread[-1])
            assert (away.status, (await away.json())["code"]) == (503, "database_away")
            assert int(away.headers["Retry-After"]) > 0
            assert (await web.get("/livez")).ok
            postgres.stop()
            postgres.start()
            await until_ready(web, ready=True, within=LATE_BACK)
            again = await hold(web, other, district.spread.pop())
            assert again.status == 200, await again.text()
            told.append((await again.json())["appointment_id"])
    db = await asyncpg.connect(url.replace("+asyncpg", ""))
    kept = await db.fetchval("SELECT count(*) FROM claim WHERE appointment_id = ANY($1)", told)
    await db.close()
    assert kept == len(told)
