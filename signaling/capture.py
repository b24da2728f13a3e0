"""What a media engine gives of a captured room: records in bounded datagrams, on a Unix socket.

A reader that is slow or gone costs the engine nothing but a bounded backlog: what does not fit is
left out, and the next datagram says how much that was. Times are seconds of this machine's
monotonic clock.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import msgpack

EDITION = 1
DATAGRAM_LIMIT = 60_000
"""Octets; a Unix socket takes more, and no packet of media comes near it."""


class Happening(StrEnum):
    """What became of one stay of a member in the room."""

    BEGAN = "began"
    ENDED = "ended"
    MUTED = "muted"
    """The host silenced them; what they say is not captured, since nobody hears it."""

    UNMUTED = "unmuted"


class Stream(NamedTuple):
    """Whose media: `epoch` names one stay in the room on one connection, `source` one encoding."""

    member: str
    epoch: str
    kind: str
    place: int
    codec: str
    source: int


class Media(NamedTuple):
    """One RTP packet; numbers are extended and run on, `orientation` is RFC 3GPP 26.114's byte."""

    stream: Stream
    number: int
    timestamp: int
    marker: bool
    orientation: int | None
    arrived: float
    payload: bytes


class Clock(NamedTuple):
    """A sender report: the sender's wall clock (64-bit NTP) at a moment of the stream."""

    stream: Stream
    ntp: int
    timestamp: int
    arrived: float


class Turn(NamedTuple):
    member: str
    epoch: str
    happening: Happening
    kind: str
    """Of what was muted; empty for a stay's beginning and end."""

    at: float


Record = Media | Clock | Turn


@dataclass(frozen=True, slots=True)
class Batch:
    """One datagram; `left_out` records could not be given since the last one."""

    left_out: int
    records: tuple[Record, ...]


class NotABatchError(ValueError):
    """Nothing that an engine of this edition sends."""


def packed(record: Record) -> bytes:
    """One record; a datagram is `framed` of several."""
    match record:
        case Media():
            return _pack(("m", *record))
        case Clock():
            return _pack(("c", *record))
        case Turn():
            return _pack(("t", *record))


def framed(records: list[bytes], *, left_out: int) -> bytes:
    return _pack((EDITION, left_out, len(records))) + b"".join(records)


def read(datagram: bytes) -> Batch:
    """Raises NotABatchError."""
    try:
        unpacker = msgpack.Unpacker(use_list=False, max_buffer_size=1 << 20)
        unpacker.feed(datagram)
        edition, left_out, count = unpacker.unpack()
        if edition != EDITION:
            raise NotABatchError(f"edition {edition}")
        return Batch(left_out, tuple(_record(unpacker.unpack()) for _ in range(count)))
    except (ValueError, TypeError, msgpack.UnpackException) as wrong:
        raise NotABatchError(str(wrong)) from wrong


def _record(plain: tuple[object, ...]) -> Record:
    match plain:
        case ("m", (*_,) as of, int(n), int(ts), bool(mark), turned, float(at), bytes(payload)):
            orientation = turned if isinstance(turned, int) else None
            return Media(_stream(of), n, ts, mark, orientation, at, payload)
        case ("c", (*_,) as of, int(ntp), int(timestamp), float(at)):
            return Clock(_stream(of), ntp, timestamp, at)
        case ("t", str(member), str(epoch), str(happening), str(kind), float(at)):
            return Turn(member, epoch, Happening(happening), kind, at)
        case _:
            raise NotABatchError("not a record")


def _stream(plain: object) -> Stream:
    match plain:
        case (str(member), str(epoch), str(kind), int(place), str(codec), int(source)):
            return Stream(member, epoch, kind, place, codec, source)
        case _:
            raise NotABatchError("not a stream")


def _pack(value: tuple[object, ...]) -> bytes:
    body: bytes = msgpack.packb(value)
    return body
