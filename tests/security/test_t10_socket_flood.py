"""T10: giant frames, dribbles, floods and readers who do not read harm nobody else."""

import asyncio
import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from server.http.socket import Limits
from signaling.engine import MemberId, Offer
from tests.hall import Hall, open_hall, serving
from tests.sockets import Seat

pytestmark = pytest.mark.slow

PAGE = os.sysconf("SC_PAGE_SIZE")
OFFERS, BATCH = 600, 20
LARGE = "x" * (32 << 10)


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


@pytest_asyncio.fixture
async def wang(hall):
    host = await hall.host()
    return await hall.inside("Wang", host)


async def test_t10_frame_too_large_closes_with_1009(wang):
    await wang.say({"type": "hand", "ref": 1, "up": True, "pad": "x" * ((64 << 10) + 1)})
    assert await wang.closed() == 1009


async def test_t10_control_frame_within_the_limit_is_read_and_refused(wang):
    await wang.say({"type": "hand", "ref": 1, "up": True, "pad": "x" * (60 << 10)})
    refused = await wang.wait_for("refused")
    assert (refused["ref"], refused["problem"]["code"]) == (1, "malformed_message")
    assert wang.code is None


async def test_t10_dribble_of_tiny_fragments_takes_no_memory(wang):
    socket = wang._socket
    before = resident_bytes()
    text = b'{"type":"hand","ref":1,"up":true,"pad":"' + b"x" * (60 << 10) + b'"}'
    writer = socket._writer
    for position in range(len(text)):
        last = position == len(text) - 1
        opcode = 1 if position == 0 else 0
        writer.transport.write(fragment(text[position : position + 1], opcode, last=last))
        if position % 2_000 == 0:
            await asyncio.sleep(0)
    await wang.wait_for("refused", ref=1)
    assert resident_bytes() - before < 20 << 20


def fragment(payload: bytes, opcode: int, *, last: bool) -> bytes:
    """A masked frame (RFC 6455, 5.2) with a mask of zeros."""
    return bytes([(0x80 if last else 0) | opcode, 0x80 | len(payload), 0, 0, 0, 0]) + payload


async def flood(wang) -> None:
    for ref in range(1, 101):
        await wang.say({"type": "hand", "ref": ref, "up": bool(ref % 2)})


async def test_t10_flood_of_messages_is_cut(wang):
    with contextlib.suppress(ConnectionError):
        await flood(wang)
    assert await wang.closed() == 4429


async def test_t10_control_without_the_limit_the_flood_is_answered(services):
    lax = Limits(burst=10_000)
    async with serving(services, limits=lax) as base, open_hall(services, base) as hall:
        wang = await hall.inside("Wang", await hall.host())
        await flood(wang)
        await wang.wait_for("done", ref=100)


@dataclass
class Crowd:
    """One of three in a room stops reading while much is pushed to two of them."""

    hall: Hall
    host: Seat
    frozen: Seat
    reader: Seat

    @classmethod
    async def of(cls, hall: Hall) -> "Crowd":
        host = await hall.host()
        return cls(hall, host, await hall.inside("Wang", host), await hall.inside("Li", host))

    async def push(self) -> float:
        """As fast as the reader reads; answers the longest that the host waited for an answer."""
        self.frozen.stop_reading()
        queue, loop, slowest = self.hall.services.media.queue, asyncio.get_running_loop(), 0.0
        for revision in range(OFFERS):
            for seat in (self.frozen, self.reader):
                queue.put_nowait(Offer(MemberId(seat.id), revision, LARGE))
            if revision % BATCH == BATCH - 1:
                await self.reader.wait_for("media.offer", revision=revision)
                began = loop.time()
                await self.host.send("beat")
                slowest = max(slowest, loop.time() - began)
        return slowest


async def test_t10_stopped_reader_is_cut_and_the_others_notice_nothing(services):
    quick = Limits(write_seconds=8.0, burst=10_000)
    async with serving(services, limits=quick) as base, open_hall(services, base) as hall:
        crowd = await Crowd.of(hall)
        assert await crowd.push() < 8.0
        await crowd.host.wait_for("person.lost", participant_id=crowd.frozen.id)
        assert crowd.reader.code is None
        assert crowd.host.people()["Li"]["state"] == "in_room"


async def test_t10_control_without_the_cut_the_stopped_reader_stays(services):
    lax = Limits(write_seconds=60.0, queue_bytes=1 << 30, burst=10_000)
    async with serving(services, limits=lax) as base, open_hall(services, base) as hall:
        crowd = await Crowd.of(hall)
        await crowd.push()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(4):
                await crowd.host.wait_for("person.lost", participant_id=crowd.frozen.id)
