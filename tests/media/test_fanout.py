"""The fan-out in Python and in C: the same bytes, the same counts, and nothing beyond a buffer."""

import shutil
import socket
import struct
from dataclasses import fields
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.media.compiled import packed_address
from signaling.media.course import Course, render
from signaling.media.dtls import PACKET_LIMIT
from signaling.media.fanout import Copy, fan_out
from signaling.media.fanout_build import build
from signaling.media.packet import Packet
from signaling.media.vp8 import Descriptor, describe
from tests.media.lanes import COMPILED, KEY_SIZE, PATHS, lane

built = pytest.mark.skipif(COMPILED is None, reason="not built here")
byte, word = st.integers(0, 0xFF), st.integers(0, 0xFFFF_FFFF)


class Numbers(NamedTuple):
    """What a course adds."""

    source: int
    payload_type: int
    orientation_id: int
    shift: int
    time_shift: int
    picture_shift: int
    index_shift: int


numbers = st.builds(
    Numbers, word, st.integers(0, 127), st.integers(0, 14), st.integers(-(1 << 40), 1 << 40),
    word, st.integers(0, 0x7FFF), byte,
)  # fmt: skip


@st.composite
def payloads(draw: st.DrawFn) -> tuple[bytes, Descriptor | None]:
    if not draw(st.booleans()):
        return draw(st.binary(max_size=1_400)), None
    present = draw(byte)
    head = bytes([0x80 | draw(st.integers(0, 0x1F)), present])
    payload = head + draw(st.binary(min_size=6, max_size=1_400))
    return payload, describe(payload)


@st.composite
def packets(draw: st.DrawFn) -> Packet:
    payload, picture = draw(payloads())
    orientation = draw(st.none() | st.integers(0, 0xFF))
    number, marker = draw(st.integers(0, 1 << 40)), draw(st.sampled_from([0, 0x80]))
    return Packet(number, draw(word), marker, payload, orientation, picture)


def set_up(course: Course, wanted: Numbers) -> Course:
    for name, value in wanted._asdict().items():
        setattr(course, name, value)
    return course


def told(course: Course) -> dict[str, float]:
    return {field.name: getattr(course, field.name) for field in fields(Course)}


def plain(number: int, payload: bytes = b"sound") -> Packet:
    return Packet(number, 0, 0, payload, None, None)


@built
@given(packets(), numbers)
def test_both_write_the_same_packet(packet, wanted):
    with lane(COMPILED) as made:
        compiled = set_up(made.road.course(source=0, payload_type=0), wanted)
        written = COMPILED.render(compiled, packet)
    assert written == render(set_up(Course(0, 0), wanted), packet)


@built
@given(st.lists(packets(), min_size=1, max_size=5), st.lists(numbers, min_size=1, max_size=4))
def test_both_send_and_count_the_same(stream, wanted):
    outcomes = []
    for path in (None, COMPILED):
        with lane(path, key=bytes(KEY_SIZE)) as made:
            courses = [
                set_up(made.road.course(source=0, payload_type=0), one._replace(source=place))
                for place, one in enumerate(wanted)
            ]
            send = fan_out([Copy(course, made.road) for course in courses])
            for at, packet in enumerate(stream):
                send(packet, float(at))
            counts = made.road.packets, made.road.octets
            outcomes.append((made.raw, made.datagrams, counts, [told(c) for c in courses]))
    by_python, by_c = outcomes
    assert by_c == by_python


@built
@given(st.integers(0, 40), st.integers(0, 60), st.integers(0, 60), st.booleans())
def test_numbers_beyond_the_payload_are_not_written(length, picture_at, index_at, wide):
    payload = bytes(length)
    picture = Descriptor(False, picture_at, 0, wide, index_at, 0)
    with lane(COMPILED) as made:
        course = made.road.course(source=1, payload_type=96)
        course.picture_shift, course.index_shift = 0x7FFF, 0xFF
        written = COMPILED.render(course, Packet(1, 0, 0, payload, None, picture))
    changed = {place - 12 for place in range(12, len(written)) if written[place] != 0}
    allowed = {at for at in (picture_at, picture_at + wide, index_at) if 0 < at < length}
    assert changed <= (allowed if length else {0})
    assert len(written) == 12 + max(length, 1)


@built
@pytest.mark.parametrize("room", [0, 11, 12, 16, 17])
def test_a_packet_that_does_not_fit_is_not_written(room):
    with lane(COMPILED) as made:
        course = made.road.course(source=1, payload_type=96)
        written = COMPILED.render(course, plain(1), room=room)
    assert written == (render(Course(1, 96, shift=0), plain(1)) if room == 17 else b"")


@pytest.mark.parametrize("path", PATHS)
def test_the_longest_packet_is_sent_and_a_longer_one_is_not(path):
    with lane(path) as made:
        send = fan_out([Copy(made.road.course(source=1, payload_type=96), made.road)])
        send(plain(1, bytes(PACKET_LIMIT - 12)), 0.0)
        send(plain(2, bytes(PACKET_LIMIT - 11)), 0.0)
        send(plain(3), 0.0)
        assert [len(packet) for packet in made.raw] == [PACKET_LIMIT, 17]
        assert made.road.packets == 2


@pytest.mark.parametrize("path", PATHS)
def test_more_receivers_than_one_batch_all_get_it(path):
    with lane(path) as made:
        road = made.road
        send = fan_out([Copy(road.course(source=n, payload_type=96), road) for n in range(75)])
        send(plain(1), 0.0)
        assert sorted(packet.ssrc for packet in made.sent) == list(range(75))


@pytest.mark.parametrize("path", PATHS)
def test_a_closed_road_takes_nothing_and_the_others_go_on(path):
    with lane(path) as first, lane(path) as second:
        roads = first.road, second.road
        send = fan_out([Copy(road.course(source=1, payload_type=96), road) for road in roads])
        send(plain(1), 0.0)
        first.road.lead(keys=None, address=None)
        send(plain(2), 0.0)
        assert (len(first.raw), len(second.raw)) == (1, 2)
        second.road.lead(keys=second.keys, address=None)
        first.road.lead(keys=first.keys, address=first.address)
        send(plain(3), 0.0)
        assert (len(first.raw), len(second.raw)) == (2, 2)


@pytest.mark.parametrize("path", PATHS)
def test_a_number_too_old_for_encryption_is_that_copys_loss_alone(path):
    with lane(path) as first, lane(path) as second:
        ahead = first.road.course(source=1, payload_type=96)
        send = fan_out([
            Copy(ahead, first.road),
            Copy(second.road.course(source=1, payload_type=96), second.road),
        ])  # fmt: skip
        ahead.shift = 20_000
        send(plain(1), 0.0)
        ahead.shift = 0
        send(plain(2), 0.0)
        assert (len(first.raw), len(second.raw)) == (1, 2)


@pytest.mark.parametrize("path", PATHS)
def test_what_cannot_be_encrypted_or_is_too_long_is_counted_and_not_sent(path):
    with lane(path) as made:
        for packet in (b"short", bytes(PACKET_LIMIT + 1)):
            made.road.transmit(packet)
        assert (made.road.failures, made.road.packets, made.raw) == (2, 0, [])
        made.road.lead(keys=None, address=None)
        made.road.transmit(b"short")  # closed: nobody is there to miss it
        assert made.road.failures == 2


@built
def test_an_address_that_cannot_be_sent_to_is_counted_and_the_others_go_on():
    with lane(COMPILED) as first, lane(COMPILED) as second:
        first.road.lead(keys=first.keys, address=("127.0.0.1", 0))
        roads = first.road, second.road
        send = fan_out([Copy(road.course(source=1, payload_type=96), road) for road in roads])
        send(plain(1), 0.0)
        assert (first.road.failures, second.road.failures) == (1, 0)
        assert len(second.raw) == 1


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
@pytest.mark.parametrize("host", ["::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("path", PATHS)
def test_a_socket_for_both_kinds_of_addresses_is_sent_from(path, host):
    with lane(path, host=host) as made:
        fan_out([Copy(made.road.course(source=1, payload_type=96), made.road)])(plain(1), 0.0)
        assert [packet.payload for packet in made.sent] == [b"sound"]


def test_addresses_are_packed_as_the_kernel_takes_them():
    v4 = packed_address(("192.0.2.7", 0x1234))
    assert v4 == struct.pack("=H", 2) + bytes.fromhex("1234c0000207") + bytes(8)
    v6 = packed_address(("fe80::1%eth0", 0x1234, 0, 3))
    assert v6[:2] == struct.pack("=H", 10)
    assert v6[2:24] == bytes.fromhex("123400000000fe80") + bytes(13) + b"\1"
    assert v6[24:] == struct.pack("=L", 3)


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_it_is_built_where_a_compiler_is(tmp_path):
    assert build(into=tmp_path) == ""
    assert [file.name for file in tmp_path.iterdir()] == ["_fanout.abi3.so"]


@pytest.mark.parametrize("compiler", ["no-such-compiler", "false"])
def test_without_a_working_compiler_nothing_stale_stays(tmp_path, compiler):
    (tmp_path / "_fanout.abi3.so").write_bytes(b"of other sources")
    assert "compiler" in build(into=tmp_path, compiler=compiler)
    assert list(tmp_path.iterdir()) == []
