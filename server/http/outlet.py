"""What goes out on one socket: a bounded queue, a writer of its own, a cut for who does not read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from signaling.protocol import Close

FAREWELL_SECONDS = 2.0


class Outlet:
    """Sending never waits: nobody is held up by somebody else's slow line."""

    def __init__(
        self, socket: web.WebSocketResponse, transport: asyncio.Transport | None, *,
        queue_bytes: int, write_seconds: float,
    ) -> None:  # fmt: skip
        self._socket, self._transport = socket, transport
        self._queue: asyncio.Queue[str | int] = asyncio.Queue()
        self._queued, self._most = 0, queue_bytes
        self._write_seconds = write_seconds
        self._is_closing = False

    def send(self, text: str) -> None:
        if self._is_closing:
            return
        self._queued += len(text)
        if self._queued <= self._most:
            self._queue.put_nowait(text)
            return
        while not self._queue.empty():
            self._queue.get_nowait()
        self.close(Close.SLOW)

    def close(self, code: int) -> None:
        """Close after what was sent before."""
        if self._is_closing:
            return
        self._is_closing = True
        self._queue.put_nowait(int(code))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write until closed; what is still queued at the end is given a moment to leave."""
        writer = asyncio.create_task(self._write())
        try:
            yield
        finally:
            self.close(1000)
            try:
                await asyncio.wait_for(writer, self._write_seconds + FAREWELL_SECONDS)
            except TimeoutError:
                self._abort()

    async def _write(self) -> None:
        while isinstance(item := await self._queue.get(), str):
            try:
                async with asyncio.timeout(self._write_seconds):
                    await self._socket.send_str(item)
                self._queued -= len(item)
            except TimeoutError:
                self._is_closing = True
                await self._end(Close.SLOW)
                return
            except ConnectionError:
                self._is_closing = True
                return
        await self._end(item)

    async def _end(self, code: int) -> None:
        try:
            await asyncio.wait_for(self._socket.close(code=code), FAREWELL_SECONDS)
        except (TimeoutError, ConnectionError):
            self._abort()

    def _abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()
