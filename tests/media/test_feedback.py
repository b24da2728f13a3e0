"""What a sender is told of its packets' arrival, read by a decoder that knows the draft alone."""

import asyncio
import contextlib
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.engine import MemberId, RoomId
from signaling.media.feedback import INTERVAL, Feedback
from signaling.media.line import Line, waited
from signaling.media.publisher import Publisher
from signaling.media.rtp import TRANSPORT_NUMBER
from signaling.media.sdp import read_description
from tests.media.conftest import hears, until
from tests.media.lanes import PATHS, udp
from tests.media.test_sdp import CHROMIUM, TRANSPORT

MAIN = RoomId("main")
SOURCE = 77
TICK = 0.000_250


def decoded(report: bytes, *, of: int = SOURCE) -> dict[int, float | None]:
    """Sequence numbers, and the seconds of their arrival (modulo 2^24 times 64 ms)."""
    first, kind, words, _, source, base, count, reference = struct.unpack_from("!BBHLLHHL", report)
    assert (first, kind, source) == (0x8F, 205, of)
    assert len(report) == 4 * (words + 1)
    at, symbols = 20, []
    while len(symbols) < count:
        (chunk,) = struct.unpack_from("!H", report, at)
        at += 2
        if chunk >> 15 == 0:
            symbols += [chunk >> 13 & 3] * (chunk & 0x1FFF)
        elif chunk >> 14 & 1:
            symbols += [chunk >> shift & 3 for shift in range(12, -2, -2)]
        else:
            symbols += [chunk >> shift & 1 for shift in range(13, -1, -1)]
    assert not any(symbols[count:])
    time, arrivals = (reference >> 8) * 0.064, {}
    for place, symbol in enumerate(symbols[:count]):
        if symbol:
            size, form = (1, "!B") if symbol == 1 else (2, "!h")
            time += struct.unpack_from(form, report, at)[0] * TICK
            at += size
        arrivals[(base + place) & 0xFFFF] = time if symbol else None
    assert len(report) - at < 4
    assert not any(report[at:])
    return arrivals


def told(feedback: Feedback, now: float) -> dict[int, float | None]:
    arrivals: dict[int, float | None] = {}
    for report in feedback.due(now, source=SOURCE):
        assert len(report) <= 1_200
        arrivals |= decoded(report)
    return arrivals


def test_arrivals_and_gaps_are_told_with_their_times():
    feedback = Feedback()
    for number, at in ((65_534, 10.0), (65_535, 10.005), (2, 10.02)):
        feedback.note(number, at)
    expected = {65_534: 10.0, 65_535: 10.005, 0: None, 1: None, 2: 10.02}
    assert told(feedback, 10.06) == pytest.approx(expected, abs=TICK)


def test_a_loss_at_the_edge_of_two_reports_is_told_by_the_second():
    feedback = Feedback()
    feedback.note(5, 1.0)
    assert told(feedback, 1.1) == pytest.approx({5: 1.0}, abs=TICK)
    feedback.note(7, 1.15)
    assert told(feedback, 1.2) == pytest.approx({6: None, 7: 1.15}, abs=TICK)


def test_one_that_comes_late_is_told_beside_what_was_told_before():
    feedback = Feedback()
    for number in (5, 7):
        feedback.note(number, 1.0)
    told(feedback, 1.1)
    feedback.note(6, 1.15)
    assert told(feedback, 1.2) == pytest.approx({6: 1.15}, abs=TICK)
    feedback.note(6, 1.25)  # a duplicate is no news
    assert told(feedback, 1.3) == {}


def test_reports_have_a_pause_and_a_number():
    feedback = Feedback()
    feedback.note(1, 1.0)
    first = feedback.due(1.0, source=SOURCE)[0]
    feedback.note(2, 1.01)
    assert feedback.due(1.0 + INTERVAL / 2, source=SOURCE) == []
    second = feedback.due(1.001 + INTERVAL, source=SOURCE)[0]
    assert [first[19], second[19]] == [0, 1]


def test_a_long_jump_is_another_beginning():
    feedback = Feedback()
    feedback.note(1, 1.0)
    told(feedback, 1.1)
    feedback.note(20_000, 1.2)
    assert told(feedback, 1.3) == pytest.approx({20_000: 1.2}, abs=TICK)


ARRIVALS = st.lists(
    st.tuples(
        st.integers(-3, 40) | st.sampled_from([500, 5_000]),
        st.floats(0, 0.2) | st.sampled_from([9.0, 40.0]),
        st.booleans(),
    ),
    min_size=1,
    max_size=400,
)


@given(ARRIVALS, st.integers(0, 0xFFFF), st.floats(0, 100_000))
def test_everything_that_came_is_told_when_it_came_and_nothing_else(moves, start, now):
    """Numbers go ahead by steps, and back by a few; every so often a report is due.

    What comes twice, the second time long after it was told, may be told again.
    """
    feedback, number = Feedback(), start
    came: dict[int, list[float]] = {}
    heard: dict[int, float | None] = {}
    for step, pause, reports in moves:
        number, now = number + step, now + pause
        came.setdefault(number & 0xFFFF, []).append(now)
        feedback.note(number & 0xFFFF, now)
        if reports:
            for told_number, at in told(feedback, now).items():
                if at is not None or told_number not in heard:
                    heard[told_number] = at
    for told_number, at in told(feedback, now + 1).items():
        if at is not None or told_number not in heard:
            heard[told_number] = at
    if sum(max(0, step) for step, *_ in moves) < 30_000:
        period = 0.064 * (1 << 24)
        for told_number, at in heard.items():
            if at is not None:
                assert any(abs(at - each % period) < 2 * TICK for each in came[told_number])
        assert came.keys() <= {n for n, at in heard.items() if at is not None}


def offering(*lines: str) -> str:
    return CHROMIUM.replace("a=rtpmap:96 VP8/90000", "\n".join(("a=rtpmap:96 VP8/90000", *lines)))


EXTENSION = f"a=extmap:3 {TRANSPORT_NUMBER}"
WISH = "a=rtcp-fb:96 transport-cc"


@pytest.mark.parametrize("lines", [(EXTENSION,), (WISH,), ()])
def test_who_does_not_offer_both_number_and_report_gets_neither(lines):
    description = read_description(offering(*lines), section_limit=4)
    answer = Publisher(description, session="1").answer_to(description, TRANSPORT)
    assert "transport" not in answer.replace("a=setup", "")
    assert "goog-remb" in answer


def test_who_offers_both_gets_both_and_the_limit_beside():
    description = read_description(offering(EXTENSION, WISH), section_limit=4)
    answer = Publisher(description, session="1").answer_to(description, TRANSPORT)
    assert all(line in answer for line in (EXTENSION, WISH, "a=rtcp-fb:96 goog-remb"))


async def test_a_sender_is_told_of_all_its_packets_and_receivers_get_no_number(stage):
    a, b = stage.bot("a"), await stage.enter("b", MAIN)
    a.numbers_transport = True
    await a.join()
    await stage.engine.grant(MemberId("a"), MAIN)
    await until(hears(b, "a", packets=80))
    await until(lambda: len(a.feedback) > 50)
    numbers = [n for report in a.feedback for n in decoded(report, of=a.audio_source)]
    assert numbers == [(numbers[0] + place) & 0xFFFF for place in range(len(numbers))]
    assert len(numbers) > 60
    assert b.heard["a"].extended == 0
    assert TRANSPORT_NUMBER not in "".join(b.offers)


async def test_a_sender_that_does_not_number_is_told_nothing(stage):
    a, b = await stage.enter("a", MAIN), await stage.enter("b", MAIN)
    await until(hears(b, "a", packets=60))
    await until(lambda: a.rate_limit > 0)
    assert a.feedback == []


@pytest.mark.parametrize("compiled", PATHS)
async def test_the_time_that_a_datagram_waited_for_us_is_known(compiled):
    waits: list[float] = []

    def take(_data: bytes, _address, came_at: float) -> None:
        waits.append(waited(came_at))

    reader, writer = udp("127.0.0.1"), udp("127.0.0.1")
    with contextlib.closing(compiled.line(reader) if compiled else Line(reader)) as line, writer:
        line.listen(take, loop=asyncio.get_running_loop())
        writer.sendto(b"before", reader.getsockname())
        busy = time.monotonic() + 0.2
        while time.monotonic() < busy:  # the loop is held up
            pass
        writer.sendto(b"after", reader.getsockname())
        await until(lambda: len(waits) == 2)
    assert 0.2 <= waits[0] < 1.0
    assert waits[1] < waits[0] - 0.15
