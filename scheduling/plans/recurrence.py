"""On which dates a plan's repeating rule falls, once holidays are taken into account."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from scheduling.plans import rrule
from server.kernel.errors import FieldError, Invalid
from server.units.calendar import WorkingCalendar
from server.units.tables import DayKind

MOST = 400


class HolidayRule(StrEnum):
    """What becomes of a date that is a statutory holiday."""

    BEFORE = "before"
    AFTER = "after"
    SKIP = "skip"


@dataclass(frozen=True)
class PlannedDate:
    """`planned` is the rule's date, the key of the day; `held` the date after moving."""

    planned: date
    held: date

    @property
    def was_moved(self) -> bool:
        return self.planned != self.held


def check_rule(rule: str) -> None:
    """Raises Invalid for a rule that is none of those we know."""
    try:
        rrule.parse(rule)
    except ValueError:
        raise Invalid("invalid", fields=(FieldError("rrule", "field.rrule"),)) from None


def dates(
    rule: str,
    *,
    starts_on: date,
    ends_on: date | None,
    since: date,
    until: date,
    holidays: HolidayRule,
    calendar: WorkingCalendar,
) -> list[PlannedDate]:
    """The plan's dates within [since, until], each moved off a holiday; two never on one date.

    Whichever day is `since`, the same dates are kept: those of the earliest planned.
    """
    last = min(until, ends_on) if ends_on else until
    taken: set[date] = set()
    found = []
    for planned in rrule.expand(rrule.parse(rule), starts_on=starts_on, until=last):
        held = _moved(planned, holidays, calendar)
        if held is None or held in taken:
            continue
        taken.add(held)
        if planned >= since:  # an earlier one may have been moved onto a later date
            found.append(PlannedDate(planned, held))
    return found[:MOST]


def _moved(day: date, rule: HolidayRule, calendar: WorkingCalendar) -> date | None:
    if calendar.days.get(day) is not DayKind.HOLIDAY:
        return day
    match rule:
        case HolidayRule.SKIP:
            return None
        case HolidayRule.BEFORE:
            return calendar.before(day, 1)
        case HolidayRule.AFTER:
            return calendar.after(day, 1)
