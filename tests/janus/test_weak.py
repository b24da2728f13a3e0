"""Weak lines over Debian's Janus: smaller pictures, then sound only, and back."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from signaling.engine import Arriving, Leg, LegUp, MemberId, Pictures, RoomId, Silent, View
from signaling.janus.downlink import SMALLEST, Downlink
from signaling.janus.ear import BEGINS_SECONDS, Ear
from signaling.media.thrift import FIRST_REST
from tests.janus.instance import Janus, janus
from tests.janus.test_engine import staged
from tests.media.conftest import Stage, hears, until
from tests.media.several import RIDS, SeveralBot

A, B, C = MemberId("a"), MemberId("b"), MemberId("c")
MAIN = RoomId("main")
GOOD = Arriving(loss=0.0, round_trip=0.05, kbps=900.0)
WEAK = Arriving(loss=0.5, round_trip=0.05, kbps=400.0)
BARE = Arriving(loss=0.9, round_trip=0.05, kbps=40.0)


# --- the judgement


def told(downlink: Downlink, arriving: Arriving, *, since: float, seconds: float) -> list[int]:
    """The places that were chosen at each second; the client tells every second one."""
    places = []
    for second in range(int(seconds)):
        if second % 2 == 0:
            taken = (1_200.0, 450.0, 140.0)[downlink.place]
            downlink.tell(arriving, taken_kbps=taken, now=since + second)
        downlink.judge(cameras=True, screen=False, now=since + second)
        places.append(downlink.place)
    return places


def test_a_weak_line_gets_a_smaller_picture_at_once_and_a_good_one_step_by_step_again():
    downlink = Downlink()
    assert told(downlink, GOOD, since=0, seconds=10) == [0] * 10
    assert told(downlink, WEAK, since=10, seconds=1) == [1]
    places = told(downlink, GOOD, since=11, seconds=60)
    assert (places[0], places[-1]) == (1, 0)
    assert places == sorted(places, reverse=True)


def test_pictures_rest_only_when_the_smallest_is_too_much_and_are_tried_again():
    downlink = Downlink()
    places = told(downlink, BARE, since=0, seconds=3)
    assert (places[-1], downlink.is_bare) == (SMALLEST, False)
    told(downlink, BARE, since=3, seconds=5)
    assert downlink.is_bare
    told(downlink, GOOD, since=8, seconds=FIRST_REST + 3)
    assert (downlink.is_bare, downlink.place) == (False, SMALLEST)


def test_cameras_rest_before_the_screen_does():
    downlink = Downlink()
    downlink.tell(BARE, taken_kbps=1_200.0, now=0.0)
    downlink.judge(cameras=True, screen=True, now=0.0)
    assert (downlink.rests_cameras, downlink.is_bare) == (True, False)
    for second in range(1, 8):
        downlink.tell(GOOD, taken_kbps=300.0, now=float(second))
        downlink.judge(cameras=False, screen=True, now=float(second))
    assert (downlink.rests_cameras, downlink.is_bare) == (True, False)


def test_numbers_that_are_old_are_no_reason():
    downlink = Downlink()
    downlink.tell(BARE, taken_kbps=1_200.0, now=0.0)
    for second in range(60):
        downlink.judge(cameras=True, screen=False, now=100.0 + second)
    assert not downlink.is_bare


def test_a_leg_is_silent_when_what_was_awaited_stays_away():
    ear = Ear()
    moments = [(True, 0.0, 1.0), (True, 4.0, 9.9), (True, 4.0, 10.0), (False, 4.0, 11.0)]
    changed = [ear.judge(up, came_at=at, patience=6.0, now=now) for up, at, now in moments]
    assert changed == [False, False, True, True]
    assert not ear.judge(True, came_at=4.0, patience=6.0, now=12.0)  # awaited anew
    assert not ear.judge(True, came_at=4.0, patience=6.0, now=12.0 + BEGINS_SECONDS + 5.9)
    assert ear.judge(True, came_at=4.0, patience=6.0, now=12.0 + BEGINS_SECONDS + 6.0)


# --- with Janus


@pytest_asyncio.fixture(scope="module")
async def server() -> AsyncIterator[Janus]:
    async with janus() as running:
        yield running


@pytest_asyncio.fixture
async def stage(server: Janus) -> AsyncIterator[Stage]:
    async with staged(server) as made:
        yield made


async def several(stage: Stage, name: str) -> SeveralBot:
    member = MemberId(name)

    async def answer(revision: int, sdp: str) -> None:
        await stage.engine.answer(member, revision=revision, sdp=sdp)

    bot = SeveralBot(name, publish=lambda sdp: stage.engine.publish(member, sdp), answer=answer)
    stage.bots[name] = bot
    await stage.engine.grant(member, MAIN)
    await bot.join()
    return bot


@contextlib.asynccontextmanager
async def measuring(stage: Stage, **of: Arriving) -> AsyncIterator[dict[str, Arriving]]:
    """What these clients say of their lines, a little more often than they do."""
    says = dict(of)

    async def tell() -> None:
        while True:
            for name, arriving in says.items():
                stage.engine.measured(MemberId(name), arriving)
            await asyncio.sleep(1.0)

    telling = asyncio.create_task(tell())
    try:
        yield says
    finally:
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)


def shows(bot: SeveralBot, rid: str) -> Callable[[], bool]:
    """For the last while nothing but this encoding came."""
    begun = len(bot.shown)
    return lambda: len(bot.shown) > begun + 20 and set(bot.shown[-20:]) == {rid}


@pytest.mark.slow
async def test_each_gets_the_encoding_that_their_line_bears_and_their_screen_shows(stage):
    a, b, c = [await several(stage, name) for name in "abc"]
    for listener in (b, c):
        await stage.engine.view(
            MemberId(listener.name), {A: View.LARGE, B: View.NONE, C: View.NONE}
        )
    await until(shows(b, "f"))
    await until(shows(c, "f"))
    async with measuring(stage, b=GOOD, c=WEAK) as says:
        await until(shows(c, "h"))
        await until(shows(b, "f"))
        says["c"] = Arriving(loss=0.7, kbps=130.0)
        await until(shows(c, "q"))
        await until(hears(c, "a"))  # what is too small for its place is not taken away
        says["c"] = GOOD
        await until(shows(c, "f"), within=90)
        await stage.engine.view(C, {A: View.SMALL, B: View.NONE})
        await until(shows(c, "q"))
        await stage.engine.view(C, {A: View.LARGE, B: View.NONE})
        await until(shows(c, "f"))
    assert not any(isinstance(event, Pictures) for event in stage.events)
    assert a.active == RIDS


@pytest.mark.slow
async def test_encodings_that_nobody_shows_so_large_are_not_sent(stage):
    a, b = await several(stage, "a"), await several(stage, "b")
    await stage.engine.view(B, {A: View.SMALL})
    await until(lambda: a.active == ("q",))
    await until(shows(b, "q"))
    await stage.engine.view(B, {})
    await until(lambda: a.active == RIDS)
    await until(shows(b, "f"))
    await stage.engine.view(A, {}, pictures=False)  # and who spares the line sends little
    await until(lambda: a.active == ("q",))
    await until(shows(b, "q"))
    await until(lambda: b.active == ())  # whom the other shows no more


@pytest.mark.slow
async def test_a_line_that_bears_no_picture_keeps_the_sound_and_gets_pictures_back(stage):
    for name in "ab":
        await stage.come(name, MAIN)
    b = stage.bots["b"]
    await until(hears(b, "a"))
    async with measuring(stage, a=GOOD, b=BARE) as says:
        await until(lambda: stage.saw(Pictures(B, on=False)))
        await until(lambda: stage.bots["a"].rests)  # for nobody else watches
        video, audio = b.heard["a"].video, b.heard["a"].audio
        await until(lambda: b.heard["a"].audio > audio + 50)
        assert b.heard["a"].video <= video + 3
        stage.events.clear()
        await stage.engine.view(B, {})  # a page that was loaded again does not know
        await until(lambda: stage.saw(Pictures(B, on=False)))
        says["b"] = GOOD
        await until(lambda: stage.saw(Pictures(B, on=True)), within=FIRST_REST + 30)
        await until(hears(b, "a"))
    assert not stage.saw(Pictures(A, on=False))


@pytest.mark.slow
async def test_on_a_weak_line_a_shared_screen_comes_and_the_cameras_rest(stage):
    a = stage.sharing_bot("a")
    await stage.engine.grant(A, MAIN)
    await stage.engine.permit(A, audio=True, video=True, screen=True)
    await a.join()
    await a.share()
    await stage.come("b", MAIN)
    b = stage.bots["b"]
    await until(hears(b, "a"))
    async with measuring(stage, b=BARE) as says:
        await until(lambda: stage.engine._people[B].downlink.rests_cameras)
        says["b"] = GOOD
        video, screen = b.heard["a"].video, b.heard["a.screen"].video
        await until(lambda: b.heard["a.screen"].video > screen + 20)
        assert b.heard["a"].video <= video + 20  # under way, or the last before it rested
        await until(hears(b, "a"))  # cameras come again as the line bears them
    assert not any(isinstance(event, Pictures) for event in stage.events)


# --- silence


@pytest.mark.slow
async def test_a_leg_of_which_nothing_comes_is_silent_and_up_again(stage):
    for name in "ab":
        await stage.come(name, MAIN)
    a = stage.bots["a"]
    await until(hears(stage.bots["b"], "a"))
    loop = asyncio.get_running_loop()
    stage.events.clear()
    a.loses_outgoing, dead_since = (lambda _: True), loop.time()
    await until(lambda: stage.saw(Silent(A, Leg.SENDING)))
    assert loop.time() - dead_since < 8 + 2  # two for a machine that stands still
    a.loses_outgoing = lambda _: False
    await until(lambda: stage.saw(LegUp(A, Leg.SENDING)))
    assert not stage.saw(Silent(B, Leg.SENDING))


@pytest.mark.slow
async def test_who_is_muted_is_not_silent(stage):
    for name in "ab":
        await stage.come(name, MAIN)
    a = stage.bots["a"]
    await until(hears(stage.bots["b"], "a"))
    await stage.engine.permit(A, audio=False, video=False)
    a.sends = set()
    await until(lambda: not stage.engine._people[A].publishing.flowing)
    stage.bots["b"].loses_outgoing = lambda _: True  # the control
    await until(lambda: stage.saw(Silent(B, Leg.SENDING)))
    assert not stage.saw(Silent(A, Leg.SENDING))


@pytest.mark.slow
async def test_who_listens_and_gets_nothing_is_silent_while_somebody_sends_to_them(stage):
    for name in "ab":
        await stage.come(name, MAIN)
    await until(hears(stage.bots["b"], "a"))
    async with measuring(stage, a=GOOD, b=GOOD) as says:
        await until(lambda: stage.engine._people[B].downlink.arriving == GOOD)
        says["b"] = Arriving()
        await until(lambda: stage.saw(Silent(B, Leg.RECEIVING)))
        stage.events.clear()
        says["b"] = GOOD
        await until(lambda: stage.saw(LegUp(B, Leg.RECEIVING)))
        await stage.engine.permit(A, audio=False, video=True)
        says["b"] = says["a"] = Arriving()  # b still sends to a, and nobody to b
        await until(lambda: stage.saw(Silent(A, Leg.RECEIVING)))
        assert not stage.saw(Silent(B, Leg.RECEIVING))
