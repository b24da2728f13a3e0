"""Which encoding a receiver gets, by what its line bears and its screen shows."""

from hypothesis import given
from hypothesis import strategies as st

from signaling.media.choice import FAILED_SOON, FIRST_HOLD, LONGEST_HOLD, Choice

KBPS = (1_200.0, 400.0, 120.0)


def settle(choice: Choice, *, bears: float, best: int = 0, kbps=KBPS, now: float, seconds: int):
    places = []
    for second in range(seconds):
        at = now + second
        places.append(choice.choose(kbps, bears_kbps=bears, best=best, now=at))
    return places


def test_a_good_line_rises_step_by_step():
    choice = Choice(2, changed_at=0.0, hold=0.0)
    assert settle(choice, bears=2_000, now=1, seconds=3) == [1, 0, 0]


def test_a_weak_line_falls_at_once_to_what_it_bears():
    choice = Choice(0, changed_at=0.0)
    assert choice.choose(KBPS, bears_kbps=300, best=0, now=1.0) == 2


def test_the_smallest_is_kept_however_weak_the_line():
    choice = Choice(2, changed_at=0.0)
    assert choice.choose(KBPS, bears_kbps=10, best=0, now=1.0) == 2


def test_a_small_tile_gets_a_small_picture_and_a_large_one_the_best():
    choice = Choice(0, changed_at=0.0, hold=0.0)
    assert choice.choose(KBPS, bears_kbps=2_000, best=2, now=1.0) == 2
    assert settle(choice, bears=2_000, now=2, seconds=2) == [1, 0]


def test_an_encoding_that_does_not_come_is_left():
    choice = Choice(0, changed_at=0.0)
    assert choice.choose((0.0, 400.0, 120.0), bears_kbps=2_000, best=0, now=1.0) == 1


def test_a_small_tile_gets_the_smallest_that_comes():
    choice = Choice(0, changed_at=0.0)
    assert choice.choose((1_200.0, 400.0, 0.0), bears_kbps=2_000, best=2, now=1.0) == 1


def test_what_failed_soon_is_tried_later_and_later():
    choice, now = Choice(1, changed_at=0.0, hold=0.0), 0.0
    holds = []
    for _ in range(6):
        while choice.choose(KBPS, bears_kbps=2_000, best=0, now=now) != 0:
            now += 1
        choice.choose(KBPS, bears_kbps=500, best=0, now=now + 1)
        holds.append(choice.hold)
        now += 1
    assert holds == sorted(holds)
    assert holds[-1] > FIRST_HOLD


@given(
    st.lists(st.tuples(st.floats(0, 3_000), st.integers(0, 2)), min_size=1, max_size=100),
    st.tuples(*[st.floats(0, 2_000)] * 3),
)
def test_a_choice_is_always_one_of_the_layers(steps, kbps):
    choice = Choice(1, changed_at=0.0)
    for second, (bears, best) in enumerate(steps):
        place = choice.choose(kbps, bears_kbps=bears, best=best, now=float(second))
        assert 0 <= place <= 2
        assert choice.hold <= LONGEST_HOLD
        assert FAILED_SOON > 0
