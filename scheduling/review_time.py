"""By when a request is to be reviewed, and a call to be made: promises of the centre, as rules."""

from datetime import date, datetime, time, timedelta

from scheduling.plans.cutting import instant
from server.units.calendar import WorkingCalendar, day_of

OFFICE_OPENS, OFFICE_CLOSES = time(9), time(17, 30)
DAY_BEGINS, DAY_ENDS = time(9), time(20)
"""When nobody minds a message, on days off too."""
LEAST = timedelta(hours=1)


def review_due(
    submitted_at: datetime, begins_at: datetime, *, working_days: int, calendar: WorkingCalendar
) -> datetime:
    """Within the working days promised, never later than the day before.

    A request that comes later than that is due within the hour, and before its time.
    """
    promised = instant(calendar.after(day_of(submitted_at), working_days), OFFICE_CLOSES)
    day_before = instant(day_of(begins_at) - timedelta(days=1), OFFICE_CLOSES)
    return min(max(min(promised, day_before), submitted_at + LEAST), begins_at)


def unhurried_from(asked_at: datetime, *, working_days: int, calendar: WorkingCalendar) -> datetime:
    """What begins no sooner leaves whoever is asked all of the working days promised."""
    promised = calendar.after(day_of(asked_at), working_days)
    return instant(promised + timedelta(days=1), time.min)


def review_due_after_move(due: datetime, begins_at: datetime, *, moved_at: datetime) -> datetime:
    """The promise stands; an earlier time pulls it forward to the day before, or before itself."""
    day_before = instant(day_of(begins_at) - timedelta(days=1), OFFICE_CLOSES)
    return min(max(min(due, day_before), min(due, moved_at + LEAST)), begins_at)


def call_due(asked_at: datetime, *, calendar: WorkingCalendar) -> datetime:
    """Within one working day."""
    return instant(calendar.after(day_of(asked_at), 1), OFFICE_CLOSES)


def step_due(now: datetime, *, working_days: int, calendar: WorkingCalendar) -> datetime:
    """By when the office has done its next step."""
    return instant(calendar.after(day_of(now), working_days), OFFICE_CLOSES)


def office_moment(now: datetime, *, calendar: WorkingCalendar) -> datetime:
    """Now, or when the office opens next."""
    day = day_of(now)
    if calendar.is_working(day) and now < instant(day, OFFICE_CLOSES):
        return max(now, instant(day, OFFICE_OPENS))
    return instant(calendar.after(day, 1), OFFICE_OPENS)


def daytime_moment(now: datetime) -> datetime:
    """Now, or when it is day again."""
    day: date = day_of(now)
    if now < instant(day, DAY_ENDS):
        return max(now, instant(day, DAY_BEGINS))
    return instant(day + timedelta(days=1), DAY_BEGINS)


def office_due(since: datetime, lasting: timedelta, *, calendar: WorkingCalendar) -> datetime:
    """When so much office time has gone by."""
    left, at = lasting, office_moment(since, calendar=calendar)
    while left > (today := instant(day_of(at), OFFICE_CLOSES) - at):
        left -= today
        at = instant(calendar.after(day_of(at), 1), OFFICE_OPENS)
    return at + left
