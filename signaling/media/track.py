"""One media section that a member sends: its numbers, and one layer for each encoding."""

from dataclasses import dataclass, field
from typing import NamedTuple, Self

from signaling.media import h264, rtp, vp8
from signaling.media.codecs import Codec
from signaling.media.descriptions import Accepted
from signaling.media.layer import Layer
from signaling.media.voices import Gate

CLOCK_RATES = {"audio": 48_000, "video": 90_000}


SHARED = "screen"
FLOWS_SECONDS = 0.2
"""What came within this is still coming."""


class Label(NamedTuple):
    """Which of a member's tracks: its camera is ("video", 0) on every peer connection."""

    kind: str
    place: int

    @property
    def is_video(self) -> bool:
        return self.kind != "audio"

    @property
    def is_screen(self) -> bool:
        return self.kind == SHARED


CAMERA = Label("video", 0)


@dataclass(slots=True)
class Track:
    """`layers` are of the same picture, the best first; a microphone has one."""

    label: Label
    layers: list[Layer] = field(default_factory=list)
    codec: Codec = Codec.VP8
    mid: str = ""
    payload_type: int = 0
    repeat_type: int | None = None
    level_id: int = 0
    orientation_id: int = 0
    transport_id: int = 0
    mid_id: int = 0
    rid_id: int = 0
    repaired_id: int = 0
    retired: set[int] = field(default_factory=set)
    """Payload types of a codec that was sent before: some of it may be under way."""

    gate: Gate = field(default_factory=Gate)
    _pictures: dict[str, h264.Pictures] = field(default_factory=dict)

    def given_up(self, now: float) -> list[tuple[Layer, Layer]]:
        """What a browser whose line got worse stopped sending, each with the next smaller that comes.

        From here on it counts as not flowing; browsers tell nobody.
        """
        flowing: Layer | None = None
        found = []
        for layer in reversed(self.layers):
            if flowing is not None and layer.has_dried_up(now):
                layer.kbps = 0.0
                found.append((layer, flowing))
            elif now - layer.came_at < FLOWS_SECONDS:
                flowing = layer
        return found

    @classmethod
    def of(cls, label: Label, rids: list[str]) -> Self:
        is_video, rate = label.is_video, CLOCK_RATES["video" if label.is_video else "audio"]
        layers = [Layer(is_video=is_video, clock_rate=rate, rid=rid) for rid in rids or [""]]
        return cls(label, layers)

    def learn(self, mid: str, taken: Accepted) -> None:
        """The numbers of the newest offer."""
        extensions = taken.extensions
        if self.mid and taken.codec is not self.codec:
            self.retired |= {self.payload_type, self.repeat_type or self.payload_type}
            for layer in self.layers:
                layer.forget_picture()
        self.retired -= {taken.payload_type, taken.repeat_type}
        self.mid, self.codec = mid, taken.codec
        self.payload_type, self.repeat_type = taken.payload_type, taken.repeat_type
        self.level_id = extensions.get(rtp.AUDIO_LEVEL, 0)
        self.orientation_id = extensions.get(rtp.ORIENTATION, 0)
        self.transport_id = extensions.get(rtp.TRANSPORT_NUMBER, 0)
        self.mid_id = extensions.get(rtp.MID, 0)
        self.rid_id = extensions.get(rtp.RID, 0)
        self.repaired_id = extensions.get(rtp.REPAIRED_RID, 0)

    def carries(self, payload_type: int) -> bool:
        return payload_type in {self.payload_type, self.repeat_type}

    def describe(self, layer: Layer, payload: bytes, timestamp: int) -> vp8.Descriptor:
        if self.codec is Codec.H264:
            pictures = self._pictures.setdefault(layer.rid, h264.Pictures())
            return pictures.describe(payload, timestamp)
        return vp8.describe(payload)

    def layer_of(self, packet: bytes, offset: int, *, is_repeat: bool) -> Layer | None:
        """The layer that a packet of an unknown source names."""
        if len(self.layers) == 1:
            return self.layers[0]
        name = rtp.extension(packet, self.repaired_id if is_repeat else self.rid_id, offset)
        return next((layer for layer in self.layers if layer.rid.encode() == name), None)
