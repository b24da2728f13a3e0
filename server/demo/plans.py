"""Reception plans of every leader, and their days six weeks back and six weeks ahead."""

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Any
from uuid import uuid5

import sqlalchemy as sa

from scheduling.plans import days
from scheduling.states import DayAction
from scheduling.tables import (
    DayState,
    ReceptionDay,
    ReceptionKind,
    ReceptionPlan,
)
from server.demo.people import Leader, People
from server.kernel.uow import Tx
from server.units.calendar import WorkingCalendar, day_of, load_calendar
from server.units.seeding import NAMESPACE

BEHIND = AHEAD = timedelta(weeks=6)
PUBLISHED = timedelta(weeks=3)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR")
MORNING, AFTERNOON = (time(9), time(11, 30)), (time(14), time(16, 30))
NO_REVIEW_FROM = 15
"""Heads of departments take bookings without a clerk's review."""

SHARES = {"walk_in": [1, 30], "on_behalf": [1, 3 * 24 * 60]}
"""Of every third leader: places kept, and for how many minutes before the day."""


async def seed(tx: Tx, everybody: People, texts: dict[str, Any], *, brief_at: time) -> None:
    """Plans, their days, and the slots of the days that are published."""
    today = day_of(tx.now)
    plans = [_plan(leader, today, texts) for leader in everybody.leaders]
    tx.session.add_all(plans)
    await tx.session.flush()
    calendar = await load_calendar(tx, around=today)
    past, ahead = _day_rows(plans, today, calendar)
    await _write_past(tx, past)
    await _write_ahead(tx, ahead, brief_at=brief_at, today=today)


def _plan(leader: Leader, today: date, texts: dict[str, Any]) -> ReceptionPlan:
    begins, ends = MORNING if leader.rank % 2 else AFTERNOON
    every = "INTERVAL=2;" if leader.invited_only else ""
    return ReceptionPlan(
        id=uuid5(NAMESPACE, f"plan:{leader.worker.login}"),
        leader_id=leader.worker.id,
        unit_id=leader.worker.unit.id,
        kind=ReceptionKind.SCHEDULED,
        rrule=f"FREQ=WEEKLY;{every}BYDAY={WEEKDAYS[leader.rank % 5]}",
        starts_on=today - BEHIND - timedelta(days=today.weekday()),
        begins=begins,
        ends=ends,
        slot_minutes=25,
        break_minutes=5,
        topics=leader.topics,
        review=leader.rank < NO_REVIEW_FROM,
        invited_only=leader.invited_only,
        opens_at=time(9),
        document=texts["plan_document"].format(number=leader.rank),
        approver=texts["plan_approver"],
        approved_on=today - BEHIND - timedelta(days=10),
        shares=SHARES if leader.rank % 3 == 0 else {},
    )


def _day_rows(
    plans: Sequence[ReceptionPlan], today: date, calendar: WorkingCalendar
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Rows of days gone by, and of days to come; today stays free for what is due."""
    past: list[dict[str, object]] = []
    ahead: list[dict[str, object]] = []
    for plan in plans:
        for planned in days.plan_dates(
            plan, since=today - BEHIND, until=today + AHEAD, calendar=calendar
        ):
            if planned.held != today:
                (past if planned.held < today else ahead).append(days.day_row(plan, planned))
    return past, ahead


async def _write_past(tx: Tx, rows: list[dict[str, object]]) -> None:
    """Days that were held: open for now, so that what was booked can be booked."""
    made = [ReceptionDay(**{**row, "state": DayState.BOOKING_OPEN, "shares": {}}) for row in rows]
    tx.session.add_all(made)
    await tx.session.flush()
    tx.session.add_all(slot for day in made for slot in days.cut_slots(day))
    await tx.session.flush()


async def _write_ahead(
    tx: Tx, rows: list[dict[str, object]], *, brief_at: time, today: date
) -> None:
    """Drafts; the nearer ones are published, and open where their hour has come."""
    made = [ReceptionDay(**row) for row in rows]
    tx.session.add_all(made)
    await tx.session.flush()
    for day in made:
        if day_of(day.begins_at) > today + PUBLISHED:
            continue
        await days.publish(tx, day, brief_at=brief_at)
        if day.booking_opens_at <= tx.now:
            days.advance(tx, day, DayAction.OPEN)
        if day.booking_closes_at <= tx.now:
            days.advance(tx, day, DayAction.CLOSE)


async def close_past(tx: Tx) -> None:
    """Days that were held are over."""
    query = sa.update(ReceptionDay).where(ReceptionDay.ends_at < tx.now)
    await tx.session.execute(query.values(state=DayState.DONE))
