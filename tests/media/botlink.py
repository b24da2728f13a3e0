"""One peer connection of a bot: ICE as the controlling side, DTLS as the client, SRTP."""

import asyncio
import secrets
import socket
from collections.abc import Callable

import pylibsrtp
from aioice import stun
from aiortc import RTCCertificate, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtp import is_rtcp
from aiortc.sdp import MediaDescription

CHECK_SECONDS = 0.1
KEEP_SECONDS = 2.0
CONNECT_SECONDS = 15.0


class BotLink(asyncio.DatagramProtocol):
    """What RTCDtlsTransport calls an ICE transport, over a socket of its own."""

    role = "controlling"

    def __init__(
        self,
        *,
        on_packet: Callable[[bytes], None],
        on_control: Callable[[bytes], None],
        loses_incoming: Callable[[bytes], bool] = lambda _: False,
        loses_outgoing: Callable[[bytes], bool] = lambda _: False,
    ) -> None:
        self.ufrag, self.password = secrets.token_hex(4), secrets.token_hex(12)
        self.certificate = RTCCertificate.generateCertificate()
        self.received = 0
        self.replays = 0
        self.nominates = True
        self.controls = True
        self._early: list[bytes] = []
        self.on_packet, self.on_control = on_packet, on_control
        self.loses_incoming, self.loses_outgoing = loses_incoming, loses_outgoing
        self._remote: tuple[str, int] | None = None
        self._their_ufrag = self._their_password = ""
        self._incoming: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._transport: asyncio.DatagramTransport | None = None
        self._gone = False
        self._checked = asyncio.Event()
        self._checking: asyncio.Task[None] | None = None
        self.dtls = RTCDtlsTransport(self, [self.certificate])
        self.dtls._set_role("client")

    @property
    def is_up(self) -> bool:
        return self.dtls.state == "connected"

    @property
    def is_opened(self) -> bool:
        return self._transport is not None

    @property
    def fingerprint(self) -> str:
        first = self.certificate.getFingerprints()[0]
        return f"{first.algorithm} {first.value}"

    @property
    def address(self) -> tuple[str, int]:
        return self._transport.get_extra_info("sockname")[:2]

    async def connect(self, media: MediaDescription) -> None:
        """Prove our address to the other side and shake hands."""
        await self._open(media)
        async with asyncio.timeout(CONNECT_SECONDS):
            await self._checked.wait()
            await self.dtls.start(RTCDtlsParameters(fingerprints=media.dtls.fingerprints))
        if not self.is_up:
            raise ConnectionError(f"DTLS {self.dtls.state}")
        for data in self._early:
            self._take_encrypted(data)
        self._early.clear()

    def renew(self) -> None:
        self.ufrag, self.password = secrets.token_hex(4), secrets.token_hex(12)

    async def reconnect(self, media: MediaDescription) -> None:
        """After an ICE restart: another local port, the same DTLS."""
        self._halt()
        await self._open(media)
        async with asyncio.timeout(CONNECT_SECONDS):
            await self._checked.wait()

    def send_packet(self, packet: bytes) -> None:
        self._protected(self.dtls._tx_srtp.protect, packet)

    def send_control(self, datagram: bytes) -> None:
        self._protected(self.dtls._tx_srtp.protect_rtcp, datagram)

    async def close(self) -> None:
        await self.dtls.stop()
        self._incoming.put_nowait(None)
        self._halt()

    async def rebind(self) -> None:
        """Another port, as when a NAT forgets us; we do not know, so nothing is checked."""
        self._halt()
        assert self._remote
        local = (self._remote[0] if self._remote[0] in {"127.0.0.1", "::1"} else "0.0.0.0", 0)
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=local)

    def vanish(self) -> None:
        """As if the power failed: no goodbye."""
        self._gone = True
        self._halt()
        self._incoming.put_nowait(None)

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport
        # A burst must wait here while others of this process are served, not be lost.
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not data:
            return
        if data[0] < 2:
            self._take_check(data)
        elif 19 < data[0] < 64:
            self._incoming.put_nowait(data)
        elif self.loses_incoming(data):
            return
        elif self.is_up:
            self._take_encrypted(data)
        else:
            self._early.append(data)  # right behind the last record of the handshake

    async def _open(self, media: MediaDescription) -> None:
        self._their_ufrag = media.ice.usernameFragment
        self._their_password = media.ice.password
        candidate = media.ice_candidates[0]
        self._remote = (candidate.ip, candidate.port)
        self._checked = asyncio.Event()
        loop = asyncio.get_running_loop()
        local = (candidate.ip if candidate.ip in {"127.0.0.1", "::1"} else "0.0.0.0", 0)
        await loop.create_datagram_endpoint(lambda: self, local_addr=local)
        if self._gone:
            self._halt()
            raise ConnectionError("left before it was opened")
        self._checking = asyncio.create_task(self._check())

    def _halt(self) -> None:
        if self._checking is not None:
            self._checking.cancel()
        if self._transport is not None:
            self._transport.close()

    def check(self) -> bytes:
        """A connectivity check, which nominates this address unless the bot is undecided."""
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{self._their_ufrag}:{self.ufrag}"
        request.attributes["PRIORITY"] = 1
        request.attributes["ICE-CONTROLLING" if self.controls else "ICE-CONTROLLED"] = 1
        if self.nominates and self.controls:
            request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity(self._their_password.encode())
        request.add_fingerprint()
        return bytes(request)

    async def _check(self) -> None:
        while True:
            self._transport.sendto(self.check(), self._remote)
            await asyncio.sleep(KEEP_SECONDS if self._checked.is_set() else CHECK_SECONDS)

    def _take_check(self, data: bytes) -> None:
        message = stun.parse_message(data)
        if message.message_class is stun.Class.REQUEST:
            self._answer_check(message)
        elif message.message_class is stun.Class.RESPONSE and message.check_message_integrity(
            self._their_password.encode()
        ):
            self._checked.set()

    def _answer_check(self, request: stun.Message) -> None:
        """Full ICE agents want to be told that they were heard."""
        response = stun.Message(
            stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=request.transaction_id
        )
        response.attributes["XOR-MAPPED-ADDRESS"] = self._remote
        response.add_message_integrity(self.password.encode())
        response.add_fingerprint()
        self._transport.sendto(bytes(response), self._remote)

    def _take_encrypted(self, data: bytes) -> None:
        self.received += 1
        if is_rtcp(data):
            self.on_control(self.dtls._rx_srtp.unprotect_rtcp(data))
        else:
            self._take_media(data)

    def _take_media(self, data: bytes) -> None:
        try:
            packet = self.dtls._rx_srtp.unprotect(data)
        except pylibsrtp.Error:  # what came before comes again
            self.replays += 1
            return
        self.on_packet(packet)

    def _protected(self, protect: Callable[[bytes], bytes], plain: bytes) -> None:
        if self.is_up and not self._transport.is_closing():
            datagram = protect(plain)
            if not self.loses_outgoing(datagram):
                self._transport.sendto(datagram, self._remote)

    async def _recv(self) -> bytes:
        datagram = await self._incoming.get()
        if datagram is None:
            raise ConnectionError("closed")
        return datagram

    async def _send(self, datagram: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(datagram, self._remote)
