"""What came, what is missing, what a report says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.media.arrivals import SOUND_TRIES, TRIES, Arrivals, Reception


def video() -> Arrivals:
    return Arrivals(clock_rate=90_000)


def test_numbers_go_on_past_65535():
    arrivals = video()
    numbers = [arrivals.accept(sequence & 0xFFFF, now=0) for sequence in range(65_530, 65_545)]
    assert numbers == list(range(numbers[0], numbers[0] + 15))


def test_a_duplicate_and_a_packet_too_old_are_not_wanted():
    arrivals = video()
    for sequence in range(2_000):
        assert arrivals.accept(sequence, now=0) is not None
    assert arrivals.accept(1_999, now=0) is None
    assert arrivals.recover(1_500, now=0) is None
    assert arrivals.accept(900, now=0) is None


def test_a_gap_is_asked_for_after_a_grace_and_again_until_it_comes():
    arrivals = video()
    first = arrivals.accept(10, now=0.0)
    arrivals.accept(13, now=0.0)
    assert arrivals.due(now=0.005) == ([], False)
    assert arrivals.due(now=0.02) == ([first + 1, first + 2], False)
    assert arrivals.due(now=0.03) == ([], False)
    assert arrivals.accept(11, now=0.05) == first + 1
    assert arrivals.due(now=0.1) == ([first + 2], False)
    assert arrivals.recover(12, now=0.12) == first + 2
    assert not arrivals.has_gaps


@pytest.mark.parametrize("tries", [TRIES, SOUND_TRIES])
def test_a_gap_is_given_up_after_some_tries(tries):
    arrivals = Arrivals(clock_rate=90_000, tries=tries)
    arrivals.accept(1, now=0.0)
    arrivals.accept(3, now=0.0)
    asked, given_up = 0, False
    for step in range(1, 200):
        numbers, over = arrivals.due(now=step * 0.1)
        asked += len(numbers)
        given_up = given_up or over
    assert (asked, given_up, arrivals.has_gaps) == (tries, True, False)


def test_a_long_jump_is_a_new_beginning_not_loss():
    arrivals = video()
    arrivals.accept(1, now=0.0)
    arrivals.accept(5_000, now=0.0)
    assert not arrivals.has_gaps
    arrivals.accept(5_001, now=0.0)
    assert arrivals.report().lost == 0


def test_a_report_tells_fraction_and_total_of_what_is_lost():
    arrivals = video()
    for sequence in range(100):
        if sequence % 4 != 1:
            arrivals.accept(sequence, now=0.0)
    report = arrivals.report()
    assert (report.fraction, report.lost) == (64, 25)
    assert report.highest & 0xFFFF == 99
    for sequence in range(100, 200):
        arrivals.accept(sequence, now=0.0)
    assert (arrivals.report().fraction, arrivals.report().lost) == (0, 25)


def test_repeated_packets_do_not_hide_the_loss():
    arrivals = video()
    arrivals.accept(1, now=0.0)
    arrivals.accept(3, now=0.0)
    arrivals.recover(2, now=0.1)
    assert arrivals.report().lost == 1


def test_jitter_is_of_the_arrival_against_the_media_clock():
    steady, shaky = video(), video()
    for step in range(200):
        at = step * 0.02
        steady.time(step * 1_800, now=at)
        shaky.time(step * 1_800, now=at + (0.01 if step % 2 else 0.0))
    assert steady.report().jitter == 0
    assert 800 <= shaky.report().jitter <= 900  # 10 ms are 900 units


def test_nothing_received_reports_nothing():
    assert video().report() == Reception(0, 0, 0, 0, is_fresh=False)


@given(st.lists(st.integers(0, 0xFFFF), max_size=300))
def test_no_order_of_numbers_gives_one_twice(sequences):
    arrivals = video()
    numbers = [arrivals.accept(sequence, now=0.0) for sequence in sequences]
    taken = [number for number in numbers if number is not None]
    assert len(taken) == len(set(taken))
    assert all(
        number is None or number & 0xFFFF == sequence
        for number, sequence in zip(numbers, sequences, strict=True)
    )
    report = arrivals.report()
    assert 0 <= report.fraction <= 255
    assert len(arrivals._missing) <= 1_024
