"""A recording fed by hand, on a clock that stands still until it is told to go on."""

import contextlib
import fractions
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import av

from recordings.recorder import manifest
from recordings.recorder.messages import News
from recordings.recorder.recording import Clocks, Recording
from recordings.recorder.timing import NTP_SECOND
from signaling import capture
from signaling.capture import Clock, Media, Record, Stream, Turn
from tests.media.clips import AUDIO_STEP, VIDEO_STEP, clip, packets_of

BEGAN = 1_000.0
WALL = 1_790_000_000.0
FRAME, SOUND = 0.04, 0.02
FIRST_SOUND = (1 << 32) - 100 * AUDIO_STEP
"""Time stamps wrap after two seconds."""


@dataclass
class Time:
    now: float = BEGAN


@dataclass
class Studio:
    """Times are seconds from the beginning."""

    folder: Path
    time: Time
    recording: Recording
    news: list[News] = field(default_factory=list)
    beats: int = 0

    def feed(self, records: Iterable[Record]) -> None:
        """Each when it arrives, with the beats between."""
        for record in sorted(records, key=_arrival):
            self.until(_arrival(record) - BEGAN)
            self.recording.take(capture.framed([capture.packed(record)], left_out=0))

    def until(self, seconds: float) -> None:
        while self.beats * 0.1 < seconds:
            self.time.now = max(self.time.now, BEGAN + self.beats * 0.1)
            self.recording.beat()
            self.beats += 1
        self.time.now = max(self.time.now, BEGAN + seconds)

    @property
    def files(self) -> list[Path]:
        return [self.folder / one.file for one in manifest.entries(self.folder)][:-1]


@contextlib.asynccontextmanager
async def recording(folder: Path, *, reserve: int = 0) -> AsyncIterator[Studio]:
    news: list[News] = []
    time = Time()
    clocks = Clocks(lambda: time.now, lambda: WALL + time.now - BEGAN)
    writing = Recording("r", folder, reserve=reserve, clocks=clocks, tell=news.append)
    made = Studio(folder, time, writing, news)
    await writing.start()
    try:
        yield made
    finally:
        await writing.stop()


def stream(kind: str, *, member: str = "a", epoch: str = "e", codec: str = "", place: int = 0,
           source: int = 1) -> Stream:  # fmt: skip
    usual = "opus" if kind == "audio" else "vp8"
    return Stream(member, epoch, kind, place, codec or usual, source)


def speech(seconds: float, *, begins: float = 0.0, delay: float = 0.0, **of: object) -> list[Media]:
    """Sound that was made from `begins` on, and took `delay` to come."""
    sounds, said = clip().sounds, stream("audio", **of)
    return [
        Media(
            said, 70_000 + at, (FIRST_SOUND + at * AUDIO_STEP) & 0xFFFFFFFF, False, None,
            BEGAN + begins + at * SOUND + delay, sounds[at % len(sounds)],
        )
        for at in range(round(seconds / SOUND))
    ]  # fmt: skip


def pictures(
    seconds: float, *, begins: float = 0.0, delay: float = 0.0, first: int = 70_000,
    kind: str = "video", **of: object,
) -> list[Media]:  # fmt: skip
    """The clip over and over: a key frame each two seconds."""
    frames, shown, made, number = clip().frames, stream(kind, **of), [], first
    for at in range(round(seconds / FRAME)):
        pieces = packets_of(frames[at % len(frames)], at)
        for place, piece in enumerate(pieces):
            marker, came = place == len(pieces) - 1, BEGAN + begins + at * FRAME + delay
            made.append(Media(shown, number, at * VIDEO_STEP, marker, None, came, piece))
            number += 1
    return made


def report(kind: str, *, at: float, timestamp: int, theirs: float, **of: object) -> Clock:
    """The sender's clock runs `theirs` seconds off ours."""
    ntp = int((BEGAN + at + theirs) * NTP_SECOND)
    return Clock(stream(kind, **of), ntp, timestamp & 0xFFFFFFFF, BEGAN + at + 0.02)


def turn(happening: capture.Happening, *, at: float, member: str = "a", epoch: str = "e") -> Turn:
    return Turn(member, epoch, happening, "", BEGAN + at)


def _arrival(record: Record) -> float:
    return record.at if isinstance(record, Turn) else record.arrived


@cache
def h264_frames(count: int = 50) -> tuple[bytes, ...]:
    """With start codes, the parameters before each key frame."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 320, 180, "yuv420p"
    encoder.time_base = fractions.Fraction(1, 25)
    encoder.options = {
        "profile": "baseline", "tune": "zerolatency", "g": "25", "x264-params": "repeat-headers=1",
    }  # fmt: skip
    made: list[bytes] = []
    for at in range(count):
        frame = av.VideoFrame(320, 180, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([at * 5 % 256]) * plane.buffer_size)
        frame.pts = at
        made += [bytes(packet) for packet in encoder.encode(frame)]
    return tuple(made + [bytes(packet) for packet in encoder.encode(None)])


def h264_pictures() -> list[Media]:
    """As browsers send them: parameters together, long units in pieces."""
    shown, made = stream("video", codec="h264"), []
    for at, frame in enumerate(h264_frames()):
        units = [unit for unit in frame.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if unit]
        small = [unit for unit in units if unit[0] & 0x1F in {6, 7, 8}]
        payloads = []
        if small:
            whole = b"".join(len(unit).to_bytes(2, "big") + unit for unit in small)
            payloads.append(b"\x78" + whole)
        for unit in units:
            if unit not in small:
                payloads += _pieces(unit)
        for place, payload in enumerate(payloads):
            came = BEGAN + at * FRAME
            marker = place == len(payloads) - 1
            made.append(Media(shown, len(made), at * VIDEO_STEP, marker, None, came, payload))
    return made


def _pieces(unit: bytes, *, size: int = 300) -> list[bytes]:
    if len(unit) <= size:
        return [unit]
    head, body = unit[0], unit[1:]
    cuts = [body[at : at + size] for at in range(0, len(body), size)]
    return [
        bytes([head & 0xE0 | 28, (0x80 * (at == 0)) | (0x40 * (at == len(cuts) - 1)) | head & 0x1F])
        + cut
        for at, cut in enumerate(cuts)
    ]
