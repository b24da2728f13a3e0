"""Sound only: by wish, or while the line bears no picture at all."""

import asyncio
import contextlib

import pytest

from signaling.engine import MemberId, Pictures, RoomId
from signaling.media.bandwidth import FLOOR_KBPS, Rate
from signaling.media.thrift import FIRST_REST, LONGEST_REST, PATIENCE, Thrift
from tests.media.conftest import hears, until

MAIN = RoomId("main")
A, B = MemberId("a"), MemberId("b")


def judged(
    thrift: Thrift, *, lost: float | None, since: float, seconds: float, trip=None, lowest=True
):
    """What was decided at each second."""
    return [
        thrift.judge(is_lowest=lowest, lost_share=lost, round_trip=trip, now=since + second)
        for second in range(int(seconds))
    ]


def test_pictures_rest_after_some_seconds_of_loss_at_the_lowest_rate():
    decided = judged(Thrift(), lost=0.3, since=0, seconds=PATIENCE + 2)
    assert decided == [False] * int(PATIENCE) + [True, True]


def test_pictures_rest_on_a_line_whose_queue_never_empties():
    assert judged(Thrift(), lost=0.0, trip=3.0, since=0, seconds=PATIENCE + 1)[-1]


@pytest.mark.parametrize(("lost", "trip", "lowest"), [(0.05, 0.3, True), (0.3, 0.3, False)])
def test_pictures_stay_while_the_line_bears_some_or_less_could_be_sent(lost, trip, lowest):
    decided = judged(Thrift(), lost=lost, trip=trip, lowest=lowest, since=0, seconds=60)
    assert not any(decided)


def test_a_moment_of_loss_is_no_reason():
    thrift = Thrift()
    for second in range(0, 60, 4):
        judged(thrift, lost=0.5, since=second, seconds=PATIENCE - 1)
        judged(thrift, lost=0.0, since=second + PATIENCE - 1, seconds=1)
    assert not thrift.is_on


def test_pictures_come_back_after_a_rest_on_a_quiet_line_only():
    thrift = Thrift()
    judged(thrift, lost=0.3, since=0, seconds=PATIENCE + 1)
    assert all(judged(thrift, lost=0.3, since=PATIENCE + 1, seconds=60))
    assert judged(thrift, lost=0.0, since=80, seconds=1) == [False]


def test_pictures_come_back_after_a_rest_where_nothing_is_reported_any_more():
    thrift = Thrift()
    judged(thrift, lost=0.3, trip=3.0, since=0, seconds=PATIENCE + 1)
    decided = judged(thrift, lost=None, trip=3.0, since=PATIENCE, seconds=FIRST_REST + 1)
    assert decided == [True] * int(FIRST_REST) + [False]


def test_a_moment_without_reports_neither_ends_nor_makes_a_strain():
    thrift = Thrift()
    judged(thrift, lost=0.3, since=0, seconds=PATIENCE - 1)
    assert not any(judged(thrift, lost=None, since=PATIENCE - 1, seconds=60))
    assert judged(thrift, lost=0.3, since=PATIENCE + 59, seconds=1) == [True]


def test_each_return_that_fails_soon_makes_the_next_rest_longer():
    thrift, now, rests = Thrift(), 0.0, []
    for _ in range(6):
        while not judged(thrift, lost=0.3, since=now, seconds=1)[0]:
            now += 1
        began = now
        while judged(thrift, lost=0.0, since=now, seconds=1)[0]:
            now += 1
        rests.append(now - began)
    assert rests == [FIRST_REST, 30, 60, 120, LONGEST_REST, LONGEST_REST]


def test_a_long_queue_lowers_the_rate_as_loss_does():
    slow, quick = Rate(ceiling=1_500), Rate(ceiling=1_500)
    for second in range(60):
        slow.learn(0.0, round_trip=2.0, now=float(second))
        quick.learn(0.0, round_trip=0.3, now=float(second))
    assert (slow.kbps, quick.kbps) == (FLOOR_KBPS, 1_500)


@pytest.mark.slow
async def test_who_wants_sound_only_gets_no_picture_until_they_want_it_again(stage):
    await stage.enter("a", MAIN)
    b, c = await stage.enter("b", MAIN), await stage.enter("c", MAIN)
    await until(hears(b, "a"))
    await until(hears(c, "a"))
    await stage.engine.view(B, {}, pictures=False)
    video, audio = b.heard["a"].video, b.heard["a"].audio
    await until(lambda: b.heard["a"].audio > audio + 50)
    assert b.heard["a"].video <= video + 3  # under way when it was said
    await until(hears(c, "a"))  # the others have theirs
    await stage.engine.view(B, {})
    await until(hears(b, "a"))
    numbers = [one.sequence for one in b.heard["a"].arrivals]
    assert (numbers[-1] - numbers[0]) & 0xFFFF == len(numbers) - 1


async def test_a_camera_that_only_sparing_people_could_watch_is_asked_for_little(stage):
    a, _ = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
    await until(lambda: a.rate_limit > 1_000_000)
    await stage.engine.view(B, {}, pictures=False)
    await until(lambda: 0 < a.rate_limit < 400_000)
    await stage.engine.view(B, {})
    await until(lambda: a.rate_limit > 1_000_000)
    await stage.engine.view(A, {}, pictures=False)  # and who spares it sends little, too
    await until(lambda: 0 < a.rate_limit < 400_000)


@pytest.mark.slow
async def test_a_line_that_bears_no_picture_keeps_the_sound_and_gets_pictures_back(stage):
    await stage.enter("a", MAIN)
    b = await stage.enter("b", MAIN)
    await until(hears(b, "a"))
    async with reporting(b, lost_share=0.6) as report:
        await until(lambda: stage.saw(Pictures(B, on=False)))
        video, audio = b.heard["a"].video, b.heard["a"].audio
        await until(lambda: b.heard["a"].audio > audio + 50)
        assert b.heard["a"].video <= video + 3
        report["lost_share"] = 0.0
        await until(lambda: stage.saw(Pictures(B, on=True)), within=FIRST_REST + 30)
        await until(hears(b, "a"))
    assert not stage.saw(Pictures(A, on=False))


@pytest.mark.slow
async def test_pictures_come_back_though_the_last_that_was_reported_was_bad(stage):
    await stage.enter("a", MAIN)
    b = await stage.enter("b", MAIN)
    await until(hears(b, "a"))
    async with reporting(b, lost_share=0.3):
        await until(lambda: stage.saw(Pictures(B, on=False)))
    await until(lambda: stage.saw(Pictures(B, on=True)), within=FIRST_REST + 10)


@contextlib.asynccontextmanager
async def reporting(bot, *, lost_share: float):
    """The bot reports that much loss of all that comes of `a`, four times a second."""
    state = {"lost_share": lost_share}

    async def report() -> None:
        while True:
            for kind in ("audio", "video"):
                bot.report("a", kind, lost_share=state["lost_share"])
            await asyncio.sleep(0.25)

    task = asyncio.create_task(report())
    try:
        yield state
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
