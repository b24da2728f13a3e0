"""T06: what is malformed inside valid encryption harms only its sender."""

import asyncio
import contextlib
import random
import struct

import pylibsrtp
import pytest
from aiortc import RTCRtpHeaderExtensionParameters, RTCRtpParameters

from signaling.engine import Leg, LegDown, MemberId, RoomId
from tests.media.bot import Bot
from tests.media.conftest import hears, staged, until
from tests.media.fuzzing import mutated, seeds
from tests.media.plain import plain_call

MAIN = RoomId("main")
SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
NEGOTIATED = RTCRtpParameters(
    headerExtensions=[RTCRtpHeaderExtensionParameters(id=2, uri=SEND_TIME)]
)
SHORT_EXTENSION = struct.pack("!BBHLLHHBBxx", 0x90, 96, 1, 1, 1, 0xBEDE, 1, 2 << 4, 0)
"""One byte where three are read: struct.error in aiortc, which expects ValueError."""


@pytest.mark.slow
async def test_t06_a_peer_that_sends_broken_packets_is_cut_alone():
    async with staged() as stage:
        a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
        mallory = await stage.enter("mallory", MAIN)
        await until(hears(b, "a"))
        worker, rng, known = stage.engine.pid, random.Random(6), seeds()
        gone = LegDown(MemberId("mallory"), Leg.SENDING, "abuse")
        number = 0
        async with asyncio.timeout(60):
            while not stage.saw(gone):
                for _ in range(20):
                    number += 1
                    _send(mallory, mutated(rng.choice(known), rng), number)
                await asyncio.sleep(0.01)
        await until(hears(b, "a", packets=60))
        await until(hears(a, "b", packets=60))
        assert (stage.engine.pid, stage.restarts) == (worker, 0)
        assert a.sending.is_up
        assert b.receiving.is_up


def _send(bot: Bot, packet: bytes, number: int) -> None:
    """Under valid encryption, as far as libsrtp itself will have it."""
    packet = packet[:1_200].ljust(12, b"\x80")
    with contextlib.suppress(pylibsrtp.Error):
        if 191 < packet[1] < 224:
            bot.sending.send_control(packet)
        else:
            # Each of a declared source and with a number of its own, else it is looked at once.
            head = packet[:2] + struct.pack("!H", number & 0xFFFF) + packet[4:8]
            bot.sending.send_packet(head + struct.pack("!L", bot.repeat_source) + packet[12:])


async def test_t06_control_one_broken_packet_ends_a_plain_call(caplog):
    async with plain_call() as call:
        await call.connect()
        assert call.is_connected
        call.right.dtls._rtp_header_extensions_map.configure(NEGOTIATED)
        await call.left.dtls._send_rtp(SHORT_EXTENSION)
        await until(lambda: call.right.dtls.state == "closed", within=5)
    assert "struct.error" in caplog.text
