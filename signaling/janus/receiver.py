"""Takes in what Janus forwards of captured rooms: `python -m signaling.janus.receiver FD`.

A process of its own, so that no packet passes through the one that serves people. It gives the
records that the embedded engine gives; Janus forwards no sender reports, so there are none.
"""

import asyncio
import contextlib
import logging
import signal
import socket
import sys
import time
from dataclasses import dataclass, field

import pylibsrtp
import uvloop

from signaling.capture import Happening, Media, Stream, Turn
from signaling.channel import Channel, ChannelClosedError
from signaling.janus import forwarding
from signaling.janus.forwarding import Add, Allow, Command, Expect, Forget, Listen, Source
from signaling.media import rtp, vp8
from signaling.media.outflow import Outflow

log = logging.getLogger(__name__)
BUFFER = 4 << 20
BEAT = 0.020
FLOWS = 2.0
"""Seconds without a packet after which an encoding does not come."""

MIDDLE = 1


@dataclass(eq=False)
class _Coming:
    source: Source
    highest: int | None = None
    came: float = float("-inf")

    def number_of(self, sequence: int) -> int:
        """Extended, so that it goes on past 65,535."""
        if self.highest is None:
            self.highest = sequence + 0x10000
        number = self.highest + ((sequence - self.highest + 0x8000) & 0xFFFF) - 0x8000
        self.highest = max(self.highest, number)
        return number


@dataclass(eq=False)
class _Stay:
    """One member in one captured room; of several encodings the middle one that comes."""

    order: Expect
    outflow: Outflow
    keys: pylibsrtp.Session
    coming: dict[int, _Coming] = field(default_factory=dict)
    allowed: tuple[str, ...] = ("audio", "video")
    current: dict[tuple[str, int], _Coming] = field(default_factory=dict)

    def take(self, coming: _Coming, packet: bytes, now: float) -> None:
        source = coming.source
        coming.came = now
        offset = rtp.payload_offset(packet)
        payload = packet[offset : rtp.payload_end(packet, offset)]
        number = coming.number_of(int.from_bytes(packet[2:4], "big"))
        if source.medium not in self.allowed or not self._is_current(coming, payload, now):
            return
        stream = Stream(
            self.order.member, self.order.epoch, source.medium, source.place, source.codec,
            source.number,
        )  # fmt: skip
        timestamp, marker = int.from_bytes(packet[4:8], "big"), bool(packet[1] & rtp.MARKED)
        self.outflow.give(Media(stream, number, timestamp, marker, None, now, payload))

    def allow(self, kinds: tuple[str, ...], now: float) -> None:
        for kind in sorted({*kinds} ^ {*self.allowed}):
            self.tell(Happening.UNMUTED if kind in kinds else Happening.MUTED, now, kind=kind)
        self.allowed = kinds

    def tell(self, happening: Happening, now: float, *, kind: str = "") -> None:
        self.outflow.give(Turn(self.order.member, self.order.epoch, happening, kind, now))

    def _is_current(self, coming: _Coming, payload: bytes, now: float) -> bool:
        """Goes over to another encoding at its key frame."""
        track = (coming.source.medium, coming.source.place)
        current = self.current.setdefault(track, coming)
        if coming is current:
            return True
        flowing = [
            one.source.rank
            for one in self.coming.values()
            if (one.source.medium, one.source.place) == track and now - one.came < FLOWS
        ]
        wanted = max((rank for rank in flowing if rank <= MIDDLE), default=min(flowing))
        if coming.source.rank != wanted or not payload or not vp8.describe(payload).key_start:
            return False
        self.current[track] = coming
        return True


class Receiver(asyncio.DatagramProtocol):
    """Obeys at once: what is forgotten is not given on from the very next datagram."""

    def __init__(self) -> None:
        self._stays: dict[str, _Stay] = {}
        self._sources: dict[int, tuple[_Stay, _Coming]] = {}
        self._outflows: dict[str, Outflow] = {}

    def datagram_received(self, data: bytes, _addr: tuple[str, int]) -> None:
        found = self._sources.get(rtp.source_of(data)) if len(data) >= rtp.HEADER_SIZE else None
        if found is None:
            return
        stay, coming = found
        with contextlib.suppress(pylibsrtp.Error, rtp.MalformedError):
            stay.take(coming, stay.keys.unprotect(data), time.monotonic())

    def obey(self, command: Expect | Add | Allow | Forget) -> None:
        now = time.monotonic()
        match command:
            case Expect(epoch, _, to, key):
                outflow = self._outflows.setdefault(to, Outflow(to))
                stay = self._stays[epoch] = _Stay(command, outflow, _session(key))
                stay.tell(Happening.BEGAN, now)
            case Add(epoch, sources):
                stay = self._stays[epoch]
                for source in sources:
                    stay.coming[source.number] = _Coming(source)
                    self._sources[source.number] = (stay, stay.coming[source.number])
            case Allow(epoch, kinds):
                self._stays[epoch].allow(kinds, now)
            case Forget(epoch):
                self._forget(self._stays.pop(epoch), now)

    def flush(self) -> None:
        used = {stay.order.to for stay in self._stays.values()}
        for to, outflow in list(self._outflows.items()):
            outflow.flush()
            if to not in used and outflow.is_empty:
                self._outflows.pop(to).close()

    def close(self) -> None:
        for outflow in self._outflows.values():
            outflow.close()

    def _forget(self, stay: _Stay, now: float) -> None:
        for number in stay.coming:
            self._sources.pop(number, None)
        stay.tell(Happening.ENDED, now)
        self.flush()


def _session(key: bytes) -> pylibsrtp.Session:
    policy = pylibsrtp.Policy(
        key=key,
        ssrc_type=pylibsrtp.Policy.SSRC_ANY_INBOUND,
        srtp_profile=pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    )
    return pylibsrtp.Session(policy)


def main() -> None:
    # Ctrl-C is for the parent; the end of the channel ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.WARNING, format="capture: %(message)s")
    uvloop.run(_serve(int(sys.argv[1])))


async def _serve(fd: int) -> None:
    channel = Channel(*await asyncio.open_unix_connection(sock=socket.socket(fileno=fd)))
    receiver = Receiver()
    flushing = asyncio.create_task(_beat(receiver))
    try:
        with contextlib.suppress(ChannelClosedError):
            while True:
                call = forwarding.from_plain(await channel.receive())
                if isinstance(call, forwarding.Call):
                    channel.send((call.ref, await _obeyed(receiver, call.command)))
    finally:
        flushing.cancel()
        await asyncio.gather(flushing, return_exceptions=True)
        receiver.close()
        channel.close()


async def _obeyed(receiver: Receiver, command: Command) -> int:
    """The port, of `Listen`; else nothing of interest."""
    if not isinstance(command, Listen):
        receiver.obey(command)
        return 0
    family = socket.AF_INET6 if ":" in command.host else socket.AF_INET
    udp = socket.socket(family, socket.SOCK_DGRAM)
    udp.setblocking(False)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    udp.bind((command.host, 0))
    await asyncio.get_running_loop().create_datagram_endpoint(lambda: receiver, sock=udp)
    port: int = udp.getsockname()[1]
    return port


async def _beat(receiver: Receiver) -> None:
    while True:
        await asyncio.sleep(BEAT)
        receiver.flush()


if __name__ == "__main__":
    main()
