"""The codecs that we pass on, how descriptions name them, and which one a camera is to send."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from signaling.media.sdp import Section


class Codec(StrEnum):
    OPUS = "opus"
    VP8 = "vp8"
    H264 = "h264"


class Format(NamedTuple):
    """As we offer it: the payload types are those of everything that we send."""

    name: str
    payload_type: int
    repeat_type: int | None
    parameters: str


FORMATS = {
    Codec.OPUS: Format("opus/48000/2", 111, None, "minptime=10;useinbandfec=1"),
    Codec.VP8: Format("VP8/90000", 96, 97, ""),
    Codec.H264: Format(
        "H264/90000", 98, 99,
        "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
    ),
}  # fmt: skip
PICTURES = (Codec.VP8, Codec.H264)
"""The first is preferred: every browser has it without a patent in the way."""

CONSTRAINED_BASELINE = "42e0"


def payload_type_of(section: Section, codec: Codec) -> int | None:
    """The first format in which a section offers a codec in the form that we pass on."""
    name = "opus/48000" if codec is Codec.OPUS else f"{codec}/90000"
    for number in section.formats:
        if section.codecs.get(number) == name and _fits(codec, section.parameters.get(number, "")):
            return number
    return None


def preferred(
    decoded: Iterable[frozenset[Codec]], *, sent: Codec = PICTURES[0]
) -> tuple[Codec, ...]:
    """What to take from a camera, best first, given what those who watch can decode.

    What is `sent` already stays unless more of them could decode another.
    """
    watching = list(decoded)

    def rank(codec: Codec) -> tuple[int, bool]:
        return sum(codec not in decodes for decodes in watching), codec is not sent

    return tuple(sorted(PICTURES, key=rank))


def _fits(codec: Codec, parameters: str) -> bool:
    """H.264 in whole and fragmented units, of the one profile that everybody decodes (RFC 6184)."""
    if codec is not Codec.H264:
        return True
    pairs = (pair.partition("=") for pair in parameters.lower().replace(" ", "").split(";"))
    told = {name: value for name, _, value in pairs}
    profile = told.get("profile-level-id", "")
    return told.get("packetization-mode") == "1" and profile.startswith(CONSTRAINED_BASELINE)
