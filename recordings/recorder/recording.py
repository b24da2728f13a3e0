"""One recording: what comes of a captured room goes to files, what happens to the list beside them."""

import asyncio
import contextlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from recordings.recorder import manifest
from recordings.recorder.file import MediaFile, NoRoomError
from recordings.recorder.manifest import Entry
from recordings.recorder.matroska import Format, Sound
from recordings.recorder.messages import Finished, News, Recovered, Trouble
from recordings.recorder.take import Take, is_writable
from signaling.capture import Batch, Clock, Happening, Media, NotABatchError, Turn, read

SILENT_SECONDS = 30.0
"""A stay whose end nobody told: its file is closed when nothing came for so long."""

RETRY_SECONDS = 5.0
SYNC_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Clocks:
    """`steady` is the clock of what comes, `wall` tells the date; both in seconds."""

    steady: Callable[[], float]
    wall: Callable[[], float]


@dataclass(eq=False, slots=True)
class _Stay:
    take: Take
    heard: float


class Recording:
    """Writes into a folder of its own, and goes on in it after a restart."""

    def __init__(
        self, name: str, folder: Path, *, reserve: int, clocks: Clocks, tell: Callable[[News], None]
    ) -> None:
        self._name = name
        self._folder = folder
        self._reserve = reserve
        self._clocks = clocks
        self._tell = tell
        self._stays: dict[tuple[str, str], _Stay] = {}
        self._ahead = clocks.wall() - clocks.steady()
        self._count = 0
        self._closed: list[MediaFile] = []
        self._sealing: asyncio.Task[None] | None = None
        self._full_since: float | None = None
        self._synced = clocks.steady()
        self._events: int | None = None

    async def start(self) -> None:
        """Seal what an earlier run left here. Raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for entry in await asyncio.to_thread(manifest.seal_found, self._folder):
            self._tell(_finished(self._name, entry))
        names = [entry.file for entry in manifest.entries(self._folder)]
        self._count = max((int(name.partition("-")[0]) for name in names), default=0)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._events = os.open(self._folder / manifest.EVENTS, flags, 0o600)
        self.note("started", {})
        self._check_room()

    def take(self, datagram: bytes) -> None:
        try:
            batch = read(datagram)
        except NotABatchError as wrong:
            self.note("unreadable", {"why": str(wrong)})
            return
        if batch.left_out:
            self.note("left_out", {"records": batch.left_out})
        self._take(batch)

    def beat(self) -> None:
        """Called ten times a second."""
        now = self._clocks.steady()
        if self._full_since is not None and now - self._full_since >= RETRY_SECONDS:
            self._check_room()
        for key, stay in list(self._stays.items()):
            if now - stay.heard > SILENT_SECONDS:
                self._end(key, why="silent")
            elif self._full_since is None:
                self._beat(stay, now)
        if self._closed and (self._sealing is None or self._sealing.done()):
            self._sealing = asyncio.create_task(self._seal())
        if now - self._synced >= SYNC_SECONDS:
            self._synced = now
            self._check_room()

    async def sync(self) -> None:
        """To the disk itself, for a power failure."""
        for stay in list(self._stays.values()):
            with contextlib.suppress(OSError):  # closed meanwhile
                await asyncio.to_thread(stay.take.sync)

    async def stop(self) -> None:
        """Close and seal everything; the list of what happened is sealed last."""
        for key in list(self._stays):
            self._end(key, why="stopped")
        if self._sealing is not None:
            await self._sealing
        await self._seal()
        self.note("stopped", {})
        if self._events is not None:
            os.close(self._events)
            self._events = None
            kept = self._folder / f"{self._count + 1:04d}-{manifest.EVENTS}"
            os.rename(self._folder / manifest.EVENTS, kept)
            self._tell(_finished(self._name, manifest.add(self._folder, kept.name)))

    def note(self, event: str, facts: dict[str, object]) -> None:
        """Beside the files: what happened, on our clock."""
        if self._events is None:
            return
        now = self._clocks.steady()
        line = {"event": event, "at": self._date(now), "steady": round(now, 4), **facts}
        try:
            os.write(self._events, (json.dumps(line) + "\n").encode())
        except OSError as full:
            self._be_full(str(full))

    # --- what comes

    def _take(self, batch: Batch) -> None:
        now = self._clocks.steady()
        for record in batch.records:
            match record:
                case Turn(member, epoch, happening, kind, at):
                    facts = {"member": member, "epoch": epoch, "kind": kind, "since": round(at, 4)}
                    self.note(happening, facts)
                    if happening is Happening.ENDED:
                        self._end((member, epoch), why="")
                case Media() | Clock():
                    self._take_media(record, now)

    def _take_media(self, record: Media | Clock, now: float) -> None:
        stream = record.stream
        if not is_writable(stream):
            self.note("unreadable", {"why": "not a stream of ours"})
            return
        key = (stream.member, stream.epoch)
        stay = self._stays.get(key)
        if stay is None:
            stay = self._stays[key] = _Stay(Take(self._opening(*key)), now)
        stay.heard = now
        if self._full_since is None:
            stay.take.take(record, now)
        if isinstance(record, Clock):
            facts = {"member": stream.member, "epoch": stream.epoch, "kind": stream.kind}
            times = {"ntp": record.ntp, "timestamp": record.timestamp, "arrived": record.arrived}
            self.note("clock", {**facts, "source": stream.source, **times})

    def _beat(self, stay: _Stay, now: float) -> None:
        try:
            self._finish(stay.take.beat(now))
        except NoRoomError as full:
            self._be_full(str(full))

    def _end(self, key: tuple[str, str], *, why: str) -> None:
        stay = self._stays.pop(key, None)
        if stay is None:
            return
        if self._full_since is None:
            self._finish(stay.take.end())
        else:
            self._finish(stay.take.drop())
        member, epoch = key
        self.note("closed", {"member": member, "epoch": epoch, "gaps": stay.take.lost, "why": why})

    # --- files

    def _opening(self, member: str, epoch: str) -> Callable[[str, list[Format], float], MediaFile]:
        def opened(group: str, formats: list[Format], began: float) -> MediaFile:
            self._count += 1
            plain = all(isinstance(one, Sound) or one.codec == "vp8" for one in formats)
            name = f"{self._count:04d}-{member}-{group}.{'webm' if plain else 'mkv'}"
            made = MediaFile(self._folder / name, formats, began=began + self._ahead)
            facts = {"member": member, "epoch": epoch, "file": name, "began": self._date(began)}
            self.note("file", {**facts, "since": round(began, 4)})
            return made

        return opened

    def _finish(self, files: list[MediaFile]) -> None:
        self._closed += files

    async def _seal(self) -> None:
        while self._closed:
            file = self._closed.pop(0)
            try:
                entry = await asyncio.to_thread(manifest.add, self._folder, file.path.name)
            except OSError as full:  # the next start seals it
                self._be_full(str(full))
                return
            self._tell(_finished(self._name, entry))

    # --- the disk

    def _check_room(self) -> None:
        free = shutil.disk_usage(self._folder).free
        if free < self._reserve:
            self._be_full(f"{free} octets are free")
        elif self._full_since is not None:
            self._full_since = None
            self._tell(Recovered(self._name))
            self.note("recovered", {})

    def _be_full(self, why: str) -> None:
        """Nothing is written until there is room again; whoever asked for the recording is told."""
        was_full, self._full_since = self._full_since is not None, self._clocks.steady()
        if was_full:
            return
        self._tell(Trouble(self._name, "disk_full", why))
        for stay in self._stays.values():
            self._finish(stay.take.drop())
        self.note("disk_full", {"why": why})

    def _date(self, steady: float) -> str:
        moment = datetime.fromtimestamp(steady + self._ahead, UTC)
        return moment.isoformat(timespec="milliseconds")


def _finished(name: str, entry: Entry) -> Finished:
    return Finished(
        name, entry.number, entry.file, entry.octets, entry.sha256, entry.chain, entry.interrupted
    )
