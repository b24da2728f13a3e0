"""Outgoing streams as browsers send them: header extensions as agreed, and reports of their time."""

import secrets
import struct
import time
from dataclasses import dataclass, field

from aiortc.sdp import MediaDescription

from signaling.media import rtcp, rtp
from signaling.media.layer import SenderTime

SENT_AT = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
EXTENSIONS = {
    "audio": {rtp.AUDIO_LEVEL: 1, SENT_AT: 2, rtp.TRANSPORT_NUMBER: 3, rtp.MID: 4},
    "video": {SENT_AT: 2, rtp.TRANSPORT_NUMBER: 3, rtp.MID: 4, rtp.ORIENTATION: 13},
}
FEEDBACK = {
    "audio": ("transport-cc", "nack"),
    "video": ("goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"),
}
SINCE_1900 = 2_208_988_800
MID_PACKETS = 50
"""A section names itself in its first packets, until reports show that they came."""


def offered(kind: str, payload_type: int) -> list[str]:
    """What Chromium's offer says of a section besides its formats."""
    return [
        *(f"a=extmap:{place} {uri}" for uri, place in EXTENSIONS[kind].items()),
        *(f"a=rtcp-fb:{payload_type} {feedback}" for feedback in FEEDBACK[kind]),
    ]


def answered(section: MediaDescription) -> list[str]:
    """What it takes of what is said so in an offer."""
    lines = [
        f"a=extmap:{one.id} {one.uri}"
        for one in section.rtp.headerExtensions
        if one.uri in EXTENSIONS[section.kind]
    ]
    for codec in section.rtp.codecs:
        if "apt" in codec.parameters:
            lines.append(f"a=fmtp:{codec.payloadType} apt={codec.parameters['apt']}")
        told = (" ".join(filter(None, (one.type, one.parameter))) for one in codec.rtcpFeedback)
        taken = [one for one in told if one in FEEDBACK[section.kind]]
        lines += [f"a=rtcp-fb:{codec.payloadType} {one}" for one in taken]
    return lines


@dataclass
class Numbers:
    """Counts all packets of one peer connection, whatever their stream."""

    last: int = field(default_factory=lambda: secrets.randbits(16))

    def next(self) -> int:
        self.last = self.last + 1 & 0xFFFF
        return self.last


class Extensions:
    """What goes with the packets of one section, as far as the answer takes it."""

    def __init__(self, section: MediaDescription, numbers: Numbers) -> None:
        places = {one.uri: one.id for one in section.rtp.headerExtensions}
        self._level, self._sent_at = places.get(rtp.AUDIO_LEVEL), places.get(SENT_AT)
        self._number = places.get(rtp.TRANSPORT_NUMBER)
        self._mid = _element(places.get(rtp.MID), section.rtp.muxId.encode())
        self._numbers = numbers

    def block(self, *, level: int, is_first: bool) -> bytes:
        """`level` is in decibels below full scale."""
        elements = self._mid if is_first else b""
        if self._level:
            elements += bytes([self._level << 4, level])
        if self._sent_at:
            seconds = int(time.time() * (1 << 18)) & 0xFFFFFF
            elements += struct.pack("!L", (self._sent_at << 4 | 2) << 24 | seconds)
        if self._number:
            elements += struct.pack("!BH", self._number << 4 | 1, self._numbers.next())
        if not elements:
            return b""
        elements += bytes(-len(elements) % 4)
        return struct.pack("!HH", rtp.ONE_BYTE_PROFILE, len(elements) // 4) + elements


def _element(place: int | None, value: bytes) -> bytes:
    return bytes([place << 4 | len(value) - 1]) + value if place else b""


@dataclass
class Stream:
    """One stream of one sender; the caller brings payloads and lets the clock go on."""

    source: int
    payload_type: int
    extensions: Extensions
    timestamp: int = field(default_factory=lambda: secrets.randbits(24))
    _sequence: int = field(default_factory=lambda: secrets.randbits(14))
    _packets: int = 0
    _octets: int = 0

    def packet(self, payload: bytes, *, marker: int = 0, level: int = 0) -> bytes:
        block = self.extensions.block(level=level, is_first=self._packets < MID_PACKETS)
        self._sequence, self._packets = self._sequence + 1, self._packets + 1
        self._octets += len(payload)
        head = rtp.HEADER.pack(
            0x90 if block else 0x80, self.payload_type | marker, self._sequence & 0xFFFF,
            self.timestamp & 0xFFFFFFFF, self.source,
        )  # fmt: skip
        return head + block + payload

    def report(self) -> bytes:
        """A sender report of now."""
        now = SenderTime(int((time.time() + SINCE_1900) * (1 << 32)), self.timestamp, 0.0)
        return rtcp.sender_report(
            self.source,
            time=now._replace(timestamp=self.timestamp & 0xFFFFFFFF),
            packets=self._packets,
            octets=self._octets,
            cname=b"caller",
        )
