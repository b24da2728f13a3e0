"""Captured rooms on Janus: the same records by the same rules as from the embedded engine."""

import os
import signal
import time
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from signaling.capture import Happening
from signaling.engine import MemberId, RoomId
from signaling.janus.engine import Instance, JanusEngine
from signaling.media import vp8
from tests.janus.instance import Janus, janus
from tests.media.conftest import Stage, hears, staged_on, until
from tests.media.listening import Reader, gets, reading, talk_privately

pytestmark = pytest.mark.slow

A, B = MemberId("a"), MemberId("b")
MAIN, CAUCUS = RoomId("main"), RoomId("caucus")


@pytest_asyncio.fixture(scope="module")
async def server() -> AsyncIterator[Janus]:
    async with janus() as running:
        yield running


@pytest_asyncio.fixture
async def stage(server: Janus) -> AsyncIterator[Stage]:
    async with staged_on(JanusEngine(Instance(server.url, api_secret=server.secret))) as made:
        yield made


@pytest.fixture
def reader() -> Iterator[Reader]:
    with reading() as made:
        yield made


async def test_all_that_is_sent_in_a_captured_room_is_given(stage, reader):
    await stage.come("a", MAIN)
    await stage.engine.capture(MAIN, to=reader.path)
    await stage.come("b", MAIN)
    await until(gets(reader, "a", "b", packets=100))
    for name in "ab":
        sounds = reader.media(name, kind="audio")
        numbers = [one.number for one in sounds]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        pictures = reader.media(name, kind="video")
        assert any(vp8.describe(one.payload).key_start for one in pictures)
        assert {(one.stream.kind, one.stream.codec) for one in [*sounds, *pictures]} == {
            ("audio", "opus"),
            ("video", "vp8"),
        }
    await until(hears(stage.bots["b"], "a"))


async def test_recording_watches_a_camera_that_nobody_else_does(stage, reader):
    await stage.engine.capture(MAIN, to=reader.path)
    await stage.come("a", MAIN)
    await until(gets(reader, "a", packets=600))  # longer than a camera goes on that nobody watches
    assert not stage.bots["a"].rests
    await stage.engine.capture(MAIN, to=None)
    await until(lambda: stage.bots["a"].rests)
    await stage.engine.capture(MAIN, to=reader.path)
    await until(gets(reader, "a"))


async def test_a_private_talk_is_never_captured(stage, reader):
    for name in "abc":
        await stage.come(name, MAIN)
    await stage.engine.capture(MAIN, to=reader.path)
    await until(gets(reader, "a", "b", "c"))
    await talk_privately(stage, reader)


async def test_a_private_talk_would_be_seen_if_it_were_captured(stage, reader):
    """The control of the test above."""
    for name in "ab":
        await stage.come(name, MAIN)
    await stage.engine.capture(CAUCUS, to=reader.path)
    for name in "ab":
        await stage.move(name, CAUCUS)
    await until(gets(reader, "a", "b"))


async def test_whom_the_host_silenced_is_not_captured(stage, reader):
    await stage.come("a", MAIN)
    await stage.engine.capture(MAIN, to=reader.path)
    await until(gets(reader, "a"))
    await stage.engine.permit(A, audio=False, video=True)
    muted = time.monotonic()
    await until(lambda: len([m for m in reader.media("a", kind="video") if m.arrived > muted]) > 40)
    assert max(one.arrived for one in reader.media("a", kind="audio")) <= muted
    await stage.engine.permit(A, audio=True, video=True)
    await until(gets(reader, "a"))


async def test_the_end_of_a_capture_is_told(stage, reader):
    for name in "ab":
        await stage.come(name, MAIN)
    await stage.engine.capture(MAIN, to=reader.path)
    await until(gets(reader, "a", "b"))
    await stage.engine.capture(MAIN, to=None)
    ended = time.monotonic()
    await until(hears(stage.bots["b"], "a", packets=60))
    assert max(one.arrived for one in reader.media()) <= ended
    assert [one.happening for one in reader.turns[-2:]] == [Happening.ENDED, Happening.ENDED]


async def test_a_room_stays_captured_when_the_receiver_dies(stage, reader):
    await stage.come("a", MAIN)
    await stage.engine.capture(MAIN, to=reader.path)
    await until(gets(reader, "a"))
    os.kill(stage.engine.receiver_pid, signal.SIGKILL)
    await until(gets(reader, "a", packets=100))
    assert len({one.stream.epoch for one in reader.media("a")}) == 2
