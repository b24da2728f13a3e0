"""A NAT that forgets its peer gives it another address, and nobody tells us of it."""

import asyncio
import socket

import pytest
from aiortc.rtp import RtcpSenderInfo, RtcpSrPacket

from signaling.engine import RoomId
from signaling.media.link import SILENCE
from tests.media.conftest import hears, until

pytestmark = pytest.mark.slow
MAIN = RoomId("main")
AT_START = RtcpSenderInfo(ntp_timestamp=1 << 32, rtp_timestamp=0, packet_count=1, octet_count=1)


async def test_who_sends_from_elsewhere_is_known_by_the_keys(stage):
    a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
    await until(hears(b, "a"))
    a.sending.send_control(bytes(RtcpSrPacket(a.video_source, AT_START)))
    await until(hears(b, "a"))
    await a.sending.rebind()
    await until(hears(b, "a", packets=60))


async def test_who_listens_from_elsewhere_is_known_by_the_keys(stage):
    a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
    await until(hears(a, "b"))
    await until(hears(b, "a"))
    a.report("b", "video", lost_share=0.0)  # as in Chromium, both report under the same name
    b.report("a", "video", lost_share=0.0)
    await b.receiving.rebind()
    again = hears(b, "a", packets=60)
    await until(lambda: b.report("a", "video", lost_share=0.0) or again())
    await until(hears(a, "b", packets=60))


async def test_a_stranger_with_what_a_peer_once_sent_is_not_followed(stage):
    await stage.enter("a", MAIN)
    b = await stage.enter("b", MAIN)
    await until(hears(b, "a"))
    sent: list[bytes] = []
    b.receiving.loses_outgoing = lambda datagram: sent.append(datagram) or False
    b.report("a", "video", lost_share=0.0)
    await until(lambda: sent)
    b.receiving.loses_outgoing = lambda _: True
    clock = asyncio.get_running_loop().time
    missed = clock() + 2 * SILENCE
    await until(lambda: clock() > missed)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.setblocking(False)
        for datagram in (*sent, *(one[:-1] + bytes([one[-1] ^ 1]) for one in sent)):
            stranger.sendto(datagram, ("127.0.0.1", stage.engine.port))
        await until(hears(b, "a", packets=60))
        with pytest.raises(BlockingIOError):
            stranger.recv(2_000)
