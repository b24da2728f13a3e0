"""A site with one page and a bare line to the engine: the media client without the rest."""

import asyncio
import contextlib
import json
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from aiohttp import WSMsgType, web

from signaling.engine import (
    Encodings,
    MediaEngine,
    MediaEvent,
    MediaRefusedError,
    MediaUnavailableError,
    MemberId,
    Offer,
    OfferAgain,
    Reset,
)
from signaling.protocol import Relay
from tests.media.bot import Bot, Hearing

ROOT = Path(__file__).parents[2]
PAGE = Path(__file__).parent / "page"
HTML = '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>'


def bundle(folder: Path) -> None:
    """Make page.js from the client's sources."""
    command = [ROOT / ".node/node", PAGE / "bundle.mjs", PAGE / "page.ts", folder]
    subprocess.run(command, check=True, cwd=ROOT / "web", timeout=60)


class Site:
    """Answers the page's calls by the engine, and brings it the engine's offers."""

    def __init__(self, engine: MediaEngine, folder: Path) -> None:
        self.engine = engine
        self.events: list[MediaEvent] = []
        self.address = ""
        self.relay: Relay | None = None
        self._folder = folder
        self._lines: dict[str, web.WebSocketResponse] = {}
        self._bots: dict[str, Bot] = {}
        self._taking: set[asyncio.Task[None]] = set()

    async def bot(self, member: MemberId) -> Bot:
        """A person without a browser, joined; leaves with the site at the latest."""

        async def answer(revision: int, sdp: str) -> None:
            await self.engine.answer(member, revision=revision, sdp=sdp)

        bot = Bot(member, publish=lambda sdp: self.engine.publish(member, sdp), answer=answer)
        self._bots[member] = bot
        await bot.join()
        return bot

    def heard(self, bot: MemberId, member: MemberId) -> Callable[[], Hearing]:
        """What comes to a bot of somebody from now on."""
        known = self._bots[bot].heard
        known[member] = Hearing()
        return lambda: known[member]

    async def clear(self) -> None:
        for bot in self._bots.values():
            await bot.leave()
        for task in self._taking:
            task.cancel()
        await asyncio.gather(*self._taking, return_exceptions=True)

    def application(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get("/", self._page),
                web.get("/page.js", self._script),
                web.get("/line", self._line),
            ]
        )
        return app

    async def listen(self) -> None:
        async for event in self.engine.events():
            self.events.append(event)
            if isinstance(event, Offer):
                if bot := self._bots.get(event.member):
                    task = asyncio.create_task(_take(bot, event))
                    self._taking.add(task)
                    task.add_done_callback(self._taking.discard)
                offer = {"type": "offer", "revision": event.revision, "sdp": event.sdp}
                await self._tell(event.member, offer)
            elif isinstance(event, Encodings):
                rids = {"type": "encodings", "rids": list(event.rids)}
                await self._tell(event.member, rids)
            elif isinstance(event, OfferAgain):
                await self._tell(event.member, {"type": "again"})
            elif isinstance(event, Reset):
                for member in event.members:
                    await self._tell(member, {"type": "reset"})

    async def _tell(self, member: str, message: dict[str, object]) -> None:
        line = self._lines.get(member)
        if line is not None and not line.closed:
            await line.send_json(message)

    async def _page(self, request: web.Request) -> web.Response:
        return web.Response(text=HTML, content_type="text/html")

    async def _script(self, request: web.Request) -> web.FileResponse:
        return web.FileResponse(self._folder / "page.js")

    async def _line(self, request: web.Request) -> web.WebSocketResponse:
        member = MemberId(request.query["member"])
        line = self._lines[member] = web.WebSocketResponse()
        await line.prepare(request)
        async for frame in line:
            if frame.type is WSMsgType.TEXT:
                message = json.loads(frame.data)
                await line.send_json({"ref": message["ref"], **await self._answer(member, message)})
        return line

    async def _answer(self, member: MemberId, message: dict[str, object]) -> dict[str, object]:
        try:
            match message:
                case {"type": "publish", "sdp": str(sdp)}:
                    return {"sdp": await self.engine.publish(member, sdp)}
                case {"type": "answer", "revision": int(revision), "sdp": str(sdp)}:
                    await self.engine.answer(member, revision=revision, sdp=sdp)
                case {"type": "relay"}:
                    return {"relay": self.relay.model_dump() if self.relay else None}
                case {"type": "restart"}:
                    await self.engine.restart_receiving(member)
                case _:
                    return {"error": "unknown"}
        except (MediaRefusedError, MediaUnavailableError) as refused:
            return {"error": str(refused)}
        return {}


async def _take(bot: Bot, offer: Offer) -> None:
    # A leg that began anew meanwhile knows nothing of this offer.
    with contextlib.suppress(MediaRefusedError, ConnectionError):
        await bot.take_offer(offer.revision, offer.sdp)


@contextlib.asynccontextmanager
async def served(
    engine: MediaEngine, folder: Path, *, host: str = "127.0.0.1"
) -> AsyncIterator[Site]:
    """The site, for the length of the block."""
    site = Site(engine, folder)
    runner = web.AppRunner(site.application(), shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, host, 0).start()
    port = runner.addresses[0][1]
    listening = asyncio.create_task(site.listen())
    try:
        site.address = f"http://{host}:{port}/"
        yield site
    finally:
        await site.clear()
        await runner.cleanup()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
