"""The records of a captured room on their way to a reader that may be slow, or away."""

import contextlib
import socket

from signaling import capture
from signaling.capture import Record

BACKLOG = 4 << 20
"""Octets kept for a reader that is away: some ten seconds of a session of five."""


class Outflow:
    """One Unix datagram socket; whatever becomes of it, nobody waits."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.readers = 0
        """How many have listened there so far, one after the other."""

        self._socket: socket.socket | None = None
        self._records: list[bytes] = []
        self._octets = 0
        self._left_out = 0

    @property
    def is_empty(self) -> bool:
        return not self._records

    def give(self, record: Record) -> bool:
        """False where there is no room for it."""
        packed = capture.packed(record)
        if self._octets + len(packed) > BACKLOG:
            self._left_out += 1
            return False
        self._records.append(packed)
        self._octets += len(packed)
        return True

    def flush(self) -> None:
        """Send what the reader takes; never waits."""
        while self._records:
            count = self._fitting()
            datagram = capture.framed(self._records[:count], left_out=self._left_out)
            if not self._send(datagram):
                return
            self._octets -= sum(len(record) for record in self._records[:count])
            self._left_out = 0
            del self._records[:count]

    def close(self) -> None:
        self.flush()
        self._disconnect()

    def _fitting(self) -> int:
        """How many records one datagram holds."""
        size = 0
        for count, record in enumerate(self._records):
            size += len(record)
            if size > capture.DATAGRAM_LIMIT and count:
                return count
        return len(self._records)

    def _send(self, datagram: bytes) -> bool:
        try:
            self._connected().send(datagram, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:  # nobody reads there now; a new reader will listen at the same path
            self._disconnect()
            return False
        return True

    def _connected(self) -> socket.socket:
        if self._socket is None:
            made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            try:
                made.setblocking(False)
                made.connect(self.path)
            except OSError:
                made.close()
                raise
            self._socket = made
            self.readers += 1
        return self._socket

    def _disconnect(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
            self._socket = None
