"""The one UDP socket of a worker: who may speak to whom is settled before anything is parsed."""

import asyncio
import contextlib
import ipaddress
import logging
import socket
from collections import Counter
from collections.abc import Callable

from signaling.media import line as lines
from signaling.media import rtp, stun
from signaling.media.compiled import Compiled
from signaling.media.line import Line
from signaling.media.link import Link
from signaling.media.road import Road
from signaling.media.rtp import MalformedError
from signaling.media.stun import Address

log = logging.getLogger(__name__)

SHORTEST = 12
LONGEST = 1_500
BUFFER = 4 << 20
TRIES, TRIES_A_SECOND = 4, 500
"""Decryptions that a stranger's packet, and all of them, may cost; Chromium's listeners all report
under the same name."""
CLAIM_SECONDS = 5.0
"""An address in use by one link is not given to another within this time."""


class UdpWire:
    """Datagrams go to the link that proved their source address; all others are dropped."""

    def __init__(self, line: Line, *, clock: Callable[[], float]) -> None:
        self.dropped: Counter[str] = Counter()
        self._line = line
        self._clock = clock
        self._came_at = 0.0
        self._by_ufrag: dict[str, Link] = {}
        self._by_address: dict[Address, Link] = {}
        self._by_source: dict[int, list[Link]] = {}
        self._tries, self._tries_since = 0, float("-inf")

    def take(self, data: bytes, addr: Address, came_at: float = 0.0) -> None:
        """A datagram, and when the kernel had it (s, wall clock; 0: that is not known)."""
        self._came_at = came_at
        if not SHORTEST <= len(data) <= LONGEST:
            self.dropped["length"] += 1
            return
        if data[0] < 2:
            self._check(data, addr)
            return
        link = self._by_address.get(addr)
        if link is None:
            self._receive_of_stranger(data, addr)
            return
        try:
            if not link.receive(data, addr, self._clock()):
                self.dropped["unproven"] += 1
        except Exception:  # noqa: BLE001 - whatever a packet breaks, it is that peer's fault alone
            link.faults += 1
            self.dropped["fault"] += 1

    def send(self, datagram: bytes, address: Address) -> None:
        try:
            self._line.send(datagram, address)
        except OSError:
            self.dropped["unreachable"] += 1

    def road(self) -> Road:
        return self._line.road(self.send)

    def waited(self) -> float:
        """Seconds that the datagram which is being handled had waited for us."""
        return lines.waited(self._came_at)

    def listen(self, ufrag: str, link: Link) -> None:
        self._by_ufrag[ufrag] = link

    def ignore(self, ufrag: str) -> None:
        self._by_ufrag.pop(ufrag, None)

    def know(self, source: int, link: Link) -> None:
        self._by_source.setdefault(source, []).append(link)

    def forget(self, source: int, link: Link) -> None:
        links = self._by_source.get(source, [])
        if link in links:
            links.remove(link)
        if not links:
            self._by_source.pop(source, None)

    def release(self, address: Address, link: Link) -> None:
        if self._by_address.get(address) is link:
            del self._by_address[address]

    def close(self) -> None:
        self._line.close()

    def _receive_of_stranger(self, data: bytes, address: Address) -> None:
        """It may be a peer whose NAT forgot it; that takes a decryption to know, so few are tried."""
        now = self._clock()
        lost = [link for link in self._by_source.get(_source(data), ()) if link.is_missed(now)]
        for link in lost[:TRIES]:
            if not self._may_try(now):
                break
            try:
                if link.receive_elsewhere(data, address, now):
                    self._by_address[address] = link
                    return
            except Exception:  # noqa: BLE001 - as above
                link.faults += 1
                self.dropped["fault"] += 1
        self.dropped["stranger"] += 1

    def _may_try(self, now: float) -> bool:
        """So many a second, whoever floods us."""
        if now - self._tries_since >= 1.0:
            self._tries, self._tries_since = 0, now
        self._tries += 1
        return self._tries <= TRIES_A_SECOND

    def _check(self, datagram: bytes, address: Address) -> None:
        """Answer a connectivity check that carries the signature of a leg's own password."""
        try:
            link = self._by_ufrag.get(stun.addressee(datagram))
            if link is None:
                self.dropped["check"] += 1
            else:
                self._answer_check(link, stun.binding_request(datagram), address)
        except MalformedError:
            self.dropped["check"] += 1
        except Exception:  # noqa: BLE001 - anybody may have written it, so it is no peer's fault
            self.dropped["fault"] += 1

    def _answer_check(self, link: Link, request: stun.BindingRequest, address: Address) -> None:
        now = self._clock()
        password = link.password_of(request.to)
        if password is None or not request.is_signed_with(password):
            self.dropped["check"] += 1
            return
        holder = self._by_address.get(address)
        if holder is not None and holder is not link and now - holder.last_heard < CLAIM_SECONDS:
            self.dropped["check"] += 1
            return
        self._by_address[address] = link
        self.send(stun.binding_response(request, address=address, password=password), address)
        link.prove(address, ufrag=request.to, nominates=request.nominates, now=now)


def _source(datagram: bytes) -> int:
    """Whose media, or whose report, this says that it is; -1 for all else."""
    if not 127 < datagram[0] < 192:
        return -1
    is_control = 191 < datagram[1] < 224
    return (rtp.reporter_of if is_control else rtp.source_of)(datagram)


def open_wire(
    addresses: tuple[str, ...],
    *,
    port: int,
    clock: Callable[[], float],
    compiled: Compiled | None = None,
) -> tuple[UdpWire, int]:
    """Bind the socket; returns it with its port. One local address is bound alone, many by all."""
    udp = _socket(addresses)
    host = _host_to_bind(udp, addresses)
    udp.bind((host, port))
    line = compiled.line(udp) if compiled is not None else Line(udp)
    wire = UdpWire(line, clock=clock)
    line.listen(wire.take, loop=asyncio.get_running_loop())
    return wire, udp.getsockname()[1]


def _socket(addresses: tuple[str, ...]) -> socket.socket:
    has_v6 = any(ipaddress.ip_address(address).version == 6 for address in addresses)
    udp = socket.socket(socket.AF_INET6 if has_v6 else socket.AF_INET, socket.SOCK_DGRAM)
    udp.setblocking(False)
    if has_v6:
        udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        with contextlib.suppress(OSError):
            udp.setsockopt(socket.SOL_SOCKET, option, BUFFER)
    return udp


def _host_to_bind(udp: socket.socket, addresses: tuple[str, ...]) -> str:
    """Answers must leave from the address that was told, so a single one is bound exactly."""
    if len(addresses) == 1:
        with socket.socket(udp.family, socket.SOCK_DGRAM) as trial, contextlib.suppress(OSError):
            trial.bind((addresses[0], 0))
            return addresses[0]
    return "::" if udp.family == socket.AF_INET6 else "0.0.0.0"  # noqa: S104 - a media server
