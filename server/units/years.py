"""Years of the working calendar: provisional until the State Council's list is entered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from server.kernel.errors import Conflict, FieldError, Invalid
from server.kernel.uow import Tx
from server.units.calendar import ANNOUNCED_YEARS, announced
from server.units.tables import CalendarDay, CalendarYear, DayKind, YearStatus

SOURCE = "notice"


@dataclass(frozen=True)
class Year:
    """`entered` where the list was put in here; the others came with the system."""

    year: int
    status: YearStatus
    days: Mapping[date, DayKind]
    entered: CalendarYear | None


async def of(tx: Tx, numbers: Sequence[int]) -> list[Year]:
    return [await _year(tx, number) for number in numbers]


async def _year(tx: Tx, number: int) -> Year:
    query = sa.select(CalendarDay).where(_within(number)).order_by(CalendarDay.date)
    rows = (await tx.session.scalars(query)).all()
    known = {day: kind for day, kind in announced().days.items() if day.year == number}
    days = known | {row.date: DayKind(row.kind) for row in rows}
    stands = number in ANNOUNCED_YEARS or any(r.status == YearStatus.CONFIRMED for r in rows)
    status = YearStatus.CONFIRMED if stands else YearStatus.PROVISIONAL
    entered = await tx.session.get(CalendarYear, number)
    return Year(number, status, dict(sorted(days.items())), entered)


async def enter(tx: Tx, number: int, days: Mapping[date, DayKind], *, document: str) -> None:
    """The year is confirmed with these days; entered again they replace what was entered."""
    if number in ANNOUNCED_YEARS:
        raise Conflict("year_known")
    if not days or any(day.year != number for day in days):
        raise Invalid("invalid", fields=(FieldError("days", "field.invalid"),))
    await tx.session.execute(sa.delete(CalendarDay).where(_within(number)))
    tx.session.add_all(
        CalendarDay(date=day, kind=kind, source=SOURCE, status=YearStatus.CONFIRMED)
        for day, kind in days.items()
    )
    row = CalendarYear(
        year=number, document=document, entered_by=tx.actor.account_id, entered_at=tx.now
    )
    await tx.session.merge(row)
    await tx.session.flush()
    tx.audit("confirm", "calendar_year", str(number), days=len(days))


def _within(number: int) -> sa.ColumnElement[bool]:
    return CalendarDay.date.between(date(number, 1, 1), date(number, 12, 31))
