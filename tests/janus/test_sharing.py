"""A shared screen over Debian's Janus: the same rules as over the embedded engine."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from signaling.engine import MemberId, RoomId, View
from tests.janus.instance import Janus, janus
from tests.janus.test_engine import staged
from tests.media.conftest import Stage, hears, total, until
from tests.media.sharing import SharingBot

pytestmark = pytest.mark.slow

A, B, C = MemberId("a"), MemberId("b"), MemberId("c")
MAIN, CAUCUS = RoomId("main"), RoomId("caucus")
SCREEN = "a.screen"


@pytest_asyncio.fixture(scope="module")
async def server() -> AsyncIterator[Janus]:
    async with janus() as running:
        yield running


@pytest_asyncio.fixture
async def stage(server: Janus) -> AsyncIterator[Stage]:
    async with staged(server) as made:
        yield made


async def sharer(stage: Stage) -> SharingBot:
    bot = stage.sharing_bot("a")
    await stage.engine.grant(A, MAIN)
    await bot.join()
    return bot


def sees(bot, packets: int = 20):
    goal = total(bot, SCREEN) + packets
    return lambda: total(bot, SCREEN) >= goal


async def comes_no_more(bot, a: SharingBot) -> None:
    sent = a.screen_sent
    await until(lambda: a.screen_sent > sent + 10)  # whatever was under way has arrived
    heard = total(bot, SCREEN)
    await until(lambda: a.screen_sent > sent + 40)
    assert total(bot, SCREEN) == heard


async def test_a_screen_comes_while_it_is_permitted_and_the_camera_goes_on(stage):
    a = await sharer(stage)
    await stage.come("b", MAIN)
    b = stage.bots["b"]
    await until(hears(b, "a"))
    await a.share()  # not permitted: the control stands below
    await until(lambda: a.screen_sent > 40)
    assert set(b.heard) == {"a"}
    await stage.engine.permit(A, audio=True, video=True, screen=True)
    await until(sees(b))
    await until(hears(b, "a"))
    await stage.engine.permit(A, audio=True, video=True)
    await comes_no_more(b, a)
    await until(hears(b, "a"))
    await stage.engine.permit(A, audio=True, video=True, screen=True)
    await until(sees(b))


async def test_a_screen_is_seen_in_its_own_room_only_and_by_a_newcomer(stage):
    a = await sharer(stage)
    await stage.come("b", MAIN)
    await stage.come("c", MAIN)
    await stage.move("c", CAUCUS)
    b, c = stage.bots["b"], stage.bots["c"]
    await stage.engine.permit(A, audio=True, video=True, screen=True)
    await a.share()
    await until(sees(b))
    assert total(c, SCREEN) == 0
    await stage.move("c", MAIN)
    await until(sees(c))
    await stage.engine.view(C, {}, screen=View.NONE)
    await comes_no_more(c, a)
    await until(sees(b))
    await stage.engine.revoke(A)
    await stage.engine.permit(A, audio=True, video=True)
    await stage.engine.grant(A, CAUCUS)
    await stage.move("b", CAUCUS)
    await until(hears(b, "a"))
    await comes_no_more(b, a)
