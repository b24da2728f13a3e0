"""A wire with two members whose decryption is open: what is fed in reaches our parsers as it is.

bench = Bench()
bench.feed(datagram, Door.SENDING)  # raises whatever leaves the boundary of one packet
"""

import asyncio
import contextlib
import gc
import itertools
import os
import random
import socket
import struct
import tracemalloc
from collections.abc import Callable
from enum import Enum
from pathlib import Path

import pylibsrtp
from aioice import stun
from aiortc import rtp
from aiortc.sdp import SessionDescription

from signaling.engine import Carried, MediaEvent, MemberId, MemberStats, Offer, RoomId
from signaling.media import compiled
from signaling.media.conference import Conference
from signaling.media.dtls import Certificate, Keys
from signaling.media.ground import Ground
from signaling.media.line import Line
from signaling.media.link import Credentials, Link
from signaling.media.pulse import Pulse
from signaling.media.rtp import MalformedError
from signaling.media.settings import MediaSettings
from signaling.media.wire import UdpWire
from tests.media.bot import H264_FORM, Bot
from tests.media.test_sdp import CHROMIUM

CAPTURES = Path(__file__).parent / "captures"
H264 = CHROMIUM.replace("96 VP8/90000", f"96 H264/90000\na=fmtp:96 {H264_FORM}")
A, B, MAIN = MemberId("a"), MemberId("b"), RoomId("main")
AUDIO, VIDEO, REPEAT = 11, 21, 22
STRANGER = ("127.0.0.1", 9)
UFRAGS, PASSWORD = ("ufrag1", "ufrag3"), "p" * 24
"""Of the legs on which `a` sends and `b` receives."""

CHECKS = (b"\x00", b"\x01")
"""What a connectivity check begins with."""


class Door(Enum):
    """By which a datagram comes in."""

    STRANGER = 0
    SENDING = 1
    RECEIVING = 2


class OpenKeys(Keys):
    """Encrypts what goes out; believes what comes in."""

    def __init__(self) -> None:
        policy = pylibsrtp.Policy(key=os.urandom(30), ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
        policy.allow_repeat_tx = True
        policy.window_size = 1024
        super().__init__(_Finished(pylibsrtp.Session(policy)))
        self.unprotect = self.unprotect_control = _as_it_is


class _Finished:
    def __init__(self, session: pylibsrtp.Session) -> None:
        self._tx_srtp = self._rx_srtp = session


def _as_it_is(packet: bytes, /) -> bytes:
    return packet


class Bench:
    """Member `a` sends picture and sound as offered, member `b` gets them; time goes by with each
    datagram.
    """

    def __init__(self, offer: str = CHROMIUM) -> None:
        self.now = 1_000.0
        self._offer = offer
        self.events: list[MediaEvent] = []
        self._loop = asyncio.new_event_loop()
        self._loop.run_until_complete(self._prepare())

    def feed(self, datagram: bytes, door: Door) -> None:
        """As the socket would; then as the one peer, so that only malformed packets may complain."""
        self.now += 0.01
        faults = self.wire.dropped["fault"]
        self.wire.take(datagram, self._addresses[door])
        if datagram[:1] in CHECKS:
            assert self.wire.dropped["fault"] == faults
        link = self._links.get(door)
        if link is not None and len(datagram) >= 12:
            with contextlib.suppress(MalformedError):
                link.receive(datagram, self._addresses[door], self.now)
        if int(self.now * 100) % 64 == 0:
            self._loop.run_until_complete(self._beat())
            assert not self._pulse.faults

    def told(self, door: Door) -> list[bytes]:
        """What has come to that peer since it was asked last, as it was on the way."""
        peer, came = self._sockets[door.value], []
        with contextlib.suppress(BlockingIOError):
            while True:
                came.append(peer.recv(1_500))
        return came

    def carried(self) -> Carried:
        """What the worker would say, after a report."""
        self._loop.run_until_complete(self._beat())
        return self._pulse.carried({})

    def stats(self, member: MemberId) -> MemberStats:
        return next(one for one in self._pulse.stats(MAIN) if one.member == member)

    def glance(self) -> None:
        """What the worker looks at several times between two reports."""
        self._pulse._each(self._pulse._leave_given_up)
        assert not self._pulse.faults

    def link(self, door: Door) -> Link:
        return self._links[door]

    @property
    def faults(self) -> int:
        return sum(link.faults for link in self._links.values())

    @property
    def sent(self) -> int:
        """Packets that went to `b`."""
        return self._links[Door.RECEIVING].road.packets

    def close(self) -> None:
        self._loop.run_until_complete(self.conference.end())
        self._loop.close()
        for one in self._sockets:
            one.close()

    async def _prepare(self) -> None:
        self._sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3)]
        for one in self._sockets:
            one.setblocking(False)
            one.bind(("127.0.0.1", 0))
        ours, *theirs = self._sockets
        fast = compiled.load()
        line = Line(ours) if fast is None else fast.line(ours)
        self.wire = UdpWire(line, clock=lambda: self.now)
        self.conference = Conference(self._ground(ours.getsockname()[1]))
        self._pulse = Pulse(self.conference, clock=lambda: self.now, emit=self.events.append)
        self._addresses = {
            Door.STRANGER: STRANGER,
            Door.SENDING: theirs[0].getsockname(),
            Door.RECEIVING: theirs[1].getsockname(),
        }
        self._connect()

    def _ground(self, port: int) -> Ground:
        numbers, names = itertools.count(1), itertools.count(1)
        return Ground(
            settings=MediaSettings(addresses=("127.0.0.1",)),
            wire=self.wire,
            port=port,
            certificate=Certificate(),
            clock=lambda: self.now,
            new_credentials=lambda: Credentials(f"ufrag{next(names)}", PASSWORD),
            new_session=lambda: str(next(numbers)),
            emit=self.events.append,
        )

    def _connect(self) -> None:
        conference = self.conference
        conference.publish(A, self._offer)
        conference.subscribe(B)
        for member in (A, B):
            conference.grant(member, MAIN)
        self._answer()
        sending, receiving = conference.members[A].sending, conference.members[B].receiving
        assert sending is not None
        assert receiving is not None
        self._links = {Door.SENDING: sending.link, Door.RECEIVING: receiving.link}
        for door, link in self._links.items():
            self._shake_hands(link, self._addresses[door])
        conference.grant(B, MAIN)

    def _answer(self) -> None:
        """Answer one offer after the other, until there is none."""
        bot = Bot("b", publish=_nobody, answer=_nobody)
        while offers := [event for event in self.events if isinstance(event, Offer)]:
            del self.events[:]
            answer = bot._answer_to(SessionDescription.parse(offers[-1].sdp))
            self.conference.answer(B, offers[-1].revision, answer)

    def _shake_hands(self, link: Link, address: tuple[str, int]) -> None:
        link.prove(address, ufrag=link.credentials.ufrag, nominates=True, now=self.now)
        self.wire._by_address[address] = link
        link._keys = OpenKeys()
        link.road.lead(keys=link._keys, address=address)

    async def _beat(self) -> None:
        self._pulse._ask()
        self._pulse._report()
        self._pulse._tell_speakers()
        del self.events[:]


async def _nobody(*_: object) -> str:
    raise AssertionError("nobody is asked")


def seeds() -> list[bytes]:
    """Captured from Chromium and Firefox, and H.264 as an encoder makes it; those that carry media
    once more under known sources, and checks under known names; and what they send only when
    packets are lost."""
    made = [*captured("datagrams.txt"), *captured("h264.txt")]
    packets = [packet for kind, packet in made if kind == "rtp"]
    known = [_from(one, AUDIO if one[1] & 0x7F == 111 else VIDEO) for one in packets]
    repeats = [
        one[:1] + bytes([97]) + one[2:8] + struct.pack("!L", REPEAT) + one[12:] for one in known
    ]
    nack = rtp.RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=1_002, lost=[1, 2, 17, 400])
    remb = rtp.RtcpPsfbPacket(fmt=15, ssrc=1, media_ssrc=0, fci=rtp.pack_remb_fci(400_000, [1_002]))
    fir = rtp.RtcpPsfbPacket(fmt=4, ssrc=1, media_ssrc=0, fci=struct.pack("!LL", 1_002, 1 << 24))
    asked = [bytes(one) for one in (nack, remb, fir)]
    checks = [_to(ufrag, one) for kind, one in made if kind == "stun" for ufrag in UFRAGS]
    return [packet for _, packet in made] + known + repeats + asked + checks


def captured(name: str) -> list[tuple[str, bytes]]:
    """What kind of datagram, and its beginning."""
    lines = (CAPTURES / name).read_text("ascii").splitlines()
    return [(kind, bytes.fromhex(text)) for kind, text in map(str.split, lines)]


def _from(packet: bytes, source: int) -> bytes:
    return packet[:8] + struct.pack("!L", source) + packet[12:]


def _to(ufrag: str, check: bytes) -> bytes:
    """The check once more for that leg, and signed."""
    message = stun.parse_message(check)
    message.attributes["USERNAME"] = f"{ufrag}:theirs"
    message.add_message_integrity(PASSWORD.encode())
    return bytes(message)


def mutated(seed: bytes, rng: random.Random) -> bytes:
    """The seed with a few bytes changed, taken away, put in or doubled."""
    data = bytearray(seed)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data)) if data else 0
        match rng.randrange(6):
            case 0 if data:
                data[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
            case 1:
                del data[at:]
            case 2:
                del data[at : at + rng.randint(1, 8)]
            case 3:
                data[at:at] = rng.randbytes(rng.randint(1, 8))
            case 4:
                data += data[: rng.randint(0, 64)]
            case _ if len(data) >= 4:
                data[2:4] = rng.randbytes(2)
    return bytes(data[:1_500])


def growth(work: Callable[[], None]) -> int:
    """Bytes that Python holds after the work and did not before."""
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        work()
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
