"""A caller's socket that notes when the kernel had each datagram for it, however busy the caller is."""

import asyncio
import socket
import struct

from aiortc.sdp import MediaDescription

from tests.media.botlink import BotLink

SO_TIMESTAMPNS = 35
"""Linux's, which Python has no name for; seconds and nanoseconds of the wall clock."""

TIME = struct.Struct("=qq")
ANCILLARY = socket.CMSG_SPACE(TIME.size)
DRAINED = 64


class StampedLink(BotLink):
    """`arrived` is when the datagram came that is being taken (ns, wall clock)."""

    arrived = 0

    async def _open(self, media: MediaDescription) -> None:
        self._their_ufrag = media.ice.usernameFragment
        self._their_password = media.ice.password
        candidate = media.ice_candidates[0]
        self._remote = (candidate.ip, candidate.port)
        self._checked = asyncio.Event()
        local = candidate.ip if candidate.ip.startswith("127.") else "0.0.0.0"
        self.connection_made(StampedSocket(self, local))
        self._checking = asyncio.create_task(self._check())


class StampedSocket:
    """As much of a datagram transport as BotLink uses."""

    def __init__(self, link: StampedLink, host: str) -> None:
        self._link = link
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.setblocking(False)
        self._udp.bind((host, 0))
        self._udp.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._udp, self._drain)
        self.sendto = self._udp.sendto

    def get_extra_info(self, name: str) -> object:
        return self._udp if name == "socket" else self._udp.getsockname()

    def is_closing(self) -> bool:
        return self._udp.fileno() < 0

    def close(self) -> None:
        if not self.is_closing():
            self._loop.remove_reader(self._udp)
            self._udp.close()

    def _drain(self) -> None:
        link = self._link
        for _ in range(DRAINED):
            if self.is_closing():
                return
            try:
                data, ancillary, _, address = self._udp.recvmsg(2_048, ANCILLARY)
            except BlockingIOError:
                return
            seconds, nanoseconds = TIME.unpack(ancillary[0][2])
            link.arrived = seconds * 1_000_000_000 + nanoseconds
            link.datagram_received(data, address)
