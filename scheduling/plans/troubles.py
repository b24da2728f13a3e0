"""What is wrong with a reception day where it stands: a holiday, a leader who is away, another day."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from scheduling import claims
from scheduling.tables import Claim, ClaimReason, DayState, ReceptionDay
from server.kernel.errors import RuleBroken
from server.kernel.uow import Tx
from server.units.calendar import WorkingCalendar, day_of, load_calendar
from server.units.tables import DayKind

OFF = (DayState.CANCELLED, DayState.SWAPPED)


class Trouble(StrEnum):
    """What is wrong with a day; a weekend is only unusual."""

    HOLIDAY = "holiday"
    AWAY = "away"
    OVERLAP = "overlap"
    WEEKEND = "weekend"


BLOCKING = frozenset({Trouble.HOLIDAY, Trouble.AWAY, Trouble.OVERLAP})


@dataclass(frozen=True)
class Away:
    leader_id: UUID
    begins_at: datetime
    ends_at: datetime


async def demand_none(tx: Tx, day: ReceptionDay, *, beside: Collection[DayState] = OFF) -> None:
    """Raises RuleBroken where planning would not put the day; days in `beside` are in nobody's way."""
    await claims.lock(await tx.driver(), [day.leader_id])
    calendar = await load_calendar(tx, around=day_of(day.begins_at))
    others = sa.exists().where(
        ReceptionDay.leader_id == day.leader_id, ReceptionDay.id != day.id,
        ReceptionDay.begins_at < day.ends_at, ReceptionDay.ends_at > day.begins_at,
        ReceptionDay.state.not_in(beside),
    )  # fmt: skip
    found = troubles(
        day.begins_at, calendar=calendar,
        is_away=bool(await away(tx, {day.leader_id}, day.begins_at, day.ends_at)),
        overlaps=bool(await tx.session.scalar(sa.select(others))),
    )  # fmt: skip
    for trouble in found:
        if trouble in BLOCKING:
            raise RuleBroken(f"day_{trouble}")


def troubles(
    begins_at: datetime, *, calendar: WorkingCalendar, is_away: bool, overlaps: bool
) -> list[Trouble]:
    held = day_of(begins_at)
    is_holiday = calendar.days.get(held) is DayKind.HOLIDAY
    said = {
        Trouble.HOLIDAY: is_holiday,
        Trouble.WEEKEND: not is_holiday and not calendar.is_working(held),
        Trouble.AWAY: is_away,
        Trouble.OVERLAP: overlaps,
    }
    return [trouble for trouble, is_so in said.items() if is_so]


async def away(tx: Tx, leaders: Collection[UUID], since: datetime, until: datetime) -> list[Away]:
    """When these leaders are on leave."""
    lower, upper = sa.func.lower(Claim.during), sa.func.upper(Claim.during)
    query = sa.select(Claim.resource, lower, upper).where(
        Claim.resource.in_(leaders), Claim.reason == ClaimReason.LEAVE, upper > since, lower < until
    )
    return [Away(*row) for row in (await tx.connection.execute(query)).all()]
