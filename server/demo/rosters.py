"""Rosters of departments and sub-centres, sixty days ahead, by how each is present."""

from collections.abc import Iterator, Sequence
from datetime import date, time, timedelta
from uuid import UUID, uuid5

import sqlalchemy as sa

from scheduling.rosters.tables import RosterShift, RosterWish, WishKind
from server.demo.people import People, Row
from server.kernel.actor import Role
from server.kernel.uow import Tx
from server.units.calendar import WorkingCalendar, day_of, load_calendar
from server.units.seeding import NAMESPACE, NewUnit
from server.units.tables import Presence, UnitKind

AHEAD = 60
MORNING, AFTERNOON = (time(9), time(11, 30)), (time(13, 30), time(17))
SEATS = 2
"""A unit that has moved in whole can be at two meetings at once."""
SAID = (
    ((2, 1, WishKind.CANNOT), (0, 0, WishKind.WOULD_LIKE)),
    ((4, 1, WishKind.RATHER_NOT),),
    ((1, 0, WishKind.WOULD_LIKE), (1, 1, WishKind.WOULD_LIKE)),
)
"""What the first ones said of half days of the week."""


async def seed(tx: Tx, units: Sequence[NewUnit], everybody: People) -> None:
    """One row a half day; nobody is rostered on a holiday."""
    today = day_of(tx.now)
    calendar = await load_calendar(tx, around=today)
    handlers = [w for w in everybody.workers if w.role == Role.HANDLER]
    people: dict[str, list[UUID]] = {}
    for worker in handlers:
        people.setdefault(worker.unit.code, []).append(worker.id)
    rostered = [u for u in units if u.kind in {UnitKind.DEPARTMENT, UnitKind.SUB_CENTRE}]
    rows = [
        row
        for number, unit in enumerate(rostered)
        for row in _unit(unit, number, people.get(unit.code, []), today, calendar)
    ]
    await tx.connection.execute(sa.insert(RosterShift), rows)
    clerk = everybody.worker(Role.CLERK).id
    tx.session.add_all(
        RosterWish(
            account_id=one.id, weekday=weekday, half=half, kind=kind, entered_by=clerk,
            entered_at=tx.now,
        )
        for one, said in zip(handlers, SAID, strict=False)
        for weekday, half, kind in said
    )  # fmt: skip


def _unit(
    unit: NewUnit, number: int, people: list[UUID], today: date, calendar: WorkingCalendar
) -> Iterator[Row]:
    presence = Presence(unit.presence or Presence.WHOLE)
    days = (today + timedelta(days=ahead) for ahead in range(AHEAD))
    for place, day in enumerate(day for day in days if calendar.is_working(day)):
        for half in _halves(presence, number, place, day):
            who = people[place % len(people)] if people and presence != Presence.WHOLE else None
            begins, ends = half
            yield {
                "id": uuid5(NAMESPACE, f"shift:{unit.code}:{day}:{begins}"),
                "unit_id": unit.id, "day": day, "begins": begins, "ends": ends,
                "presence": presence, "account_id": who, "version": 1,
                "seats": SEATS if presence == Presence.WHOLE and unit.kind == UnitKind.DEPARTMENT else 1,
            }  # fmt: skip


def _halves(
    presence: Presence, number: int, place: int, day: date
) -> tuple[tuple[time, time], ...]:
    """Who moved in is there all day; others take turns, or are called on most half days."""
    match presence:
        case Presence.WHOLE:
            return (MORNING, AFTERNOON)
        case Presence.ROTATING:
            turn = (number + day.weekday()) % 5
            return ((MORNING, AFTERNOON), (MORNING,), (AFTERNOON,), (MORNING, AFTERNOON), ())[turn]
        case Presence.ON_CALL:
            return (AFTERNOON,) if (number + place) % 3 == 0 else (MORNING, AFTERNOON)
