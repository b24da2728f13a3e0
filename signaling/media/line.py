"""The worker's socket: what comes by it and since when it waits, and what goes."""

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Callable

from signaling.media.road import Road
from signaling.media.stun import Address

Take = Callable[[bytes, Address, float], None]
"""Of a datagram: its bytes, where it is from, when the kernel had it (s, wall clock); 0: not told."""

SO_TIMESTAMPNS = 35
"""Linux: tells with each datagram when it came. Python has no name for it."""

SPEC = struct.Struct("@qq")
NOTES = socket.CMSG_SPACE(SPEC.size)
READ_SIZE = 1_508
"""More than any that is taken."""

READ_AT_ONCE = 32
LONGEST_WAIT = 1.0


class Line:
    """By Python's own means, one datagram after the other."""

    def __init__(self, udp: socket.socket) -> None:
        self._udp = udp
        self._loop: asyncio.AbstractEventLoop | None = None
        with contextlib.suppress(OSError):
            udp.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)

    def listen(self, take: Take, *, loop: asyncio.AbstractEventLoop) -> None:
        """From now on hand over whatever comes."""
        self._loop = loop
        loop.add_reader(self._udp.fileno(), self.drain, take)

    def drain(self, take: Take) -> None:
        """Hand over what has come, a few dozen at most."""
        for _ in range(READ_AT_ONCE):
            try:
                data, notes, _, address = self._udp.recvmsg(READ_SIZE, NOTES)
            except OSError:  # there is no more
                return
            take(data, address, _noted(notes))

    def send(self, datagram: bytes, address: Address) -> None:
        """Raises OSError where that cannot be sent."""
        self._udp.sendto(datagram, address)

    def road(self, send: Callable[[bytes, Address], None]) -> Road:
        """For the media of one link; where a packet must go by itself, it goes by `send`."""
        return Road(send)

    def close(self) -> None:
        if self._loop is not None:
            self._loop.remove_reader(self._udp.fileno())
            self._loop = None
        self._udp.close()


def waited(came_at: float) -> float:
    """Seconds since the kernel had a datagram: we may have been busy."""
    return min(LONGEST_WAIT, max(0.0, time.time() - came_at)) if came_at else 0.0


def _noted(notes: list[tuple[int, int, bytes]]) -> float:
    for level, kind, told in notes:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS) and len(told) == SPEC.size:
            seconds, nanoseconds = SPEC.unpack(told)
            return float(seconds) + float(nanoseconds) / 1e9
    return 0.0
