"""What is lost is asked for and sent again; key frames are asked for once for all."""

import random

import pytest

from signaling.engine import MemberId, RoomId
from tests.media.bot import Bot
from tests.media.conftest import hears, total, until
from tests.media.test_forwarding import in_order, steps

pytestmark = pytest.mark.slow

MAIN = RoomId("main")


def loses(share: float):
    """Loses that share of the media packets, the same ones each run."""
    chance = random.Random(7)
    return lambda datagram: datagram[0] > 127 and chance.random() < share


async def test_packets_lost_on_the_way_up_are_asked_for_and_reach_everyone(stage):
    a = await stage.enter("a", MAIN)
    b = await stage.enter("b", MAIN)
    await until(hears(b, "a"))
    a.loses_outgoing = loses(0.05)
    await until(hears(b, "a", packets=300))
    a.loses_outgoing = lambda _: False
    await until(hears(b, "a", packets=40))
    assert a.repeat_requests > 0  # each may name many
    assert a.sound_requests > 0
    arrivals = in_order(b.heard["a"].arrivals)[:-30]
    assert steps([one.sequence for one in arrivals], 1 << 16) == {1}
    assert len(unheard(b, "a")) < 5  # of eight or so: for sound nobody waits long


def unheard(bot: Bot, name: str) -> list[int]:
    """The numbers of the sounds that a listener misses between those that came."""
    came = {one.sequence for one in bot.heard[name].sounds}
    first, last = bot.heard[name].sounds[0].sequence, max(came)
    return [number for number in range(first, last) if number not in came]


async def test_sound_lost_on_the_way_down_is_sent_again_as_it_was(stage_of_each_path):
    stage = stage_of_each_path
    await stage.enter("a", MAIN)
    b = await stage.enter("b", MAIN)
    await until(hears(b, "a"))
    b.loses_incoming = loses(0.2)
    missed: set[int] = set()

    def most_are_there() -> bool:
        lacking = unheard(b, "a")
        missed.update(lacking)
        if lacking:
            b.request_repeats("a", lacking, kind="audio")
        return len(missed) > 5 and len(lacking) * 4 < len(missed)

    enough = hears(b, "a", packets=100)
    await until(lambda: most_are_there() and enough())
    clocks = {(one.timestamp - one.sequence * 960) % (1 << 32) for one in b.heard["a"].sounds}
    assert len(clocks) == 1


async def test_sound_lost_on_the_way_down_stays_lost_where_nobody_asks(stage):
    await stage.enter("a", MAIN)
    b = await stage.enter("b", MAIN)
    await until(hears(b, "a"))
    b.loses_incoming = loses(0.2)
    await until(hears(b, "a", packets=100))
    assert len(unheard(b, "a")) > 5


async def test_who_loses_much_and_cannot_ask_gets_sound_twice(stage_of_each_path):
    stage = stage_of_each_path
    await stage.enter("a", MAIN)
    b = await stage.enter("b", MAIN)
    await until(hears(b, "a"))
    b.report("a", "audio", lost_share=0.2)
    await until(lambda: b.receiving.replays > 10)
    b.loses_incoming = loses(0.2)
    lost, heard = len(unheard(b, "a")), b.heard["a"].audio
    await until(hears(b, "a", packets=200))
    share = (len(unheard(b, "a")) - lost) / (b.heard["a"].audio - heard)
    assert share < 0.1


async def test_who_asks_or_loses_little_gets_sound_once(stage):
    await stage.enter("a", MAIN)
    b, c = [await stage.enter(name, MAIN) for name in "bc"]
    await until(hears(b, "a"))
    await until(hears(c, "a"))
    b.request_repeats("a", [1], kind="audio")
    await until(hears(b, "a", packets=4))
    before = b.receiving.replays
    b.report("a", "audio", lost_share=0.2)
    c.report("a", "audio", lost_share=0.02)
    await until(hears(b, "a", packets=60))
    assert (b.receiving.replays, c.receiving.replays) == (before, 0)


async def test_sound_is_sent_again_a_few_times_at_most(stage):
    await stage.enter("a", MAIN)
    b = await stage.enter("b", MAIN)
    await until(hears(b, "a"))
    wanted = [one.sequence for one in b.heard["a"].sounds[-5:]]
    for _ in range(5):
        b.request_repeats("a", wanted, kind="audio")
        await until(hears(b, "a", packets=8))
    assert b.receiving.replays == 15


async def test_nobody_gets_again_what_was_said_before_they_were_let_in(stage):
    """Nor what the host muted."""
    await stage.enter("a", MAIN)
    b = await stage.enter("b", MAIN)
    await until(hears(b, "a"))
    c = await stage.enter("c", MAIN)
    await until(hears(c, "a", packets=4))
    first = c.heard["a"].sounds[0].sequence
    for back in range(1, 6):
        c.request_repeats("a", [(first - back) & 0xFFFF], kind="audio")
    await until(hears(c, "a", packets=6))
    assert min(one.sequence for one in c.heard["a"].sounds) == first
    await stage.engine.permit(MemberId("a"), audio=False, video=True)
    wanted = [one.sequence for one in c.heard["a"].sounds[-5:]]
    before = c.heard["a"].video
    c.request_repeats("a", wanted, kind="audio")
    await until(lambda: c.heard["a"].video > before + 10)
    assert c.receiving.replays == 0


async def test_packets_lost_on_the_way_down_are_sent_again_a_few_times(stage):
    await stage.enter("a", MAIN)
    b = await stage.enter("b", MAIN)
    await until(hears(b, "a"))
    wanted = [one.sequence for one in b.heard["a"].arrivals[-5:]]
    b.request_repeats("a", wanted)
    await until(lambda: b.heard["a"].repeats == 5)
    b.request_repeats("a", wanted)  # at once again: too soon
    await until(hears(b, "a", packets=6))
    assert b.heard["a"].repeats == 5
    unknown = (wanted[-1] + 20_000) & 0xFFFF
    b.request_repeats("a", [unknown])
    await until(hears(b, "a", packets=6))
    assert b.heard["a"].repeats == 5


async def test_a_revoked_listener_gets_no_repeats(stage):
    await stage.enter("a", MAIN)
    b = await stage.enter("b", MAIN)
    c = await stage.enter("c", MAIN)
    await until(hears(b, "a"))
    wanted = [one.sequence for one in b.heard["a"].arrivals[-5:]]
    await stage.engine.revoke(MemberId("b"))
    await until(hears(c, "a", packets=6))
    before = total(b, "a")
    b.request_repeats("a", wanted)
    await until(hears(c, "a", packets=30))
    assert total(b, "a") == before


async def test_wishes_for_a_keyframe_become_one_request(stage):
    a = await stage.enter("a", MAIN)
    others = [await stage.enter(name, MAIN) for name in ("b", "c", "d")]
    for other in others:
        await until(hears(other, "a", packets=60))
    before, frames = a.keyframe_requests, others[0].heard["a"].keyframes
    for _ in range(5):
        for other in others:
            other.request_keyframe("a")
    await until(lambda: others[0].heard["a"].keyframes > frames)
    await until(hears(others[0], "a", packets=10))
    assert 1 <= a.keyframe_requests - before <= 2


async def test_a_newcomer_gets_a_picture_at_once_from_the_cache(stage):
    a = await stage.enter("a", MAIN)
    b = await stage.enter("b", MAIN)
    await until(hears(b, "a", packets=10))
    b.request_keyframe("a")
    frames = b.heard["a"].keyframes
    await until(lambda: b.heard["a"].keyframes > frames)
    asked = a.keyframe_requests
    c = await stage.enter("c", MAIN)
    await until(hears(c, "a", packets=10))
    assert a.keyframe_requests == asked
    assert c.heard["a"].arrivals[0].is_key_start


async def test_senders_are_told_how_much_the_weakest_receiver_bears(stage):
    a = stage.bot("a")
    await a.join()
    await until(lambda: a.rate_limit == 300_000)  # nobody watches: little is enough
    await stage.engine.grant(MemberId("a"), MAIN)
    await stage.enter("b", MAIN)
    await until(lambda: a.rate_limit == 1_500_000)
