"""DTLS and SRTP of one leg. The only module that touches private names of aiortc and pylibsrtp."""

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

import pylibsrtp
from aiortc import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtcicetransport import RTCIceTransport

QUEUE_LIMIT = 64
BUFFER_SIZE = 1500
"""Of pylibsrtp, which decrypts nothing longer."""

PACKET_LIMIT = BUFFER_SIZE - 144
"""What it encrypts, since that may grow by as much."""


class Crypt(Protocol):
    """Protects or unprotects one packet; raises on a packet that is not the peer's."""

    def __call__(self, packet: bytes, /) -> bytes: ...


class Keys:
    """What a finished handshake leaves for media."""

    def __init__(self, transport: RTCDtlsTransport) -> None:
        outgoing, incoming = transport._tx_srtp, transport._rx_srtp
        self._kept_alive = outgoing, incoming
        self.protect: Crypt = _quick(outgoing, "srtp_protect", limit=PACKET_LIMIT)
        self.protect_control: Crypt = outgoing.protect_rtcp
        self.unprotect: Crypt = _quick(incoming, "srtp_unprotect", limit=BUFFER_SIZE)
        self.unprotect_control: Crypt = incoming.unprotect_rtcp

    @property
    def session_address(self) -> int:
        """Of libsrtp's session for what goes out; valid as long as these keys are kept."""
        return int(pylibsrtp._binding.ffi.cast("uintptr_t", self._kept_alive[0]._srtp[0]))


def protect_address() -> int:
    """Of libsrtp's `srtp_protect(session, packet, int *length)`."""
    binding = pylibsrtp._binding
    return int(binding.ffi.cast("uintptr_t", binding.ffi.addressof(binding.lib, "srtp_protect")))


def _quick(session: pylibsrtp.Session, name: str, *, limit: int) -> Crypt:
    """As the session's own method, a third quicker: these run for each packet of media."""
    binding = pylibsrtp._binding
    function, context, cell = getattr(binding.lib, name), session._srtp[0], session._cdata
    buffer, size = session._buffer, binding.ffi.new("int *")

    def quick(packet: bytes, /) -> bytes:
        length = len(packet)
        if length > limit:
            raise ValueError("packet is too long")
        size[0] = length
        buffer[0:length] = packet
        if function(context, cell, size):
            raise pylibsrtp.Error(name)
        made: bytes = buffer[0 : size[0]]
        return made

    return quick


class Certificate:
    """One certificate for all legs of a worker."""

    def __init__(self) -> None:
        self._certificate = RTCCertificate.generateCertificate()

    @property
    def for_transport(self) -> RTCCertificate:
        return self._certificate

    def fingerprint(self) -> str:
        """`sha-256 AB:CD…`, as a description tells it."""
        first = self._certificate.getFingerprints()[0]
        return f"{first.algorithm} {first.value}"


class _DatagramPipe:
    """What RTCDtlsTransport needs of an ICE transport, over a socket that others share."""

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send_datagram = send
        self._incoming: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE_LIMIT)
        self._ended = False

    def feed(self, datagram: bytes) -> bool:
        if self._ended or self._incoming.full():
            return False
        self._incoming.put_nowait(datagram)
        return True

    def end(self) -> None:
        self._ended = True
        while self._incoming.full():
            self._incoming.get_nowait()
        self._incoming.put_nowait(None)

    async def _recv(self) -> bytes:
        datagram = await self._incoming.get()
        if datagram is None:
            raise ConnectionError("leg is closed")
        return datagram

    async def _send(self, datagram: bytes) -> None:
        self._send_datagram(datagram)


class SecureTransport:
    """One DTLS association; we are always the server."""

    def __init__(self, certificate: Certificate, *, send: Callable[[bytes], None]) -> None:
        self._pipe = _DatagramPipe(send)
        pretended = cast("RTCIceTransport", self._pipe)
        self._dtls = RTCDtlsTransport(pretended, [certificate.for_transport])
        self._dtls._set_role("server")

    def feed(self, datagram: bytes) -> bool:
        """Take a DTLS record; a full queue takes none."""
        return self._pipe.feed(datagram)

    async def connect(self, fingerprints: list[tuple[str, str]]) -> Keys | None:
        """Shake hands with the holder of one of these certificates; None if that failed."""
        expected = [RTCDtlsFingerprint(algorithm, value) for algorithm, value in fingerprints]
        await self._dtls.start(RTCDtlsParameters(fingerprints=expected))
        return Keys(self._dtls) if self._dtls.state == "connected" else None

    def when_closed(self, tell: Callable[[], None]) -> None:
        """The peer said goodbye, or the association broke."""

        def changed() -> None:
            if self._dtls.state == "closed":
                tell()

        self._dtls.on("statechange", changed)

    async def close(self) -> None:
        """Say goodbye; nothing is received after."""
        self._dtls.remove_all_listeners()
        await self._dtls.stop()
        self._pipe.end()
