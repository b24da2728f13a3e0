"""People who send pre-encoded packets through real DTLS-SRTP, and note all that comes back."""

import asyncio
import secrets
import struct
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from tests.bench.stamped import StampedLink
from tests.media.bot import AUDIO_TYPE, VIDEO_TYPE, Bot
from tests.media.botlink import BotLink
from tests.media.clips import AUDIO_STEP

STAMP = struct.Struct("!4sHLQ")
"""At the end of each payload: a mark, who sent it, its number, when (ns of the wall clock, which is
also what the kernel notes arrivals by)."""

MARK = b"ytbm"
SOUND, PIECE, PIECES = 90, 1_050, 3
FRAME_SECONDS, SOUND_SECONDS = 1 / 30, 0.02
PACKETS_PER_SECOND = PIECES / FRAME_SECONDS + 1 / SOUND_SECONDS
ROOM_FOR = 60 * int(PACKETS_PER_SECOND)


@dataclass
class Tally:
    """What one receiver got: each packet once, by sender, and how long they took (s)."""

    seen: dict[int, bytearray] = field(
        default_factory=lambda: defaultdict(lambda: bytearray(ROOM_FOR))
    )
    arrived: int = 0
    delays: list[float] = field(default_factory=list)

    def take(self, data: bytes, arrived: int) -> None:
        if len(data) < 12 + STAMP.size:
            return
        mark, sender, number, sent = STAMP.unpack_from(data, len(data) - STAMP.size)
        if mark != MARK or self.seen[sender][number]:
            return
        self.seen[sender][number] = 1
        self.arrived += 1
        self.delays.append((arrived - sent) / 1e9)

    def missing(self, sender: int, first: int, last: int) -> int:
        return last - first - sum(self.seen[sender][first:last])


class Caller(Bot):
    """A bot whose packets are stamped instead of decodable."""

    def __init__(
        self,
        number: int,
        *,
        publish: Callable[[str], Awaitable[str]],
        answer: Callable[[int, str], Awaitable[None]],
    ) -> None:
        super().__init__(f"p{number}", publish=publish, answer=answer)
        self.number = number
        self.sent = 0
        self.tally = Tally()

    def _new_link(self) -> BotLink:
        return StampedLink(on_packet=self._take_packet, on_control=self._take_control)

    def _take_packet(self, data: bytes) -> None:
        self.tally.take(data, self.receiving.arrived)

    def _stamp(self) -> bytes:
        stamp = STAMP.pack(MARK, self.number, self.sent, time.time_ns())
        self.sent += 1
        return stamp

    async def _play_audio(self) -> None:
        at, noise = secrets.randbits(14), secrets.token_bytes(SOUND - STAMP.size)
        async for _ in _every(SOUND_SECONDS):
            head = struct.pack(
                "!BBHLL", 0x80, AUDIO_TYPE, at & 0xFFFF, at * AUDIO_STEP & 0xFFFFFFFF,
                self.audio_source,
            )  # fmt: skip
            self.sending.send_packet(head + noise + self._stamp())
            at += 1

    async def _play_video(self) -> None:
        sequence, picture, clock = (secrets.randbits(14) for _ in range(3))
        noise = secrets.token_bytes(PIECE - STAMP.size - 6)
        async for _ in _every(FRAME_SECONDS):
            is_key, self._wants_keyframe = self._wants_keyframe, False
            for place in range(PIECES):
                marker = 0x80 if place == PIECES - 1 else 0
                descriptor = bytes([
                    0x90 if place == 0 else 0x80, 0xC0, 0x80 | picture >> 8 & 0x7F, picture & 0xFF,
                    picture & 0xFF, 0 if is_key and place == 0 else 1,
                ])  # fmt: skip
                head = struct.pack(
                    "!BBHLL", 0x80, VIDEO_TYPE | marker, sequence & 0xFFFF, clock & 0xFFFFFFFF,
                    self.video_source,
                )  # fmt: skip
                self.sending.send_packet(head + descriptor + noise + self._stamp())
                sequence += 1
            picture, clock = picture + 1, clock + int(90_000 * FRAME_SECONDS)


def loss(callers: Sequence[Caller], sent: Sequence[int], until: Sequence[int]) -> float:
    """The share of what each of a room sent from `sent` to `until` that another one never got."""
    pairs = [(a, b) for a in callers for b in callers if a is not b]
    due = sum(until[b.number] - sent[b.number] for _, b in pairs)
    missing = sum(a.tally.missing(b.number, sent[b.number], until[b.number]) for a, b in pairs)
    return missing / due if due else 0.0


async def _every(seconds: float):
    """Ticks that begin at a random moment and do not drift."""
    loop = asyncio.get_running_loop()
    due = loop.time() + secrets.randbelow(1_000) / 1_000 * seconds
    while True:
        await asyncio.sleep(max(0.0, due - loop.time()))
        yield
        due += seconds
