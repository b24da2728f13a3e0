"""RTP payloads put together again to frames: VP8 (RFC 7741), H.264 (RFC 6184), Opus (RFC 7587)."""

from typing import NamedTuple, Protocol

from recordings.recorder import avc
from recordings.recorder.matroska import Format, Picture, Sound

FRAME_LIMIT = 4 << 20
"""Octets; a key frame of a camera has a hundredth of that."""


class Frame(NamedTuple):
    """`form` comes with what can be decoded from nothing."""

    timestamp: int
    is_key: bool
    payload: bytes
    form: Format | None


class Piece(NamedTuple):
    """What one packet carries of a frame."""

    timestamp: int
    marker: bool
    payload: bytes


class Frames(Protocol):
    def take(self, piece: Piece) -> Frame | None:
        """The next packet in order; a frame when it is whole."""
        ...

    def lose(self) -> None:
        """Something is missing here."""
        ...


def frames_of(codec: str) -> Frames:
    match codec:
        case "opus":
            return OpusFrames()
        case "vp8":
            return Vp8Frames()
        case "h264":
            return H264Frames()
        case _:
            raise ValueError(f"no codec of ours: {codec}")


class OpusFrames:
    """Each packet is a frame, and a lost one is a moment of silence."""

    def take(self, piece: Piece) -> Frame | None:
        if not piece.payload:
            return None
        return Frame(piece.timestamp, is_key=True, payload=piece.payload, form=Sound())

    def lose(self) -> None:
        """The decoder fills the gap."""


class _Gathering:
    """The parts of a picture that is not whole yet; after a loss only a key frame goes on."""

    def __init__(self) -> None:
        self.parts = bytearray()
        self.timestamp: int | None = None
        self.needs_key = True

    def begin(self, timestamp: int) -> None:
        if self.parts:
            self.needs_key = True  # the picture before never ended
        self.parts.clear()
        self.timestamp = timestamp

    def drop(self) -> None:
        self.parts.clear()
        self.timestamp = None
        self.needs_key = True

    def passes(self, *, is_key: bool) -> bool:
        if is_key:
            self.needs_key = False
        return not self.needs_key


class Vp8Frames:
    def __init__(self) -> None:
        self._gathering = _Gathering()

    def lose(self) -> None:
        self._gathering.drop()

    def take(self, piece: Piece) -> Frame | None:
        timestamp, marker, payload = piece
        if not payload:
            return None
        offset, begins = _vp8_descriptor(payload)
        gathering = self._gathering
        if begins:
            gathering.begin(timestamp)
        elif gathering.timestamp != timestamp:
            gathering.drop()
            return None
        gathering.parts += payload[offset:]
        if len(gathering.parts) > FRAME_LIMIT:
            gathering.drop()
        return self._whole(timestamp) if marker and gathering.parts else None

    def _whole(self, timestamp: int) -> Frame | None:
        whole = bytes(self._gathering.parts)
        self._gathering.parts.clear()
        self._gathering.timestamp = None
        shape = _vp8_shape(whole)
        if not self._gathering.passes(is_key=shape is not None):
            return None
        form = Picture("vp8", *shape) if shape is not None else None
        return Frame(timestamp, shape is not None, whole, form)


class H264Frames:
    """Units behind their lengths, as Matroska keeps them."""

    def __init__(self) -> None:
        self._gathering = _Gathering()
        self._fragment = bytearray()
        self._parameters: dict[int, bytes] = {}
        self._has_key = False

    def lose(self) -> None:
        self._gathering.drop()
        self._fragment.clear()

    def take(self, piece: Piece) -> Frame | None:
        timestamp, marker, payload = piece
        if not payload:
            return None
        gathering = self._gathering
        if gathering.timestamp != timestamp:
            gathering.begin(timestamp)
            self._has_key = False
            self._fragment.clear()
        for unit in avc.units(payload, self._fragment):
            self._keep(unit)
        if len(gathering.parts) > FRAME_LIMIT:
            gathering.drop()
        return self._whole(timestamp) if marker and gathering.parts else None

    def _keep(self, unit: bytes) -> None:
        kind = unit[0] & avc.TYPE
        if kind in avc.PARAMETERS:
            self._parameters[kind] = unit
        else:
            self._has_key |= kind == avc.IDR
            self._gathering.parts += len(unit).to_bytes(4, "big") + unit

    def _whole(self, timestamp: int) -> Frame | None:
        whole = bytes(self._gathering.parts)
        self._gathering.parts.clear()
        form = self._form() if self._has_key else None
        if not self._gathering.passes(is_key=form is not None):
            return None
        return Frame(timestamp, form is not None, whole, form)

    def _form(self) -> Picture | None:
        """What the parameters say, once both have come."""
        if not self._parameters.keys() >= avc.PARAMETERS:
            return None
        sequence, picture = self._parameters[avc.SEQUENCE], self._parameters[avc.PICTURE]
        width, height = avc.shape(sequence)
        return Picture("h264", width, height, avc.configuration(sequence, picture))


def _vp8_descriptor(payload: bytes) -> tuple[int, bool]:
    """Where the frame's bytes begin, and whether these are its first."""
    first, at = payload[0], 1
    if first & 0x80:
        present, at = payload[1], 2
        if present & 0x80:
            at += 2 if payload[at] & 0x80 else 1
        at += bool(present & 0x40) + bool(present & 0x30)
    return at, bool(first & 0x10) and not first & 0x07


def _vp8_shape(frame: bytes) -> tuple[int, int] | None:
    """Width and height of a key frame (RFC 6386, 9.1)."""
    if len(frame) < 10 or frame[0] & 1 or frame[3:6] != b"\x9d\x01\x2a":
        return None
    width = int.from_bytes(frame[6:8], "little") & 0x3FFF
    height = int.from_bytes(frame[8:10], "little") & 0x3FFF
    return width, height
