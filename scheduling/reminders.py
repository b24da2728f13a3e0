"""When people are reminded: 7 days, 1 day and 1 hour before; Friday for Monday."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

from scheduling.plans.cutting import instant
from server.kernel.clock import local
from server.kernel.uow import Tx
from server.units.calendar import WorkingCalendar

DAYTIME = (time(9), time(20))
"""Nobody's phone rings at night because of us; the last hour's reminder is the exception."""


class Reminder(StrEnum):
    WEEK = "7d"
    DAY = "24h"
    HOUR = "1h"


def times(
    begins_at: datetime, *, known_since: datetime, calendar: WorkingCalendar
) -> Mapping[Reminder, datetime]:
    """Each reminder with its time; one whose time has gone by when it was booked is left out."""
    day = local(begins_at)
    at = min(max(day.time(), DAYTIME[0]), DAYTIME[1])
    wanted = {
        Reminder.WEEK: instant(day.date() - timedelta(days=7), at),
        Reminder.DAY: instant(_office_day_before(day.date(), calendar), at),
        Reminder.HOUR: begins_at - timedelta(hours=1),
    }
    return {kind: due for kind, due in wanted.items() if due > known_since}


def schedule(
    tx: Tx,
    appointment_id: UUID,
    *,
    sequence: int,
    begins_at: datetime,
    calendar: WorkingCalendar,
) -> None:
    """Write the reminders as tasks; the sequence in the key makes those of an old time void."""
    due = times(begins_at, known_since=tx.now, calendar=calendar)
    for kind, due_at in due.items():
        payload = {"appointment_id": str(appointment_id), "sequence": sequence, "reminder": kind}
        key = f"reminder:{appointment_id}:{sequence}:{kind}"
        tx.schedule("reminder.due", key=key, payload=payload, due_at=due_at)


def _office_day_before(day: date, calendar: WorkingCalendar) -> date:
    """The day before; the last working day when the office is closed then."""
    before = day - timedelta(days=1)
    return before if calendar.is_working(before) else calendar.before(day, 1)
