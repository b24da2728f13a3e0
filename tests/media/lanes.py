"""Real roads for tests: SRTP over loopback to a socket that is read back, by Python or by C."""

import contextlib
import secrets
import socket
from collections.abc import Iterator
from types import SimpleNamespace

import pylibsrtp
import pytest
from aiortc.rtp import RtpPacket

from signaling.media.compiled import Compiled, load
from signaling.media.dtls import Keys
from signaling.media.line import Line

COMPILED = load()
PATHS = [
    pytest.param(None, id="python"),
    pytest.param(
        COMPILED, id="c", marks=pytest.mark.skipif(COMPILED is None, reason="not built here")
    ),
]
KEY_SIZE = 44
PROFILE = pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM


def session(key: bytes, direction: int, *, repeats: bool = False) -> pylibsrtp.Session:
    policy = pylibsrtp.Policy(key, direction, srtp_profile=PROFILE)
    policy.allow_repeat_tx = repeats
    return pylibsrtp.Session(policy)


def keys_of(key: bytes, *, repeats: bool = False) -> Keys:
    outgoing = session(key, pylibsrtp.Policy.SSRC_ANY_OUTBOUND, repeats=repeats)
    incoming = session(key, pylibsrtp.Policy.SSRC_ANY_INBOUND)
    return Keys(SimpleNamespace(_tx_srtp=outgoing, _rx_srtp=incoming))


class Lane:
    """One road, and what came at its end."""

    def __init__(
        self, compiled: Compiled | None, *, key: bytes | None = None, host: str = "127.0.0.1"
    ) -> None:
        self.keys = keys_of(key or secrets.token_bytes(KEY_SIZE))
        self.datagrams: list[bytes] = []
        self._raw: list[bytes] = []
        self._far, self.near = udp(host), udp(host)
        self.address = self._far.getsockname()
        self.line = compiled.line(self.near) if compiled else Line(self.near)
        self.road = self.line.road(self.near.sendto)
        self.road.lead(keys=self.keys, address=self.address)

    @property
    def raw(self) -> list[bytes]:
        """All packets that came, decrypted."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self.datagrams.append(self._far.recv(2_000))
                self._raw.append(self.keys.unprotect(self.datagrams[-1]))
        return self._raw

    @property
    def numbers(self) -> list[int]:
        """The sequence numbers of what came and was not read, repeats among them."""
        found = []
        with contextlib.suppress(BlockingIOError):
            while True:
                found.append(int.from_bytes(self._far.recv(2_000)[2:4]))
        return found

    @property
    def sent(self) -> list[RtpPacket]:
        return [RtpPacket.parse(packet) for packet in self.raw]

    def come(self, datagram: bytes) -> None:
        """From the far end."""
        self._far.sendto(datagram, self.near.getsockname())

    def close(self) -> None:
        self.road.lead(keys=None, address=None)
        self._far.close()
        self.line.close()


@contextlib.contextmanager
def lane(
    compiled: Compiled | None, *, key: bytes | None = None, host: str = "127.0.0.1"
) -> Iterator[Lane]:
    made = Lane(compiled, key=key, host=host)
    try:
        yield made
    finally:
        made.close()


def udp(host: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    udp = socket.socket(family, socket.SOCK_DGRAM)
    udp.setblocking(False)
    if family == socket.AF_INET6:
        udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    udp.bind((host, 0))
    return udp
