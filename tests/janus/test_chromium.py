"""Two Chromium pages on the real client and Debian's Janus."""

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright

from signaling.engine import MemberId, RoomId
from signaling.janus.engine import Instance, JanusEngine
from signaling.pool import Pool
from tests.janus.instance import janus
from tests.media.browsers import enter, headless, sees
from tests.media.site import bundle, served

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browsers")]
A, B, C = MemberId("a"), MemberId("b"), MemberId("c")
MAIN, CAUCUS = RoomId("main"), RoomId("caucus")


@pytest_asyncio.fixture
async def site(tmp_path):
    bundle(tmp_path)
    async with janus() as server:
        pool = Pool([JanusEngine(Instance(server.url, server.secret))])
        await pool.start()
        async with served(pool, tmp_path) as made:
            yield made, server
        await pool.stop()


@pytest_asyncio.fixture
async def room(site):
    """Two pages that see each other."""
    served_at, server = site
    async with async_playwright() as playwright, headless(playwright) as launched:
        context = await launched.new_context(permissions=["camera", "microphone"])
        pages = [await context.new_page() for _ in range(2)]
        for page, member in zip(pages, (A, B), strict=True):
            await served_at.engine.grant(member, MAIN)
            assert await enter(page, served_at.address, member) == "joined"
        await sees(pages[0], B)
        await sees(pages[1], A)
        yield served_at, server, *pages


async def test_pages_see_each_other_after_joining_moving_and_loading_again(room):
    site, _, a, b = room
    await site.engine.grant(C, MAIN)
    await site.bot(C)
    await sees(a, C)
    for member in (A, C):
        await site.engine.revoke(member)
    await b.wait_for_function("seat.members().length === 0")
    for member in (A, C):
        await site.engine.grant(member, CAUCUS)
    await sees(a, C)
    assert await a.evaluate("seat.members()") == ["c"]
    assert await b.evaluate("seat.members()") == []
    await site.engine.revoke(A)
    await site.engine.grant(A, MAIN)
    await sees(a, B)
    await sees(b, A)
    assert await enter(a, site.address, A) == "joined"  # the page is loaded again
    await sees(a, B)
    await sees(b, A)
    assert await b.evaluate("seat.packets('a', 'audio')") > 0


async def test_pages_are_back_by_themselves_when_the_instance_is(room):
    _, server, a, b = room
    server.kill()
    async with janus(port=server.port):
        await sees(a, B, within=30)
        await sees(b, A, within=30)
