"""A media engine with a worker of its own, and bots in it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from signaling.engine import (
    Encodings,
    MediaEvent,
    MediaRefusedError,
    MemberId,
    Offer,
    OfferAgain,
    Reset,
    RoomId,
)
from signaling.media.settings import MediaSettings
from signaling.places import Engine
from signaling.supervisor import EmbeddedEngine
from tests.media.bot import Bot
from tests.media.clips import Clip
from tests.media.lanes import PATHS
from tests.media.sharing import SharingBot
from tests.media.site import bundle

LOOPBACK = MediaSettings(addresses=("127.0.0.1",))


async def until(condition: Callable[[], object], *, within: float = 30.0) -> None:
    """Wait for a condition, with a deadline; fails with what was waited for."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    while not condition():
        assert loop.time() < deadline, f"not within {within} s"
        await asyncio.sleep(0.01)


class Stage:
    """An engine whose offers go to the bots, as the signalling would bring them."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.bots: dict[str, Bot] = {}
        self.events: list[MediaEvent] = []
        self._answering: set[asyncio.Task[None]] = set()

    def bot(
        self,
        name: str,
        *,
        level: int = 20,
        media: Clip | None = None,
        codec: str = "vp8",
        **how: Any,
    ) -> Bot:
        member = MemberId(name)

        async def answer(revision: int, sdp: str) -> None:
            await self.engine.answer(member, revision=revision, sdp=sdp)

        self.bots[name] = Bot(
            name,
            publish=lambda sdp: self.engine.publish(member, sdp),
            answer=answer,
            media=media,
            level=level,
            codec=codec,
            **how,
        )
        return self.bots[name]

    def sharing_bot(self, name: str) -> SharingBot:
        """One that can show its screen as well."""
        member = MemberId(name)

        async def answer(revision: int, sdp: str) -> None:
            await self.engine.answer(member, revision=revision, sdp=sdp)

        bot = SharingBot(name, publish=lambda sdp: self.engine.publish(member, sdp), answer=answer)
        self.bots[name] = bot
        return bot

    async def enter(
        self, name: str, room: str, *, level: int = 20, media: Clip | None = None
    ) -> Bot:
        """A bot that has joined and is granted to a room."""
        bot = self.bot(name, level=level, media=media)
        await bot.join()
        await self.engine.grant(MemberId(name), RoomId(room))
        return bot

    async def come(self, name: str, room: str, *, level: int = 20) -> Bot:
        """A bot that is granted to a room before it joins."""
        bot = self.bot(name, level=level)
        await self.engine.grant(MemberId(name), RoomId(room))
        await bot.join()
        return bot

    async def move(self, name: str, room: str) -> None:
        await self.engine.revoke(MemberId(name))
        await self.engine.grant(MemberId(name), RoomId(room))

    async def listen(self) -> None:
        async for event in self.engine.events():
            self.take(event)

    def take(self, event: MediaEvent) -> None:
        self.events.append(event)
        if isinstance(event, Encodings) and event.member in self.bots:
            self.bots[event.member].encode(event.rids)
        bot = self.bots.get(event.member) if isinstance(event, Offer | OfferAgain) else None
        if bot is not None and isinstance(event, Offer):
            self._spawn(_answer(bot, event))
        elif bot is not None:
            self._spawn(bot.offer_again())

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    def saw(self, event: MediaEvent) -> bool:
        return event in self.events

    @property
    def restarts(self) -> int:
        return sum(isinstance(event, Reset) for event in self.events)

    async def clear(self) -> None:
        for bot in self.bots.values():
            await bot.leave()
        for task in self._answering:
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)


async def _answer(bot: Bot, offer: Offer) -> None:
    # A leg that began anew meanwhile knows nothing of this offer.
    with contextlib.suppress(MediaRefusedError, ConnectionError):
        await bot.take_offer(offer.revision, offer.sdp)


@contextlib.asynccontextmanager
async def staged(settings: MediaSettings = LOOPBACK) -> AsyncIterator[Stage]:
    async with staged_on(EmbeddedEngine(settings)) as stage:
        yield stage


@contextlib.asynccontextmanager
async def staged_on(engine: Engine) -> AsyncIterator[Stage]:
    """The engine is started and stopped with the block."""
    await engine.start()
    stage = Stage(engine)
    listening = asyncio.create_task(stage.listen())
    try:
        yield stage
    finally:
        await stage.clear()
        await engine.stop()
        await listening


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as made:
        yield made


@pytest_asyncio.fixture(params=PATHS)
async def stage_of_each_path(request: pytest.FixtureRequest) -> AsyncIterator[Stage]:
    """As `stage`, once with packets passed on by Python, once by C."""
    async with staged(replace(LOOPBACK, compiled=request.param is not None)) as made:
        yield made


def hears(bot: Bot, *others: str, packets: int = 30) -> Callable[[], bool]:
    """Condition: that many more of each other's packets of both kinds than now."""
    goals = {name: (_count(bot, name, "audio"), _count(bot, name, "video")) for name in others}

    def reached() -> bool:
        return all(
            _count(bot, name, "audio") >= audio + packets // 2
            and _count(bot, name, "video") >= video + packets // 2
            for name, (audio, video) in goals.items()
        )

    return reached


def _count(bot: Bot, name: str, kind: str) -> int:
    heard = bot.heard.get(name)
    return getattr(heard, kind) if heard is not None else 0


def total(bot: Bot, name: str) -> int:
    heard = bot.heard.get(name)
    return heard.packets if heard is not None else 0


@pytest.fixture(scope="session")
def page_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the bundled media client."""
    folder = tmp_path_factory.mktemp("page")
    bundle(folder)
    return folder
