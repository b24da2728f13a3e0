"""The worker's socket, in Python and in C: what one reading brings about goes whole and in order."""

import contextlib
import socket

import pytest
from aiortc.rtp import RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from signaling.media.compiled import packed_address, unpacked_address
from signaling.media.line import Line
from tests.media.lanes import PATHS, Lane, lane, udp

SIZES = [900, 900, 900, 400, 900, 1_200, *[900] * 40]
"""Some that can go as one, a shorter one that ends these, a longer one, and more than go as one."""

SO_NO_CHECK = 11
"""Linux: no checksums; the kernel then refuses to cut what is joined."""


def packet(number: int, size: int) -> bytes:
    return RtpPacket(sequence_number=number, ssrc=1, payload=bytes(size)).serialize()


def brought_about(one: Lane, sizes: list[int]) -> None:
    """All of it while one datagram is taken."""

    def take(_data: bytes, _address, _came_at: float) -> None:
        for number, size in enumerate(sizes):
            one.road.transmit(packet(number, size))

    one.come(b"anything")
    one.line.drain(take)


@pytest.mark.parametrize("compiled", PATHS)
@pytest.mark.parametrize("joins", [True, False])
def test_what_one_datagram_brings_about_comes_whole_and_in_order(compiled, joins):
    with lane(compiled) as one:
        if not joins:
            one.near.setsockopt(socket.SOL_SOCKET, SO_NO_CHECK, 1)
        brought_about(one, SIZES)
        assert [(it.sequence_number, len(it.payload)) for it in one.sent] == list(enumerate(SIZES))
        assert (one.road.packets, one.road.failures) == (len(SIZES), 0)


@pytest.mark.parametrize("compiled", PATHS)
def test_what_waits_goes_with_the_keys_that_it_was_sent_by(compiled):
    with lane(compiled) as one:

        def take(_data: bytes, _address, _came_at: float) -> None:
            one.road.transmit(packet(1, 100))
            one.road.transmit(packet(2, 100))
            one.road.lead(keys=None, address=None)
            one.road.transmit(packet(3, 100))

        one.come(b"anything")
        one.line.drain(take)
        assert [it.sequence_number for it in one.sent] == [1, 2]


@pytest.mark.parametrize("compiled", PATHS)
def test_taking_goes_on_after_one_that_breaks(compiled):
    with lane(compiled) as one:
        came: list[bytes] = []

        def take(data: bytes, _address, _came_at: float) -> None:
            came.append(data)
            one.road.transmit(packet(len(came), 100))
            if len(came) == 1:
                raise RuntimeError

        one.come(b"first")
        with contextlib.suppress(RuntimeError):
            one.line.drain(take)
        one.come(b"second")
        one.line.drain(take)
        assert came == [b"first", b"second"]
        assert [it.sequence_number for it in one.sent] == [1, 2]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("compiled", PATHS)
def test_who_sent_a_datagram_and_when_is_told(compiled, host):
    reader, writer = udp(host), udp(host)
    found: list[tuple[bytes, tuple, float]] = []
    with contextlib.closing(compiled.line(reader) if compiled else Line(reader)) as line, writer:
        for number in range(40):  # more than are read at once
            writer.sendto(bytes([number]) * 1_400, reader.getsockname())
        for _ in range(2):
            line.drain(lambda *it: found.append(it))
        assert [data[0] for data, _, _ in found] == list(range(40))
        assert {address for _, address, _ in found} == {writer.getsockname()}
        assert all(came_at > 1.7e9 for _, _, came_at in found)


@given(st.ip_addresses(v=4), st.integers(0, 0xFFFF))
def test_addresses_of_version_4_are_unpacked_as_packed(host, port):
    assert unpacked_address(packed_address((str(host), port))) == (str(host), port)


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFFF), st.integers(0, 0xFFFF))
def test_addresses_of_version_6_are_unpacked_as_packed(port, flow, scope):
    address = ("2001:db8::1", port, flow, scope)
    assert unpacked_address(packed_address(address)) == address
