"""A wire between two network namespaces, in user space: it can be slow, lossy, narrow, cut, or lead
through a NAT that forgets; not every kernel has netem.

with wired() as wire:
    with wire.server.entered(): ...
    wire.becomes(Line(loss=0.05))
"""

import asyncio
import contextlib
import fcntl
import ipaddress
import json
import os
import random
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from tests.netns import ADDRESS, CLIENT, Namespace, bare, configure

TUNSETIFF, TUN_WITHOUT_HEADER = 0x4004_54CA, 0x0001 | 0x1000
LONGEST_QUEUE = 0.3
"""Seconds that a narrow line keeps before it drops, as home routers do."""
BURST = 64
UDP, TCP = 17, 6
SUM_AT = {UDP: 6, TCP: 16}
"""Where the checksum stands in each header."""


@dataclass(frozen=True)
class Line:
    """`loss` is a share; `kbps` 0 means as fast as it comes; `outside` is the client's address as
    the server sees it, empty where it is the client's own.
    """

    delay: float = 0.0
    jitter: float = 0.0
    loss: float = 0.0
    kbps: float = 0.0
    is_cut: bool = False
    outside: str = ""


PERFECT = Line()


@dataclass(frozen=True)
class Wire:
    client: Namespace
    server: Namespace
    _process: "subprocess.Popen[str]"

    def becomes(self, line: Line) -> None:
        """Returns when it is so."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(asdict(line)) + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline()


@contextlib.contextmanager
def wired() -> Iterator[Wire]:
    """Two namespaces that reach each other by this wire alone."""
    with bare(CLIENT) as client, bare(ADDRESS) as server:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.wire", client.name, server.name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert process.stdout
            assert process.stdout.readline(), "the wire did not start"
            yield Wire(client, server, process)
        finally:
            process.kill()
            process.wait()


class Way:
    """One direction: what goes in at `source` comes out at `sink`, in order, when it is due."""

    def __init__(self, source: int, sink: int) -> None:
        self._source, self._sink = source, sink
        self._loop = asyncio.get_running_loop()
        self._free = self._last = 0.0
        self.line = PERFECT
        self._loop.add_reader(source, self._read)

    def translated(self, packet: bytes) -> bytes | None:
        """As it comes out; None where nobody is known by that address any more."""
        return packet

    def _read(self) -> None:
        for _ in range(BURST):
            try:
                packet = os.read(self._source, 2_048)
            except BlockingIOError:
                return
            self._carry(packet)

    def _carry(self, packet: bytes) -> None:
        line, now = self.line, self._loop.time()
        if line.is_cut or random.random() < line.loss:
            return
        due = now
        if line.kbps:
            begins = max(self._free, now)
            if begins - now > LONGEST_QUEUE:
                return
            due = self._free = begins + len(packet) * 8 / 1_000 / line.kbps
        due += max(0.0, line.delay + random.uniform(-line.jitter, line.jitter))
        due = self._last = max(due, self._last)
        if due <= now:
            self._put(packet)
        else:
            self._loop.call_at(due, self._put, packet)

    def _put(self, packet: bytes) -> None:
        out = self.translated(packet)
        if out is not None:
            with contextlib.suppress(OSError):
                os.write(self._sink, out)


class WayOut(Way):
    def translated(self, packet: bytes) -> bytes | None:
        return readdressed(packet, 12, self.line.outside) if self.line.outside else packet


class WayIn(Way):
    def translated(self, packet: bytes) -> bytes | None:
        known = self.line.outside or CLIENT
        if packet[16:20] != ipaddress.IPv4Address(known).packed:
            return None
        return readdressed(packet, 16, CLIENT) if self.line.outside else packet


def readdressed(packet: bytes, at: int, address: str) -> bytes:
    """An IPv4 packet with another source (12) or destination (16), its checksums brought up to it."""
    old, new = packet[at : at + 4], ipaddress.IPv4Address(address).packed
    changed = bytearray(packet)
    changed[at : at + 4] = new
    head = (packet[0] & 0xF) * 4
    places = [10]
    if packet[9] in SUM_AT and len(packet) >= head + SUM_AT[packet[9]] + 2:
        places.append(head + SUM_AT[packet[9]])
    for place in places:
        given = int.from_bytes(packet[place : place + 2])
        if given or packet[9] != UDP or place == 10:
            changed[place : place + 2] = _summed(given, old, new).to_bytes(2)
    return bytes(changed)


def _summed(given: int, old: bytes, new: bytes) -> int:
    """RFC 1624, equation 3."""
    total = ~given & 0xFFFF
    for was, becomes in zip(struct.unpack("!2H", old), struct.unpack("!2H", new), strict=True):
        total += (~was & 0xFFFF) + becomes
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _device(space: str, name: str, address: str) -> int:
    """A TUN device inside that namespace, all of whose packets are ours."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH", name.encode(), TUN_WITHOUT_HEADER))
    configure("link", "set", name, "netns", space)
    inside = ("-n", space)
    configure(*inside, "link", "set", "lo", "up")
    configure(*inside, "address", "add", f"{address}/32", "dev", name)
    configure(*inside, "link", "set", name, "txqueuelen", "500", "up")
    configure(*inside, "route", "add", "default", "dev", name)
    return descriptor


async def _carry(client: str, server: str) -> None:
    """Until nobody speaks to us any more; each line of JSON is how the wire is from then on."""
    loop, number = asyncio.get_running_loop(), os.getpid()
    near = _device(client, f"near{number}", CLIENT)
    far = _device(server, f"far{number}", ADDRESS)
    ways = (WayOut(near, far), WayIn(far, near))
    print("ready", flush=True)
    while told := await loop.run_in_executor(None, sys.stdin.readline):
        for way in ways:
            way.line = Line(**json.loads(told))
        print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(_carry(*sys.argv[1:]))
