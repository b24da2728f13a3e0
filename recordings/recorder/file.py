"""One file of a recording: clusters, each written in one go and not touched again."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from recordings.recorder import matroska
from recordings.recorder.matroska import Block, Cue, Format, Sound

CUE_MS = 2_000
LONGEST_MS = 5_000
"""What the times of one cluster may span; usually a second, when we are told to write."""


class NoRoomError(Exception):
    """The disk took no more; what is in the file stays whole."""


class MediaFile:
    """Times are milliseconds from `began`; a track's number is its format's place, from 1."""

    def __init__(self, path: Path, formats: Sequence[Format], *, began: float) -> None:
        self.path = path
        self.formats = tuple(formats)
        self._head = matroska.head(formats, began=began)
        self._cued = next(
            (at for at, one in enumerate(formats, 1) if not isinstance(one, Sound)), 1
        )
        self._cues: list[Cue] = []
        self._blocks: list[Block] = []
        self._last: dict[int, int] = {}
        self._end = 0
        self._size = 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            self._fd = os.open(path, flags, 0o600)
        except OSError as full:
            raise NoRoomError(str(full)) from full
        try:
            self._write(self._head.content)
        except NoRoomError:
            os.close(self._fd)
            path.unlink()
            raise

    def put(self, track: int, at: int, payload: bytes, *, is_key: bool) -> None:
        """The next frame of a track; its time is after the last one's, whatever is said."""
        at = max(at, self._last.get(track, -1) + 1)
        self._last[track] = at
        if self._blocks and abs(at - self._blocks[0].at) >= LONGEST_MS:
            self.flush()
        self._blocks.append(Block(track, at, is_key, payload))

    def flush(self) -> None:
        """Write what there is. Raises NoRoomError; then it is lost."""
        blocks, self._blocks = self._blocks, []
        if not blocks:
            return
        self._note_cue(blocks)
        self._write(matroska.cluster(blocks))
        self._end = max(self._end, *(block.at for block in blocks))

    def sync(self) -> None:
        """For a power failure; takes as long as the disk does."""
        os.fdatasync(self._fd)

    def close(self) -> None:
        """With an index and a duration, if there is room for them."""
        with contextlib.suppress(NoRoomError):
            self.flush()
            at = self._size - self._head.segment_at
            self._write(matroska.index(self._cues))
            os.pwrite(self._fd, matroska.seek_to(at), self._head.seek_at)
            os.pwrite(self._fd, matroska.duration(self._end), self._head.duration_at)
            whole = matroska.size(self._size - self._head.segment_at)
            os.pwrite(self._fd, whole, self._head.size_at)
        os.close(self._fd)

    def _note_cue(self, blocks: list[Block]) -> None:
        key = next((one for one in blocks if one.track == self._cued and one.is_key), None)
        if key is not None and (not self._cues or key.at - self._cues[-1].at >= CUE_MS):
            self._cues.append(Cue(self._cued, key.at, self._size - self._head.segment_at))

    def _write(self, content: bytes) -> None:
        """All of it or nothing."""
        try:
            written = os.write(self._fd, content)
        except OSError as full:
            raise NoRoomError(str(full)) from full
        if written < len(content):
            os.ftruncate(self._fd, self._size)
            os.lseek(self._fd, self._size, os.SEEK_SET)
            raise NoRoomError(f"{written} of {len(content)} octets")
        self._size += written
