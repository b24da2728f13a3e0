"""T03: a flood before or after connecting costs no memory, and others hardly feel it."""

import asyncio
import time

import pytest

from signaling.engine import MemberId, RoomId
from signaling.media.dtls import QUEUE_LIMIT, Certificate, SecureTransport
from tests.media.attack import HELLO, flood, forged_check, resident_bytes, strangers
from tests.media.botlink import BotLink
from tests.media.conftest import hears, staged, until
from tests.media.plain import plain_call

MAIN = RoomId("main")
MEGABYTES = 50


@pytest.mark.slow
@pytest.mark.parametrize("first", [0x16, 0x80, 0x00], ids=["dtls", "rtp", "stun"])
async def test_t03_a_flood_of_strangers_takes_no_memory_and_little_time(first):
    async with staged() as stage:
        a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
        await until(hears(b, "a", packets=100))
        before = resident_bytes(stage.engine.pid)
        flooding = flood(stage.engine.port, megabytes=MEGABYTES, first=first)
        waits = []
        while flooding.poll() is None:
            asked = time.perf_counter()
            await stage.engine.stats(MAIN)
            waits.append(time.perf_counter() - asked)
            await asyncio.sleep(0.02)
        assert flooding.returncode == 0
        assert resident_bytes(stage.engine.pid) - before < 20_000_000
        assert sorted(waits)[int(len(waits) * 0.95)] < 1.5
        await until(hears(b, "a", packets=60))
        await until(hears(a, "b", packets=60))


async def test_t03_a_peer_that_floods_its_handshake_is_held_to_a_bounded_queue():
    async with staged() as stage:
        member = MemberId("a")
        await stage.engine.subscribe(member)
        bot = stage.bot("silent")
        await until(lambda: len(stage.events) > 0)
        link = BotLink(on_packet=lambda _: None, on_control=lambda _: None)
        media = _first_section(stage.events[0].sdp)
        await link._open(media)
        await asyncio.wait_for(link._checked.wait(), 5)
        before = resident_bytes(stage.engine.pid)
        for _ in range(20_000):
            link._transport.sendto(HELLO + bytes(1_000), ("127.0.0.1", stage.engine.port))
        await stage.engine.stats(MAIN)
        assert resident_bytes(stage.engine.pid) - before < 10_000_000
        link.vanish()
        await bot.leave()


async def test_t03_control_a_plain_leg_keeps_every_datagram_of_a_stranger():
    async with plain_call() as call:
        with strangers(3) as crowd:
            for sent in range(20_000):
                crowd.send(call.right.address, HELLO)
                if sent % 100 == 0:
                    await asyncio.sleep(0)
        await until(lambda: call.right.ice._queue.qsize() > 5_000, within=5)


def test_t03_the_handshake_queue_is_bounded():
    transport = SecureTransport(Certificate(), send=lambda _: None)
    taken = sum(transport.feed(HELLO) for _ in range(10 * QUEUE_LIMIT))
    assert taken == QUEUE_LIMIT


async def test_t03_checks_with_a_guessed_password_get_no_answer():
    async with staged() as stage:
        a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
        await until(hears(b, "a"))
        with strangers(1) as crowd:
            crowd.sockets[0].setblocking(False)
            for _ in range(200):
                crowd.send(("127.0.0.1", stage.engine.port), forged_check(a.sending._their_ufrag))
            await until(hears(b, "a"))
            with pytest.raises(BlockingIOError):
                crowd.sockets[0].recv(1)
        assert a.sending.is_up


def _first_section(sdp: str):
    from aiortc.sdp import SessionDescription

    return SessionDescription.parse(sdp).media[0]
