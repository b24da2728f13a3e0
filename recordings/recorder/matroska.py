"""Matroska and WebM as bytes (RFC 9559): a head, then clusters of known size, each written whole."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from mmap import mmap
from typing import NamedTuple

EBML, SEGMENT, INFO, TRACKS = 0x1A45DFA3, 0x18538067, 0x1549A966, 0x1654AE6B
CLUSTER, CUES, SEEK_HEAD, VOID = 0x1F43B675, 0x1C53BB6B, 0x114D9B74, 0xEC
DATE, DURATION = 0x4461, 0x4489
UNKNOWN_SIZE = b"\x01" + b"\xff" * 7
TIMESTAMP_SCALE = 1_000_000
"""Nanoseconds in a unit of time: we count milliseconds."""

SEEK_ROOM = 40
"""Octets kept at the front for where the index will be."""

DURATION_ROOM = 11
OPUS_DELAY, OPUS_PREROLL = 6_500_000, 80_000_000
OPUS_HEAD = b"OpusHead" + struct.pack("<BBHIhB", 1, 2, 312, 48_000, 0, 0)
EPOCH_2001 = 978_307_200
"""Matroska counts dates from 2001-01-01."""


Readable = bytes | mmap
"""A file as bytes, in memory or not."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Opus, as every browser sends it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """`private` is what a decoder must be told beforehand; VP8 needs nothing."""

    codec: str
    width: int
    height: int
    private: bytes = b""


Format = Sound | Picture


class Block(NamedTuple):
    """One frame; `track` counts from 1, `at` is milliseconds from the beginning of the file."""

    track: int
    at: int
    is_key: bool
    payload: bytes


class Cue(NamedTuple):
    track: int
    at: int
    cluster: int
    """Where the cluster begins, from the beginning of the segment's content."""


@dataclass(frozen=True, slots=True)
class Head:
    """The first bytes of a file, and where those lie that are known only at its end."""

    content: bytes
    size_at: int
    seek_at: int
    duration_at: int

    @property
    def segment_at(self) -> int:
        """Where the segment's content begins; all positions in the file count from there."""
        return self.size_at + 8


def head(formats: Sequence[Format], *, began: float) -> Head:
    """`began` in seconds of Unix time."""
    is_webm = all(isinstance(one, Sound) or one.codec == "vp8" for one in formats)
    kind = b"webm" if is_webm else b"matroska"
    start = _element(
        EBML,
        _number(0x4286, 1), _number(0x42F7, 1), _number(0x42F2, 4), _number(0x42F3, 8),
        _element(0x4282, kind), _number(0x4287, 4), _number(0x4285, 2),
    ) + _id(SEGMENT)  # fmt: skip
    size_at = len(start)
    seek_at = size_at + len(UNKNOWN_SIZE)
    date = struct.pack(">q", int((began - EPOCH_2001) * 1e9))
    facts = _number(0x2AD7B1, TIMESTAMP_SCALE) + _element(0x4D80, b"yuntiao")
    facts += _element(0x5741, b"yuntiao") + _element(DATE, date)
    front = start + UNKNOWN_SIZE + _void(SEEK_ROOM)
    info = _element(INFO, facts, _void(DURATION_ROOM))
    tracks = _element(TRACKS, *(_track(at, one) for at, one in enumerate(formats, 1)))
    duration_at = len(front) + len(info) - DURATION_ROOM
    return Head(front + info + tracks, size_at, seek_at, duration_at)


def cluster(blocks: Sequence[Block]) -> bytes:
    """The blocks must lie within 30 seconds."""
    first = min(block.at for block in blocks)
    simple = (
        _element(
            0xA3,
            bytes([0x80 | block.track]),
            struct.pack(">hB", block.at - first, 0x80 if block.is_key else 0),
            block.payload,
        )
        for block in sorted(blocks, key=lambda block: block.at)
    )
    return _element(CLUSTER, _number(0xE7, first), *simple)


def index(cues: Sequence[Cue]) -> bytes:
    points = (
        _element(
            0xBB,
            _number(0xB3, cue.at),
            _element(0xB7, _number(0xF7, cue.track), _number(0xF1, cue.cluster)),
        )
        for cue in cues
    )
    return _element(CUES, *points)


def seek_to(position: int) -> bytes:
    """What is written into the room at the front: the index lies there."""
    entry = _element(0x4DBB, _element(0x53AB, _id(CUES)), _number(0x53AC, position))
    found = _element(SEEK_HEAD, entry)
    return found + _void(SEEK_ROOM - len(found))


def duration(milliseconds: int) -> bytes:
    return _element(DURATION, struct.pack(">d", float(milliseconds)))


def size(octets: int) -> bytes:
    """A size of eight bytes."""
    return (octets | 1 << 56).to_bytes(8, "big")


def span(content: Readable) -> tuple[float, float]:
    """When the file began (seconds of Unix time), and how long it is; up to a second too short
    where it was interrupted."""
    at, began, last = 0, 0.0, 0.0
    while (found := _read_element(content, at)) is not None:
        number, begins, length = found
        at = begins if number in {SEGMENT, INFO} else begins + length
        if number == DATE:
            began = struct.unpack(">q", content[begins:at])[0] / 1e9 + EPOCH_2001
        elif number == DURATION:
            last = max(last, struct.unpack(">d", content[begins:at])[0])
        elif number == CLUSTER:
            stamp = _read_element(content, begins)
            if stamp is not None:
                last = max(last, float(int.from_bytes(content[stamp[1] : sum(stamp[1:])], "big")))
    return began, last / 1000


def whole_length(content: Readable) -> int:
    """How much of a file that was cut off can be read: up to its last whole cluster."""
    at = 0
    while True:
        found = _read_element(content, at)
        if found is None:
            return at
        number, begins, length = found
        if number == SEGMENT:
            at = begins
        elif begins + length > len(content):
            return at
        else:
            at = begins + length


def _read_element(content: Readable, at: int) -> tuple[int, int, int] | None:
    """An element's id, where its content begins, and how long that is."""
    if at >= len(content) or not content[at]:
        return None
    id_size = 9 - content[at].bit_length()
    size_at = at + id_size
    if size_at >= len(content) or not content[size_at]:
        return None
    size_size = 9 - content[size_at].bit_length()
    begins = size_at + size_size
    if begins > len(content):
        return None
    length = int.from_bytes(content[size_at:begins], "big") & ((1 << 7 * size_size) - 1)
    return int.from_bytes(content[at:size_at], "big"), begins, length


def _track(number: int, form: Format) -> bytes:
    common = _number(0xD7, number) + _number(0x73C5, number) + _number(0x9C, 0)
    if isinstance(form, Sound):
        return _element(
            0xAE, common, _number(0x83, 2), _element(0x86, b"A_OPUS"),
            _element(0x63A2, OPUS_HEAD), _number(0x56AA, OPUS_DELAY), _number(0x56BB, OPUS_PREROLL),
            _element(0xE1, _element(0xB5, struct.pack(">d", 48_000.0)), _number(0x9F, 2)),
        )  # fmt: skip
    name = b"V_VP8" if form.codec == "vp8" else b"V_MPEG4/ISO/AVC"
    private = _element(0x63A2, form.private) if form.private else b""
    shape = _element(0xE0, _number(0xB0, form.width), _number(0xBA, form.height))
    return _element(0xAE, common, _number(0x83, 1), _element(0x86, name), private, shape)


def _element(number: int, *content: bytes) -> bytes:
    body = b"".join(content)
    return _id(number) + _length(len(body)) + body


def _number(number: int, value: int) -> bytes:
    return _element(number, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def _void(room: int) -> bytes:
    """An element that holds the place of others; `room` counts all of it."""
    return bytes([VOID, 0x80 | room - 2]) + bytes(room - 2)


def _id(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _length(octets: int) -> bytes:
    width = next(n for n in range(1, 9) if octets < (1 << 7 * n) - 1)
    return (octets | 1 << 7 * width).to_bytes(width, "big")
