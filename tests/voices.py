"""Somebody with picture and sound: a seat on the socket and a media bot that belong together."""

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial

from tests.media.bot import Bot
from tests.sockets import RefusedError, Seat


class Voice:
    """Publishes when told to, takes every offer, opens anew after `media.reset`."""

    def __init__(
        self, seat: Seat, *, level: int = 20, make: Callable[..., Bot] | None = None
    ) -> None:
        self.seat, self._read = seat, seat.mark
        make = make or partial(Bot, seat.id, level=level)
        self.bot = make(publish=self._publish, answer=self._answer)
        self._task = asyncio.create_task(self._follow())

    async def join(self) -> "Voice":
        """Only who is in a room with media may."""
        await self.bot.join()
        return self

    async def leave(self) -> None:
        while not self._task.done():  # a handshake may swallow the first one
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=0.2)
        await self.bot.leave()

    def packets(self, other: Seat) -> int:
        """How many of the other's packets have arrived."""
        heard = self.bot.heard.get(other.id)
        return heard.packets if heard is not None else 0

    async def _publish(self, sdp: str) -> str:
        return str((await self.seat.send("media.publish", sdp=sdp))["sdp"])

    async def _answer(self, revision: int, sdp: str) -> None:
        with contextlib.suppress(RefusedError, ConnectionError):  # moved out or gone meanwhile
            await self.seat.send("media.answer", revision=revision, sdp=sdp)

    async def _follow(self) -> None:
        messages = self.seat.messages
        while True:
            await self.seat.until(lambda: len(messages) > self._read, within=None)
            message = messages[self._read]
            self._read += 1
            if message["type"] == "media.offer":
                await self.bot.take_offer(message["revision"], message["sdp"])
            elif message["type"] == "media.reset":
                await self.bot.rejoin()
