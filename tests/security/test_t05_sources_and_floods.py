"""T05: an admitted peer that changes its sources or floods harms nobody else, and is cut."""

import asyncio
import multiprocessing
import os
import struct
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import pylibsrtp
import pytest

from signaling.engine import Leg, LegDown, MemberId, RoomId
from signaling.media.dtls import Certificate, Keys
from signaling.media.link import Credentials, Intake, Link
from signaling.media.publisher import UNDECLARED_LIMIT
from signaling.media.road import Road
from tests.media.attack import resident_bytes
from tests.media.bot import Bot
from tests.media.conftest import hears, staged, until
from tests.media.test_publisher import publisher

MAIN = RoomId("main")
SOURCES = 20_000
VIDEO = 96


def packet(source: int, sequence: int = 1) -> bytes:
    return struct.pack("!BBHLL", 0x80, VIDEO, sequence & 0xFFFF, 1, source) + bytes(20)


async def flood(bot: Bot, make: Callable[[int], bytes], *, until_: Callable[[], bool]) -> None:
    """Ten thousand a second, or as many as this machine makes, until it is over."""
    sent = 0
    async with asyncio.timeout(30):
        while not until_():
            for _ in range(100):
                bot.sending.send_packet(make(sent))
                sent += 1
            await asyncio.sleep(0.01)


@pytest.mark.slow
async def test_t05_a_peer_that_floods_is_cut_and_the_others_go_on():
    async with staged() as stage:
        a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
        mallory = await stage.enter("mallory", MAIN)
        await until(hears(b, "a"))
        mallory.sends = set()
        gone = LegDown(MemberId("mallory"), Leg.SENDING, "abuse")
        await flood(mallory, lambda n: packet(77, n), until_=lambda: stage.saw(gone))
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
