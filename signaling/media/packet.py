"""A media packet taken apart, as layers keep it and pass it on."""

from typing import NamedTuple

from signaling.media.vp8 import Descriptor


class Packet(NamedTuple):
    """A packet taken apart; numbers are extended and run on where padding was dropped."""

    number: int
    timestamp: int
    marker: int
    payload: bytes
    orientation: int | None
    picture: Descriptor | None

    @property
    def begins_keyframe(self) -> bool:
        return self.picture is not None and self.picture.key_start
