"""`python -m server demo` as a newcomer runs it: ready, entered, stopped, started again."""

import asyncio
import os
import re
import signal
import ssl
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientConnectorCertificateError, ClientSession, CookieJar

from server.demo.entrances import Entrance

ROOT = Path(__file__).parents[2]
START, STOP = 90.0, 20.0
STARTER = """
import subprocess, sys
subprocess.run([sys.executable, "-m", "server", "demo", "--tied"])
"""
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("processes")]


@pytest.fixture(scope="module")
def folder():
    """A data folder whose path is short enough for sockets, and open to the database's user."""
    with tempfile.TemporaryDirectory(prefix="yt-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


class Running:
    """A server process of this test's own, and what it said."""

    def __init__(self, process: asyncio.subprocess.Process, lines: list[str]) -> None:
        self.process, self.lines = process, lines

    @property
    def address(self) -> str:
        return re.match(r"ready (\S+)", self.lines[-1])[1]

    async def stop(self, sign: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(sign)
        return await asyncio.wait_for(self.process.wait(), STOP)


@asynccontextmanager
async def started(*arguments: str, data_dir: Path) -> AsyncIterator[Running]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("YUNTIAO_")}
    env |= {"YUNTIAO_SERVER__PORT": "0", "YUNTIAO_SERVER__DATA_DIR": str(data_dir)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "server", *arguments, cwd=ROOT, env=env,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    running = Running(process, [])
    try:
        await asyncio.wait_for(_until_ready(running), START)
        yield running
    finally:
        if process.returncode is None:
            await running.stop(signal.SIGKILL)


async def _until_ready(running: Running) -> None:
    assert running.process.stdout
    async for line in running.process.stdout:
        running.lines.append(line.decode().rstrip())
        if running.lines[-1].startswith("ready"):
            return
    raise AssertionError("\n".join(running.lines))


def children(pid: int) -> set[int]:
    """Every process that descends from it."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


async def gone(pids: set[int]) -> bool:
    """Whether all of them end within the deadline."""
    deadline = time.monotonic() + STOP
    while time.monotonic() < deadline:
        if not any(_lives(pid) for pid in pids):
            return True
        await asyncio.sleep(0.05)
    return False


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def sent(web: ClientSession, demo: Running) -> set[str]:
    """By which ways the demo has sent something."""
    messages = await (await web.get(demo.address + "/demo/messages")).json()
    return {message["channel"] for message in messages}


async def until(look: Callable[[], Awaitable[object]], wanted: object) -> None:
    deadline = time.monotonic() + STOP
    while await look() != wanted:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


@pytest_asyncio.fixture
async def web() -> AsyncIterator[ClientSession]:
    jar = CookieJar(unsafe=True)
    async with ClientSession(headers={"X-Yuntiao": "1"}, cookie_jar=jar) as session:
        yield session


async def test_demo_is_entered_as_everybody_and_leaves_nothing_behind(folder, web):
    async with started("demo", data_dir=folder) as demo:
        assert "yuntiao-demo" in "\n".join(demo.lines)
        for path in ("/livez", "/readyz"):
            assert (await web.get(demo.address + path)).status == 200
        assert (await (await web.get(demo.address + "/api/centre")).json())["demo"] is True
        for role in Entrance:
            answer = await web.post(f"{demo.address}/demo/enter/{role}")
            assert answer.status == 200, role
            me = (await answer.json())["me"]
            held = {r["role"] for r in me["roles"]}
            assert me["kind"] == "resident" or role in held
        mine = children(demo.process.pid)
        assert len(mine) >= 2  # the database and the media engine at least
        assert await demo.stop() == 0
        assert await gone(mine)


async def test_demo_for_phones_is_https_by_a_certificate_that_they_can_trust(folder):
    async with started("demo", "--lan", data_dir=folder) as demo, ClientSession() as phone:
        assert demo.address.startswith("https://")
        with pytest.raises(ClientConnectorCertificateError):  # the control: nobody knows it yet
            await phone.get(demo.address + "/readyz")
        answer = await phone.get(demo.address + "/demo/ca.crt", ssl=False)
        trusting = ssl.create_default_context(cadata=await answer.read())
        for path in ("/readyz", "/demo/phone", "/"):
            assert (await phone.get(demo.address + path, ssl=trusting)).status == 200
        assert await demo.stop() == 0


async def test_demo_has_something_due_and_a_second_start_finds_it_again(folder, web):
    async def due(address: str) -> list[dict]:
        return await (await web.get(address + "/demo/due")).json()

    async with started("demo", data_dir=folder) as demo:
        first = await due(demo.address)
        kinds = {way["session_kind"] for way in first}
        assert kinds == {"reception", "mediation"}
        assert {"host", "petitioner", "applicant", "respondent", "recorder"} <= {
            way["role"] for way in first
        }
        await demo.stop()
    async with started("demo", data_dir=folder) as demo:
        assert await due(demo.address) == first
        await until(lambda: sent(web, demo), {"sms", "mail"})
        await web.post(demo.address + "/demo/enter/resident")
        mine = await (await web.get(demo.address + "/api/appointments")).json()
        assert [a["state"] for a in mine].count("confirmed") >= 1
        await demo.stop(signal.SIGTERM)


async def test_demo_killed_outright_leaves_nothing_behind(folder, web):
    async with started("demo", data_dir=folder) as demo:
        mine = children(demo.process.pid)
        await demo.stop(signal.SIGKILL)
        assert await gone(mine)
    async with started("demo", data_dir=folder) as demo:  # and starts again
        assert (await web.get(demo.address + "/readyz")).status == 200
        await demo.stop()


async def test_serve_has_none_of_the_demo_and_refuses_its_data(tmp_path_factory, folder, web):
    other = folder / "real"
    async with started("serve", data_dir=other) as serve:
        assert (await (await web.get(serve.address + "/api/centre")).json())["demo"] is False
        for role in Entrance:
            answer = await web.post(f"{serve.address}/demo/enter/{role}")
            assert answer.status in {404, 405}, role
        for path in ("/demo/messages", "/demo/due", "/demo/entrances", "/demo/ca.crt"):
            answer = await web.get(serve.address + path)
            assert answer.content_type != "application/json", path
        body = {"login": "clerk1", "password": "yuntiao-demo"}
        answer = await web.post(serve.address + "/api/sign-in/staff", json=body)
        assert answer.status == 422
        await serve.stop()
    with pytest.raises(AssertionError, match="holds the data of a real server"):
        async with started("demo", data_dir=other):
            pass
    with pytest.raises(AssertionError, match="holds the data of a real server"):
        async with started("demo", "--reset", data_dir=other):
            pass
    async with started("demo", data_dir=folder) as demo:
        await demo.stop()
    with pytest.raises(AssertionError, match="holds the demo district"):
        async with started("serve", data_dir=folder):
            pass


async def test_second_server_on_one_folder_is_refused_in_one_line(folder):
    async with started("demo", data_dir=folder) as demo:
        with pytest.raises(AssertionError, match="another server uses this data folder"):
            async with started("demo", data_dir=folder):
                pass
        with pytest.raises(AssertionError, match="stop it first"):
            async with started("demo", "--reset", data_dir=folder):
                pass
        await demo.stop()


async def test_reset_starts_with_a_clean_slate(folder, web):
    async with started("demo", "--reset", data_dir=folder) as demo:
        ways = await (await web.get(demo.address + "/demo/due")).json()
        assert len({way["begins_at"] for way in ways}) == 5  # a line of four and a mediation
        await demo.stop()


async def test_tied_demo_ends_when_its_starter_is_killed(folder):
    starter = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STARTER, cwd=ROOT, stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "YUNTIAO_SERVER__PORT": "0", "YUNTIAO_SERVER__DATA_DIR": str(folder)},
    )  # fmt: skip
    await asyncio.wait_for(_until_ready(Running(starter, [])), START)
    mine = children(starter.pid)
    assert len(mine) >= 3  # the demo, its database, its media engine
    starter.kill()
    await starter.wait()
    assert await gone(mine)
