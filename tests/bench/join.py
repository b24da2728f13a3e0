"""`make bench-join`: from the host's word to the first picture that the resident sees.

The resident waits in the waiting room and the leader sits at the desk, both with open cameras, in
two real browser contexts. The leader lets the resident in, then asks them back into the waiting
room, again and again. On the way out the resident's page closes both its peer connections and the
media engine forgets the seat, so that each join is fresh in: both legs (offer and answer, ICE,
DTLS, keys), the decoder, the first key frame and the video element. What stays are the page, its
WebSocket and the leader's own sending leg, as they do when a host admits somebody who waits.

Both pages note times themselves: the leader's at the click that admits, the resident's in
requestVideoFrameCallback of the first frame that came over the network.

Afterwards, from inside, the resident's page is reloaded again and again: the way back, from the
reload to the first frame. At last the phone sleeps: every process of the resident's browser is
stopped, for a nap in which only the silence is noticed and for a sleep after which their media
are gone and their seat is empty; the way back is from the awakening to a picture that moves.
"""

import asyncio
import contextlib
import os
import re
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    ViewportSize,
    async_playwright,
)

from tests.bench.demo_server import demo_server
from tests.bench.machine import watched
from tests.bench.report import percentile, report
from tests.media.browsers import DEVICES, chromium

JOINS, RETURNS = 32, 16
NAPS = {"nap": (15.0, 15.0, 15.0), "sleep": (50.0,)}
"""Seconds: noticed by the server after 8, given up by the media after 35."""
PHONE_MARK = "--class=yuntiao-bench-phone"
PHONE = ViewportSize(width=390, height=844)
DESK = ViewportSize(width=1440, height=900)
PATIENCE = 60_000
CAMERA = ("--use-fake-ui-for-media-stream", DEVICES)
GOALS = {
    "p95_ms": "goal <= 1000", "back_p95_ms": "goal <= 3000",
    "nap_worst_ms": "goal <= 2000", "sleep_worst_ms": "goal <= 2000",
}  # fmt: skip

# Only frames that came as RTP carry a time stamp of it; the own camera's do not.
NOTE_FRAMES = """
globalThis.firstFrames = [];
globalThis.allFrames = [];
const watch = (video, isFirst = true) => video.requestVideoFrameCallback((_, frame) => {
  if (frame.rtpTimestamp === undefined) return watch(video, isFirst);
  const now = performance.timeOrigin + performance.now();
  if (isFirst) firstFrames.push(now);
  allFrames.push(now);
  watch(video, false);
});
const seen = new WeakSet();
new MutationObserver(() => {
  for (const video of document.querySelectorAll("video")) {
    if (!seen.has(video)) watch(video);
    seen.add(video);
  }
}).observe(document, { childList: true, subtree: true });
"""
NOTE_CLICKS = """
addEventListener("click", (event) => {
  globalThis.lastClick = performance.timeOrigin + event.timeStamp;
}, { capture: true });
"""
PLAYS = """async () => {
  const plays = (video) => video.srcObject && video.getVideoPlaybackQuality().totalVideoFrames > 5;
  while (![...document.querySelectorAll("video")].some(plays)) {
    await new Promise((later) => setTimeout(later, 50));
  }
}"""
STEADY_SINCE = """async (moment) => {
  for (;;) {
    let [start, last] = [0, -Infinity];
    for (const at of allFrames.filter((one) => one >= moment)) {
      if (at - last > 500) start = at;
      last = at;
    }
    if (last - start >= 3000) return start;
    await new Promise((later) => setTimeout(later, 50));
  }
}"""
FRAME_OF_JOIN = """async (number) => {
  while (firstFrames.length <= number) await new Promise((later) => setTimeout(later, 20));
  return firstFrames[number];
}"""


@dataclass(frozen=True)
class Stage:
    resident: Page
    leader: Page


async def measure(address: str) -> dict[str, float]:
    async with (
        async_playwright() as playwright,
        chromium(playwright, *CAMERA) as desk,
        chromium(playwright, *CAMERA, PHONE_MARK) as phone,
    ):
        stage = await _open(phone, desk, address)
        joins = []
        for number in range(JOINS):
            joins.append(await _join(stage, number))
            await _send_back(stage)
        await _join(stage, JOINS)
        returns = [await _return(stage.resident) for _ in range(RETURNS)]
        woken = {
            f"{name}_worst_ms": max([await _sleep(stage.resident, rest) for rest in rests])
            for name, rests in NAPS.items()
        }
    return {
        "p50_ms": percentile(joins, 0.5),
        "p95_ms": percentile(joins, 0.95),
        "worst_ms": max(joins),
        "first_ms": joins[0],
        "joins": len(joins),
        "back_p50_ms": percentile(returns, 0.5),
        "back_p95_ms": percentile(returns, 0.95),
        "back_worst_ms": max(returns),
        **woken,
    }


async def _open(phone_browser: Browser, desk_browser: Browser, address: str) -> Stage:
    """The resident waits, the leader is at the desk of the same appointment."""
    phone = await phone_browser.new_context(
        viewport=PHONE, is_mobile=True, has_touch=True, locale="zh-CN", base_url=address
    )
    desk = await desk_browser.new_context(viewport=DESK, locale="zh-CN", base_url=address)
    await _enter(phone, "resident")
    await _enter(desk, "leader")
    appointment = await _open_appointment(phone)
    resident = await _wait_outside(phone, f"/i/{appointment['join_token']}")
    leader = await desk.new_page()
    leader.set_default_timeout(PATIENCE)
    await leader.add_init_script(NOTE_CLICKS)
    await leader.goto(f"/staff/desk/{appointment['id']}")
    async with asyncio.timeout(PATIENCE / 1000):
        await leader.evaluate(PLAYS)
    return Stage(resident, leader)


async def _enter(context: BrowserContext, role: str) -> None:
    answer = await context.request.post(f"/demo/enter/{role}", headers={"X-Yuntiao": "1"})
    assert answer.ok, await answer.text()


async def _open_appointment(context: BrowserContext) -> dict[str, str]:
    appointments = await (await context.request.get("/api/appointments")).json()
    found: dict[str, str] = next(one for one in appointments if "join" in one["actions"])
    return found


async def _wait_outside(phone: BrowserContext, link: str) -> Page:
    """From the personal link through its questions into the waiting room."""
    page = await phone.new_page()
    page.set_default_timeout(PATIENCE)
    await page.add_init_script(NOTE_FRAMES)
    await page.goto(link)
    await page.get_by_role("button", name="下一步").click()
    await page.get_by_label("现在的地址").fill("织里镇利济路 1 号")
    await page.get_by_role("button", name="下一步").click()
    switches = page.get_by_role("switch")
    await switches.first.wait_for()
    for switch in await switches.all():
        await switch.click()
    await page.get_by_role("button", name="进入等候室").click()
    await page.get_by_text("现在谁也看不到您").wait_for()
    return page


async def _join(stage: Stage, number: int) -> float:
    """Milliseconds from the click that admits to the first frame."""
    leader, resident = stage.leader, stage.resident
    door = leader.get_by_role("button", name=re.compile(r"^请进\s*A?$"))
    unseen = leader.get_by_role("button", name="请进来")
    tools = _tools(leader)
    await door.click()
    # Nobody compared the card at a window before: the leader says that they do it themselves.
    await unseen.or_(tools).first.wait_for()
    if await unseen.is_visible():
        await unseen.click()
    async with asyncio.timeout(PATIENCE / 1000):
        shown = await resident.evaluate(FRAME_OF_JOIN, number)
    return float(shown - await leader.evaluate("lastClick"))


async def _send_back(stage: Stage) -> None:
    await _tools(stage.leader).click()
    await stage.leader.get_by_role("button", name="请回等候室").click()
    await stage.resident.get_by_text("现在谁也看不到您").wait_for()


def _tools(leader: Page) -> Locator:
    return leader.get_by_role("button", name=re.compile("更多操作$"))


async def _return(resident: Page) -> float:
    """Milliseconds from a reload to the first frame on the page that comes then."""
    began = time.time() * 1000
    await resident.reload(wait_until="commit")
    async with asyncio.timeout(PATIENCE / 1000):
        return float(await resident.evaluate(FRAME_OF_JOIN, 0)) - began


async def _sleep(resident: Page, seconds: float) -> float:
    """Milliseconds from the awakening until the picture moves, and goes on for three seconds.

    The first frames may have waited in the socket while all slept.
    """
    await resident.evaluate("allFrames.length = 0")
    processes = _processes(PHONE_MARK)
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        woken = time.time() * 1000
        for process in processes:
            os.kill(process, signal.SIGCONT)
    try:
        async with asyncio.timeout(PATIENCE / 1000):
            return float(await resident.evaluate(STEADY_SINCE, woken)) - woken
    except TimeoutError:
        return PATIENCE


def _processes(mark: str) -> list[int]:
    """The one whose command line has the mark, with its children and theirs."""
    parents = {int(stat.parent.name): _parent(stat) for stat in Path("/proc").glob("[0-9]*/stat")}
    found = [one for one in parents if mark.encode() in _command(one)]
    for one in found:
        found += [
            child for child, parent in parents.items() if parent == one and child not in found
        ]
    return found


def _parent(stat: Path) -> int:
    with contextlib.suppress(OSError):
        return int(stat.read_text().rpartition(")")[2].split()[1])
    return 0


def _command(process: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return b""


def main() -> None:
    with watched() as watch, demo_server() as address:
        numbers = asyncio.run(measure(address))
        report("join", numbers, baseline=None, goals=GOALS, watch=watch)


if __name__ == "__main__":
    main()
