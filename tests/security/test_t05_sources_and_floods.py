"""T05: an admitted peer that changes its sources or floods harms nobody else, and is cut; nobody is
cut for what another may have sent in their name.
"""

import asyncio
import functools
import itertools
import multiprocessing
import os
import struct
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import pylibsrtp
import pytest
from aiortc.rtp import RtcpRrPacket

from signaling.engine import Leg, LegDown, MemberId, RoomId
from signaling.media.dtls import Certificate, Keys
from signaling.media.flow import EXCESS_REPORTS, FAULT_LIMIT, MOST_PACKETS, Flow
from signaling.media.link import HANDSHAKE_LIMIT, Credentials, Intake, Link
from signaling.media.publisher import UNDECLARED_LIMIT
from signaling.media.road import Road
from tests.media.attack import HELLO, resident_bytes
from tests.media.bot import Bot
from tests.media.conftest import hears, staged, until
from tests.media.test_publisher import publisher

MAIN = RoomId("main")
SOURCES = 20_000
VIDEO = 96
REPORT = bytes(RtcpRrPacket(ssrc=1, reports=[]))


def packet(source: int, sequence: int = 1) -> bytes:
    return struct.pack("!BBHLL", 0x80, VIDEO, sequence & 0xFFFF, 1, source) + bytes(20)


async def flood(send: Callable[[int], None], *, until_: Callable[[], bool]) -> None:
    """Ten thousand a second, or as many as this machine makes, until it is over."""
    sent = 0
    async with asyncio.timeout(30):
        while not until_():
            for _ in range(100):
                send(sent)
                sent += 1
            await asyncio.sleep(0.01)


def media(bot: Bot, number: int) -> None:
    bot.sending.send_packet(packet(77, number))


def reports(bot: Bot, number: int) -> None:
    bot.receiving.send_control(REPORT)


def forged(bot: Bot, number: int) -> None:
    """Of a source that is admitted; only the keys are missing."""
    bot.sending._transport.sendto(packet(bot.repeat_source, number), bot.sending._remote)


def sources(bot: Bot, number: int) -> None:
    """More than are admitted, and those are not decrypted."""
    bot.sending._transport.sendto(packet(1_000_000 + number), bot.sending._remote)


def handshakes(bot: Bot, number: int) -> None:
    bot.sending._transport.sendto(HELLO, bot.sending._remote)


@pytest.mark.slow
@pytest.mark.parametrize(("send", "leg"), [(media, Leg.SENDING), (reports, Leg.RECEIVING)])
async def test_t05_a_peer_that_floods_is_cut_and_the_others_go_on(send, leg):
    async with staged() as stage:
        a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
        mallory = await stage.enter("mallory", MAIN)
        await until(hears(b, "a"))
        await until(hears(mallory, "a"))
        mallory.sends = set()
        gone = LegDown(MemberId("mallory"), leg, "abuse")
        await flood(functools.partial(send, mallory), until_=lambda: stage.saw(gone))
        await until(hears(b, "a", packets=60))
        await until(hears(a, "b", packets=60))
        assert not [event for event in stage.events if event in _ends_of("a", "b")]


@pytest.mark.slow
@pytest.mark.parametrize("send", [forged, sources, handshakes])
async def test_t05_nobody_is_cut_for_what_another_sends_in_their_name(send):
    async with staged() as stage:
        a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
        await until(hears(b, "a"))
        clock = asyncio.get_running_loop().time
        over = clock() + 2.0 * EXCESS_REPORTS
        await flood(functools.partial(send, a), until_=lambda: clock() > over)
        await until(hears(b, "a", packets=60))
        await until(hears(a, "b", packets=60))
        assert not [event for event in stage.events if event in _ends_of("a", "b")]


@pytest.mark.slow
async def test_t05_a_peer_that_changes_its_source_with_each_packet_takes_no_memory():
    async with staged() as stage:
        a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
        mallory = await stage.enter("mallory", MAIN)
        await until(hears(b, "a", packets=100))
        before = resident_bytes(stage.engine.pid)
        for n in range(SOURCES):
            mallory.sending.send_packet(packet(1_000_000 + n))
            if n % 100 == 0:
                await asyncio.sleep(0.005)
        await until(hears(b, "a", packets=60))
        await until(hears(a, "b", packets=60))
        assert resident_bytes(stage.engine.pid) - before < 5_000_000


class NoWire:
    def road(self) -> Road:
        return Road(self.send)

    def waited(self) -> float:
        return 0.0

    def send(self, datagram: bytes, address: tuple[str, int]) -> None: ...
    def listen(self, ufrag: str, link: Link) -> None: ...
    def ignore(self, ufrag: str) -> None: ...
    def know(self, source: int, link: Link) -> None: ...
    def release(self, address: tuple[str, int], link: Link) -> None: ...


class Open:
    """An intake without the limit."""

    def __init__(self) -> None:
        self.sources: set[int] = set()

    def admits(self, source: int) -> bool:
        return True

    def media(self, packet: bytes, now: float) -> None:
        self.sources.add(int.from_bytes(packet[8:12], "big"))

    def control(self, datagram: bytes, now: float) -> None: ...


class Counted:
    """Ours, counting what gets through decryption."""

    def __init__(self) -> None:
        self.inner, *_ = publisher()
        self.sources: set[int] = set()

    def admits(self, source: int) -> bool:
        return self.inner.admits(source)

    def media(self, packet: bytes, now: float) -> None:
        self.sources.add(int.from_bytes(packet[8:12], "big"))
        self.inner.media(packet, now)

    def control(self, datagram: bytes, now: float) -> None: ...


def bombarded(make: Callable[[], Open | Counted]) -> tuple[int, int]:
    """Bytes a process grows by while a link decrypts one packet of each source; sources let in.

    A process of its own, since this one may have room that it used before.
    """
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=fresh) as pool:
        return pool.submit(_bombard, make).result()


def _bombard(make: Callable[[], Open | Counted]) -> tuple[int, int]:
    intake = make()
    sender, link = _keyed_link(intake)
    datagrams = [sender.protect(packet(1_000_000 + n)) for n in range(SOURCES)]
    before = resident_bytes(os.getpid())
    for datagram in datagrams:
        link.receive(datagram, ("192.0.2.9", 9), 1.0)
    return resident_bytes(os.getpid()) - before, len(intake.sources)


def test_t05_sources_beyond_the_declared_and_a_few_are_not_even_decrypted():
    grown, sources = bombarded(Counted)
    assert grown < 2_000_000
    assert sources == UNDECLARED_LIMIT


def test_t05_control_without_the_limit_each_source_takes_its_place_in_memory():
    grown, sources = bombarded(Open)
    assert grown > 5_000_000
    assert sources == SOURCES


def is_flood(
    link: Link, sender: pylibsrtp.Session, make: Callable[..., bytes], *, seconds: float
) -> bool:
    """Whether it is too much that some thousands come within so long, again and again."""
    flow, numbers = Flow().after(link, 0.0), itertools.count()
    for second in range(EXCESS_REPORTS):
        for number in itertools.islice(numbers, MOST_PACKETS + 1):
            link.receive(make(sender, number), ("192.0.2.9", 9), seconds * second)
        flow = flow.after(link, seconds * (second + 1))
    return flow.is_excessive


PROVEN = {
    "report": lambda sender, _: sender.protect_rtcp(REPORT),
    "media": lambda sender, number: sender.protect(packet(1, number)),
}
ANYBODYS = {
    "source": lambda _sender, number: packet(1_000_000 + number),
    "handshake": lambda _sender, _number: HELLO,
    "forged": lambda _sender, number: packet(1, number),
    "forged report": lambda _sender, _number: REPORT.ljust(40, b"\0"),
}


@pytest.mark.parametrize("kind", PROVEN)
def test_t05_what_only_the_peer_can_have_sent_counts(kind):
    sender, link = _keyed_link(Counted())
    assert is_flood(link, sender, PROVEN[kind], seconds=1.0)


@pytest.mark.parametrize("kind", ANYBODYS)
def test_t05_what_anybody_can_have_sent_does_not_count(kind):
    sender, link = _keyed_link(Counted())
    assert not is_flood(link, sender, ANYBODYS[kind], seconds=0.1)


def test_t05_a_replayed_packet_counts_once():
    sender, link = _keyed_link(Counted())
    datagram = sender.protect(packet(1))
    taken = [link.receive(datagram, ("192.0.2.9", 9), 0.0) for _ in range(100)]
    assert taken == [True] + [False] * 99
    assert link.packets_in == 1


def test_t05_few_handshakes_a_second_are_looked_at(monkeypatch):
    _, link = _keyed_link(Counted())
    monkeypatch.setattr(link._secure, "feed", lambda _datagram: True)
    for second in range(3):
        now = float(second)
        taken = [link.receive(HELLO, ("192.0.2.9", 9), now) for _ in range(HANDSHAKE_LIMIT + 50)]
        assert taken.count(True) == HANDSHAKE_LIMIT


def flow_of(faults: int, *, seconds: int) -> Flow:
    """After so many malformed packets, evenly over this time."""
    _, link = _keyed_link(Counted())
    flow = Flow().after(link, 0.0)
    for second in range(1, seconds + 1):
        link.faults = faults * second // seconds
        flow = flow.after(link, float(second))
    return flow


def test_t05_malformed_packets_count_until_they_are_forgotten():
    assert flow_of(FAULT_LIMIT + 100, seconds=60).is_excessive
    assert not flow_of(FAULT_LIMIT + 100, seconds=3_600).is_excessive


@pytest.mark.parametrize("kind", PROVEN)
def test_t05_control_the_same_in_more_time_is_no_flood(kind):
    sender, link = _keyed_link(Counted())
    assert not is_flood(link, sender, PROVEN[kind], seconds=1.1)


def test_t05_a_flood_of_signed_checks_counts():
    _, link = _keyed_link(Counted())
    before = link.packets_in
    for _ in range(10):
        link.prove(("192.0.2.9", 9), ufrag="u", nominates=False, now=0.0)
    assert link.packets_in - before == 10


def _keyed_link(intake: Intake) -> tuple[pylibsrtp.Session, Link]:
    """A link as after its handshake, and the other end's encryption."""
    key = os.urandom(30)
    out, into = pylibsrtp.Policy.SSRC_ANY_OUTBOUND, pylibsrtp.Policy.SSRC_ANY_INBOUND
    ends = [pylibsrtp.Session(pylibsrtp.Policy(key=key, ssrc_type=one)) for one in (out, into)]
    link = Link(
        wire=NoWire(), certificate=Certificate(), now=0.0,
        new_credentials=lambda: Credentials("u", "p"),
    )  # fmt: skip
    link._intake, link._keys = intake, Keys(_Finished(ends[0], ends[1]))
    return ends[0], link


class _Finished:
    def __init__(self, outgoing: pylibsrtp.Session, incoming: pylibsrtp.Session) -> None:
        self._tx_srtp, self._rx_srtp = outgoing, incoming


def _ends_of(*members: str) -> list[LegDown]:
    return [LegDown(MemberId(m), leg, why) for m in members for leg in Leg
            for why in ("abuse", "silence", "goodbye")]  # fmt: skip
