"""By when something is due: calendar days and working days, to the end of the last one."""

from datetime import UTC, date, datetime

import pytest

from server.cases.clocks import AT_REGISTRATION, LIMITS, ClockKind
from server.cases.tables import CaseKind
from server.units.calendar import WorkingCalendar
from server.units.tables import DayKind

FRIDAY = datetime(2026, 11, 27, 7, 0, tzinfo=UTC)
LATE_FRIDAY = datetime(2026, 11, 27, 15, 59, tzinfo=UTC)
SATURDAY = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)  # midnight in the district
MONDAY_OFF = WorkingCalendar({date(2026, 11, 30): DayKind.HOLIDAY})


def ends(month: int, day: int) -> datetime:
    """The end of a day in the district."""
    return datetime(2026, month, day, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "started", "calendar", "due"),
    [
        (ClockKind.FIRST_FEEDBACK, FRIDAY, WorkingCalendar(), ends(11, 30)),
        (ClockKind.FIRST_FEEDBACK, LATE_FRIDAY, WorkingCalendar(), ends(11, 30)),
        (ClockKind.FIRST_FEEDBACK, SATURDAY, WorkingCalendar(), ends(11, 30)),
        (ClockKind.FIRST_FEEDBACK, FRIDAY, MONDAY_OFF, ends(12, 1)),
        (ClockKind.ASK_OTHER_SIDE, FRIDAY, WorkingCalendar(), ends(12, 2)),
        (ClockKind.REGISTER_AND_FORWARD, FRIDAY, WorkingCalendar(), ends(12, 12)),
        (ClockKind.MEDIATION, FRIDAY, MONDAY_OFF, ends(12, 27)),
    ],
)
def test_clocks_run_to_the_end_of_the_last_day(kind, started, calendar, due):
    assert LIMITS[kind].due(started, calendar) == due


def test_every_clock_names_its_source_and_disputes_know_no_petition_law():
    assert set(LIMITS) == set(ClockKind)
    sources = {LIMITS[kind].source for kind in AT_REGISTRATION[CaseKind.DISPUTE]}
    assert sources == {"promise"}
