"""Recorded files looked at with a decoder that is not ours."""

from dataclasses import dataclass
from pathlib import Path

import av


@dataclass(frozen=True)
class Film:
    """Times in seconds from the beginning of the file."""

    pictures: list[float]
    sounds: list[float]
    shapes: list[tuple[int, int]]
    duration: float | None

    @property
    def length(self) -> float:
        return max([*self.pictures, *self.sounds], default=0.0)


def watch(path: Path) -> Film:
    """Decode all of it; fails where a decoder would stumble."""
    pictures: list[float] = []
    sounds: list[float] = []
    shapes: list[tuple[int, int]] = []
    with av.open(str(path)) as container:
        duration = container.duration / av.time_base if container.duration else None
        for stream in container.streams.video:
            stream.codec_context.options = {"err_detect": "explode"}
        for packet in container.demux():
            for frame in packet.decode():
                if isinstance(frame, av.VideoFrame):
                    pictures.append(frame.time)
                    shapes += [(frame.width, frame.height)] if not frame.is_corrupt else []
                else:
                    sounds.append(frame.time)
    return Film(pictures, sounds, list(dict.fromkeys(shapes)), duration)
