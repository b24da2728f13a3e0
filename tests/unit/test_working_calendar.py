"""Working days over weekends, holidays and make-up days."""

from datetime import UTC, date, datetime

from server.units.calendar import WorkingCalendar, add_working_days, announced, end_of
from server.units.tables import DayKind

FRIDAY, SATURDAY, SUNDAY = date(2026, 11, 27), date(2026, 11, 28), date(2026, 11, 29)
MONDAY, TUESDAY = date(2026, 11, 30), date(2026, 12, 1)


def test_working_days_skip_weekends():
    plain = WorkingCalendar()
    assert plain.after(FRIDAY, 1) == MONDAY
    assert plain.after(SATURDAY, 1) == MONDAY
    assert plain.before(MONDAY, 1) == FRIDAY


def test_working_days_know_holidays_and_make_up_days():
    calendar = WorkingCalendar({SUNDAY: DayKind.MAKE_UP, MONDAY: DayKind.HOLIDAY})
    assert calendar.after(FRIDAY, 1) == SUNDAY
    assert calendar.after(FRIDAY, 2) == TUESDAY


def test_a_day_ends_at_midnight_in_the_district():
    assert end_of(FRIDAY) == datetime(2026, 11, 27, 16, 0, tzinfo=UTC)


def test_announced_years_hold_holidays_and_make_up_days():
    calendar = announced()
    national_day, make_up = date(2026, 10, 1), date(2026, 10, 10)
    assert (calendar.is_working(national_day), calendar.is_working(make_up)) == (False, True)
    assert make_up.weekday() == 5
    assert calendar.after(date(2026, 9, 30), 1) == date(2026, 10, 8)


def test_a_year_that_is_not_announced_says_so():
    calendar = announced()
    assert calendar.is_confirmed(date(2026, 12, 31))
    assert not calendar.is_confirmed(date(2027, 1, 1))
    assert not calendar.is_working(date(2027, 1, 2))  # a Saturday: weekdays are all we know
    assert calendar.is_working(date(2027, 10, 1))


def test_a_limit_of_working_days_ends_with_the_last_of_them():
    friday_evening = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
    due = add_working_days(friday_evening, 2, calendar=announced())
    assert due == end_of(date(2026, 12, 1))
    late = datetime(2026, 11, 27, 17, 0, tzinfo=UTC)  # Saturday in the district
    assert add_working_days(late, 1, calendar=announced()) == end_of(date(2026, 11, 30))
