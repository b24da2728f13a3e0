"""How one receiver's copy of a stream is numbered, and how its packets are written."""

from dataclasses import dataclass

from signaling.media import rtp, vp8
from signaling.media.packet import Packet

FILLER = b"\x01"
"""One byte of padding: closes the receiver's gap where the sender had sent padding only."""


@dataclass(slots=True)
class Course:
    """What is added to a sender's numbers, and the last packet that went; C has the same fields.

    The shifts of times and pictures are kept to the width of what they are added to. Nothing
    older than `first` is passed on.
    """

    source: int
    payload_type: int
    orientation_id: int = 0
    has_begun: int = 0
    first: int = 0
    shift: int = 0
    time_shift: int = 0
    picture_shift: int = 0
    index_shift: int = 0
    last_number: int = 0
    last_timestamp: int = 0
    last_described: int = 0
    last_picture: int = 0
    last_index: int = 0
    last_at: float = 0.0
    packets: int = 0
    octets: int = 0


def note(course: Course, packet: Packet, now: float) -> None:
    """Count a packet that goes, and remember it if it is the newest."""
    course.packets += 1
    course.octets += len(packet.payload)
    if course.has_begun and packet.number <= course.last_number:
        return
    picture = packet.picture
    course.has_begun = 1
    course.last_number = packet.number
    course.last_timestamp = packet.timestamp
    course.last_described = picture is not None
    course.last_picture = picture.picture if picture is not None else 0
    course.last_index = picture.layer_index if picture is not None else 0
    course.last_at = now


def render(course: Course, packet: Packet) -> bytes:
    """The packet in this course's numbers, before encryption."""
    payload = packet.payload
    first, block = 0x80, b""
    if not payload:
        first, payload = 0x80 | rtp.PADDED, FILLER
    elif packet.picture is not None and (course.picture_shift or course.index_shift):
        payload = vp8.renumbered(
            payload,
            packet.picture,
            picture=packet.picture.picture + course.picture_shift,
            layer_index=packet.picture.layer_index + course.index_shift,
        )
    if packet.orientation is not None and course.orientation_id:
        first |= rtp.EXTENDED
        block = rtp.one_byte_extension(course.orientation_id, packet.orientation)
    head = rtp.HEADER.pack(
        first,
        packet.marker | course.payload_type,
        (packet.number + course.shift) & 0xFFFF,
        (packet.timestamp + course.time_shift) & 0xFFFFFFFF,
        course.source,
    )
    return head + block + payload
