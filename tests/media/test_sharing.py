"""Who gets a shared screen: those of the room in which it is permitted, at once, and nobody else."""

import asyncio
import os
import signal

import pytest

from signaling.engine import MemberId, RoomId, View
from signaling.media.bandwidth import FLOOR_KBPS
from signaling.media.members import Member
from signaling.media.paths import BESIDE_SCREEN_KBPS, defers
from tests.media.conftest import Stage, hears, total, until
from tests.media.sharing import SharingBot

A, B, C = MemberId("a"), MemberId("b"), MemberId("c")
MAIN, CAUCUS = RoomId("main"), RoomId("caucus")
SCREEN = "a.screen"


async def let_share(stage: Stage, member: MemberId, *, on: bool = True) -> None:
    await stage.engine.permit(member, audio=True, video=True, screen=on)


async def sharer(stage: Stage, name: str = "a", room: RoomId = MAIN) -> SharingBot:
    """In the room, with a camera."""
    bot = stage.sharing_bot(name)
    await stage.engine.grant(MemberId(name), room)
    await bot.join()
    return bot


def sees(bot, stream: str = SCREEN, packets: int = 20):
    goal = total(bot, stream) + packets
    return lambda: total(bot, stream) >= goal


async def comes_no_more(bot, stage: Stage, sharing: SharingBot) -> None:
    """The sharer goes on sending, and nothing of it arrives."""
    sent, heard = sharing.screen_sent, total(bot, SCREEN)
    await until(lambda: sharing.screen_sent > sent + 30)
    await until(hears(bot, *(name for name in stage.bots if name in bot.heard), packets=0))
    assert total(bot, SCREEN) == heard


async def test_a_permitted_screen_comes_beside_the_camera_as_a_stream_of_its_own(stage):
    a, b = await sharer(stage), await stage.enter("b", MAIN)
    await until(hears(b, "a"))
    await let_share(stage, A)
    await a.share()
    await until(sees(b))
    await until(hears(b, "a"))
    assert b.heard[SCREEN].arrivals[0].is_key_start
    assert set(b.heard) == {"a", SCREEN}


async def test_a_screen_that_is_not_permitted_is_refused_and_not_forwarded(stage):
    a, b = await sharer(stage), await stage.enter("b", MAIN)
    answers = []
    publish = a._publish

    async def noted(sdp: str) -> str:
        answers.append(await publish(sdp))
        return answers[-1]

    a._publish = noted
    await a.share()
    await until(hears(b, "a", packets=60))
    assert a.screen_sent > 0
    assert set(b.heard) == {"a"}
    assert all("screen" not in offer for offer in b.offers)
    assert section_of(answers[-1], "2") == "inactive"
    await let_share(stage, A)  # the control: the same packets, permitted
    await a.share()
    assert section_of(answers[-1], "2") == "recvonly"
    await until(sees(b))


async def test_a_second_screen_is_nobodys(stage):
    """A third picture in an offer is turned down, whoever may share."""
    a, b = await sharer(stage), await stage.enter("b", MAIN)
    await let_share(stage, A)
    a.shares = True
    offer = a.offer()
    third = offer[offer.rindex("m=video") :].replace("a=mid:2", "a=mid:3")
    third = third.replace(str(a.screen_source), "77")
    answer = await stage.engine.publish(A, offer.replace("BUNDLE 0 1 2", "BUNDLE 0 1 2 3") + third)
    assert section_of(answer, "2") == "recvonly"
    assert section_of(answer, "3") == "inactive"
    assert "m=video 0 " in answer
    assert b.heard.get("a.screen") is None


async def test_what_is_no_longer_permitted_stops_while_the_camera_goes_on(stage):
    a, b = await sharer(stage), await stage.enter("b", MAIN)
    await let_share(stage, A)
    await a.share()
    await until(sees(b))
    await let_share(stage, A, on=False)
    await comes_no_more(b, stage, a)
    await until(hears(b, "a"))
    await let_share(stage, A)  # and once more
    await a.share()
    await until(sees(b))


async def test_a_screen_is_seen_in_its_own_room_only_and_by_a_newcomer_at_once(stage):
    a, b, c = await sharer(stage), await stage.enter("b", MAIN), await stage.enter("c", CAUCUS)
    await let_share(stage, A)
    await a.share()
    await until(sees(b))
    assert c.heard == {}
    await stage.move("c", MAIN)
    await until(sees(c))
    assert c.heard[SCREEN].arrivals[0].is_key_start
    await stage.engine.revoke(A)
    await let_share(stage, A, on=False)
    await stage.engine.grant(A, CAUCUS)
    await stage.move("b", CAUCUS)
    await until(hears(b, "a"))
    await comes_no_more(b, stage, a)


async def test_a_viewer_may_do_without_the_screen(stage):
    a, b = await sharer(stage), await stage.enter("b", MAIN)
    await let_share(stage, A)
    await a.share()
    await until(sees(b))
    await stage.engine.view(B, {}, screen=View.NONE)
    await comes_no_more(b, stage, a)
    await stage.engine.view(B, {A: View.NONE})
    video = b.heard["a"].video
    await until(sees(b))
    assert b.heard["a"].video <= video + 30
    await stage.engine.view(B, {}, pictures=False)
    await comes_no_more(b, stage, a)


@pytest.mark.slow
async def test_a_worker_that_dies_takes_neither_camera_nor_screen_along(stage):
    a, b = await sharer(stage), await stage.enter("b", MAIN)
    await let_share(stage, A)
    await a.share()
    await until(sees(b))
    os.kill(stage.engine.pid, signal.SIGKILL)
    await until(lambda: stage.restarts == 1)
    await asyncio.gather(a.rejoin(), b.rejoin())
    await until(hears(b, "a"))
    await until(sees(b))


@pytest.mark.slow
async def test_a_line_at_its_lowest_keeps_the_screen_and_rests_the_cameras(stage):
    a, b = await sharer(stage), await stage.enter("b", MAIN)
    await let_share(stage, A)
    await a.share()
    await until(sees(b))
    await until(hears(b, "a"))

    async def lose() -> None:
        while True:
            b.report(SCREEN, "video", lost_share=0.2)
            await asyncio.sleep(0.05)

    losing = asyncio.create_task(lose())
    video = -1
    try:
        while b.heard["a"].video != video:
            video = b.heard["a"].video
            await until(sees(b, packets=12))
    finally:
        losing.cancel()
    audio = b.heard["a"].audio
    await until(lambda: b.heard["a"].audio > audio + 10)


class Line:
    """As much of a receiving leg as the decision needs."""

    def __init__(self, kbps: float, *, has_screen: bool) -> None:
        self.has_screen = has_screen
        self.rate = self
        self.kbps = kbps
        self.is_lowest = kbps <= FLOOR_KBPS
        self.subscriber = self


def rests(kbps: float, *, has_screen: bool = True, rested: bool = False) -> bool:
    member = Member(B, rests_cameras=rested)
    member.receiving = Line(kbps, has_screen=has_screen)
    return defers(member)


def test_cameras_rest_for_a_screen_only_on_the_weakest_line_and_until_it_is_clearly_better():
    assert rests(FLOOR_KBPS)
    assert not rests(FLOOR_KBPS, has_screen=False)
    assert not rests(FLOOR_KBPS + 1)
    assert rests(FLOOR_KBPS + 1, rested=True)
    assert not rests(BESIDE_SCREEN_KBPS, rested=True)


def section_of(answer: str, mid: str) -> str:
    """The direction in which a section of an answer flows."""
    section = next(s for s in answer.split("m=")[1:] if f"a=mid:{mid}\r" in s)
    return next(w for w in ("recvonly", "inactive", "sendonly") if f"a={w}" in section)
