"""A camera that nobody watches rests wholly, and is there at once when somebody does."""

import asyncio
from types import SimpleNamespace

import pytest

from signaling.engine import Encodings, MemberId, RoomId, View
from signaling.media import paths
from signaling.media.encodings import UNWATCHED_SECONDS, asked
from signaling.media.members import Member, Sending
from signaling.media.publisher import Publisher
from signaling.media.sdp import read_description
from signaling.media.track import CAMERA
from tests.media.conftest import hears, until
from tests.media.listening import gets, reading
from tests.media.test_outlet import layer, video
from tests.media.test_rids import media, offer

MAIN = RoomId("main")
A, B = MemberId("a"), MemberId("b")
LATER = UNWATCHED_SECONDS + 1


def speaker() -> Member:
    publisher = Publisher(read_description(offer(), section_limit=4), session="1")
    link = SimpleNamespace()
    return Member(A, sending=Sending(link, publisher))


def test_what_is_watched_is_asked_for_at_once_and_what_is_not_rests_after_a_moment():
    one = speaker()
    assert asked(one, {"h"}, now=0.0) is None  # all is sent in the beginning
    assert asked(one, {"h"}, now=LATER) == Encodings(A, ("h",))
    assert asked(one, set(), now=LATER + 1) is None
    assert asked(one, set(), now=2 * LATER) == Encodings(A, ())
    assert asked(one, {"q"}, now=2 * LATER + 0.02) == Encodings(A, ("q",))
    assert asked(one, {"q"}, now=2 * LATER + 0.04) is None


def test_who_spares_the_line_sends_the_smallest_or_nothing():
    one = speaker()
    one.wants_pictures = False
    assert asked(one, {"f"}, now=0.0) == Encodings(A, ("q",))
    assert asked(one, set(), now=LATER) == Encodings(A, ())


def test_rested_layer_replays_nothing_old_and_asks_for_a_key_frame_when_it_wakes():
    rested = layer()
    rested.pass_on(video(1, key=True), 0.0)
    assert len(rested.since_keyframe()) == 1
    rested.rest()
    assert rested.since_keyframe() == []
    rested.pass_on(video(2, key=True), 0.1)  # was under way
    assert rested.since_keyframe() == []
    assert not rested.keyframe_request_due(1.0)
    rested.wake()
    assert rested.keyframe_request_due(2.0)
    rested.pass_on(video(3, key=True), 2.1)
    assert [one.number for one in rested.since_keyframe()] == [3]


def test_encoding_that_was_asked_for_in_vain_is_not_asked_for_again_soon():
    one = speaker()
    assert one.sending is not None
    _, _, q = one.sending.publisher.tracks[CAMERA].layers
    one.sending.publisher.media(media("f", 1), 0.0)
    asked(one, {"f"}, now=0.0)
    asked(one, {"f"}, now=LATER)
    assert paths.kbps_of(q, one, LATER) > 0  # it rests, and may be had
    asked(one, {"f", "q"}, now=LATER)
    assert paths.kbps_of(q, one, LATER + 1) > 0
    assert paths.kbps_of(q, one, LATER + 3.5) == 0
    asked(one, {"f"}, now=2 * LATER + 1)
    assert one.sending.active == ("f",)
    assert paths.kbps_of(q, one, 2 * LATER + 1) == 0
    assert paths.kbps_of(q, one, 3 * LATER + 60) > 0


def rests(stage, *, times: int = 1) -> bool:
    return stage.events.count(Encodings(A, ())) >= times


@pytest.mark.slow
async def test_camera_that_nobody_watches_rests_and_comes_back_with_a_picture_of_now(stage):
    a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
    await until(hears(b, "a"))
    await stage.engine.view(B, {A: View.NONE})
    await until(lambda: rests(stage))
    await until(lambda: a.rests)
    came, sound = b.heard["a"].video, b.heard["a"].audio
    last = b.heard["a"].arrivals[-1]
    requests = a.keyframe_requests
    await until(lambda: b.heard["a"].audio > sound + 50)  # a second, in which the camera goes on
    assert b.heard["a"].video == came
    await stage.engine.view(B, {})
    await until(lambda: b.heard["a"].video > came)
    first = next(one for one in b.heard["a"].arrivals if one.sequence == last.sequence + 1)
    assert first.is_key_start
    assert (first.timestamp - last.timestamp) & 0xFFFFFFFF > 90_000
    assert a.keyframe_requests > requests
    await until(hears(b, "a"))


@pytest.mark.slow
async def test_camera_of_one_alone_or_among_those_who_only_listen_rests(stage):
    await stage.enter("a", MAIN)
    await until(lambda: rests(stage))
    b = await stage.enter("b", MAIN)
    await until(hears(b, "a"))
    await stage.engine.view(B, {}, pictures=False)
    await until(lambda: rests(stage, times=2))
    await stage.engine.view(B, {})
    await until(hears(b, "a"))
    await stage.engine.revoke(B)
    await until(lambda: rests(stage, times=3))


@pytest.mark.slow
async def test_recording_watches(stage):
    with reading() as reader:
        await stage.engine.capture(MAIN, to=reader.path)
        await stage.enter("a", MAIN)
        await until(gets(reader, "a", packets=60))
        await asyncio.sleep(UNWATCHED_SECONDS + 2.0)
        await until(gets(reader, "a"))
        assert not rests(stage)
        await stage.engine.capture(MAIN, to=None)
        await until(lambda: rests(stage))
        known = len(reader.media("a", kind="video"))
        await stage.engine.capture(MAIN, to=reader.path)
        await until(lambda: len(reader.media("a", kind="video")) > known)
