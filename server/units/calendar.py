"""The working calendar: weekdays, statutory holidays, make-up days, the district's own days."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

from chinese_calendar import constants

from server.kernel.clock import LOCAL, local
from server.kernel.uow import Tx
from server.units.tables import DayKind, YearStatus

SATURDAY = 5
ANNOUNCED_YEARS = frozenset(day.year for day in constants.holidays)
"""Years whose holidays the State Council has announced, as far as the library knows."""


@dataclass(frozen=True)
class WorkingCalendar:
    """`days` holds only the days that are not what their weekday says."""

    days: Mapping[date, DayKind] = field(default_factory=dict)
    confirmed: frozenset[int] = frozenset()

    def is_working(self, day: date) -> bool:
        kind = self.days.get(day)
        return kind is DayKind.MAKE_UP if kind else day.weekday() < SATURDAY

    def is_confirmed(self, day: date) -> bool:
        """False: the year's holidays are not announced; what is planned may have to move."""
        return day.year in self.confirmed

    def after(self, day: date, working_days: int) -> date:
        """The n-th working day after `day`; `day` itself does not count."""
        while working_days:
            day += timedelta(days=1)
            working_days -= self.is_working(day)
        return day

    def before(self, day: date, working_days: int) -> date:
        """The n-th working day before `day`; `day` itself does not count."""
        while working_days:
            day -= timedelta(days=1)
            working_days -= self.is_working(day)
        return day


def add_working_days(instant: datetime, days: int, *, calendar: WorkingCalendar) -> datetime:
    """When a limit of so many working days is over: the end of the last one."""
    return end_of(calendar.after(day_of(instant), days))


def end_of(day: date) -> datetime:
    """The instant at which a day in the district is over."""
    return datetime.combine(day + timedelta(days=1), time(), LOCAL).astimezone(UTC)


def day_of(instant: datetime) -> date:
    return local(instant).date()


@cache
def announced() -> WorkingCalendar:
    """What the State Council has announced: holidays on weekdays, work on weekends."""
    off = {day: DayKind.HOLIDAY for day in constants.holidays if day.weekday() < SATURDAY}
    on = {day: DayKind.MAKE_UP for day in constants.workdays if day.weekday() >= SATURDAY}
    return WorkingCalendar(off | on, ANNOUNCED_YEARS)


OVERRULED = "SELECT date, kind, status FROM calendar_day WHERE date BETWEEN $1 AND $2"


async def load_calendar(tx: Tx, *, around: date, days: int = 120) -> WorkingCalendar:
    """The announced days, overruled by the district's rows around a day."""
    reach = timedelta(days=days)
    rows = await (await tx.driver()).fetch(OVERRULED, around - reach, around + reach)
    known = announced()
    if not rows:
        return known
    years = {row["date"].year for row in rows if row["status"] == YearStatus.CONFIRMED}
    days_here = {row["date"]: DayKind(row["kind"]) for row in rows}
    return WorkingCalendar({**known.days, **days_here}, known.confirmed | years)
