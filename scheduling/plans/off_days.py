"""What is published and turns out to stand on a day off: a task for each, until it is seen to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID

import sqlalchemy as sa

from scheduling import calls
from scheduling.calls import NewCall
from scheduling.plans.cutting import instant
from scheduling.review_time import LEAST, review_due
from scheduling.tables import (
    OPEN_STATES,
    Appointment,
    CallKind,
    CallTask,
    DayState,
    ReceptionDay,
    SessionKind,
)
from server.identity.tables import Account
from server.kernel.config import Scheduling
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from server.units.calendar import WorkingCalendar, day_of, load_calendar
from server.units.tables import DayKind

WITHIN = 3
"""Working days in which the desk sees to it, while there is time for that."""
REACH = timedelta(days=10)
"""So near a make-up day is offered as another date."""
PUBLISHED = (DayState.PUBLISHED, DayState.BOOKING_OPEN, DayState.BOOKING_CLOSED)


@dataclass(frozen=True)
class OffDay:
    """A reception day, or a session of none, on a day off; `dates` it could be held on instead."""

    day_id: UUID | None
    appointment_id: UUID | None
    unit_id: UUID
    host_name: str | None
    begins_at: datetime
    ends_at: datetime
    dates: tuple[date, ...] = ()

    @property
    def id(self) -> UUID:
        found = self.day_id or self.appointment_id
        assert found is not None
        return found


async def have_seen_to(
    tx: Tx, sealer: Sealer, year: int, kinds: Mapping[date, DayKind], *, rules: Scheduling
) -> None:
    """The desk of each has a task for it, wherever that desk is; what is not on a day off after
    all needs none. What was said to be held all the same is not asked again.
    """
    calendar = await load_calendar(tx, around=day_of(tx.now), days=500)
    ahead = await _ahead(tx, year)
    off = [one for one in ahead if kinds.get(day_of(one.begins_at)) is DayKind.HOLIDAY]
    for one in off:
        due_at = _due(one, tx.now, calendar=calendar, rules=rules)
        task = await calls.request(tx, sealer, _call(one, due_at=due_at), unit_id=one.unit_id)
        if task.done_at is not None and task.note is None:
            task.done_at, task.due_at = None, due_at
    others = [one.id for one in ahead if one not in off]
    await calls.seen_to(tx, _is_about(others))


async def tasks_of(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, CallTask]:
    """By day or appointment; also those that are done."""
    query = sa.select(CallTask).where(CallTask.kind == CallKind.ON_DAY_OFF, _is_about(ids))
    found = (await tx.session.scalars(query)).all()
    return {thing: task for task in found if (thing := task.day_id or task.appointment_id)}


async def about(tx: Tx, tasks: Iterable[CallTask]) -> dict[UUID, OffDay]:
    """What these tasks are about that are of this kind, by day or appointment."""
    ours = [task for task in tasks if task.kind == CallKind.ON_DAY_OFF]
    if not ours:
        return {}
    calendar = await load_calendar(tx, around=day_of(tx.now), days=500)
    days = await _days(tx, ReceptionDay.id.in_([task.day_id for task in ours]))
    sessions = await _sessions(tx, Appointment.id.in_([task.appointment_id for task in ours]))
    today = day_of(tx.now)
    return {
        one.id: replace(one, dates=dates_instead(day_of(one.begins_at), calendar, today=today))
        for one in (*days, *sessions)
    }


def dates_instead(day: date, calendar: WorkingCalendar, *, today: date) -> tuple[date, ...]:
    """The working days around, and make-up days near by, the soonest first."""
    near = {calendar.before(day, 1), calendar.after(day, 1)}
    near |= {
        one for one, kind in calendar.days.items()
        if kind is DayKind.MAKE_UP and abs(one - day) <= REACH
    }  # fmt: skip
    return tuple(sorted(one for one in near if one > today))


def _due(one: OffDay, now: datetime, *, calendar: WorkingCalendar, rules: Scheduling) -> datetime:
    """So early that people can be told in time."""
    told_at = one.begins_at - rules.change_notice
    due_at = review_due(now, told_at, working_days=WITHIN, calendar=calendar)
    return max(due_at, now + LEAST)


def _call(one: OffDay, *, due_at: datetime) -> NewCall:
    return NewCall(
        kind=CallKind.ON_DAY_OFF, key=calls.day_off_key(one.id), day_id=one.day_id,
        appointment_id=one.appointment_id, due_at=due_at,
    )  # fmt: skip


def _is_about(ids: Iterable[UUID]) -> sa.ColumnElement[bool]:
    known = list(ids)
    return sa.or_(CallTask.day_id.in_(known), CallTask.appointment_id.in_(known))


async def _ahead(tx: Tx, year: int) -> list[OffDay]:
    """What is published of the year and has not begun."""
    since = max(instant(date(year, 1, 1), time()), tx.now)
    until = instant(date(year + 1, 1, 1), time())
    return [
        *await _days(
            tx, ReceptionDay.state.in_(PUBLISHED), ReceptionDay.begins_at.between(since, until)
        ),
        *await _sessions(
            tx, Appointment.state.in_(OPEN_STATES), Appointment.begins_at.between(since, until)
        ),
    ]


async def _days(tx: Tx, *which: sa.ColumnElement[bool]) -> list[OffDay]:
    query = (
        sa.select(
            ReceptionDay.id, ReceptionDay.unit_id, Account.name, ReceptionDay.begins_at,
            ReceptionDay.ends_at,
        )
        .join(Account, Account.id == ReceptionDay.leader_id)
        .where(*which)
        .order_by(ReceptionDay.begins_at)
    )  # fmt: skip
    rows = (await tx.session.execute(query)).all()
    return [OffDay(row[0], None, *row[1:]) for row in rows]


async def _sessions(tx: Tx, *which: sa.ColumnElement[bool]) -> list[OffDay]:
    """Mediations and joint interviews; receptions go with their day."""
    alone = sa.or_(Appointment.day_id.is_(None), Appointment.session_kind != SessionKind.RECEPTION)
    query = (
        sa.select(
            Appointment.id, Appointment.unit_id, Account.name, Appointment.begins_at,
            Appointment.ends_at,
        )
        .join(Account, Account.id == Appointment.host_id)
        .where(alone, *which)
        .order_by(Appointment.begins_at)
    )  # fmt: skip
    rows = (await tx.session.execute(query)).all()
    return [OffDay(None, *row) for row in rows]
