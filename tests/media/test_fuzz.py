"""No datagram, however broken, raises past its own packet or makes us remember more and more."""

import random
import socket

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from signaling.media import stun
from signaling.media.line import Line
from signaling.media.wire import UdpWire
from tests.media.fuzzing import H264, UFRAGS, Bench, Door, captured, growth, mutated, seeds
from tests.media.test_sdp import CHROMIUM

SEEDS = seeds()
CASES = 20_000


@pytest.fixture(scope="module", params=[CHROMIUM, H264], ids=["vp8", "h264"])
def bench(request):
    made = Bench(request.param)
    yield made
    made.close()


def test_captures_get_through(bench):
    """They reach the parsers at all: whole ones are no faults, and media goes to who listens."""
    before = bench.faults, bench.sent
    for seed in SEEDS:
        for door in (Door.SENDING, Door.RECEIVING):
            bench.feed(seed, door)
    assert bench.sent > before[1]
    assert bench.faults - before[0] < len(SEEDS) / 2


def test_captured_checks_are_read_and_those_that_are_signed_are_answered(bench):
    """They name legs that are there, else nothing of them would be parsed."""
    checks = [seed for seed in SEEDS if seed[:2] == stun.BINDING_REQUEST]
    known = [
        one for one in checks if stun.addressee(one) == bench.link(Door.SENDING).credentials.ufrag
    ]
    assert len(known) * 3 == len(checks) > 0
    bench.told(Door.SENDING)
    for seed in known:
        bench.feed(seed, Door.SENDING)
    answers = [one for one in bench.told(Door.SENDING) if one[:2] == b"\x01\x01"]
    assert len(answers) == len(known)


class Broken:
    """A leg whose part in a check fails."""

    def password_of(self, ufrag: str) -> str:
        raise LookupError(ufrag)


def test_a_check_that_breaks_us_is_counted_and_gets_no_further():
    with socket.socket(type=socket.SOCK_DGRAM) as udp:
        wire = UdpWire(Line(udp), clock=lambda: 0.0)
    wire.listen(UFRAGS[0], Broken())
    checks = [seed for seed in SEEDS if stun.addressee(seed) == UFRAGS[0]]
    for check in checks:
        wire.take(check, ("192.0.2.9", 9))
    assert wire.dropped == {"fault": len(checks)}


def test_captures_have_every_form_of_h264():
    """Aggregates, fragments of both kinds of picture, pictures of one packet."""
    payloads = [packet[12:] for _, packet in captured("h264.txt")]
    starts = {one[1] & 0x1F for one in payloads if one[0] & 0x1F == 28 and one[1] & 0x80}
    assert ({one[0] & 0x1F for one in payloads}, starts) == ({1, 24, 28}, {1, 5})


@given(st.binary(max_size=200), st.sampled_from(Door))
@example(b"", Door.SENDING)
@example(b"\x80\xc8" + bytes(10), Door.SENDING)
@example(b"\x90\x60" + bytes(14) + b"\xff\xff", Door.SENDING)
def test_any_bytes(bench, datagram, door):
    bench.feed(datagram, door)


@settings(max_examples=1_000)
@given(st.sampled_from(SEEDS), st.randoms(use_true_random=False), st.sampled_from(Door))
def test_captures_with_changes(bench, seed, rng, door):
    bench.feed(mutated(seed, rng), door)


@pytest.mark.slow
def test_many_broken_packets_leave_nothing_behind(bench):
    """Tables have their places taken by the first; the ones after find no more."""
    rng = random.Random(1)

    def work() -> None:
        for _ in range(CASES):
            bench.feed(mutated(rng.choice(SEEDS), rng), rng.choice(list(Door)))

    work()
    assert growth(work) < 200_000
    assert bench.faults > 100


def test_control_a_table_without_a_bound_is_noticed():
    table = {}

    def work() -> None:
        for number in range(CASES):
            table[number] = bytes(12)

    assert growth(work) > 200_000
