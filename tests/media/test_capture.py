"""Captured rooms: what is published in them comes on the socket, nothing else, and holds up nobody."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from signaling import capture
from signaling.capture import Happening, Media, Stream
from signaling.engine import MemberId, RoomId
from signaling.media import vp8
from signaling.media.capture import Tap
from signaling.media.members import Member
from signaling.media.outflow import Outflow
from signaling.media.track import Label
from signaling.pool import Pool
from signaling.supervisor import EmbeddedEngine
from tests.media.conftest import LOOPBACK, hears, staged_on, until
from tests.media.listening import Reader, gets, reading, talk_privately
from tests.media.test_rids import SOURCES, publisher
from tests.media.test_rids import media as encoding

MAIN, CAUCUS = RoomId("main"), RoomId("caucus")
A, B = MemberId("a"), MemberId("b")


@pytest.fixture
def reader() -> Iterator[Reader]:
    with reading() as made:
        yield made


async def test_all_that_is_sent_in_a_captured_room_is_given(stage_of_each_path, reader):
    stage = stage_of_each_path
    for name in "ab":
        await stage.enter(name, MAIN)
    before = time.monotonic()
    await stage.engine.capture(MAIN, to=reader.path)
    await until(gets(reader, "a", "b", packets=100))
    for name in "ab":
        sounds = reader.media(name, kind="audio")
        numbers = [one.number for one in sounds]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert sounds[0].stream.codec == "opus"
        pictures = reader.media(name, kind="video")
        assert any(vp8.describe(one.payload).key_start for one in pictures)
        assert all(before < one.arrived < time.monotonic() for one in [*sounds, *pictures])
    assert [(turn.member, turn.happening) for turn in reader.turns] == [
        ("a", Happening.BEGAN),
        ("b", Happening.BEGAN),
    ]
    await until(hears(stage.bots["b"], "a"))


async def test_one_who_is_alone_is_captured_until_it_ends(stage, reader):
    await stage.enter("a", MAIN)
    assert reader.media() == []  # nothing is given of a room that nobody asked for
    await stage.engine.capture(MAIN, to=reader.path)
    await until(gets(reader, "a"))
    await stage.engine.capture(MAIN, to=None)
    ended = time.monotonic()
    await until(lambda: reader.turns[-1].happening is Happening.ENDED)
    await stage.enter("b", MAIN)
    await until(hears(stage.bots["b"], "a", packets=60))
    assert max(one.arrived for one in reader.media()) <= ended
    assert reader.media("b") == []


async def test_a_private_talk_is_never_captured(stage_of_each_path, reader):
    stage = stage_of_each_path
    for name in "abc":
        await stage.enter(name, MAIN)
    await stage.engine.capture(MAIN, to=reader.path)
    await until(gets(reader, "a", "b", "c"))
    await talk_privately(stage, reader)


async def test_a_private_talk_would_be_seen_if_it_were_captured(stage, reader):
    """The control of the test above: the bytes that it looks for are there to be found."""
    for name in "ab":
        await stage.enter(name, MAIN)
    await stage.engine.capture(CAUCUS, to=reader.path)
    for name in "ab":
        await stage.move(name, CAUCUS)
    await until(gets(reader, "a", "b"))


async def test_whom_the_host_silenced_is_not_captured(stage, reader):
    for name in "ab":
        await stage.enter(name, MAIN)
    await stage.engine.capture(MAIN, to=reader.path)
    await until(gets(reader, "a"))
    await stage.engine.permit(A, audio=False, video=True)
    muted = time.monotonic()
    await until(lambda: len([m for m in reader.media("a", kind="video") if m.arrived > muted]) > 40)
    assert max(one.arrived for one in reader.media("a", kind="audio")) <= muted
    await stage.engine.permit(A, audio=True, video=True)
    await until(gets(reader, "a"))
    told = [(one.happening, one.kind) for one in reader.turns if one.member == "a"][1:]
    assert told == [(Happening.MUTED, "audio"), (Happening.UNMUTED, "audio")]


async def test_of_many_who_talk_at_once_all_are_captured(stage, reader):
    names = "abcdef"
    for level, name in enumerate(names):
        await stage.enter(name, MAIN, level=20 + 5 * level)
    await stage.engine.capture(MAIN, to=reader.path)
    await until(gets(reader, *names, packets=60))
    for name in names:
        numbers = [one.number for one in reader.media(name, kind="audio")]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    heard = {name for name in names if name != "f" and stage.bots["f"].heard[name].audio}
    assert len(heard) < len(names) - 1  # the control: some of them nobody hears now


async def test_a_reader_that_does_not_read_holds_up_nobody(stage_of_each_path, reader):
    stage = stage_of_each_path
    for name in "ab":
        await stage.enter(name, MAIN)
    await stage.engine.capture(MAIN, to=reader.path)
    await until(hears(stage.bots["b"], "a", packets=300))
    await until(gets(reader, "a", "b", packets=300))  # what was kept for it comes, without a gap
    numbers = [one.number for one in reader.media("a", kind="audio")]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


async def test_a_reader_may_come_late_and_come_again(stage, reader):
    reader.close()
    for name in "ab":
        await stage.enter(name, MAIN)
    await stage.engine.capture(MAIN, to=reader.path)
    await until(hears(stage.bots["b"], "a"))
    late = Reader(reader.path)
    await until(gets(late, "a", "b"))
    late.close()
    await until(hears(stage.bots["b"], "a"))
    again = Reader(reader.path)
    await until(gets(again, "a", "b"))
    again.close()


@pytest.mark.slow
async def test_a_room_stays_captured_when_its_worker_dies(stage, reader):
    await stage.enter("a", MAIN)
    await stage.engine.capture(MAIN, to=reader.path)
    await until(gets(reader, "a"))
    os.kill(stage.engine.pid, signal.SIGKILL)
    await until(lambda: stage.restarts == 1)
    await stage.bots["a"].rejoin()
    await until(gets(reader, "a"))
    assert len({one.stream.epoch for one in reader.media("a")}) == 2


@pytest.mark.slow
async def test_a_room_is_captured_wherever_it_is(reader):
    pool = Pool([EmbeddedEngine(LOOPBACK, name=name) for name in ("one", "two")])
    async with staged_on(pool) as stage:
        await pool.capture(MAIN, to=reader.path)
        for name, room in (("a", MAIN), ("b", CAUCUS)):
            await pool.grant(MemberId(name), room)
            await stage.bot(name).join()
        assert pool.load() == {"one": 1, "two": 1}
        await until(gets(reader, "a"))
        assert reader.media("b") == []
        await pool.revoke(A)
        left = time.monotonic()
        await pool.capture(MAIN, to=None)
        await pool.grant(A, MAIN)  # the room that begins again is not captured
        await pool.revoke(B)
        await pool.grant(B, MAIN)
        await stage.bots["b"].rejoin()
        await until(hears(stage.bots["b"], "a"))
        assert max(one.arrived for one in reader.media()) <= left


def test_records_come_as_they_went():
    """Whatever is no batch is refused as such."""
    stream = capture.Stream("a", "e", "audio", 0, "opus", 7)
    records = [
        Media(stream, 70_000, 5, True, None, 1.5, b"\x01\x02"),
        Media(stream, 70_001, 6, False, 1, 1.6, b""),
        capture.Clock(stream, (1 << 64) - 1, 9, 2.0),
        capture.Turn("a", "e", Happening.MUTED, "audio", 3.0),
    ]
    sent = capture.framed([capture.packed(one) for one in records], left_out=4)
    assert capture.read(sent) == capture.Batch(4, tuple(records))
    for wrong in (b"", b"\xc1", sent[:-3], sent[:9], b"\x93\x02\x00\x00", b"\x93\x01\x00\x01\x90"):
        with pytest.raises(capture.NotABatchError):
            capture.read(wrong)


def test_of_several_encodings_the_middle_one_that_comes_is_taken(reader):
    made, _ = publisher()
    track = made.tracks[Label("video", 0)]
    best, middle, least = track.layers
    outflow = Outflow(str(reader.path))
    tap = Tap(track, lambda source: Stream("a", "e", "video", 0, "vp8", source), outflow)
    speaker = Member(A)
    tap.align(0.0)
    assert (tap.layer, best.tap, middle.tap, least.tap) == (middle, None, tap, None)
    middle.kbps = least.kbps = 100.0
    tap.choose(speaker, 1.0)
    assert tap.layer is middle
    middle.kbps = 0.0
    tap.choose(speaker, 2.0)
    made.media(encoding("h", 1), 2.1)  # goes on until the other has a key frame
    made.media(encoding("q", 1), 2.2)
    assert (tap.layer, middle.tap, least.tap) == (least, None, tap)
    outflow.flush()
    assert [(one.stream.source, one.arrived) for one in reader.media()] == [
        (SOURCES["h"], 2.1),
        (SOURCES["q"], 2.2),
    ]
    tap.close()
    outflow.close()
    assert least.tap is None
