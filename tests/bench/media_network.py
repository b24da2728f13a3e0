"""`make bench-media-network`: what somebody on a poor line and somebody on a good one get of each other.

Server and one browser are at one end of a wire between two network namespaces, the other browser at
the other end; both run the product's own media client with a camera and a microphone. Each profile is
the wire's quality for a while, both ways: the plain keys are what the far one gets, those with `up_`
what comes of the far one at the good end. Firefox at the far end only listens. The same wire, the same
browser and the same client with Janus behind them are what to compare with.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from playwright.async_api import Page, async_playwright

from signaling.engine import MemberId, RoomId
from signaling.janus.engine import Instance, JanusEngine
from signaling.media.settings import MediaSettings
from signaling.places import Engine
from signaling.supervisor import EmbeddedEngine
from tests.bench.machine import watched
from tests.bench.report import report
from tests.janus.instance import janus
from tests.media.browsers import DEVICES, UNASKED, chromium, enter, firefox, sees
from tests.media.site import bundle, served
from tests.wire import PERFECT, Line, Wire, wired

SPEAKER, LISTENER, ROOM = MemberId("speaker"), MemberId("listener"), RoomId("room")
SETTLE, SECONDS, CUT_SECONDS, PATIENCE = 5.0, 10.0, 8.0, 20.0
POOR = {
    "loss5": Line(loss=0.05),
    "loss10": Line(loss=0.10),
    "delay300": Line(delay=0.3),
    "kbps300": Line(kbps=300),
}
CUTS = {
    "cut8": (Line(is_cut=True), PERFECT),
    "rebound": (PERFECT, Line(outside="198.51.100.77")),
}
"""What the line is for eight seconds (not at all, for a NAT that forgets), and what it is then."""
GOALS = {
    "freeze_longest_s_loss5_embedded": "goal <= 1",
    "concealed_percent_loss10_embedded": "goal <= 3",
    "recover_s_cut8_embedded": "goal <= 2",
    "recover_s_rebound_embedded": "goal <= 2",
    "recover_s_rebound_embedded_firefox": "goal <= 2",
    "concealed_percent_kbps300_embedded": "goal <= 3",
    "up_freeze_longest_s_loss5_embedded": "goal <= 1",
    "up_concealed_percent_loss10_embedded": "goal <= 3",
    "up_recover_s_cut8_embedded": "goal <= 2",
    "up_recover_s_rebound_embedded": "goal <= 2",
}
NOTE = """() => {
  const note = (globalThis.note = { frames: [] });
  const watched = new WeakSet();
  setInterval(() => {
    for (const video of document.querySelectorAll("video")) {
      if (watched.has(video)) continue;
      watched.add(video);
      const next = () => video.requestVideoFrameCallback(() => { note.frames.push(Date.now()); next(); });
      next();
    }
  }, 50);
}"""
SOUND = """async () => {
  const total = { concealed: 0, samples: 0 };
  for (const connection of seat.connections) {
    for (const one of (await connection.getStats()).values()) {
      if (one.type !== "inbound-rtp" || one.kind !== "audio") continue;
      total.concealed += one.concealedSamples ?? 0;
      total.samples += one.totalSamplesReceived ?? 0;
    }
  }
  return total;
}"""
FRAMES = "() => note.frames"


@dataclass(frozen=True)
class Ear:
    """A page that somebody sees and hears the other one on."""

    page: Page

    async def while_poor(self) -> dict[str, float]:
        began, before = time.time() * 1000, await self._sound()
        await asyncio.sleep(SECONDS)
        ended, after = time.time() * 1000, await self._sound()
        frames = [at for at in await self.page.evaluate(FRAMES) if began <= at <= ended]
        samples = after["samples"] - before["samples"]
        concealed = after["concealed"] - before["concealed"]
        return {
            "freeze_longest_s": _longest_gap([began, *frames, ended]),
            "concealed_percent": concealed / samples * 100 if samples else 100.0,
        }

    async def recovered(self, back: float) -> dict[str, float]:
        """Seconds from the line's being back to the first of many new pictures."""
        try:
            async with asyncio.timeout(PATIENCE):
                while len(later := await self._frames_after(back + 100)) < 10:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
        except TimeoutError:
            return {"recover_s": PATIENCE}
        return {"recover_s": (later[0] - back) / 1000}

    async def _frames_after(self, instant: float) -> list[float]:
        return [at for at in await self.page.evaluate(FRAMES) if at > instant]

    async def _sound(self) -> dict[str, float]:
        return dict(await self.page.evaluate(SOUND))


@dataclass(frozen=True)
class Stand:
    """Two people with the wire between them; `ears` by what their keys begin with."""

    wire: Wire
    ears: dict[str, Ear]

    async def poor(self, line: Line) -> dict[str, float]:
        self.wire.becomes(line)
        await asyncio.sleep(SETTLE)
        measured = await self._each(lambda ear: ear.while_poor())
        self.wire.becomes(PERFECT)
        return measured

    async def cut(self, line: Line, then: Line) -> dict[str, float]:
        await asyncio.sleep(SETTLE)  # nothing is gained from the trouble before
        self.wire.becomes(line)
        if line.is_cut:
            await asyncio.sleep(CUT_SECONDS)
        self.wire.becomes(then)
        back = time.time() * 1000
        return await self._each(lambda ear: ear.recovered(back))

    async def _each(self, part: Callable[[Ear], Awaitable[dict[str, float]]]) -> dict[str, float]:
        told = await asyncio.gather(*(part(ear) for ear in self.ears.values()))
        return {
            way + key: value
            for way, numbers in zip(self.ears, told, strict=True)
            for key, value in numbers.items()
        }


def _longest_gap(instants: list[float]) -> float:
    return max(later - earlier for earlier, later in pairwise(instants)) / 1000


@asynccontextmanager
async def embedded(wire: Wire) -> AsyncIterator[Engine]:
    yield EmbeddedEngine(MediaSettings(addresses=(wire.server.address,)))


@asynccontextmanager
async def of_janus(_wire: Wire) -> AsyncIterator[Engine]:
    async with janus() as server:
        yield JanusEngine(Instance(server.url, api_secret=server.secret))


MakeEngine = Callable[[Wire], AbstractAsyncContextManager[Engine]]


@asynccontextmanager
async def stand(
    make: MakeEngine, script: Path, *, with_firefox: bool = False
) -> AsyncIterator[Stand]:
    with wired() as wire:
        async with AsyncExitStack() as stack:
            with wire.server.entered():
                engine = await stack.enter_async_context(make(wire))
                await engine.start()
                stack.push_async_callback(engine.stop)
                site = await stack.enter_async_context(
                    served(engine, script, host=wire.server.address)
                )
                trusted = f"--unsafely-treat-insecure-origin-as-secure={site.address.rstrip('/')}"
                near = await stack.enter_async_context(async_playwright())
                speaking = await stack.enter_async_context(
                    chromium(near, UNASKED, DEVICES, trusted)
                )
                speaker = await speaking.new_page()
                assert await enter(speaker, site.address, SPEAKER) == "joined"
                await site.engine.grant(SPEAKER, ROOM)
            with wire.client.entered():
                far = await stack.enter_async_context(async_playwright())
                # Ten pictures a second: both browsers code and decode on this machine.
                browser = firefox(far) if with_firefox else chromium(far, UNASKED, trusted)
                listening = await stack.enter_async_context(browser)
            listener = await listening.new_page()
            shows = not with_firefox
            assert await enter(listener, site.address, LISTENER, shows=shows) == "joined"
            await site.engine.grant(LISTENER, ROOM)
            await sees(listener, SPEAKER, within=30)
            ears = {"": Ear(listener)}
            if shows:
                await sees(speaker, LISTENER, within=30)
                ears["up_"] = Ear(speaker)
            for ear in ears.values():
                await ear.page.evaluate(NOTE)
            yield Stand(wire, ears)


async def compare() -> dict[str, float]:
    numbers: dict[str, float] = {}
    stands: dict[str, tuple[MakeEngine, bool]] = {
        "embedded": (embedded, False),
        "janus": (of_janus, False),
        "embedded_firefox": (embedded, True),
    }
    with tempfile.TemporaryDirectory(prefix="yuntiao-bench-") as folder:
        bundle(Path(folder))
        for name, (make, with_firefox) in stands.items():
            async with stand(make, Path(folder), with_firefox=with_firefox) as one:
                for profile, line in POOR.items():
                    numbers |= _named(await one.poor(line), profile, name)
                for profile, (line, then) in CUTS.items():
                    numbers |= _named(await one.cut(line, then), profile, name)
    return numbers


def _named(measured: dict[str, float], profile: str, stand: str) -> dict[str, float]:
    return {f"{key}_{profile}_{stand}": value for key, value in measured.items()}


def main() -> None:
    baseline = "Janus 1.1.2 videoroom, same wire, same client"
    with watched() as watch:
        numbers = asyncio.run(compare())
        report("media-network", numbers, baseline=baseline, goals=GOALS, watch=watch)


if __name__ == "__main__":
    main()
