"""RTP and VP8 as bytes."""

import struct

import pytest
from aiortc.rtp import HeaderExtensionsMap, RtpPacket, unwrap_rtx, wrap_rtx
from hypothesis import given
from hypothesis import strategies as st

from signaling.media import rtp, vp8
from signaling.media.rtp import MalformedError

PAYLOAD = b"\x10payload"


def packet(*, extension: bytes = b"", payload: bytes = PAYLOAD, padding: int = 0) -> bytes:
    """Sequence 7, time 9, source 11, marked, type 96."""
    first = 0x80 | (0x10 if extension else 0) | (0x20 if padding else 0)
    tail = bytes(padding - 1) + bytes([padding]) if padding else b""
    return struct.pack("!BBHLL", first, 0xE0, 7, 9, 11) + extension + payload + tail


def block(profile: int, content: bytes) -> bytes:
    content += bytes(-len(content) % 4)
    return struct.pack("!HH", profile, len(content) // 4) + content


def test_source_and_payload_of_a_plain_packet():
    plain = packet()
    offset = rtp.payload_offset(plain)
    assert rtp.source_of(plain) == 11
    assert plain[offset : rtp.payload_end(plain, offset)] == PAYLOAD


def test_payload_without_padding_and_behind_extensions():
    padded = packet(extension=block(0xBEDE, b"\x10\xaa"), padding=5)
    offset = rtp.payload_offset(padded)
    assert offset == 20
    assert padded[offset : rtp.payload_end(padded, offset)] == PAYLOAD


@pytest.mark.parametrize(
    ("content", "wanted", "value"),
    [
        (b"\x10\xaa", 1, b"\xaa"),
        (b"\x00\x00\x21\xbb\xcc", 2, b"\xbb\xcc"),
        (b"\x10\xaa\x30\xdd", 3, b"\xdd"),
        (b"\x10\xaa\xf0\x30\xdd", 3, None),  # 15 ends the list
        (b"\x10\xaa", 2, None),
    ],
)
def test_one_byte_extensions(content, wanted, value):
    made = packet(extension=block(0xBEDE, content))
    assert rtp.extension(made, wanted, rtp.payload_offset(made)) == value


def test_two_byte_extensions():
    made = packet(extension=block(0x1000, b"\x00\x05\x02\xaa\xbb\x14\x00"))
    offset = rtp.payload_offset(made)
    assert rtp.extension(made, 5, offset) == b"\xaa\xbb"
    assert rtp.extension(made, 0x14, offset) == b""
    assert rtp.extension(made, 9, offset) is None


def test_our_extension_block_reads_back():
    made = packet(extension=rtp.one_byte_extension(4, 3))
    assert rtp.extension(made, 4, rtp.payload_offset(made)) == b"\x03"


@pytest.mark.parametrize(
    "broken",
    [
        b"\x8f" + packet()[1:],
        packet(extension=block(0xBEDE, bytes(40)))[:30],
        b"\x90" + packet()[1:12] + b"\xbe",
    ],
    ids=["csrc", "extension", "extension-header"],
)
def test_a_header_that_is_cut_off_is_malformed(broken):
    with pytest.raises(MalformedError):
        rtp.payload_offset(broken[:14])


@pytest.mark.parametrize("count", [0, 200])
def test_impossible_padding_is_malformed(count):
    made = b"\xa0" + packet()[1:-1] + bytes([count])
    with pytest.raises(MalformedError):
        rtp.payload_end(made, rtp.payload_offset(made))


def test_retransmissions_agree_with_aiortc():
    original = RtpPacket.parse(packet())
    theirs = wrap_rtx(original, payload_type=97, sequence_number=500, ssrc=12).serialize()
    ours = rtp.retransmission_of(packet(), payload_type=97, source=12, sequence=500)
    assert ours == theirs
    assert rtp.original_of(ours, payload_type=96, source=11) == packet()
    back = unwrap_rtx(RtpPacket.parse(ours), payload_type=96, ssrc=11)
    assert back.serialize() == packet()


def test_a_retransmission_without_content_repeats_nothing():
    probe = packet(payload=b"\x00\x07", padding=40)
    assert rtp.original_of(probe, payload_type=96, source=11) is None


@given(st.binary(min_size=12, max_size=80), st.integers(0, 15))
def test_no_bytes_break_the_reader_otherwise_than_malformed(noise, wanted):
    try:
        offset = rtp.payload_offset(noise)
        rtp.extension(noise, wanted, offset)
        rtp.payload_end(noise, offset)
        rtp.original_of(noise, payload_type=96, source=1)
    except MalformedError:
        pass


@given(st.binary(min_size=12, max_size=60))
def test_the_offset_is_where_aiortc_finds_it(noise):
    noise = bytes([noise[0] & 0x1F | 0x80]) + noise[1:]  # version 2, no padding
    try:
        theirs = RtpPacket.parse(noise, HeaderExtensionsMap()).payload
    except ValueError:
        with pytest.raises(MalformedError):
            rtp.payload_offset(noise)
        return
    except (struct.error, IndexError, UnicodeDecodeError):
        return  # aiortc itself breaks on some short extension values
    assert noise[rtp.payload_offset(noise) :] == theirs


KEY, DELTA = b"\x00", b"\x01"


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"\x10" + KEY, vp8.Descriptor(True, 0, 0, False, 0, 0)),
        (b"\x10" + DELTA, vp8.Descriptor(False, 0, 0, False, 0, 0)),
        (b"\x00" + KEY, vp8.Descriptor(False, 0, 0, False, 0, 0)),  # not the frame's start
        (b"\x11" + KEY, vp8.Descriptor(False, 0, 0, False, 0, 0)),  # another partition
        (b"\x90\x80\x2a" + KEY, vp8.Descriptor(True, 2, 42, False, 0, 0)),
        (b"\x90\x80\x92\x34" + KEY, vp8.Descriptor(True, 2, 0x1234, True, 0, 0)),
        (b"\x90\xc0\x92\x34\x07" + KEY, vp8.Descriptor(True, 2, 0x1234, True, 4, 7)),
        (b"\x90\xf0\x92\x34\x07\x40" + KEY, vp8.Descriptor(True, 2, 0x1234, True, 4, 7)),
        (b"\x90\x20\x40" + KEY, vp8.Descriptor(True, 0, 0, False, 0, 0)),
    ],
)
def test_vp8_descriptors(payload, expected):
    assert vp8.describe(payload) == expected


@pytest.mark.parametrize("payload", [b"", b"\x90", b"\x90\x80", b"\x90\x80\x92", b"\x10"])
def test_a_vp8_descriptor_that_is_cut_off_is_malformed(payload):
    with pytest.raises(MalformedError):
        vp8.describe(payload)


@given(st.integers(0, 1 << 20), st.integers(0, 1 << 12))
def test_renumbered_pictures_wrap_at_their_own_width(picture, index):
    wide = b"\x90\xc0\x92\x34\x07" + KEY
    again = vp8.describe(
        vp8.renumbered(wide, vp8.describe(wide), picture=picture, layer_index=index)
    )
    assert (again.picture, again.layer_index, again.wide) == (picture & 0x7FFF, index & 0xFF, True)
    narrow = b"\x90\x80\x2a" + KEY
    again = vp8.describe(
        vp8.renumbered(narrow, vp8.describe(narrow), picture=picture, layer_index=index)
    )
    assert (again.picture, again.wide) == (picture & 0x7F, False)
