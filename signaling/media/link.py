"""The path of one leg: ICE-lite credentials, the peer's proven addresses, DTLS, SRTP."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import pylibsrtp

from signaling.media import rtp
from signaling.media.dtls import Certificate, Keys, SecureTransport
from signaling.media.road import Road
from signaling.media.stun import Address

ADDRESS_LIMIT = 8
SOURCE_LIMIT = 16
"""Names that a peer's reports come under; a browser has four or five."""
SILENCE = 0.5
"""Seconds without a word from where the peer was, before it may be elsewhere."""
HANDSHAKE_LIMIT = 100
"""Datagrams a second that are taken as one of a handshake, which has some ten: anyone can write
them, and each goes through OpenSSL."""


@dataclass(frozen=True, slots=True)
class Credentials:
    ufrag: str
    password: str


class Intake(Protocol):
    """What becomes of the packets of a link; whatever it raises counts against that peer."""

    def admits(self, source: int, /) -> bool: ...

    def media(self, packet: bytes, now: float) -> None: ...

    def control(self, datagram: bytes, now: float) -> None: ...


class Wire(Protocol):
    """The socket, as one link sees it."""

    def send(self, datagram: bytes, address: Address) -> None: ...

    def waited(self) -> float: ...

    def road(self) -> Road:
        """For the media of one link."""
        ...

    def listen(self, ufrag: str, link: "Link") -> None: ...

    def ignore(self, ufrag: str) -> None: ...

    def know(self, source: int, link: "Link") -> None:
        """A stranger's packet of this source may be this peer's."""
        ...

    def forget(self, source: int, link: "Link") -> None: ...

    def release(self, address: Address, link: "Link") -> None: ...


class Link:
    """Nothing is sent before the peer has proven an address, no media before the handshake."""

    def __init__(
        self,
        *,
        wire: Wire,
        certificate: Certificate,
        new_credentials: Callable[[], Credentials],
        now: float,
    ) -> None:
        self.created = now
        self.last_heard = now
        self.last_media: float | None = None
        self.octets_in = 0
        self.packets_in = 0
        self.faults = 0
        self.is_closed = False
        self.road = wire.road()
        self._wire = wire
        self._intake: Intake | None = None
        self._new_credentials = new_credentials
        self._credentials: list[Credentials] = []
        self._address: Address | None = None
        self._addresses: list[Address] = []
        self._heard_here = now
        self._sources: list[int] = []
        self._keys: Keys | None = None
        self._secure = SecureTransport(certificate, send=self._send_plain)
        self._connecting: asyncio.Task[None] | None = None
        self._handshake_since, self._handshake_datagrams = now, 0
        self.renew()

    @property
    def is_up(self) -> bool:
        return self._keys is not None and not self.is_closed

    @property
    def has_begun(self) -> bool:
        return self._connecting is not None

    @property
    def packets_out(self) -> int:
        return self.road.packets

    @property
    def octets_out(self) -> int:
        return self.road.octets

    @property
    def packets_failed(self) -> int:
        return self.road.failures

    @property
    def credentials(self) -> Credentials:
        return self._credentials[-1]

    def renew(self) -> None:
        """New credentials for an ICE restart; the old ones hold until the new are used."""
        fresh = self._new_credentials()
        for stale in self._credentials[:-1]:
            self._wire.ignore(stale.ufrag)
        self._credentials = [*self._credentials[-1:], fresh]
        self._wire.listen(fresh.ufrag, self)

    def password_of(self, ufrag: str) -> str | None:
        return next((c.password for c in self._credentials if c.ufrag == ufrag), None)

    def prove(self, address: Address, *, ufrag: str, nominates: bool, now: float) -> None:
        """The peer has shown by a signed check that it is at this address."""
        self.last_heard = now
        self.packets_in += 1
        if ufrag == self.credentials.ufrag and len(self._credentials) > 1:
            self._wire.ignore(self._credentials.pop(0).ufrag)
            nominates = True
        if address not in self._addresses:
            self._addresses.append(address)
        if self._address is None or nominates:
            self._go_to(address)
        while len(self._addresses) > ADDRESS_LIMIT:
            oldest = next(a for a in self._addresses if a != self._address)
            self._addresses.remove(oldest)
            self._wire.release(oldest, self)

    def begin(
        self,
        fingerprints: list[tuple[str, str]],
        *,
        intake: Intake,
        connected: Callable[[], None],
        closed: Callable[[str], None],
    ) -> None:
        """Shake hands in a task of this link's own, which `close` ends."""
        self._intake = intake
        handshake = self._shake_hands(fingerprints, connected=connected, closed=closed)
        self._connecting = asyncio.create_task(handshake)

    def receive(self, datagram: bytes, address: Address, now: float) -> bool:
        """A datagram of at least twelve bytes that says it is from a proven address of this peer.

        Whether we took it. What anyone else can have written is not counted as the peer's, so that
        nobody is cut for what is sent in their name.
        """
        first = datagram[0]
        if 127 < first < 192:
            if not self._receive_encrypted(datagram, now):
                return False
            self._hear_at(address, now)
            return True
        if 19 < first < 64 and self._may_shake_hands(now):
            if self._keys is None:
                # The peer may have proven several before it names one, and it throws away what
                # comes back on any but the one it shakes hands over.
                self._go_to(address)
            return self._secure.feed(datagram)
        return False

    def is_missed(self, now: float) -> bool:
        """Silent where it was."""
        return self.is_up and now - self._heard_here > SILENCE

    def receive_elsewhere(self, datagram: bytes, address: Address, now: float) -> bool:
        """Whether a stranger's packet is this peer's: only it can have encrypted it.

        A NAT that forgot its peer gives it another address without a word.
        """
        if not self._receive_encrypted(datagram, now):
            return False
        self.prove(address, ufrag="", nominates=True, now=now)
        self._heard_here = now
        return True

    def transmit_control(self, datagram: bytes) -> None:
        if self._keys is not None and self._address is not None:
            self._wire.send(self._keys.protect_control(datagram), self._address)

    def cut(self) -> None:
        """From here on nothing is sent, and the peer's datagrams are those of a stranger."""
        self.is_closed = True
        self.road.lead(keys=None, address=None)
        for known in self._credentials:
            self._wire.ignore(known.ufrag)
        for address in self._addresses:
            self._wire.release(address, self)
        for source in self._sources:
            self._wire.forget(source, self)

    async def close(self) -> None:
        """Say goodbye and end the handshake, if it still goes on."""
        self.cut()
        self._keys = None
        await self._secure.close()
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)

    async def _shake_hands(
        self,
        fingerprints: list[tuple[str, str]],
        *,
        connected: Callable[[], None],
        closed: Callable[[str], None],
    ) -> None:
        keys = await self._secure.connect(fingerprints)
        if self.is_closed:
            return
        if keys is None:
            closed("handshake")
            return
        self._keys = keys
        self.road.lead(keys=keys, address=self._address)
        self._secure.when_closed(lambda: closed("goodbye"))
        connected()

    def _go_to(self, address: Address) -> None:
        self._address = address
        if self.is_up:
            self.road.lead(keys=self._keys, address=address)

    def _hear_at(self, address: Address, now: float) -> None:
        """Who falls silent at one proven address and speaks from another has moved there."""
        if address == self._address:
            self._heard_here = now
        elif self.is_missed(now):
            self._heard_here = now
            self._go_to(address)

    def _receive_encrypted(self, datagram: bytes, now: float) -> bool:
        """Whether the peer sent it: anyone can write the peer's address on an envelope."""
        keys, intake = self._keys, self._intake
        is_control = 191 < datagram[1] < 224
        if keys is None or intake is None:
            return False
        if not is_control and not intake.admits(rtp.source_of(datagram)):
            return False
        try:
            plain = (keys.unprotect_control if is_control else keys.unprotect)(datagram)
        except pylibsrtp.Error:
            return False
        self.last_heard = now
        self.packets_in += 1
        self.octets_in += len(datagram)
        if is_control:
            self._know(rtp.reporter_of(datagram))
            intake.control(plain, now)
        else:
            self.last_media = now
            intake.media(plain, now)
        return True

    def _may_shake_hands(self, now: float) -> bool:
        if now - self._handshake_since >= 1.0:
            self._handshake_since, self._handshake_datagrams = now, 0
        self._handshake_datagrams += 1
        return self._handshake_datagrams <= HANDSHAKE_LIMIT

    def _know(self, source: int) -> None:
        if source not in self._sources and len(self._sources) < SOURCE_LIMIT:
            self._sources.append(source)
            self._wire.know(source, self)

    def _send_plain(self, datagram: bytes) -> None:
        if self._address is not None:
            self._wire.send(datagram, self._address)
