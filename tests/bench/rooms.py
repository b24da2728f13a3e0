"""The embedded engine and the naive server, filled with people; see `janus_room` for the third."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

import aiohttp

from signaling.engine import MemberId, Offer, RoomId
from signaling.media.settings import MediaSettings
from signaling.supervisor import EmbeddedEngine
from tests.bench.callers import Caller
from tests.media.bot import Bot
from tests.media.botlink import BotLink
from tests.media.clips import clip

ROOM = RoomId("bench")


class Room(Protocol):
    """A server with one room; `pid` is the process that carries the packets."""

    pid: int

    @property
    def callers(self) -> Sequence[Bot]: ...

    async def fill(self, size: int) -> None:
        """Returns when everybody is connected both ways."""
        ...


class EmbeddedRoom:
    def __init__(self, engine: EmbeddedEngine) -> None:
        self.callers: list[Caller] = []
        self.engine = engine
        self.pid = engine.pid or 0

    async def fill(self, size: int) -> None:
        for number in range(size):
            await self._enter(number)

    async def listen(self) -> None:
        answering: set[asyncio.Task[None]] = set()
        async for event in self.engine.events():
            if isinstance(event, Offer):
                caller = next(c for c in self.callers if c.name == event.member)
                answering.add(asyncio.create_task(caller.take_offer(event.revision, event.sdp)))
        await asyncio.gather(*answering)

    async def _enter(self, number: int) -> None:
        member = MemberId(f"p{number}")

        async def answer(revision: int, sdp: str) -> None:
            await self.engine.answer(member, revision=revision, sdp=sdp)

        caller = Caller(number, publish=lambda sdp: self.engine.publish(member, sdp), answer=answer)
        self.callers.append(caller)
        await caller.join()
        await self.engine.grant(member, ROOM)


@contextlib.asynccontextmanager
async def embedded_room(*, compiled: bool = True) -> AsyncIterator[EmbeddedRoom]:
    engine = EmbeddedEngine(MediaSettings(addresses=("127.0.0.1",), compiled=compiled))
    await engine.start()
    room = EmbeddedRoom(engine)
    listening = asyncio.create_task(room.listen())
    try:
        yield room
    finally:
        await asyncio.gather(*(caller.leave() for caller in room.callers))
        await engine.stop()
        await listening


class FullIceBot(Bot):
    """Whoever offers controls, when both ends are full ICE agents."""

    async def take_offer(self, revision: int, sdp: str) -> None:
        self.answers = True
        await super().take_offer(revision, sdp)

    def _new_link(self) -> BotLink:
        link = super()._new_link()
        link.controls = not getattr(self, "answers", False)
        return link


class NaiveRoom:
    def __init__(self, pid: int, address: str, client: aiohttp.ClientSession) -> None:
        self.pid = pid
        self.callers: list[Bot] = []
        self._address, self._client = address, client

    async def fill(self, size: int) -> None:
        for number in range(size):
            name = f"p{number}"

            async def answer(_revision: int, sdp: str, name: str = name) -> None:
                await self._post(f"answer/{name}", sdp)

            async def publish(sdp: str, name: str = name) -> str:
                return await self._post(f"publish/{name}", sdp)

            bot = FullIceBot(name, publish=publish, answer=answer, media=clip(640, 360))
            await bot.join()
            self.callers.append(bot)
        for bot in self.callers:
            await bot.take_offer(1, await self._post(f"subscribe/{bot.name}", ""))

    async def _post(self, path: str, sdp: str) -> str:
        async with self._client.post(f"{self._address}/{path}", data=sdp) as answer:
            answer.raise_for_status()
            return await answer.text()


@contextlib.asynccontextmanager
async def naive_room() -> AsyncIterator[NaiveRoom]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.naive_server",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    port = int(await process.stdout.readline())
    async with aiohttp.ClientSession() as client:
        room = NaiveRoom(process.pid, f"http://127.0.0.1:{port}", client)
        try:
            yield room
        finally:
            await asyncio.gather(*(bot.leave() for bot in room.callers))
            process.kill()
            await process.wait()
