"""The media sections of a receiving leg: whose track each carries, and whether it flows."""

from dataclasses import dataclass
from typing import NamedTuple

from signaling.engine import SCREEN, MemberId
from signaling.media.choice import Choice
from signaling.media.codecs import Codec
from signaling.media.outlet import Outlet
from signaling.media.track import Label


class Heard(NamedTuple):
    """One track of one other member."""

    member: MemberId
    label: Label

    @property
    def stream(self) -> str:
        """As descriptions name it: a screen is a stream of its own."""
        return f"{self.member}{SCREEN}" if self.label.is_screen else self.member


@dataclass(slots=True)
class Slot:
    """One media section, for one track of one person for ever: never anyone else's picture in it."""

    mid: str
    codec: Codec
    outlet: Outlet
    heard: Heard | None = None
    choice: Choice | None = None
    is_wanted: bool = False
    is_offered: bool = False
    is_open: bool = False
    has_rested: bool = False
    offered_codec: Codec | None = None
    open_codec: Codec | None = None

    @property
    def kind(self) -> str:
        return "audio" if self.codec is Codec.OPUS else "video"

    @property
    def is_screen(self) -> bool:
        return self.heard is not None and self.heard.label.is_screen

    @property
    def is_as_wanted(self) -> bool:
        """Nothing about it needs another offer."""
        is_other_codec = self.is_wanted and self.codec is not self.offered_codec
        return self.is_wanted == self.is_offered and not is_other_codec
