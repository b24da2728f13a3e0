"""Two Chromium pages on the real client and a real worker."""

import asyncio
import os
import signal

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright

from signaling.engine import MemberId, RoomId, View
from signaling.media.settings import MediaSettings
from signaling.supervisor import EmbeddedEngine
from tests.media.browsers import SPARING_DEVICES, chromium, enter, headless, sees
from tests.media.site import served

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browsers")]
A, B, C = MemberId("a"), MemberId("b"), MemberId("c")
MAIN, CAUCUS = RoomId("main"), RoomId("caucus")


@pytest_asyncio.fixture(scope="module")
async def browser():
    async with async_playwright() as playwright, headless(playwright) as launched:
        yield launched


@pytest_asyncio.fixture
async def site(page_script):
    """The site over an engine of its own."""
    engine = EmbeddedEngine(MediaSettings(addresses=("127.0.0.1",)))
    await engine.start()
    async with served(engine, page_script) as made:
        yield made
    await engine.stop()


@pytest_asyncio.fixture
async def room(site, browser):
    """Two pages that see each other."""
    pages = []
    for member in (A, B):
        context = await browser.new_context(permissions=["camera", "microphone"])
        page = await context.new_page()
        assert await enter(page, site.address, member) == "joined"
        await site.engine.grant(member, MAIN)
        pages.append(page)
    await sees(pages[0], B)
    await sees(pages[1], A)
    yield site, *pages
    for page in pages:
        await page.context.close()


AVAILABLE = """async () => {
  const entries = [...(await seat.connections[0].getStats()).values()];
  return Math.max(...entries.map((entry) => entry.availableOutgoingBitrate ?? 0));
}"""


async def at_rest(page, count, about=None):
    """What the page has counted, once it has counted nothing new for a second."""
    seen = []
    while len(seen) < 3:
        now = await page.evaluate(count, about)
        seen = [*seen, now] if seen[-1:] == [now] else [now]
        await asyncio.sleep(0.5)
    return now


async def settled(page) -> dict[str, int]:
    """What has come on the wire, once nothing comes any more."""
    return await at_rest(page, "seat.wire()")


async def test_two_pages_see_and_hear_each_other(room):
    _, a, b = room
    assert await a.evaluate("seat.members()") == ["b"]
    assert await b.evaluate("seat.members()") == ["a"]
    assert await a.evaluate("seat.packets('b', 'audio')") > 0
    await a.wait_for_function("seat.vitals?.width > 0 && seat.vitals?.fps > 0")
    assert await a.evaluate("seat.vitals.loss") == 0


async def test_a_leg_that_was_up_before_anyone_was_there_shows_who_comes(site, browser):
    context = await browser.new_context(permissions=["camera", "microphone"])
    pages = [await context.new_page() for _ in range(2)]
    for page, member in zip(pages, (A, B), strict=True):
        assert await enter(page, site.address, member) == "joined"
        await page.wait_for_function("seat.state.sending === 'up' && seat.state.receiving === 'up'")
    for member in (A, B):
        await site.engine.grant(member, MAIN)
    await sees(pages[0], B)
    await sees(pages[1], A)
    await context.close()


async def test_a_muted_microphone_and_camera_send_nothing(room):
    _, a, b = room
    await a.evaluate(
        "Promise.all([seat.peers.mute('audio', true), seat.peers.mute('video', true)])"
    )
    before = await settled(b)
    await sees(a, B, frames=30)
    assert await b.evaluate("seat.wire()") == before
    await a.evaluate(
        "Promise.all([seat.peers.mute('audio', false), seat.peers.mute('video', false)])"
    )
    await sees(b, A)


async def test_after_a_move_nothing_of_the_first_room_comes_on_the_wire(room):
    site, a, b = room
    await site.bot(C)
    await site.engine.grant(C, MAIN)
    await sees(b, C)
    await sees(a, C)
    await site.engine.revoke(A)
    await site.engine.grant(A, CAUCUS)
    await a.wait_for_function("seat.members().length === 0")
    await b.wait_for_function("seat.members().join() === 'c'")
    at_a, at_b = await a.evaluate("seat.carried()"), await b.evaluate("seat.wire()")
    await sees(b, C, frames=50)
    assert await a.evaluate("seat.carried()") == at_a
    after = await b.evaluate("seat.wire()")
    grown = {mid for mid in after if after[mid] > at_b[mid]}
    assert len(grown) == 2  # the bot's picture and sound; nothing of the other page
    await site.engine.revoke(A)
    await site.engine.grant(A, MAIN)
    await sees(b, A)
    await sees(a, B)
    assert await a.evaluate("seat.carried()") > at_a + 20  # the counter does count


async def test_a_page_that_hears_when_its_packets_came_finds_its_line_good(room):
    _, a, b = room
    sdp = await a.evaluate("seat.connections[0].currentRemoteDescription.sdp")
    assert "transport-cc" in sdp
    assert "transport-cc" not in await a.evaluate("seat.connections[1].remoteDescription.sdp")
    deadline = asyncio.get_running_loop().time() + 30
    while await a.evaluate(AVAILABLE) < 900_000:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.1)
    await sees(b, A)


async def test_ice_restarts_of_both_legs_keep_the_connections(room):
    _, a, b = room
    before = await a.evaluate("seat.ufrags()")
    await a.evaluate("window.dispatchEvent(new Event('online'))")
    await a.wait_for_function(
        "(before) => seat.ufrags().every((name, place) => name !== before[place])", arg=before
    )
    await sees(a, B, frames=40)
    await sees(b, A, frames=40)
    assert await a.evaluate("seat.connections.length") == 2
    assert await a.evaluate("seat.state") == {"sending": "up", "receiving": "up"}


async def test_both_come_back_by_themselves_after_the_workers_death(room):
    site, a, b = room
    os.kill(site.engine.pid, signal.SIGKILL)
    for page, other in ((a, B), (b, A)):
        await page.wait_for_function("seat.connections.length === 4")
        await sees(page, other)
        await page.wait_for_function("seat.state.sending === 'up' && seat.state.receiving === 'up'")


async def test_a_reloaded_page_takes_its_seat_again(room):
    site, a, b = room
    assert await enter(a, site.address, A) == "joined"
    await sees(a, B)
    await sees(b, A)


async def test_another_camera_takes_over_without_a_new_offer(room):
    _, a, b = room
    offers = await a.evaluate("seat.connections[0].localDescription.sdp")
    await a.evaluate(
        """async () => {
          const other = await navigator.mediaDevices.getUserMedia({ video: { width: 320, height: 240 } });
          await seat.peers.replaceTrack("video", other.getVideoTracks()[0]);
        }"""
    )
    await b.wait_for_function("document.querySelector('video').videoWidth === 320")
    assert await a.evaluate("seat.connections[0].localDescription.sdp") == offers


async def test_who_has_no_devices_at_all_still_sees_the_others(room, browser):
    site, *_ = room
    page = await browser.new_page()
    await page.goto(site.address)
    await page.wait_for_function("window.seat !== undefined")
    assert await page.evaluate("seat.join('c', null)") == "joined"
    await site.engine.grant(C, MAIN)
    await sees(page, A)
    await sees(page, B)
    await page.context.close()


async def test_a_refused_camera_is_told_as_such(site):
    async with async_playwright() as playwright, chromium(playwright) as browser:
        page = await browser.new_page()
        assert await enter(page, site.address, A) == "refused"


async def test_a_computer_without_camera_is_told_as_such(site):
    async with (
        async_playwright() as playwright,
        chromium(playwright, without=[SPARING_DEVICES]) as browser,
    ):
        context = await browser.new_context(permissions=["camera", "microphone"])
        page = await context.new_page()
        assert await enter(page, site.address, A) == "none"


async def test_a_small_tile_gets_a_small_picture_and_the_large_ones_rest(room):
    site, first, second = room
    await first.wait_for_function("seat.width('b') === 640")
    await site.engine.view(A, {B: View.SMALL})
    # Chromium makes no third encoding of a picture as small as the fake camera's.
    await first.wait_for_function("seat.width('b') === 320")
    await second.wait_for_function("!seat.encodings().includes('f')")
    await site.engine.view(A, {B: View.LARGE})
    await first.wait_for_function("seat.width('b') === 640")
    assert "f" in await second.evaluate("seat.encodings()")
    await sees(first, B)


async def still(page, member) -> int:
    """How many video packets of a member had come when no more came."""
    return await at_rest(page, "(m) => seat.packets(m, 'video')", member)


async def test_nothing_is_seen_of_whom_nobody_shows(room):
    site, first, second = room
    await site.engine.view(A, {B: View.NONE})
    before = await still(first, B)
    await sees(second, A)
    assert await still(first, B) == before
    await second.wait_for_function("seat.encodings().length === 0")
    await site.engine.view(A, {})
    await sees(first, B)
