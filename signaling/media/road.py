"""Where the packets for one peer go: nowhere until it has proven an address and shaken hands."""

from collections.abc import Callable

import pylibsrtp

from signaling.media.course import Course
from signaling.media.dtls import PACKET_LIMIT, Keys
from signaling.media.stun import Address


class Road:
    """Encrypts and sends; counts what went."""

    def __init__(self, send: Callable[[bytes, Address], None]) -> None:
        self._send = send
        self._keys: Keys | None = None
        self._address: Address | None = None
        self._packets = 0
        self._octets = 0
        self._failures = 0

    @property
    def packets(self) -> int:
        return self._packets

    @property
    def octets(self) -> int:
        return self._octets

    @property
    def failures(self) -> int:
        """Packets that could not be encrypted or sent."""
        return self._failures

    def lead(self, *, keys: Keys | None, address: Address | None) -> None:
        """From now on with these keys to this address; without either it is closed."""
        self._keys, self._address = keys, address

    def course(self, *, source: int, payload_type: int) -> Course:
        """The numbers of a new stream on this road."""
        return Course(source, payload_type)

    def transmit(self, packet: bytes) -> None:
        if self._keys is None or self._address is None:
            return  # not up
        if len(packet) > PACKET_LIMIT:
            self._count_failure()
            return  # longer than any path carries
        try:
            protected = self._keys.protect(packet)
        except pylibsrtp.Error:
            self._count_failure()
            return  # too old to be numbered; the fault of neither the sender nor the others
        self._count(len(packet))
        self._send(protected, self._address)

    def _count(self, octets: int) -> None:
        self._packets += 1
        self._octets += octets

    def _count_failure(self) -> None:
        self._failures += 1
