"""RTP packets as bytes: where the header ends, what its extensions and padding hold (RFC 3550, 8285)."""

import struct

HEADER = struct.Struct("!BBHLL")
HEADER_SIZE = 12
SEQUENCE_AND_SOURCE = struct.Struct("!xxHLL")
PADDED = 0x20
EXTENDED = 0x10
MARKED = 0x80
EXTENSION_LIMIT = 15
"""Numbers from here on do not fit into a one-byte extension."""

ONE_BYTE_PROFILE = 0xBEDE
TWO_BYTE_PROFILE = 0x1000

AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
ORIENTATION = "urn:3gpp:video-orientation"
TRANSPORT_NUMBER = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"


class MalformedError(ValueError):
    """Bytes that are not what their header says; only their sender suffers."""


def source_of(packet: bytes) -> int:
    """The SSRC of a packet of at least twelve bytes, encrypted or not."""
    return int.from_bytes(packet[8:12], "big")


def reporter_of(datagram: bytes) -> int:
    """The SSRC that a report of at least eight bytes comes from, encrypted or not."""
    return int.from_bytes(datagram[4:8], "big")


def payload_offset(packet: bytes) -> int:
    first = packet[0]
    end = HEADER_SIZE + 4 * (first & 0x0F)
    if first & EXTENDED:
        if len(packet) < end + 4:
            raise MalformedError("extension header is cut off")
        end += 4 + 4 * int.from_bytes(packet[end + 2 : end + 4], "big")
    if len(packet) < end:
        raise MalformedError("header is cut off")
    return end


def payload_end(packet: bytes, offset: int) -> int:
    """Where the payload ends and padding begins."""
    if not packet[0] & PADDED:
        return len(packet)
    end = len(packet) - packet[-1]
    if packet[-1] == 0 or end < offset:
        raise MalformedError("padding is longer than the packet")
    return end


def extension(packet: bytes, wanted: int, offset: int) -> bytes | None:
    """The value of one header extension; `offset` is where the payload begins."""
    if not wanted or not packet[0] & EXTENDED:
        return None
    at = HEADER_SIZE + 4 * (packet[0] & 0x0F)
    profile = int.from_bytes(packet[at : at + 2], "big")
    if profile == ONE_BYTE_PROFILE:
        return _one_byte_extension(packet, wanted, at + 4, offset)
    if profile & 0xFFF0 == TWO_BYTE_PROFILE:
        return _two_byte_extension(packet, wanted, at + 4, offset)
    return None


def _one_byte_extension(packet: bytes, wanted: int, at: int, end: int) -> bytes | None:
    while at < end:
        head = packet[at]
        if head == 0:
            at += 1
            continue
        number, size = head >> 4, (head & 0x0F) + 1
        if number == 15:
            return None
        if number == wanted:
            return packet[at + 1 : min(at + 1 + size, end)]
        at += 1 + size
    return None


def _two_byte_extension(packet: bytes, wanted: int, at: int, end: int) -> bytes | None:
    while at + 1 < end:
        if packet[at] == 0:
            at += 1
            continue
        size = packet[at + 1]
        if packet[at] == wanted:
            return packet[at + 2 : min(at + 2 + size, end)]
        at += 2 + size
    return None


def one_byte_extension(number: int, value: int) -> bytes:
    """A whole extension block that carries one byte."""
    return struct.pack("!HHBBxx", ONE_BYTE_PROFILE, 1, number << 4, value)


def original_of(packet: bytes, *, payload_type: int, source: int) -> bytes | None:
    """What a retransmission repeats (RFC 4588), as it was; nothing for a bandwidth probe."""
    offset = payload_offset(packet)
    end = payload_end(packet, offset)
    if end - offset <= 2:
        return None
    head = HEADER.pack(
        packet[0] & ~PADDED,
        packet[1] & MARKED | payload_type,
        int.from_bytes(packet[offset : offset + 2], "big"),
        int.from_bytes(packet[4:8], "big"),
        source,
    )
    return head + packet[HEADER_SIZE:offset] + packet[offset + 2 : end]


def retransmission_of(packet: bytes, *, payload_type: int, source: int, sequence: int) -> bytes:
    """The packet as RFC 4588 repeats it, under the numbers of the retransmission stream."""
    offset = payload_offset(packet)
    head = HEADER.pack(
        packet[0],
        packet[1] & MARKED | payload_type,
        sequence,
        int.from_bytes(packet[4:8], "big"),
        source,
    )
    return head + packet[HEADER_SIZE:offset] + packet[2:4] + packet[offset:]
