"""The list of a recording's finished files, each line bound to the one before by SHA-256.

Whoever changes a file, drops one or swaps two must write the list anew from there on, and the hash
of its last line is kept elsewhere.
"""

import hashlib
import json
import mmap
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from recordings.recorder import matroska

NAME = "manifest.jsonl"
EVENTS = "events.jsonl"
PIECE = 1 << 20
BEGINNING = "0" * 64
PATTERNS = ("*.webm", "*.mkv")


@dataclass(frozen=True, slots=True)
class Entry:
    """One finished file. `interrupted`: it was not closed by us, but found."""

    number: int
    file: str
    octets: int
    sha256: str
    interrupted: bool
    previous: str
    chain: str = ""

    def hashed(self) -> str:
        facts = {name: value for name, value in asdict(self).items() if name != "chain"}
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def entries(folder: Path) -> list[Entry]:
    """In order; a last line that was cut off counts as not written."""
    path = folder / NAME
    whole = path.read_text("utf-8").rpartition("\n")[0] if path.exists() else ""
    return [Entry(**json.loads(line)) for line in whole.splitlines()]


def add(folder: Path, file: str, *, interrupted: bool = False) -> Entry:
    """Hash a finished file and list it; takes as long as reading it."""
    known = entries(folder)
    previous = known[-1].chain if known else BEGINNING
    octets, digest = _hash(folder / file)
    bare = Entry(len(known) + 1, file, octets, digest, interrupted, previous)
    entry = Entry(**{**asdict(bare), "chain": bare.hashed()})
    _append(folder / NAME, json.dumps(asdict(entry), sort_keys=True))
    return entry


def seal_found(folder: Path) -> list[Entry]:
    """List files that were left behind; what lies after their last whole second is cut off."""
    _cut_line(folder / NAME)
    listed = {entry.file for entry in entries(folder)}
    sealed = []
    for file in sorted(_media_in(folder)):
        if file.name not in listed:
            _cut(file)
            sealed.append(add(folder, file.name, interrupted=True))
    return sealed


def problems(folder: Path) -> Iterator[str]:
    """What is not as it was sealed, each named."""
    previous = BEGINNING
    for number, entry in enumerate(entries(folder), 1):
        if entry.number != number or entry.previous != previous:
            yield f"{entry.file}: line {number} does not follow the one before"
        if entry.chain != entry.hashed():
            yield f"{entry.file}: line {number} was changed"
        previous = entry.chain
        file = folder / entry.file
        if not file.is_file():
            yield f"{entry.file}: missing"
        elif _hash(file) != (entry.octets, entry.sha256):
            yield f"{entry.file}: changed"
    listed = {entry.file for entry in entries(folder)}
    for file in sorted(_media_in(folder)):
        if file.name not in listed:
            yield f"{file.name}: not listed"


def _media_in(folder: Path) -> Iterator[Path]:
    for pattern in PATTERNS:
        yield from folder.glob(pattern)


def _hash(path: Path) -> tuple[int, str]:
    digest, octets = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
            octets += len(piece)
    return octets, digest.hexdigest()


def _cut(file: Path) -> None:
    size = file.stat().st_size
    if size == 0:
        return
    with (
        file.open("rb") as opened,
        mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        whole = matroska.whole_length(content)
    if whole < size:
        os.truncate(file, whole)


def _cut_line(path: Path) -> None:
    if path.exists():
        content = path.read_bytes()
        os.truncate(path, content.rfind(b"\n") + 1)


def _append(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
