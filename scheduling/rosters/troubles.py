"""What speaks against a shift while it is edited by hand: told at once, for everybody of the unit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from scheduling import access
from scheduling.joint.ground import staff_of
from scheduling.plans.cutting import instant
from scheduling.rosters import shifts, wishes
from scheduling.rosters.period import SPANS
from scheduling.rosters.shifts import LEAVES, NewShift
from scheduling.rosters.tables import RosterShift, RosterWish, WishKind
from server.kernel.uow import Tx
from server.units.calendar import WorkingCalendar, load_calendar

IN_A_ROW = 5
AROUND = timedelta(days=21)
"""Far enough to see how long somebody is there in a row."""


class ShiftTrouble(StrEnum):
    """`overlap` and `booked` are refused when it is saved; the others are there to be weighed."""

    HOLIDAY = "holiday"
    BOOKED = "booked"
    OVERLAP = "overlap"
    AWAY = "away"
    CANNOT = "cannot"
    RATHER_NOT = "rather_not"
    IN_A_ROW = "in_a_row"


@dataclass(frozen=True)
class Told:
    """`account_id` None: whoever it would be."""

    day: date
    trouble: ShiftTrouble
    account_id: UUID | None = None


@dataclass(frozen=True)
class _Person:
    account_id: UUID
    shifts: Sequence[RosterShift]
    away: Sequence[tuple[datetime, datetime]]
    wishes: Sequence[RosterWish]


async def troubles(
    tx: Tx, unit_id: UUID, days: Sequence[date], new: NewShift, *, besides: UUID | None
) -> list[Told]:
    """Of the unit's people on these days; `besides` is the shift that is changed."""
    await access.demand_reach(tx, unit_id, *access.DESK)
    first, last = min(days) - AROUND, max(days) + AROUND
    calendar = await load_calendar(tx, around=first, days=(last - first).days + 1)
    found = [Told(day, ShiftTrouble.HOLIDAY) for day in days if not calendar.is_working(day)]
    changed = await shifts.shift(tx, besides) if besides else None
    if changed and shifts.narrows(changed, new) and await shifts.counting_on(tx, changed):
        found.append(Told(changed.day, ShiftTrouble.BOOKED))
    for person in await _people(tx, unit_id, first, last, besides):
        found += _of_person(person, sorted(set(days)), new, calendar)
    return found


async def _people(
    tx: Tx, unit_id: UUID, first: date, last: date, besides: UUID | None
) -> list[_Person]:
    staff = (await staff_of(tx, [unit_id])).get(unit_id, ())
    query = sa.select(RosterShift).where(
        RosterShift.account_id.in_(staff), RosterShift.day.between(first, last)
    )
    theirs = [row for row in await tx.session.scalars(query) if row.id != besides]
    begins, ends = instant(first, time()), instant(last, time())
    said = await wishes.read(tx, staff)
    leaves = await (await tx.driver()).fetch(LEAVES, list(staff), begins, ends)
    return [
        _Person(
            one,
            [row for row in theirs if row.account_id == one],
            [(row["begins_at"], row["ends_at"]) for row in leaves if row["account_id"] == one],
            [wish for wish in said if wish.account_id == one],
        )
        for one in staff
    ]


def _of_person(
    person: _Person, days: Sequence[date], new: NewShift, calendar: WorkingCalendar
) -> Iterator[Told]:
    there = {row.day for row in person.shifts} | set(days)
    for day in days:
        begins, ends = instant(day, new.begins), instant(day, new.ends)
        if any(since < ends and until > begins for since, until in person.away):
            yield Told(day, ShiftTrouble.AWAY, person.account_id)
        if ruled_out := _ruled_out(person, day, new):
            yield Told(day, ruled_out, person.account_id)
        if any(
            row.day == day and row.begins < new.ends and row.ends > new.begins
            for row in person.shifts
        ):
            yield Told(day, ShiftTrouble.OVERLAP, person.account_id)
        if _in_a_row(day, there, calendar) > IN_A_ROW:
            yield Told(day, ShiftTrouble.IN_A_ROW, person.account_id)


def _ruled_out(person: _Person, day: date, new: NewShift) -> ShiftTrouble | None:
    """What they said of any part of that time; that they would like another is no trouble."""
    halves = [
        n for n, (since, until) in enumerate(SPANS) if new.begins < until and new.ends > since
    ]
    said = {
        one.kind for one in person.wishes if one.weekday == day.weekday() and one.half in halves
    }
    if WishKind.CANNOT in said:
        return ShiftTrouble.CANNOT
    return ShiftTrouble.RATHER_NOT if WishKind.RATHER_NOT in said else None


def _in_a_row(day: date, there: set[date], calendar: WorkingCalendar) -> int:
    """Working days without one off, around the day."""
    return 1 + sum(_run(day, there, calendar, step) for step in (-1, 1))


def _run(day: date, there: set[date], calendar: WorkingCalendar, step: int) -> int:
    run = 0
    for _ in range(AROUND.days):
        day += timedelta(days=step)
        if day in there:
            run += 1
        elif calendar.is_working(day):
            break
    return run
