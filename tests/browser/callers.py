"""Further people without a browser: a seat on the real socket, with picture and voice."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.browser.district import District, eventually
from tests.browser.patience import PATIENCE
from tests.sockets import RefusedError, Seat
from tests.voices import Voice

ENOUGH = 25


@dataclass
class Caller:
    """Comes by a personal link; speaks all the time, and counts what arrives."""

    seat: Seat
    voice: Voice | None = None

    async def wait_outside(self) -> None:
        await self.seat.check_in()
        await self.seat.connect()

    async def comes_after(self, before: int) -> None:
        """So many are in the line before."""
        await self.seat.until(lambda: (self.seat.now("place") or {}).get("before_me") == before)

    async def go_in(self) -> None:
        """Once let in: begins to send and to receive."""
        await self.seat.wait_for("called")
        await self.join()

    async def join(self) -> None:
        self.voice = await Voice(self.seat).join()

    async def hears(self, *names: str, within: float = PATIENCE) -> None:
        """Picture and sound of everybody named go on arriving."""
        before = {name: self._arrived(name) for name in names}

        async def more() -> bool | None:
            now = {name: self._arrived(name) for name in names}
            reached = all(
                now[name][kind] >= before[name][kind] + ENOUGH for name in names for kind in (0, 1)
            )
            return True if reached else None

        await eventually(more, within)

    async def hears_no_more(self, name: str, *, quiet: float = 1.0) -> None:
        """The sound of this one stops for so many seconds, while the picture goes on."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE
        (audio, video), since = self._arrived(name), loop.time()
        while loop.time() < since + quiet or self._arrived(name)[1] < video + ENOUGH:
            assert loop.time() < deadline, f"{name} is still heard, or no longer seen"
            if self._arrived(name)[0] != audio:
                (audio, video), since = self._arrived(name), loop.time()
            await asyncio.sleep(0.05)

    def counter(self, *names: str) -> Callable[[], int]:
        """Counts what arrived of them, also once they are out of sight."""
        ids = [self.seat.people()[name]["participant_id"] for name in names]
        assert self.voice is not None
        heard = self.voice.bot.heard
        return lambda: sum(heard[one].packets for one in ids if one in heard)

    async def is_kept_outside(self) -> None:
        """Sees nobody, and may not have media."""
        assert self.seat.now("rooms") == [] or self.seat.room["kind"] == "waiting"
        assert list(self.seat.people()) in ([], [self.me["name"]])
        with pytest.raises(RefusedError, match="not_admitted"):
            await self.seat.send("media.publish", sdp="v=0")
        assert not any(message["type"] == "media.offer" for message in self.seat.messages)

    @property
    def me(self) -> dict[str, str]:
        return next(p for p in self.seat.people().values() if p["participant_id"] == self.seat.id)

    async def leave(self) -> None:
        if self.voice is not None:
            await self.voice.leave()
        await self.seat.close()

    def _arrived(self, name: str) -> tuple[int, int]:
        known = self.seat.people().get(name)
        bot = self.voice.bot if self.voice is not None else None
        heard = bot.heard.get(known["participant_id"]) if bot and known else None
        return (heard.audio, heard.video) if heard else (0, 0)


async def link_to(district: District, phone: str) -> str:
    """The path of the newest personal link sent to a phone."""
    sms = await district.message(phone, saying="/i/")
    found = re.search(r"/i/[\w-]+", sms.text)
    assert found, sms.text
    return found[0]
