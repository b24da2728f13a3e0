"""H.264 payloads (RFC 6184): where a key frame begins. Units are not numbered, so nothing else is read."""

from collections.abc import Iterator

from signaling.media.rtp import MalformedError
from signaling.media.vp8 import Descriptor

IDR, PARAMETERS = 5, 7
STAP_A, FU_A = 24, 28
TYPE = 0x1F
BEGINS = 0x80
BEGINNING = Descriptor(True, 0, 0, False, 0, 0)
ELSEWHERE = Descriptor(False, 0, 0, False, 0, 0)


class Pictures:
    """The pictures of one stream: one that can be decoded from nothing begins once.

    It begins with its parameters or, where they came with another picture, with the first part
    of itself; the parts that follow carry the same time.
    """

    def __init__(self) -> None:
        self._begun: int | None = None

    def describe(self, payload: bytes, timestamp: int) -> Descriptor:
        begins = any(unit in {IDR, PARAMETERS} for unit in units_beginning(payload))
        if not begins or timestamp == self._begun:
            return ELSEWHERE
        self._begun = timestamp
        return BEGINNING


def units_beginning(payload: bytes) -> Iterator[int]:
    """The types of the units that begin in this packet."""
    kind = payload[0] & TYPE
    if kind == STAP_A:
        yield from _aggregated(payload)
    elif kind == FU_A:
        if len(payload) < 2:
            raise MalformedError("H.264 fragment is cut off")
        if payload[1] & BEGINS:
            yield payload[1] & TYPE
    else:
        yield kind


def _aggregated(payload: bytes) -> Iterator[int]:
    at = 1
    while at < len(payload):
        size = int.from_bytes(payload[at : at + 2], "big")
        if size == 0 or at + 2 + size > len(payload):
            raise MalformedError("H.264 aggregate is cut off")
        yield payload[at + 2] & TYPE
        at += 2 + size
