"""The session with an instance that answers late or not at all, played by a few lines of our own."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from signaling.janus import numbers
from signaling.janus.numbers import Admin
from signaling.janus.session import PROTOCOL, JanusError, Pace, Session
from tests.media.conftest import until

QUICK = Pace(keepalive=0.05, answer=3.0)


@dataclass
class Playing:
    """What it does with signs of life is up to the test."""

    url: str = ""
    answers: Callable[[int], bool] = lambda _: True
    answers_nothing: bool = False
    kept_alive: int = 0
    sockets: list[web.WebSocketResponse] = field(default_factory=list)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=[PROTOCOL, numbers.PROTOCOL])
        await socket.prepare(request)
        self.sockets.append(socket)
        async for frame in socket:
            await self._take(socket, json.loads(frame.data))
        return socket

    async def _take(self, socket: web.WebSocketResponse, frame: dict[str, Any]) -> None:
        told = {"janus": "success", "transaction": frame["transaction"], "data": {"id": 7}}
        if self.answers_nothing:
            return
        if frame["janus"] == "keepalive":
            self.kept_alive += 1
            if not self.answers(self.kept_alive):
                return
            told["janus"] = "ack"
        await socket.send_json(told)


@pytest.fixture
async def playing() -> AsyncIterator[Playing]:
    played = Playing()
    application = web.Application()
    application.router.add_get("/", played.serve)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    played.url = f"ws://127.0.0.1:{runner.addresses[0][1]}"
    yield played
    await runner.cleanup()


@contextlib.asynccontextmanager
async def opened(
    playing: Playing, *, on_event: Callable[[object], None] = lambda _: None
) -> AsyncIterator[tuple[Session, list[str]]]:
    ends: list[str] = []
    async with Session.opened(
        playing.url, on_event=on_event, on_end=ends.append, pace=QUICK
    ) as session:
        yield session, ends


async def test_an_instance_that_never_takes_the_call_cannot_be_reached():
    async with deaf() as port:
        with pytest.raises(JanusError):
            async with asyncio.timeout(30), opened(Playing(f"ws://127.0.0.1:{port}")):
                pass


@contextlib.asynccontextmanager
async def deaf() -> AsyncIterator[int]:
    """The port of one who takes calls, and says nothing."""

    async def keep(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)

    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(keep, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in held:
            writer.close()


async def test_an_admin_api_that_never_takes_the_call_cannot_be_asked():
    async with deaf() as port, asyncio.timeout(30):
        with pytest.raises(JanusError):
            async with Admin.opened(f"ws://127.0.0.1:{port}", secret=None):
                pass


async def test_an_admin_api_that_takes_questions_and_does_not_answer_is_left(playing):
    playing.answers_nothing = True
    async with asyncio.timeout(30):
        with pytest.raises(JanusError):
            async with Admin.opened(playing.url, secret=None) as admin:
                await admin.media_of(1, 2)


async def test_a_sign_of_life_that_is_answered_late_once_ends_nothing(playing):
    playing.answers = lambda count: count != 2
    async with opened(playing) as (session, ends):
        await until(lambda: playing.kept_alive > 6)
        assert session.is_open
        assert not ends


async def test_an_instance_that_answers_no_more_is_told_of_once(playing):
    playing.answers = lambda count: count < 3
    async with opened(playing) as (session, ends):
        await until(lambda: ends)
        assert playing.kept_alive in {3, 4}  # the second one late, if we stood still
        await until(lambda: session.socket.closed)
        assert not session.is_open
        assert ends == ["it does not answer"]


async def test_a_session_that_the_instance_ended_is_told_of_once(playing):
    async with opened(playing) as (session, ends):
        await playing.sockets[0].send_json({"janus": "timeout", "session_id": 7})
        await until(lambda: session.socket.closed)
        assert not session.is_open
        assert ends == ["it has ended the session"]


async def test_what_nobody_foresaw_ends_the_session_in_the_open(playing, caplog):
    def stumble(event: object) -> None:
        raise KeyError(event)

    async with opened(playing, on_event=stumble) as (session, ends):
        asking = asyncio.create_task(session._ask({"janus": "keepalive"}))
        await playing.sockets[0].send_json({"janus": "event"})
        await until(lambda: session.socket.closed)
        assert not session.is_open
        assert len(ends) == 1
        assert "KeyError" in caplog.text
        with contextlib.suppress(JanusError):
            await asking
        with pytest.raises(JanusError):
            await session.attach()
