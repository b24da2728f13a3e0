"""The VP8 payload descriptor (RFC 7741): where a key frame begins, which picture a packet is of."""

from typing import NamedTuple

from signaling.media.rtp import MalformedError


class Descriptor(NamedTuple):
    """Offsets are into the payload; 0 says that the field is absent."""

    key_start: bool
    picture_at: int
    picture: int
    wide: bool
    layer_index_at: int
    layer_index: int


def describe(payload: bytes) -> Descriptor:
    """Reads the descriptor and one byte of the frame behind it."""
    try:
        return _describe(payload)
    except IndexError:
        raise MalformedError("VP8 descriptor is cut off") from None


def _describe(payload: bytes) -> Descriptor:
    first, at = payload[0], 1
    picture_at = picture = layer_at = layer_index = 0
    wide = False
    if first & 0x80:
        present, at = payload[1], 2
        if present & 0x80:
            picture_at, picture = at, payload[at] & 0x7F
            wide = payload[at] >= 0x80
            if wide:
                picture = picture << 8 | payload[at + 1]
            at += 1 + wide
        if present & 0x40:
            layer_at, layer_index = at, payload[at]
            at += 1
        if present & 0x30:
            at += 1
    begins = first & 0x17 == 0x10
    key_start = begins and not payload[at] & 1
    return Descriptor(key_start, picture_at, picture, wide, layer_at, layer_index)


def renumbered(payload: bytes, descriptor: Descriptor, *, picture: int, layer_index: int) -> bytes:
    """The payload with other picture numbers, which wrap at the width that the sender chose."""
    patched = bytearray(payload)
    at = descriptor.picture_at
    if at and descriptor.wide:
        patched[at] = 0x80 | picture >> 8 & 0x7F
        patched[at + 1] = picture & 0xFF
    elif at:
        patched[at] = picture & 0x7F
    if descriptor.layer_index_at:
        patched[descriptor.layer_index_at] = layer_index & 0xFF
    return bytes(patched)
