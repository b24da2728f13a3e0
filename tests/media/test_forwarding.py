"""Who gets whose packets: bots in rooms of a real worker, over real UDP."""

import itertools

import pytest

from signaling.engine import MemberId, RoomId, Speaking
from tests.media.bot import Arrival
from tests.media.conftest import hears, total, until

A, B, C = MemberId("a"), MemberId("b"), MemberId("c")
MAIN, CAUCUS = RoomId("main"), RoomId("caucus")


@pytest.fixture
def stage(stage_of_each_path):
    return stage_of_each_path


def in_order(arrivals: list[Arrival]) -> list[Arrival]:
    first = arrivals[0].sequence
    return sorted(arrivals, key=lambda one: (one.sequence - first) & 0xFFFF)


def steps(numbers: list[int], modulus: int) -> set[int]:
    return {(later - earlier) % modulus for earlier, later in itertools.pairwise(numbers)}


def sources_in(sdp: str) -> set[str]:
    return {line.split()[0] for line in sdp.splitlines() if line.startswith("a=ssrc:")}


async def test_members_of_a_room_get_each_others_packets(stage):
    a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
    await until(hears(a, "b"))
    await until(hears(b, "a"))
    assert set(a.heard) == {"b"}
    assert set(b.heard) == {"a"}
    assert a.heard["b"].arrivals[0].is_key_start


async def test_a_member_placed_nowhere_gets_and_gives_nothing(stage):
    a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
    waiting = stage.bot("c")
    await waiting.join()
    await until(hears(a, "b"))
    await until(lambda: waiting.receiving.is_up)
    await until(hears(b, "a"))
    assert waiting.heard == {}
    assert total(a, "c") == total(b, "c") == 0
    await stage.engine.grant(C, MAIN)
    await until(hears(waiting, "a", "b"))


@pytest.mark.slow
async def test_revoke_stops_every_packet_both_ways(stage):
    a, b, c = [await stage.enter(name, MAIN) for name in ("a", "b", "c")]
    await until(hears(b, "a", "c"))
    await until(hears(a, "b", "c"))
    await stage.engine.revoke(A)
    await until(hears(b, "c", packets=6))  # whatever was under way has arrived
    before = total(b, "a"), total(c, "a"), total(a, "b"), total(a, "c")
    from_c = total(b, "c")
    await until(hears(b, "c", packets=60))
    assert (total(b, "a"), total(c, "a"), total(a, "b"), total(a, "c")) == before
    assert total(b, "c") >= from_c + 60  # the counter does count


@pytest.mark.slow
async def test_a_caucus_hears_only_itself_and_comes_back(stage):
    a, b, c = [await stage.enter(name, MAIN) for name in ("a", "b", "c")]
    await until(hears(c, "a", "b"))
    await stage.move("a", CAUCUS)
    await stage.move("b", CAUCUS)
    await until(hears(a, "b"))
    await until(hears(b, "a"))
    before = total(c, "a"), total(c, "b"), total(a, "c"), total(b, "c")
    await until(hears(b, "a", packets=60))
    assert (total(c, "a"), total(c, "b"), total(a, "c"), total(b, "c")) == before
    await stage.move("a", MAIN)
    await until(hears(c, "a"))
    await until(hears(a, "c"))


@pytest.mark.slow
async def test_what_the_host_mutes_is_not_passed_on(stage):
    a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
    await until(hears(b, "a"))
    await stage.engine.permit(A, audio=False, video=True)
    await until(lambda: b.heard["a"].video > 0)
    video = b.heard["a"].video
    await until(lambda: b.heard["a"].video > video + 5)
    audio, video = b.heard["a"].audio, b.heard["a"].video
    await until(lambda: b.heard["a"].video > video + 30)
    assert b.heard["a"].audio == audio
    await stage.engine.permit(A, audio=True, video=False)
    await until(lambda: b.heard["a"].audio > audio + 30)
    assert total(a, "b") > 0


async def test_numbers_go_on_without_a_gap_over_a_pause(stage):
    _, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
    await until(hears(b, "a"))
    for permitted in (False, True, False, True):
        await stage.engine.permit(A, audio=True, video=permitted)
        heard = b.heard["a"].audio
        await until(lambda heard=heard: b.heard["a"].audio > heard + 10)
    await until(hears(b, "a"))
    arrivals = in_order(b.heard["a"].arrivals)
    assert steps([one.sequence for one in arrivals], 1 << 16) == {1}
    assert steps([one.picture for one in arrivals], 1 << 15) <= {0, 1}
    assert steps([one.layer_index for one in arrivals], 1 << 8) <= {0, 1}
    assert b.heard["a"].keyframes >= 3


async def test_a_returning_publisher_goes_on_in_its_own_sections(stage):
    a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
    await until(hears(b, "a"))
    sections = b.offers[-1].count("m=")
    await a.rejoin()
    await until(hears(b, "a", packets=60))
    arrivals = in_order(b.heard["a"].arrivals)
    assert steps([one.sequence for one in arrivals], 1 << 16) == {1}
    assert steps([one.picture for one in arrivals], 1 << 15) <= {0, 1}
    times = [one.timestamp for one in arrivals]
    assert max(steps(times, 1 << 32)) < 90_000 * 10  # time went on, too
    assert b.offers[-1].count("m=") == sections


async def test_a_section_that_rested_comes_back_with_new_sources(stage):
    a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
    await until(hears(b, "a"))
    before = sources_in(b.offers[-1])
    await stage.engine.revoke(A)
    await until(lambda: sources_in(b.offers[-1]) == set())
    await stage.engine.grant(A, MAIN)
    await until(lambda: sources_in(b.offers[-1]) != set())
    after = sources_in(b.offers[-1])
    # Chromium shows no picture of a source that it knows from before the rest.
    assert before.isdisjoint(after)
    assert len(after) == len(before)
    heard = b.heard["a"].packets
    await until(lambda: b.heard["a"].packets > heard)
    assert set(a.heard) == {"b"}


async def test_a_section_is_never_given_to_another_person(stage):
    await stage.enter("a", MAIN)
    b = await stage.enter("b", MAIN)
    await until(hears(b, "a"))
    await stage.engine.close(A)
    await stage.enter("c", MAIN)
    await until(hears(b, "c"))
    sections = b.offers[-1].split("m=")[1:]
    owners = [section.partition("a=msid:")[2].partition(" ")[0] for section in sections]
    assert owners == ["", "", "c", "c"]
    assert all("a=inactive" in section for section in sections[:2])


async def test_who_was_muted_before_sending_anything_stays_muted_when_moved(stage):
    b = await stage.enter("b", CAUCUS)
    await stage.engine.grant(A, MAIN)
    await stage.engine.permit(A, audio=False, video=True)
    await stage.engine.revoke(A)
    await stage.engine.grant(A, CAUCUS)
    await stage.bot("a").join()
    await until(lambda: "a" in b.heard and b.heard["a"].video > 30)
    assert b.heard["a"].audio == 0


async def test_speakers_are_told_by_their_level(stage):
    loud = await stage.enter("loud", MAIN, level=20)
    await stage.enter("quiet", MAIN, level=80)
    await until(lambda: stage.saw(Speaking(MAIN, (MemberId("loud"),))))
    loud.level = 100
    await until(lambda: stage.saw(Speaking(MAIN, ())))
    assert not any(MemberId("quiet") in e.members for e in stage.events if type(e) is Speaking)


async def test_who_comes_later_is_told_who_speaks_all_the_time(stage):
    await stage.enter("loud", MAIN, level=20)
    await until(lambda: stage.saw(Speaking(MAIN, (MemberId("loud"),))))
    stage.events.clear()
    await stage.enter("late", MAIN, level=80)
    await until(lambda: stage.saw(Speaking(MAIN, (MemberId("loud"),))))


async def test_eight_people_all_get_each_other(stage):
    names = [f"p{place}" for place in range(8)]
    bots = [await stage.enter(name, MAIN) for name in names]
    for name in names:
        await stage.engine.favour(MemberId(name), on=True)  # else the loudest three are heard
    for bot in bots:
        others = [name for name in names if name != bot.name]
        await until(hears(bot, *others, packets=10))
