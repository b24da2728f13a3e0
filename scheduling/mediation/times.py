"""When a mediation could be: the mediator's and the main room's time over the next days."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from uuid import NAMESPACE_OID, UUID, uuid5

from scheduling.plans.cutting import instant
from scheduling.timetable import taken
from scheduling.timetable.free import ALL, Free, Hours, look
from scheduling.timetable.horizon import Horizon, cells_of, each, starts
from server.kernel.uow import Tx
from server.units.calendar import WorkingCalendar, day_of, load_calendar

WORKING_DAYS = 10
STEP = timedelta(minutes=30)
OFFICE_HOURS = ((time(9), time(11, 30)), (time(14), time(17)))
NOTICE = timedelta(hours=1)


class Busy(StrEnum):
    """Why a time cannot be had."""

    MEDIATOR = "mediator_busy"
    ROOM = "room_busy"


@dataclass(frozen=True)
class Possible:
    """`why` is None when the time is free."""

    begins_at: datetime
    ends_at: datetime
    why: Busy | None


def main_room(unit_id: UUID) -> UUID:
    """The resource that stands for a unit's mediation room."""
    return uuid5(NAMESPACE_OID, f"room:{unit_id}")


async def times(tx: Tx, *, mediator_id: UUID, unit_id: UUID, minutes: int) -> list[Possible]:
    """Office hours of the next ten working days, each time with why it cannot be had."""
    calendar = await load_calendar(tx, around=day_of(tx.now))
    room_id, length = main_room(unit_id), timedelta(minutes=minutes)
    horizon, hours = office(calendar, today=day_of(tx.now))
    claimed = await taken.read(tx, horizon, [mediator_id, room_id])
    mediator, room = (
        look(Hours(hours, claimed.get(one, ())), cells=cells_of(length), offered=ALL)
        for one in (mediator_id, room_id)
    )
    return [
        Possible(horizon.at(cell), horizon.at(cell) + length, _why(cell, mediator, room))
        for cell in asked(horizon, hours, now=tx.now, length=length)
    ]


def office(calendar: WorkingCalendar, *, today: date) -> tuple[Horizon, int]:
    """Office hours of the next working days."""
    last = calendar.after(today - timedelta(days=1), WORKING_DAYS)
    horizon = Horizon(today, (last - today).days + 1)
    days = [today + timedelta(days=n) for n in range(horizon.days)]
    spans = [
        horizon.within(instant(day, opens), instant(day, closes))
        for day in days if calendar.is_working(day)
        for opens, closes in OFFICE_HOURS
    ]  # fmt: skip
    return horizon, sum(spans)


def asked(horizon: Horizon, hours: int, *, now: datetime, length: timedelta) -> list[int]:
    """The cells at which a mediation may begin at all, from an hour on."""
    soon = horizon.touching(horizon.at(0), now + NOTICE)
    offered = horizon.every(STEP) & ~soon
    return list(each(starts(hours, cells_of(length)) & offered))


def _why(cell: int, mediator: Free, room: Free) -> Busy | None:
    if mediator.why(cell) is not None:
        return Busy.MEDIATOR
    return Busy.ROOM if room.why(cell) is not None else None
