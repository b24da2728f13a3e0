"""Chromium where nothing but the relay can be reached: picture and sound come through coturn."""

import pytest
import pytest_asyncio
from playwright.async_api import Error, async_playwright

from signaling.engine import MemberId, RoomId
from signaling.media.settings import MediaSettings
from signaling.supervisor import EmbeddedEngine
from tests.browser.district import eventually
from tests.media.browsers import chromium, enter, sees
from tests.media.conftest import until
from tests.media.relay import relay  # noqa: F401 - a fixture
from tests.media.site import served
from tests.netns import entered_by_loop

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browsers")]
A, B = MemberId("a"), MemberId("b")
MAIN = RoomId("main")
TRUSTING = "--ignore-certificate-errors"


@pytest_asyncio.fixture(scope="module")
async def site(relay, page_script):  # noqa: F811
    """The media at the server's own address, the page at the door; a bot is in already."""
    engine = EmbeddedEngine(MediaSettings(addresses=(relay.spaces.server.address,)))
    async with entered_by_loop(relay.spaces.server):
        await engine.start()
        async with served(engine, page_script, host=relay.host) as made:
            await made.bot(B)
            await engine.grant(B, MAIN)
            yield made
        await engine.stop()


@pytest_asyncio.fixture(scope="module")
async def browser(relay, site):  # noqa: F811
    secure = f"--unsafely-treat-insecure-origin-as-secure={site.address.rstrip('/')}"
    async with (
        entered_by_loop(relay.spaces.client),
        async_playwright() as playwright,
        chromium(playwright, TRUSTING, secure) as launched,
    ):
        yield launched


@pytest_asyncio.fixture
async def page(browser, site):
    opened = await browser.new_page(permissions=["camera", "microphone"])
    yield opened
    await opened.close()
    await site.engine.close(A)


async def takes_a_seat(page, site) -> None:
    assert await enter(page, site.address, A) == "joined"
    await site.engine.grant(A, MAIN)


async def heard_here(page) -> bool | None:
    return await page.evaluate("seat.packets('b', 'audio')") > 0 or None


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
async def test_picture_and_sound_come_by_relay(relay, site, page, transport):  # noqa: F811
    urls = [url for url in relay.relays.urls if transport_of(url) == transport]
    site.relay = relay.pass_for(A).model_copy(update={"urls": urls})
    await takes_a_seat(page, site)
    await sees(page, B, frames=30)
    await eventually(lambda: heard_here(page))
    heard = site.heard(B, A)
    await until(lambda: heard().audio > 20 and heard().frames > 10, within=30)
    assert await page.evaluate("seat.paths()") == [f"relay {transport}"] * 2


async def test_control_without_the_relay_nothing_comes(relay, site, page):  # noqa: F811
    site.relay = None
    await takes_a_seat(page, site)
    with pytest.raises((AssertionError, Error)):
        await sees(page, B, frames=1, within=6)
    assert await page.evaluate("seat.paths()") == []


async def test_control_with_a_pass_that_ran_out_nothing_comes(relay, site, page):  # noqa: F811
    site.relay = relay.pass_for(A, ago=2 * relay.relays.lifetime)
    await takes_a_seat(page, site)
    with pytest.raises((AssertionError, Error)):
        await sees(page, B, frames=1, within=6)


async def test_whoever_reaches_the_media_does_without_the_relay(relay, site, page):  # noqa: F811
    """Runs last: from here on there is a way."""
    relay.spaces.open_up()
    site.relay = relay.pass_for(A)
    await takes_a_seat(page, site)
    await sees(page, B, frames=30)
    paths = await page.evaluate("seat.paths()")
    assert len(paths) == 2
    assert not [path for path in paths if path.startswith("relay")]


def transport_of(url: str) -> str:
    return "tls" if url.startswith("turns:") else url.partition("transport=")[2]
