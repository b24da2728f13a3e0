"""Who is received when: by their times, and at the end who came later than the grace."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from signaling.dayline import InLine, Standing, in_order, next_in, place_in

NINE = datetime(2026, 11, 23, 1, tzinfo=UTC)
GRACE = timedelta(minutes=10)


def entry(n: int, standing: Standing, *, came: int | None = None) -> InLine:
    """The one whose time is n half hours after nine, who came so many minutes after nine."""
    return InLine(
        appointment_id=UUID(int=n), begins_at=NINE + n * timedelta(minutes=30), standing=standing,
        waiting_since=None if came is None else NINE + timedelta(minutes=came), started_at=None,
        closed_at=None,
    )  # fmt: skip


def order(line, *, minutes: int) -> list[int]:
    now = NINE + timedelta(minutes=minutes)
    return [one.appointment_id.int for one in in_order(line, now=now, late_after=GRACE)]


@pytest.mark.parametrize(
    ("came", "expected"),
    [(-5, [0, 1, 2]), (9, [0, 1, 2]), (10, [1, 2, 0]), (25, [1, 2, 0])],
)
def test_place_is_kept_until_the_grace_is_over(came, expected):
    line = [
        entry(0, Standing.WAITING, came=came), entry(1, Standing.WAITING, came=20),
        entry(2, Standing.NOT_HERE),
    ]  # fmt: skip
    assert order(line, minutes=26) == expected


def test_who_is_late_and_not_here_yet_stands_last():
    line = [entry(0, Standing.NOT_HERE), entry(1, Standing.NOT_HERE)]
    assert order(line, minutes=9) == [0, 1]
    assert order(line, minutes=10) == [1, 0]


def test_of_two_who_came_late_the_earlier_goes_first():
    line = [entry(0, Standing.WAITING, came=70), entry(1, Standing.WAITING, came=50)]
    assert order(line, minutes=80) == [1, 0]


def test_who_was_received_or_is_inside_keeps_the_place():
    line = [entry(0, Standing.DONE), entry(1, Standing.IN_ROOM), entry(2, Standing.WAITING, came=0)]
    assert order(line, minutes=90) == [0, 1, 2]


def test_late_one_is_told_the_place_at_the_end_and_offered_when_nobody_else_waits():
    now = NINE + timedelta(minutes=26)
    late = entry(0, Standing.WAITING, came=20)
    line = in_order([late, entry(1, Standing.NOT_HERE)], now=now, late_after=GRACE)
    place = place_in(line, late.appointment_id, now=now, late_after=GRACE)
    assert (place.number, place.before_me) == (2, 1)
    assert next_in(line, UUID(int=9)) == late.appointment_id
