"""One receiver's copy: continuous over pauses, other sources, padding and loss."""

import contextlib
import struct
from collections.abc import Callable, Iterator

import pytest
from aiortc.rtp import RtpPacket
from hypothesis import given
from hypothesis import strategies as st

from signaling.media.compiled import Compiled
from signaling.media.layer import Layer, SenderTime
from signaling.media.outlet import Outlet
from signaling.media.packet import Packet
from signaling.media.vp8 import Descriptor, describe
from tests.media.lanes import COMPILED, KEY_SIZE, PATHS, Lane, keys_of, lane


class Copy:
    """An outlet with everything that came at the end of its road."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        self.times: list[SenderTime] = []
        self.outlet = Outlet(
            source=1_000,
            repeat_source=1_001,
            payload_type=96,
            repeat_type=97,
            clock_rate=90_000,
            road=lane.road,
            transmit_time=lambda _, time: self.times.append(time),
        )

    @property
    def sent(self) -> list[RtpPacket]:
        return self.lane.sent

    @property
    def sequences(self) -> list[int]:
        return [packet.sequence_number for packet in self.sent]

    @property
    def pictures(self) -> list[Descriptor]:
        return [describe(packet.payload) for packet in self.sent]


NewCopy = Callable[[], Copy]


@contextlib.contextmanager
def copies(compiled: Compiled | None) -> Iterator[NewCopy]:
    with contextlib.ExitStack() as stack:
        yield lambda: Copy(stack.enter_context(lane(compiled)))


@pytest.fixture(params=PATHS)
def new_copy(request: pytest.FixtureRequest) -> Iterator[NewCopy]:
    """Makes copies, once all by Python and once all by C."""
    with copies(request.param) as made:
        yield made


def video(number: int, *, time: int = 0, picture: int = 0, key: bool = False) -> Packet:
    payload = struct.pack("!BBHBB", 0x90, 0xC0, 0x8000 | picture & 0x7FFF, picture & 0xFF, not key)
    return Packet(number, time, 0x80, payload + b"rest", None, describe(payload + b"rest"))


def layer() -> Layer:
    return Layer(is_video=True, clock_rate=90_000)


def following(new_copy: NewCopy, *, packets: int = 5, start: int = 70_000) -> tuple[Copy, Layer]:
    copy, source = new_copy(), layer()
    copy.outlet.follow(source, now=0.0)
    for step in range(packets):
        source.pass_on(video(start + step, time=step, picture=step, key=step == 0), 0.0)
    return copy, source


def test_video_begins_at_a_keyframe(new_copy):
    copy, source = new_copy(), layer()
    copy.outlet.follow(source, now=0.0)
    source.pass_on(video(1), 0.0)
    source.pass_on(video(2, key=True), 0.0)
    source.pass_on(video(3), 0.0)
    source.pass_on(video(1), 0.0)  # an old one, as browsers repeat to probe
    assert copy.sequences == [1, 2]
    assert copy.pictures[0].key_start


def test_a_pause_leaves_no_gap(new_copy):
    copy, source = following(new_copy)
    copy.outlet.follow(None, now=1.0)
    for number in range(70_005, 70_105):
        source.pass_on(video(number, time=number, picture=number), 1.0)
    copy.outlet.follow(source, now=2.0)
    source.pass_on(video(70_105, time=500, picture=80, key=True), 2.0)
    source.pass_on(video(70_106, time=501, picture=81), 2.0)
    assert copy.sequences == [1, 2, 3, 4, 5, 6, 7]
    assert [one.picture for one in copy.pictures] == [0, 1, 2, 3, 4, 5, 6]
    assert [one.layer_index for one in copy.pictures] == [0, 1, 2, 3, 4, 5, 6]
    assert [one.timestamp for one in copy.sent[-2:]] == [500, 501]  # the same clock went on


def test_sound_is_sent_again_under_its_own_number_after_a_pause():
    source = Layer(is_video=False, clock_rate=48_000)
    with lane(None) as ours:
        ours.road.lead(keys=keys_of(bytes(KEY_SIZE), repeats=True), address=ours.address)
        copy = Copy(ours)
        copy.outlet.follow(source, now=0.0)
        for number in range(100):
            source.pass_on(Packet(number, number * 960, 0, b"sound", None, None), 0.0)
        assert ours.numbers == list(range(1, 101))
        for now in (1.0, 1.01, 1.05):
            copy.outlet.resend([100, 30, 101], now=now)
        assert ours.numbers == [100, 100]  # 30 is too long ago, 101 has not come


def test_sound_is_doubled_from_the_last_time_on_and_never_long_after():
    source = Layer(is_video=False, clock_rate=48_000)
    with lane(None) as ours:
        ours.road.lead(keys=keys_of(bytes(KEY_SIZE), repeats=True), address=ours.address)
        copy = Copy(ours)
        copy.outlet.double()  # nothing has come yet
        copy.outlet.follow(source, now=0.0)
        for number in range(7):
            source.pass_on(Packet(number, number * 960, 0, b"sound", None, None), 0.0)
        assert ours.numbers == [1, 2, 3, 4, 5, 6, 7]
        copy.outlet.double()
        copy.outlet.double()
        assert ours.numbers == [3, 4, 5, 6, 7]
        source.pass_on(Packet(7, 7 * 960, 0, b"sound", None, None), 0.0)
        copy.outlet.double()
        assert ours.numbers == [8, 8]


def test_another_source_goes_on_where_the_first_ended(new_copy):
    copy, _ = following(new_copy)
    other = layer()
    copy.outlet.follow(other, now=2.0)
    other.pass_on(video(300, time=9_999_999, picture=30_000, key=True), 2.0)
    other.pass_on(video(301, time=9_999_999 + 3_600, picture=30_001), 2.04)
    assert copy.sequences == [1, 2, 3, 4, 5, 6, 7]
    assert [one.picture for one in copy.pictures[-2:]] == [5, 6]
    assert [one.timestamp for one in copy.sent[-2:]] == [4 + 180_000, 4 + 180_000 + 3_600]


def test_another_encoding_is_gone_over_to_at_its_key_frame_only(new_copy):
    copy, large = following(new_copy)
    small = layer()
    copy.outlet.turn_to(small, now=1.0)
    assert small.keyframe_request_due(1.0)
    small.pass_on(video(500, time=77, picture=9), 1.0)  # no key frame yet
    large.pass_on(video(70_005, time=5, picture=5), 1.0)
    assert copy.sequences == [1, 2, 3, 4, 5, 6]
    small.pass_on(video(501, time=80, picture=10, key=True), 1.1)
    large.pass_on(video(70_006, time=6, picture=6), 1.1)  # nobody follows it any more
    small.pass_on(video(502, time=83, picture=11), 1.2)
    assert copy.sequences == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [one.picture for one in copy.pictures] == list(range(8))
    assert copy.outlet.layers == [small]


def test_turning_back_before_the_key_frame_stays(new_copy):
    copy, large = following(new_copy)
    small = layer()
    copy.outlet.turn_to(small, now=1.0)
    copy.outlet.turn_to(large, now=1.1)
    small.pass_on(video(501, key=True), 1.2)
    large.pass_on(video(70_005, time=5, picture=5), 1.2)
    assert copy.outlet.layers == [large]
    assert copy.sequences == [1, 2, 3, 4, 5, 6]
    assert small.listeners == ()


def test_times_of_another_encoding_go_on_by_the_senders_clock(new_copy):
    copy, large = following(new_copy)
    small = layer()
    second = 1 << 32
    large.sender_time = SenderTime(100 * second, 4, 1.0)
    small.sender_time = SenderTime(100 * second + second // 2, 9_000_000, 1.0)
    copy.outlet.turn_to(small, now=1.0)
    small.pass_on(video(501, time=9_000_900, picture=10, key=True), 1.3)
    assert copy.sent[-1].timestamp == 4 + 45_000 + 900


def test_a_keyframe_in_the_cache_is_sent_at_once(new_copy):
    source = layer()
    for step in range(10):
        source.pass_on(video(step, picture=step, key=step == 4), 0.0)
    copy = new_copy()
    copy.outlet.follow(source, now=0.0)
    assert copy.sequences == [1, 2, 3, 4, 5, 6]
    assert not source.keyframe_request_due(1.0)


def test_without_a_whole_keyframe_in_the_cache_one_is_asked_for(new_copy):
    source = layer()
    for number in (0, 1, 3):
        source.pass_on(video(number, key=number == 0), 0.0)
    copy = new_copy()
    copy.outlet.follow(source, now=0.0)
    assert copy.sent == []
    assert source.keyframe_request_due(1.0)


def test_dropped_padding_leaves_no_gap():
    source = layer()
    source.arrivals.accept(1, now=0.0)
    passed = []
    for sequence in range(2, 12):
        arrived = source.arrivals.accept(sequence, now=0.0)
        if sequence in {4, 5, 9}:
            assert source.drop(arrived)
        else:
            passed.append(source.number_of(arrived))
    assert passed == list(range(passed[0], passed[0] + 7))


def test_padding_that_comes_late_fills_its_hole(new_copy):
    copy, source = following(new_copy)
    assert not source.drop(source.arrivals.highest - 1)
    source.pass_on(Packet(70_005, 5, 0, b"", None, None), 0.0)
    assert copy.sequences[-1] == 6
    assert copy.sent[-1].payload == b""
    assert copy.sent[-1].padding_size == 1


def test_a_lost_packet_is_repeated_under_its_number_from_the_senders_cache(new_copy):
    copy, _ = following(new_copy)
    before = len(copy.sent)
    copy.outlet.resend([3], now=1.0)
    repeat = copy.sent[before]
    assert (repeat.ssrc, repeat.payload_type) == (1_001, 97)
    assert struct.unpack("!H", repeat.payload[:2]) == (3,)
    assert repeat.payload[2:] == copy.sent[2].payload
    copy.outlet.resend([3], now=1.05)  # too soon
    copy.outlet.resend([3], now=1.2)
    copy.outlet.resend([3], now=1.4)
    copy.outlet.resend([3], now=1.6)  # three times are enough
    assert len(copy.sent) == before + 3


def test_nothing_from_before_the_join_or_after_the_end_is_repeated(new_copy):
    copy, source = following(new_copy)
    before = len(copy.sent)
    copy.outlet.resend([0, 65_535, 100], now=1.0)
    assert len(copy.sent) == before
    copy.outlet.follow(None, now=1.0)
    copy.outlet.resend([3], now=1.0)
    assert len(copy.sent) == before
    copy.outlet.follow(source, now=1.0)
    copy.outlet.resend([3], now=1.0)
    assert [one.ssrc for one in copy.sent[before:]].count(1_001) == 0


def test_the_orientation_of_a_phone_is_kept_where_it_was_agreed(new_copy):
    copy, source = following(new_copy)
    turned = video(70_005)._replace(orientation=1)
    source.pass_on(turned, 0.0)
    assert copy.sent[-1].extensions.mid is None
    copy.outlet.mark_orientation(4)
    source.pass_on(turned._replace(number=70_006), 0.0)
    assert copy.lane.raw[-1][:1] == b"\x90"
    assert copy.lane.raw[-1][12:20] == bytes.fromhex("bede000140010000")


def test_sender_reports_are_in_the_copys_own_time(new_copy):
    copy, _ = following(new_copy)
    other = layer()
    copy.outlet.follow(other, now=2.0)
    other.pass_on(video(300, time=1_000_000, key=True), 2.0)
    copy.outlet.tell_time(SenderTime(77, 1_000_090, 2.0), 3.0)
    (told,) = copy.times
    assert told == SenderTime(77, copy.sent[-1].timestamp + 90, 3.0)


@pytest.mark.parametrize("number", [15, 16, 255, 300])
def test_an_orientation_that_no_extension_can_carry_is_left_out(new_copy, number):
    copy, source = following(new_copy)
    copy.outlet.mark_orientation(number)
    source.pass_on(video(70_005)._replace(orientation=1), 0.0)
    assert copy.lane.raw[-1][:1] == b"\x80"


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=80))
def test_whatever_is_paused_and_resumed_numbers_have_no_gap(steps):
    for compiled in {None, COMPILED}:
        with copies(compiled) as new_copy:
            copy, source = new_copy(), layer()
            for number, (pause, key) in enumerate(steps, start=1):
                if pause == 0:
                    copy.outlet.follow(None, now=0.0)
                elif pause == 1:
                    copy.outlet.follow(source, now=0.0)
                source.pass_on(video(number, time=number, picture=number, key=key), 0.0)
            assert copy.sequences == list(range(1, len(copy.sent) + 1))
            pictures = [one.picture for one in copy.pictures]
            assert pictures == [pictures[0] + step for step in range(len(pictures))]
