"""Office hours of the demo district: what was done there was done by day, whenever it starts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from scheduling.plans.cutting import instant
from server.kernel.uow import Tx
from server.units.calendar import WorkingCalendar, day_of, load_calendar

OPEN = ((time(9), time(11, 30)), (time(13, 30), time(17)))
STEP = timedelta(minutes=7)
"""Not a round one: things do not happen on the hour."""
LONGEST_CLOSURE = timedelta(days=14)


@dataclass(frozen=True)
class OfficeHours:
    calendar: WorkingCalendar

    def back(self, moment: datetime, *, steps: int = 0) -> datetime:
        """The last moment the office was open by then, or so many steps of work before it."""
        return list(self._between(moment - LONGEST_CLOSURE, moment))[-1 - steps]

    def spread(self, since: datetime, until: datetime, *, count: int) -> list[datetime]:
        """So many moments in order, evenly over the work in between; `since` if there was none."""
        found = list(self._between(since, until))
        if not found:
            return [since] * count
        return [found[len(found) * number // (count + 1)] for number in range(1, count + 1)]

    def _between(self, since: datetime, until: datetime) -> Iterator[datetime]:
        """Later than `since`, not later than `until`."""
        day = day_of(since)
        while day <= day_of(until):
            if self.calendar.is_working(day):
                for opens, closes in OPEN:
                    moment = instant(day, opens)
                    while moment <= min(until, instant(day, closes)):
                        if moment > since:
                            yield moment
                        moment += STEP
            day += timedelta(days=1)


async def office_hours(tx: Tx) -> OfficeHours:
    return OfficeHours(await load_calendar(tx, around=day_of(tx.now)))
