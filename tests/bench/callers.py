"""People who send pre-encoded packets through real DTLS-SRTP, and note all that comes back.

To the server they are browsers: what they send carries the header extensions that were agreed, with
levels of people who talk in turn, and sender reports; what they get they report (`reporter.py`).
"""

import asyncio
import secrets
import struct
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from aiortc.sdp import MediaDescription, SessionDescription

from signaling.media import rtp
from tests.bench.reporter import BEAT, REPORT_SECONDS, Reporter, Spell
from tests.bench.stamped import StampedLink
from tests.bench.streams import Extensions, Numbers, Stream, answered, offered
from tests.media.bot import AUDIO_TYPE, VIDEO_TYPE, Bot
from tests.media.botlink import BotLink
from tests.media.clips import AUDIO_STEP

STAMP = struct.Struct("!4sHLQ")
"""At the end of each payload: a mark, who sent it, its number, when (ns of the wall clock, which is
also what the kernel notes arrivals by)."""

SOUND, PICTURE = b"ytbs", b"ytbp"
SOUND_SIZE, PIECE, PIECES = 90, 1_050, 3
FRAME_SECONDS, SOUND_SECONDS = 1 / 30, 0.02
ROOM_FOR = 120 * int(PIECES / FRAME_SECONDS)
CONTROL, SENDER_REPORT, ARRIVALS = range(192, 224), 200, b"\x8f\xcd"

TURN, TAKERS = 2.0, 5
"""Seconds that somebody talks; one in so many talks at once: of sixteen people three or four."""

LOUD, QUIET = 25, 80
"""Decibels below full scale."""


@dataclass
class Tally:
    """What one receiver got: each packet once, and how long they took (s).

    Pictures by sender and number; of sound, which a server need not pass on while others are louder,
    what came under the numbers that it gives.
    """

    seen: dict[int, bytearray] = field(
        default_factory=lambda: defaultdict(lambda: bytearray(ROOM_FOR))
    )
    sounds: dict[int, Spell] = field(default_factory=lambda: defaultdict(Spell))
    arrived: int = 0
    delays: list[float] = field(default_factory=list)

    def take(self, data: bytes, arrived: int, *, is_repeat: bool = False) -> None:
        if len(data) < rtp.HEADER_SIZE + STAMP.size:
            return
        mark, sender, number, sent = STAMP.unpack_from(data, len(data) - STAMP.size)
        if mark == PICTURE and not self.seen[sender][number]:
            self.seen[sender][number] = 1
        elif mark == SOUND:
            self.sounds[rtp.source_of(data)].take(int.from_bytes(data[2:4]))
        else:
            return
        self.arrived += 1
        if not is_repeat:
            self.delays.append((arrived - sent) / 1e9)

    def missing(self, sender: int, first: int, last: int) -> int:
        return last - first - sum(self.seen[sender][first:last])

    def got(self, sender: int, *, since: int) -> bool:
        """Anything that was sent from this number on."""
        return any(self.seen[sender][since:])

    @property
    def sounds_due(self) -> int:
        return sum(spell.due for spell in self.sounds.values())

    @property
    def sounds_came(self) -> int:
        return sum(spell.came for spell in self.sounds.values())


class Caller(Bot):
    """A bot whose packets are stamped instead of decodable."""

    def __init__(
        self,
        number: int,
        *,
        publish: Callable[[str], Awaitable[str]],
        answer: Callable[[int, str], Awaitable[None]],
    ) -> None:
        async def agree(sdp: str) -> str:
            taken = await publish(sdp)
            self._agree(SessionDescription.parse(taken))
            return taken

        super().__init__(f"p{number}", publish=agree, answer=answer)
        self.number = number
        self.sent = 0
        """Packets of pictures."""

        self.tally = Tally()
        self.reporter = Reporter(self._tell)
        self._streams: dict[str, Stream] = {}

    async def join(self) -> None:
        await super().join()
        self._spawn(self._report())
        for kind, stream in self._streams.items():
            self._spawn(self._tell_time(stream, REPORT_SECONDS[kind]))

    def count_anew(self) -> None:
        self.tally.delays.clear()
        self.reporter.missed = 0
        self.reporter.repairs.clear()

    def _agree(self, answer: SessionDescription) -> None:
        numbers = Numbers()
        sources = {
            "audio": (self.audio_source, AUDIO_TYPE), "video": (self.video_source, VIDEO_TYPE),
        }  # fmt: skip
        self._streams = {
            section.kind: Stream(*sources[section.kind], Extensions(section, numbers))
            for section in answer.media
        }

    def _said_of(self, kind: str) -> list[str]:
        return offered(kind, AUDIO_TYPE if kind == "audio" else VIDEO_TYPE)

    def _taken_of(self, section: MediaDescription) -> list[str]:
        return answered(section)

    def _learn_sources(self, offer: SessionDescription) -> None:
        super()._learn_sources(offer)
        self.reporter.learn(offer)

    def _new_link(self) -> BotLink:
        return StampedLink(
            on_packet=self._take_packet,
            on_control=self._take_control,
            loses_incoming=lambda datagram: (
                datagram[1] not in CONTROL and self.reporter.misses(datagram)
            ),
        )

    def _take_packet(self, data: bytes) -> None:
        is_repeat = self.reporter.take(data)
        self.tally.take(data, self.receiving.arrived, is_repeat=is_repeat)

    def _take_control(self, datagram: bytes) -> None:
        if datagram[1] == SENDER_REPORT:
            self.reporter.note_time(datagram)
        elif datagram[:2] != ARRIVALS:
            super()._take_control(datagram)

    def _stamp(self, mark: bytes) -> bytes:
        stamp = STAMP.pack(mark, self.number, self.sent, time.time_ns())
        self.sent += mark == PICTURE
        return stamp

    async def _play_audio(self) -> None:
        stream, noise = self._streams["audio"], secrets.token_bytes(SOUND_SIZE - STAMP.size)
        async for now in _every(SOUND_SECONDS):
            payload = noise + self._stamp(SOUND)
            self.sending.send_packet(stream.packet(payload, level=self._loudness(now)))
            stream.timestamp += AUDIO_STEP

    async def _play_video(self) -> None:
        stream, picture = self._streams["video"], secrets.randbits(14)
        noise = secrets.token_bytes(PIECE - STAMP.size - 6)
        async for _ in _every(FRAME_SECONDS):
            is_key, self._wants_keyframe = self._wants_keyframe, False
            for place in range(PIECES):
                marker = rtp.MARKED if place == PIECES - 1 else 0
                descriptor = bytes([
                    0x90 if place == 0 else 0x80, 0xC0, 0x80 | picture >> 8 & 0x7F, picture & 0xFF,
                    picture & 0xFF, 0 if is_key and place == 0 else 1,
                ])  # fmt: skip
                payload = descriptor + noise + self._stamp(PICTURE)
                self.sending.send_packet(stream.packet(payload, marker=marker))
            picture += 1
            stream.timestamp += int(90_000 * FRAME_SECONDS)

    def _loudness(self, now: float) -> int:
        """People talk in turn; all change at once, which is the hardest to tell apart."""
        talks = (self.number + int(now / TURN)) % TAKERS == 0
        return (LOUD if talks else QUIET) + secrets.randbelow(10)

    def _tell(self, datagram: bytes) -> None:
        self.receiving.send_control(datagram)

    async def _tell_time(self, stream: Stream, seconds: float) -> None:
        async for _ in _every(seconds):
            self.sending.send_control(stream.report())

    async def _report(self) -> None:
        async for _ in _every(BEAT):
            if self.receiving.is_up:
                self.reporter.beat()


@dataclass(frozen=True)
class Mark:
    """How much everybody had sent, and heard, at a moment."""

    sent: tuple[int, ...]
    sounds_due: int
    sounds_came: int


def mark(callers: Sequence[Caller]) -> Mark:
    return Mark(
        tuple(caller.sent for caller in callers),
        sum(caller.tally.sounds_due for caller in callers),
        sum(caller.tally.sounds_came for caller in callers),
    )


def loss(callers: Sequence[Caller], since: Mark, until: Mark) -> float:
    """The share of what each of a room should have got of the others, and did not get by now."""
    now = mark(callers)
    spans = list(zip(callers, since.sent, until.sent, strict=True))
    pairs = [(a, *span) for a in callers for span in spans if span[0] is not a]
    due = sum(last - first for _, _, first, last in pairs)
    missing = sum(a.tally.missing(b.number, first, last) for a, b, first, last in pairs)
    sounds_due = now.sounds_due - since.sounds_due
    missing += max(0, sounds_due - (now.sounds_came - since.sounds_came))
    return missing / (due + sounds_due) if due else 0.0


def repaired(callers: Sequence[Caller]) -> float:
    """The share of what was asked for again that came."""
    missed = sum(caller.reporter.missed for caller in callers)
    return sum(len(caller.reporter.repairs) for caller in callers) / missed if missed else 1.0


async def _every(seconds: float):
    """Moments that begin at a random one and do not drift."""
    loop = asyncio.get_running_loop()
    due = loop.time() + secrets.randbelow(1_000) / 1_000 * seconds
    while True:
        await asyncio.sleep(max(0.0, due - loop.time()))
        yield due
        due += seconds
