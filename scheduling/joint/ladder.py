"""How somebody on call is asked: by the app, by SMS, by a clerk's call; then their deputy is."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta

from scheduling.joint.tables import Rung
from scheduling.plans.cutting import instant
from server.kernel.clock import local
from server.units.calendar import WorkingCalendar

LEAST, MOST = timedelta(minutes=5), timedelta(hours=2)
SHARE = 10
"""An answer is waited for a tenth of the time that is left, on each rung."""
DAYTIME = (time(8, 30), time(17, 30))
AFTER: Mapping[Rung, Rung | None] = {
    Rung.APP: Rung.SMS,
    Rung.SMS: Rung.CALL,
    Rung.CALL: Rung.DEPUTY,
    Rung.DEPUTY: None,
}
"""None: nobody answered, which the clerk is told."""


def patience(now: datetime, begins_at: datetime) -> timedelta:
    """How long an answer is waited for before the next rung."""
    return min(max((begins_at - now) / SHARE, LEAST), MOST)


def due(now: datetime, begins_at: datetime, *, calendar: WorkingCalendar) -> datetime:
    """When the next rung comes: by day, on working days, as long as that is before the meeting."""
    wait = patience(now, begins_at)
    plain = now + wait
    awake = _awake(plain, calendar)
    return awake if awake <= begins_at - wait else min(plain, begins_at)


def _awake(moment: datetime, calendar: WorkingCalendar) -> datetime:
    """The moment, or the next one at which people are at work."""
    at = local(moment)
    opens, closes = DAYTIME
    if calendar.is_working(at.date()) and at.time() < closes:
        return max(moment, instant(at.date(), opens))
    return instant(calendar.after(at.date(), 1), opens)
