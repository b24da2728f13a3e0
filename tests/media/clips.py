"""Short pictures and sounds, encoded once, that bots play in a loop."""

import array
import fractions
import math
from dataclasses import dataclass
from functools import cache

import av

FRAMES = 50
RATE = 25
VIDEO_STEP = 90_000 // RATE
AUDIO_STEP = 960
PIECE = 1_100


@dataclass(frozen=True)
class Clip:
    """VP8 frames of which the first is a key frame, and 20 ms Opus packets."""

    frames: tuple[bytes, ...]
    sounds: tuple[bytes, ...]


@cache
def clip(width: int = 320, height: int = 180, hue: int = 0) -> Clip:
    return Clip(tuple(_frames(width, height, hue)), tuple(_sounds()))


def packets_of(frame: bytes, picture: int) -> list[bytes]:
    """RTP payloads of one frame, with 15-bit picture id and layer index."""
    pieces = [frame[at : at + PIECE] for at in range(0, len(frame), PIECE)]
    tail = bytes([0xC0, 0x80 | picture >> 8 & 0x7F, picture & 0xFF, picture & 0xFF])
    return [bytes([0x90 if at == 0 else 0x80]) + tail + piece for at, piece in enumerate(pieces)]


def h264_packets(*, is_key: bool) -> list[bytes]:
    """RTP payloads as browsers make them of one picture; nobody decodes what is in it."""
    if not is_key:
        return [b"\x41" + bytes(300)]
    parameters = b"\x78" + b"\0\x04\x67\x42\xe0\x1f" + b"\0\x03\x68\xce\x3c"
    return [parameters, b"\x7c\x85" + bytes(900), b"\x7c\x05" + bytes(900), b"\x7c\x45" + bytes(90)]


def _frames(width: int, height: int, hue: int) -> list[bytes]:
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.bit_rate = fractions.Fraction(1, RATE), 400_000
    encoder.options = {"deadline": "realtime", "g": "9999", "lag-in-frames": "0", "cpu-used": "8"}
    encoded: list[bytes] = []
    for at in range(FRAMES):
        frame = av.VideoFrame(width, height, "yuv420p")
        _paint(frame, bar=at * width // FRAMES, hue=hue)
        frame.pts = at
        encoded += [bytes(packet) for packet in encoder.encode(frame)]
    return encoded


def _paint(frame: av.VideoFrame, *, bar: int, hue: int) -> None:
    """A plain colour with a white bar that moves."""
    light, *colours = frame.planes
    line = bytearray(b"\x60" * light.line_size)
    line[bar : bar + frame.width // 8] = b"\xeb" * (frame.width // 8)
    light.update(bytes(line[: light.line_size]) * light.height)
    for plane in colours:
        plane.update(bytes([(hue + 0x60) & 0xFF]) * (plane.line_size * plane.height))


def _sounds() -> list[bytes]:
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "stereo", "s16"
    encoded: list[bytes] = []
    for at in range(50):
        wave = array.array("h")
        for sample in range(at * AUDIO_STEP, (at + 1) * AUDIO_STEP):
            wave.extend([int(8_000 * math.sin(2 * math.pi * 440 * sample / 48_000))] * 2)
        frame = av.AudioFrame(format="s16", layout="stereo", samples=AUDIO_STEP)
        frame.planes[0].update(wave.tobytes())
        frame.sample_rate, frame.pts = 48_000, at * AUDIO_STEP
        encoded += [bytes(packet) for packet in encoder.encode(frame)]
    return encoded
