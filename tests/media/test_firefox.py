"""Firefox and a bot in a room, inside a network namespace."""

import os
import signal

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright

from signaling.engine import MemberId, RoomId
from signaling.media.settings import MediaSettings
from signaling.supervisor import EmbeddedEngine
from tests.media.browsers import enter, firefox, sees
from tests.media.conftest import until
from tests.media.site import served
from tests.netns import entered_by_loop, netns  # noqa: F401 - a fixture

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browsers")]
A, B = MemberId("a"), MemberId("b")
MAIN, CAUCUS = RoomId("main"), RoomId("caucus")


@pytest_asyncio.fixture(scope="module")
async def inside(netns, page_script):  # noqa: F811
    """The site, Firefox and an engine, all inside."""
    engine = EmbeddedEngine(MediaSettings(addresses=(netns.address,)))
    async with entered_by_loop(netns):
        await engine.start()
        async with (
            served(engine, page_script) as site,
            async_playwright() as playwright,
            firefox(playwright) as browser,
        ):
            yield site, browser
        await engine.stop()


@pytest_asyncio.fixture
async def room(inside):
    """A page of Firefox and a bot that see each other."""
    site, browser = inside
    page = await browser.new_page()
    assert await enter(page, site.address, A) == "joined"
    bot = await site.bot(B)
    for member in (A, B):
        await site.engine.grant(member, MAIN)
    await sees(page, B)
    await until(lambda: "a" in bot.heard and bot.heard["a"].frames > 10)
    yield site, page, bot
    await page.close()
    await bot.leave()
    for member in (A, B):
        await site.engine.close(member)


async def test_firefox_and_a_bot_see_and_hear_each_other(room):
    _, page, bot = room
    assert await page.evaluate("seat.members()") == ["b"]
    assert await page.evaluate("seat.packets('b', 'audio')") > 0
    assert bot.heard["a"].audio > 0
    assert bot.heard["a"].keyframes > 0


async def test_firefox_sees_again_after_a_move_and_back(room):
    site, page, bot = room
    await site.engine.revoke(A)
    await site.engine.grant(A, CAUCUS)
    await page.wait_for_function("seat.members().length === 0")
    before = bot.heard["a"].packets
    await site.engine.revoke(A)
    await site.engine.grant(A, MAIN)
    await sees(page, B)
    await until(lambda: bot.heard["a"].packets > before + 20)


async def test_firefox_survives_ice_restarts_of_both_legs(room):
    _, page, bot = room
    before = await page.evaluate("seat.ufrags()")
    await page.evaluate("window.dispatchEvent(new Event('online'))")
    await page.wait_for_function(
        "(before) => seat.ufrags().every((name, place) => name !== before[place])", arg=before
    )
    await sees(page, B, frames=30)
    frames = bot.heard["a"].frames
    await until(lambda: bot.heard["a"].frames > frames + 20)
    assert await page.evaluate("seat.connections.length") == 2


async def test_firefox_comes_back_by_itself_after_the_workers_death(room):
    site, page, bot = room
    os.kill(site.engine.pid, signal.SIGKILL)
    await page.wait_for_function("seat.connections.length === 4")
    await bot.rejoin()
    await sees(page, B)
    frames = bot.heard["a"].frames
    await until(lambda: bot.heard["a"].frames > frames + 20)
