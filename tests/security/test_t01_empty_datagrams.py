"""T01: an empty UDP datagram kills no call of ours."""

import socket

import pytest

from signaling.engine import RoomId
from tests.media.attack import EMPTY, strangers
from tests.media.conftest import hears, staged, until
from tests.media.plain import plain_call

MAIN = RoomId("main")


@pytest.mark.slow
async def test_t01_empty_datagrams_from_strangers_and_from_the_peer_change_nothing():
    async with staged() as stage:
        a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
        await until(hears(b, "a"))
        target = ("127.0.0.1", stage.engine.port)
        with strangers(3) as crowd:
            for _ in range(1_000):
                crowd.send(target, EMPTY)
            assert crowd.sent == 1_000
        for _ in range(1_000):
            a.sending._transport.sendto(EMPTY, target)
        await until(hears(b, "a", packets=60))
        await until(hears(a, "b", packets=60))
        assert a.sending.is_up
        assert b.receiving.is_up
        assert stage.restarts == 0


async def test_t01_control_a_plain_call_is_closed_by_empty_datagrams(caplog):
    async with plain_call() as call:
        await call.connect()
        assert call.is_connected
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.sendto(EMPTY, call.right.address)
        await until(lambda: call.right.dtls.state == "closed", within=2)
    assert "IndexError" in caplog.text
