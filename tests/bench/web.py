"""`make bench-web`: how much script residents load, and how soon a slow phone shows a bookable day."""

import asyncio
import os
import statistics
from dataclasses import dataclass

from playwright.async_api import Browser, BrowserContext, CDPSession, Page, async_playwright

from tests.bench.demo_server import demo_server
from tests.bench.machine import watched
from tests.bench.report import report

RUNS = 5
PHONE = {"width": 390, "height": 844}
SLOWER = 4
NETWORK = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
PATIENCE = 20
FLAGS = ["--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--no-first-run", "--disable-quic"]  # fmt: skip

# The first way to a bookable day is marked as it is put into the page; the browser tells when
# it was painted. Milliseconds since the navigation began.
WATCH_FIRST_DAY = """
new MutationObserver(() => {
  const first = document.querySelector('a[href^="/book/day/"] .numbers');
  first?.setAttribute("elementtiming", "first-day");
}).observe(document, { childList: true, subtree: true });
globalThis.firstDay = new Promise((painted) => {
  new PerformanceObserver((list) => {
    const first = list.getEntries().find((entry) => entry.identifier === "first-day");
    if (first) painted(first.renderTime);
  }).observe({ type: "element", buffered: true });
});
new PerformanceObserver((list) => {
  globalThis.largest = list.getEntries().at(-1).startTime;
}).observe({ type: "largest-contentful-paint", buffered: true });
"""
GOALS = {
    "resident_js_kb": "goal <= 120",
    "lcp_ms": "goal <= 1500",
}


@dataclass(frozen=True)
class Load:
    """One cold load of the home page on a slow phone, in milliseconds."""

    first_day: float
    largest: float


async def measure(address: str) -> dict[str, float]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=[*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])],
        )
        try:
            loads = [await _load_home(browser, address) for _ in range(RUNS)]
            scripts = await _scripts(browser, address)
        finally:
            await browser.close()
    for path, size in scripts.items():
        print(f"{size:8.1f} kB  {path}")
    return {
        "resident_js_kb": max(scripts.values()),
        "home_js_kb": scripts["/"],
        "lcp_ms": statistics.median(load.first_day for load in loads),
        "lcp_worst_ms": max(load.first_day for load in loads),
        "largest_paint_ms": statistics.median(load.largest for load in loads),
    }


async def _load_home(browser: Browser, address: str) -> Load:
    context = await browser.new_context(viewport=PHONE, device_scale_factor=2, is_mobile=True)
    page = await context.new_page()
    await page.add_init_script(WATCH_FIRST_DAY)
    session = await context.new_cdp_session(page)
    await session.send("Network.enable")
    await session.send("Network.emulateNetworkConditions", NETWORK)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    await page.goto(f"{address}/", wait_until="commit")
    async with asyncio.timeout(PATIENCE):
        first_day = await page.evaluate("globalThis.firstDay")
    load = Load(first_day, await page.evaluate("globalThis.largest"))
    await context.close()
    return load


async def _scripts(browser: Browser, address: str) -> dict[str, float]:
    """Kilobytes of compressed script, of each resident page from a cold cache."""
    context = await _signed_in(browser, address)
    state = await context.storage_state()
    paths = await _paths(context, address)
    await context.close()
    sizes = {}
    for path in paths:
        context = await browser.new_context(viewport=PHONE, storage_state=state)
        sizes[path] = await _script_kb(context, f"{address}{path}")
        await context.close()
    return sizes


async def _signed_in(browser: Browser, address: str) -> BrowserContext:
    context = await browser.new_context(viewport=PHONE)
    answer = await context.request.post(
        f"{address}/demo/enter/resident", headers={"X-Yuntiao": "1"}
    )
    assert answer.ok, await answer.text()
    return context


async def _paths(context: BrowserContext, address: str) -> list[str]:
    async def read(path: str) -> list[dict[str, str]]:
        found: list[dict[str, str]] = await (await context.request.get(f"{address}{path}")).json()
        return found

    day = (await read("/api/days"))[0]["id"]
    appointments = await read("/api/appointments")
    appointment = appointments[0]["id"]
    link = next(one["join_token"] for one in appointments if "join" in one["actions"])
    case = (await read("/api/my/cases"))[0]["id"]
    return [
        "/", "/book", "/book/times", f"/book/day/{day}", "/book/form",
        f"/book/done/{appointment}", "/call-me", "/sign-in", "/my",
        f"/my/appointments/{appointment}", f"/my/appointments/{appointment}/move",
        f"/my/cases/{case}", "/ask/unknown", "/account", "/nowhere", "/book/ask",
        f"/book/wait/{day}", "/choose/unknown", "/draws", f"/i/{link}", "/code", "/seat",
    ]  # fmt: skip


async def _script_kb(context: BrowserContext, address: str) -> float:
    page = await context.new_page()
    session = await context.new_cdp_session(page)
    sizes = await _watch_scripts(session)
    await page.goto(address, wait_until="networkidle")
    await _settled(page)
    return sum(sizes.values()) / 1000


async def _watch_scripts(session: CDPSession) -> dict[str, float]:
    """What scripts take on the wire without the answers' heads, by request; filled meanwhile."""
    sizes: dict[str, float] = {}

    def answered(event: dict[str, str]) -> None:
        if event["type"] == "Script":
            sizes[event["requestId"]] = 0.0

    def came(event: dict[str, float | str]) -> None:
        request = str(event["requestId"])
        if request in sizes:
            sizes[request] += float(event["encodedDataLength"])

    session.on("Network.responseReceived", answered)
    session.on("Network.dataReceived", came)
    await session.send("Network.enable")
    return sizes


async def _settled(page: Page) -> None:
    await page.locator("main").wait_for()
    await page.wait_for_load_state("networkidle")


def main() -> None:
    with watched() as watch, demo_server() as address:
        numbers = asyncio.run(measure(address))
        report("web", numbers, baseline=None, goals=GOALS, watch=watch)


if __name__ == "__main__":
    main()
