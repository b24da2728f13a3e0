"""Length-prefixed messages of plain values over one Unix stream, between two processes of ours."""

import asyncio
import struct
from typing import Protocol

import msgpack

LENGTH = struct.Struct("!I")
LIMIT = 1 << 20
BACKLOG_LIMIT = 4 << 20


class ChannelClosedError(ConnectionError):
    """The other process is gone, wedged, or does not speak this protocol."""


class Channel:
    """One end of the stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def receive(self) -> object:
        try:
            (size,) = LENGTH.unpack(await self._reader.readexactly(LENGTH.size))
            if size > LIMIT:
                raise ChannelClosedError("message too long")
            return plain_from(await self._reader.readexactly(size))
        except (asyncio.IncompleteReadError, ConnectionError) as gone:
            raise ChannelClosedError(str(gone)) from gone

    def send(self, message: object) -> None:
        """Never waits; a reader that stopped reading loses the channel, not our memory."""
        if self._writer.is_closing():
            raise ChannelClosedError("closed")
        if self._writer.transport.get_write_buffer_size() > BACKLOG_LIMIT:
            self.close()
            raise ChannelClosedError("the other end does not read")
        body = bytes_from(message)
        self._writer.write(LENGTH.pack(len(body)) + body)

    def close(self) -> None:
        self._writer.close()


class _Packer(Protocol):
    def __call__(self, message: object, /) -> bytes: ...


def bytes_from(message: object) -> bytes:
    pack: _Packer = msgpack.packb
    return pack(message)


def plain_from(body: bytes) -> object:
    message: object = msgpack.unpackb(body, use_list=False)
    return message
