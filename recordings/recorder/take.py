"""One stay of a member: its streams put in order and time, and the files that they go to."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from recordings.recorder.file import MediaFile, NoRoomError
from recordings.recorder.frames import Frame, Frames, Piece, frames_of
from recordings.recorder.matroska import Format, Picture
from recordings.recorder.order import Window
from recordings.recorder.timing import SenderClock, StreamTime
from signaling.capture import Clock, Media, Stream

RATES = {"audio": 48_000, "video": 90_000, "screen": 90_000}
CODECS = {"audio": {"opus"}, "video": {"vp8", "h264"}, "screen": {"vp8", "h264"}}
MEMBER = re.compile(r"[A-Za-z0-9_-]{1,64}")
PATIENCE = 1.0
"""Seconds for which a picture's first key frame is waited for, so that it shares the sound's file."""

FLUSH = 0.5
SHORTEST = 0.001
MAIN = "main"


class Moment(NamedTuple):
    """A frame in the server's time."""

    kind: str
    at: float
    frame: Frame


@dataclass(slots=True)
class _Line:
    """One stream: a track in one encoding."""

    stream: Stream
    time: StreamTime
    frames: Frames
    window: Window[tuple[Piece, float]] = field(default_factory=Window)
    lost: int = 0

    def take(self, media: Media, now: float) -> None:
        piece = Piece(media.timestamp, media.marker, media.payload)
        self.window.put(media.number, (piece, media.arrived), now=now)

    def ready(self, now: float) -> Iterator[Moment]:
        for found in self.window.ready(now=now):
            if found is None:
                self.lost += 1
                self.frames.lose()
                continue
            piece, arrived = found
            at = self.time.place(piece.timestamp, arrived=arrived)
            frame = self.frames.take(piece)
            if frame is not None:
                yield Moment(self.stream.kind, at, frame)


def group_of(stream: Stream) -> str:
    """Camera and microphone go together; what else is shown goes to a file of its own."""
    is_main = stream.place == 0 and stream.kind != "screen"
    return MAIN if is_main else f"{stream.kind}{stream.place}"


class Reel:
    """The files of one group of tracks, one after the other: a new one where a format changes."""

    def __init__(self, open_file: Callable[[list[Format], float], MediaFile]) -> None:
        self._open_file = open_file
        self._file: MediaFile | None = None
        self._began = 0.0
        self._formats: dict[str, Format] = {}
        self._held: list[Moment] = []
        self._held_since: float | None = None
        self._flushed = 0.0
        self._last: dict[str, float] = {}
        self.awaits_picture = False

    @property
    def file(self) -> MediaFile | None:
        return self._file

    def put(self, moment: Moment, now: float) -> MediaFile | None:
        """The file that is finished by this, if one is. Raises NoRoomError."""
        finished = None
        if self._is_new_to_file(moment):
            finished = self.end()
        form = moment.frame.form
        if moment.kind not in self._formats or isinstance(form, Picture):
            if form is None:
                return finished  # nothing can be decoded from here
            self._formats[moment.kind] = form
        # Times are learnt better as more comes; frames do not change places by that.
        at = max(moment.at, self._last.get(moment.kind, moment.at) + SHORTEST)
        self._last[moment.kind] = at
        moment = moment._replace(at=at)
        if self._file is None:
            self._held.append(moment)
            self._held_since = now if self._held_since is None else self._held_since
            self._begin_if_due(now)
        else:
            self._write(moment)
        return finished

    def beat(self, now: float) -> None:
        """Called some times a second. Raises NoRoomError."""
        self._begin_if_due(now)
        if now - self._flushed >= FLUSH:
            self._flush(now)

    def end(self) -> MediaFile | None:
        """Close what there is. Raises NoRoomError when there was none and none can be made."""
        if self._file is None and self._held:
            self._begin()
        finished, self._file = self._file, None
        self._formats, self._held, self._held_since = {}, [], None
        if finished is not None:
            finished.close()
        return finished

    def drop(self) -> MediaFile | None:
        """As `end`, without making a file of what is held."""
        self._held = []
        return self.end()

    def _is_new_to_file(self, moment: Moment) -> bool:
        """A track that the file's head does not tell of, or that its decoder cannot go on with."""
        form = moment.frame.form
        if self._file is None or form is None:
            return False
        known = self._formats.get(moment.kind)
        if known is None:
            return True
        return isinstance(form, Picture) and isinstance(known, Picture) and (
            form.codec != known.codec or form.private != known.private
        )  # fmt: skip

    def _begin_if_due(self, now: float) -> None:
        if self._file is not None or self._held_since is None:
            return
        is_whole = not self.awaits_picture or "video" in self._formats
        waited = now - self._held_since
        if waited >= PATIENCE or (is_whole and waited >= PATIENCE / 2):
            self._begin()
            self._flush(now)

    def _begin(self) -> None:
        kinds = sorted(self._formats, reverse=True)  # the picture first
        self._began = min(moment.at for moment in self._held)
        self._file = self._open_file([self._formats[kind] for kind in kinds], self._began)
        self._formats = {kind: self._formats[kind] for kind in kinds}
        held, self._held, self._held_since = self._held, [], None
        for moment in sorted(held, key=lambda one: one.at):
            self._write(moment)

    def _flush(self, now: float) -> None:
        self._flushed = now
        if self._file is not None:
            self._file.flush()

    def _write(self, moment: Moment) -> None:
        if self._file is None:
            return
        track = list(self._formats).index(moment.kind) + 1
        at = max(0, round((moment.at - self._began) * 1000))
        self._file.put(track, at, moment.frame.payload, is_key=moment.frame.is_key)


class Take:
    """One stay. What its files cannot take is dropped, and told by the exception."""

    def __init__(self, open_file: Callable[[str, list[Format], float], MediaFile]) -> None:
        self._open_file = open_file
        self._clock = SenderClock()
        self._lines: dict[tuple[str, int], _Line] = {}
        self._reels: dict[str, Reel] = {}
        self._rest: list[tuple[str, Moment]] = []

    @property
    def lost(self) -> int:
        """Gaps that nothing filled."""
        return sum(line.lost for line in self._lines.values())

    def take(self, record: Media | Clock, now: float) -> None:
        line = self._line_of(record.stream)
        if isinstance(record, Clock):
            line.time.tell(record.ntp, record.timestamp, arrived=record.arrived)
        else:
            line.take(record, now)

    def beat(self, now: float) -> list[MediaFile]:
        """Frames that are whole go to their files; those that are finished thereby. Raises NoRoomError."""
        for line in self._lines.values():
            self._rest += ((group_of(line.stream), moment) for moment in line.ready(now))
        moments, self._rest = self._rest, []
        done = [self._reels[group].put(moment, now) for group, moment in moments]
        for reel in self._reels.values():
            reel.beat(now)
        return [file for file in done if file is not None]

    def end(self) -> list[MediaFile]:
        """Everything that still waits is written and the files closed."""
        finished: list[MediaFile | None] = []
        try:
            finished += self.beat(float("inf"))
            finished += [reel.end() for reel in self._reels.values()]
        except NoRoomError:
            finished += self.drop()
        return [file for file in finished if file is not None]

    def drop(self) -> list[MediaFile]:
        """Close the files as they are; pictures go on at their next key frame, in others."""
        for line in self._lines.values():
            line.frames.lose()
        return [file for reel in self._reels.values() if (file := reel.drop()) is not None]

    def sync(self) -> None:
        for reel in self._reels.values():
            if reel.file is not None:
                reel.file.sync()

    def _line_of(self, stream: Stream) -> _Line:
        track = (stream.kind, stream.place)
        line = self._lines.get(track)
        if line is None or line.stream != stream:
            time = StreamTime(self._clock, rate=RATES[stream.kind])
            lost = line.lost if line is not None else 0
            if line is not None:  # another encoding: what still waits of the old one goes first
                self._rest += ((group_of(stream), one) for one in line.ready(float("inf")))
            line = _Line(stream, time, frames_of(stream.codec), lost=lost)
            self._lines[track] = line
            group = group_of(stream)
            if group not in self._reels:
                self._reels[group] = Reel(lambda forms, at: self._open_file(group, forms, at))
            self._reels[group].awaits_picture |= stream.kind == "video"
        return line


def is_writable(stream: Stream) -> bool:
    """Whether a stream is one that we can write, under a name that is safe for a file."""
    return (
        MEMBER.fullmatch(stream.member) is not None
        and stream.codec in CODECS.get(stream.kind, ())
        and 0 <= stream.place < 8
    )
