"""T04: nobody can make the server send to a host that a client names."""

import asyncio
import socket

import aioice
import pytest

from signaling.engine import MediaRefusedError, MemberId, Refusal, RoomId
from tests.media.conftest import hears, staged, total, until
from tests.media.plain import LoopbackIce

pytestmark = pytest.mark.slow

A = MemberId("a")
MAIN = RoomId("main")


@pytest.fixture
def victim():
    """A host that a client names, though it is none of its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.setblocking(False)
        yield listener


def naming(sdp: str, port: int, *, times: int = 1) -> str:
    """The description with candidates that point at the victim, in every section."""
    lines = [
        f"a=candidate:{place} 1 udp 2130706431 {host} {port} typ host"
        for place in range(times)
        for host in ("127.0.0.1", "victim.local")
    ]
    return sdp.replace("a=rtcp-mux\r\n", "\r\n".join(["a=rtcp-mux", *lines]) + "\r\n")


def got_something(listener: socket.socket) -> bool:
    try:
        return bool(listener.recv(2_000))
    except BlockingIOError:
        return False


async def test_t04_named_hosts_get_no_packet_by_offer_or_answer(victim):
    port = victim.getsockname()[1]
    async with staged() as stage:
        b = await stage.enter("b", MAIN)
        a = stage.bot("a")
        publish, answer = a._publish, a._answer
        a._publish = lambda sdp: publish(naming(sdp, port))
        a._answer = lambda revision, sdp: answer(revision, naming(sdp, port))
        await a.join()
        await stage.engine.grant(A, MAIN)
        await until(hears(b, "a", packets=100))
        await until(hears(a, "b", packets=100))
    assert not got_something(victim)


async def test_t04_control_a_plain_connection_sends_to_whom_it_is_told(victim):
    ice = LoopbackIce(ice_controlling=True)
    ice.remote_username, ice.remote_password = "x" * 4, "y" * 22
    await ice.gather_candidates()
    named = f"9 1 udp 2130706431 127.0.0.1 {victim.getsockname()[1]} typ host"
    await ice.add_remote_candidate(aioice.Candidate.from_sdp(named))
    connecting = asyncio.create_task(ice.connect())
    await until(lambda: got_something(victim), within=3)
    connecting.cancel()
    await asyncio.gather(connecting, return_exceptions=True)
    await ice.close()


@pytest.mark.parametrize(
    ("spoil", "refusal"),
    [
        (lambda sdp: naming(sdp, 9, times=400)[:32_768], Refusal.TOO_MANY_CANDIDATES),
        (lambda sdp: naming(sdp, 9, times=1_000), Refusal.TOO_LONG),
        (lambda sdp: sdp + "a=x:" + "y" * 32_768, Refusal.TOO_LONG),
        (lambda sdp: sdp + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" * 3, Refusal.TOO_MANY_SECTIONS),
    ],
    ids=["candidates", "2000-candidates", "length", "sections"],
)
async def test_t04_a_bomb_is_refused_and_its_sender_closed(spoil, refusal):
    async with staged() as stage:
        a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
        c = await stage.enter("c", MAIN)
        await until(hears(b, "a"))
        with pytest.raises(MediaRefusedError) as refused:
            await stage.engine.publish(A, spoil(a.offer()))
        assert refused.value.refusal is refusal
        assert refused.value.refusal.is_abuse
        await until(lambda: a.sending.dtls.state == a.receiving.dtls.state == "closed")
        await until(hears(b, "c", packets=6))
        before = total(b, "a")
        await until(hears(b, "c", packets=40))
        assert total(b, "a") == before
        assert c.sending.is_up
