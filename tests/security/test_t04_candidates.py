"""T04: nobody can make the server send to a host that a client names."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import aioice
import pytest

from signaling.engine import MediaRefusedError, MemberId, Refusal, RoomId
from signaling.janus.engine import Instance, JanusEngine
from signaling.janus.people import without_candidates
from tests.janus.instance import janus
from tests.media.conftest import Stage, hears, staged, staged_on, total, until
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


@contextlib.asynccontextmanager
async def staged_on_janus() -> AsyncIterator[Stage]:
    async with (
        janus() as server,
        staged_on(JanusEngine(Instance(server.url, server.secret))) as stage,
    ):
        yield stage


@pytest.fixture(params=[staged, staged_on_janus], ids=["embedded", "janus"])
def staged_here(request):
    """Each engine in turn."""
    return request.param


def naming(sdp: str, port: int, *, times: int = 1) -> str:
    """The description with candidates that point at the victim, in every section."""
    lines = [
        f"a=candidate:{place} 1 udp 2130706431 {host} {port} typ host"
        for place in range(times)
        for host in ("127.0.0.1", "victim.local")
    ]
    return sdp.replace("a=rtcp-mux\r\n", "\r\n".join(["a=rtcp-mux", *lines]) + "\r\n")


def shouting(sdp: str) -> str:
    return sdp.replace("a=candidate:", "a=CANDIDATE:")


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
        (lambda sdp: shouting(naming(sdp, 9, times=400))[:32_768], Refusal.TOO_MANY_CANDIDATES),
        (lambda sdp: naming(sdp, 9, times=1_000), Refusal.TOO_LONG),
        (lambda sdp: sdp + "a=x:" + "y" * 32_768, Refusal.TOO_LONG),
        (lambda sdp: sdp + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" * 3, Refusal.TOO_MANY_SECTIONS),
    ],
    ids=["candidates", "CANDIDATES", "2000-candidates", "length", "sections"],
)
async def test_t04_a_bomb_is_refused_and_its_sender_closed(staged_here, spoil, refusal):
    async with staged_here() as stage:
        a, b = await stage.come("a", MAIN), await stage.come("b", MAIN)
        await stage.come("c", MAIN)
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


def test_t04_no_candidate_goes_on_to_janus_however_it_is_spelled():
    plain = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtcp-mux\r\n"
    for name in ("candidate", "CANDIDATE", "Candidate"):
        named = naming(plain, 9, times=2).replace("a=candidate", f"a={name}")
        assert named != plain
        assert without_candidates(named) == plain
        assert without_candidates(named.replace("\r\n", "\n")) == plain.replace("\r\n", "\n")
