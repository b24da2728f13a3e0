"""Real browsers with a false camera and microphone."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager

from playwright.async_api import Browser, Page, Playwright

UNASKED = "--use-fake-ui-for-media-stream"
DEVICES = "--use-fake-device-for-media-stream"
SPARING_DEVICES = f"{DEVICES}=fps=10"
"""Half the pictures, half the work of drawing, coding and decoding them."""
CHROMIUM_FLAGS = [
    SPARING_DEVICES,
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--autoplay-policy=no-user-gesture-required",
]
FIREFOX_SETTINGS = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.autoplay.default": 0,
}


@contextlib.asynccontextmanager
async def chromium(
    playwright: Playwright, *more: str, without: Sequence[str] = (), program: str = "chromium"
) -> AsyncIterator[Browser]:
    """The whole of it, with windows that ask for leave and offer screens to share."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    flags = [flag for flag in CHROMIUM_FLAGS if flag not in without]
    browser = await playwright.chromium.launch(
        executable_path=f"/usr/bin/{program}", args=[*flags, *sandbox, *more]
    )
    try:
        yield browser
    finally:
        await browser.close()


def headless(playwright: Playwright, *more: str) -> AbstractAsyncContextManager[Browser]:
    """Chromium without windows: half the work for the machine; whoever asks for a camera has it."""
    return chromium(playwright, UNASKED, *more, program="chromium-headless-shell")


@contextlib.asynccontextmanager
async def firefox(playwright: Playwright) -> AsyncIterator[Browser]:
    browser = await playwright.firefox.launch(
        channel="moz-firefox",
        executable_path="/usr/bin/firefox-esr",
        firefox_user_prefs=FIREFOX_SETTINGS,
    )
    try:
        yield browser
    finally:
        await browser.close()


async def enter(
    page: Page, address: str, member: str, *, video: bool = True, shows: bool = True
) -> str:
    """Open the media page and take a seat; returns `joined` or the trouble with the devices.

    Who `shows` nothing listens only, without camera and microphone.
    """
    await page.goto(address)
    await page.wait_for_function("window.seat !== undefined")
    return await page.evaluate(
        "([member, wish]) => seat.join(member, wish)",
        [member, {"audio": True, "video": video} if shows else None],
    )


async def sees(page: Page, member: str, *, frames: int = 10, within: float = 15.0) -> None:
    """Wait until that many more frames of the member are decoded here."""
    before = await _decoded(page, member)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within
    # Playwright's own wait takes the promise of an asynchronous function for a yes.
    while await _decoded(page, member) < before + frames:
        assert loop.time() < deadline, f"{frames} frames of {member} not within {within} s"
        await asyncio.sleep(0.05)


async def _decoded(page: Page, member: str) -> int:
    return await page.evaluate("(member) => seat.decoded(member)", member)
