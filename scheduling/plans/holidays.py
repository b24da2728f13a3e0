"""What stands on days that turn out to be holidays, and where it could go."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from uuid import UUID

import sqlalchemy as sa

from scheduling import agenda
from scheduling.agenda import Booked, HeldDay, Shown, Wanted
from scheduling.plans import days as reception_days
from scheduling.plans import off_days
from scheduling.plans.cutting import instant
from scheduling.tables import CallTask, DayState, ReceptionDay, ReceptionPlan, SessionKind
from server.kernel.uow import Tx
from server.units.calendar import WorkingCalendar, day_of, load_calendar
from server.units.tables import DayKind

GONE = (DayState.CANCELLED, DayState.SWAPPED, DayState.DONE, DayState.ARCHIVED)


@dataclass(frozen=True)
class OnHoliday:
    """A day, or a session of no day, that falls on a holiday; `dates` it could be held on instead.

    `task`: somebody at the desk is to see to it, or has said why it is held all the same.
    """

    thing: HeldDay | Booked
    dates: tuple[date, ...]
    task: CallTask | None = None

    @property
    def id(self) -> UUID:
        return self.thing.id

    @property
    def is_kept(self) -> bool:
        return self.task is not None and self.task.note is not None


@dataclass(frozen=True)
class Affected:
    """`drafts` are moved by their plans' own rule when the year is confirmed."""

    days: Sequence[OnHoliday]
    sessions: Sequence[OnHoliday]
    drafts: int

    @property
    def count(self) -> int:
        """How much is still to be seen to."""
        return sum(not one.is_kept for one in (*self.days, *self.sessions))


async def affected(tx: Tx, kinds: Mapping[date, DayKind]) -> Affected:
    """All that lies ahead on these holidays, as far as the actor may see it; today's until it begins."""
    calendar, today = await _with(tx, kinds), day_of(tx.now)
    days, sessions, drafts = list[OnHoliday](), list[OnHoliday](), 0
    for since, until in stretches(kinds, today=today):
        found = await agenda.read(tx, Wanted(since, until, frozenset(Shown)))
        ahead = [row for row in found.days if row.begins_at > tx.now]
        drafts += sum(_moves_by_itself(row, today=today) for row in ahead)
        days += [
            OnHoliday(row, off_days.dates_instead(day_of(row.begins_at), calendar, today=today))
            for row in ahead
            if row.state not in GONE and not _moves_by_itself(row, today=today)
        ]
        sessions += [
            OnHoliday(one, off_days.dates_instead(day_of(one.begins_at), calendar, today=today))
            for one in found.sessions
            if one.begins_at > tx.now and _is_alone(one)
        ]
    tasks = await off_days.tasks_of(tx, [one.id for one in (*days, *sessions)])
    return Affected(_with_tasks(days, tasks), _with_tasks(sessions, tasks), drafts)


def stretches(kinds: Mapping[date, DayKind], *, today: date) -> Iterator[tuple[date, date]]:
    """Holidays that follow each other, taken together."""
    ahead = sorted(day for day, kind in kinds.items() if kind is DayKind.HOLIDAY and day >= today)
    since = until = None
    for day in ahead:
        if since is not None and until is not None and day - until > timedelta(days=1):
            yield since, until
            since = None
        since, until = since or day, day
    if since is not None and until is not None:
        yield since, until


async def relay_drafts(tx: Tx, kinds: Mapping[date, DayKind], *, horizon_days: int) -> int:
    """Drafts that the rule put on a holiday are made anew by the same rule; answers how many."""
    off = [day for day, kind in kinds.items() if kind is DayKind.HOLIDAY and day > day_of(tx.now)]
    if not off:
        return 0
    spans = [
        sa.and_(
            ReceptionDay.begins_at >= instant(day, time()),
            ReceptionDay.begins_at < instant(day + timedelta(days=1), time()),
        )
        for day in off
    ]
    query = (
        sa.delete(ReceptionDay)
        .where(
            ReceptionDay.state == DayState.DRAFT, ReceptionDay.plan_id.is_not(None),
            sa.not_(ReceptionDay.by_hand), sa.or_(*spans),
        )
        .returning(ReceptionDay.plan_id)
    )  # fmt: skip
    gone = (await tx.session.scalars(query)).all()
    if gone:
        plans = sa.select(ReceptionPlan).where(
            ReceptionPlan.id.in_(set(gone)), ReceptionPlan.ended_at.is_(None)
        )
        found = (await tx.session.scalars(plans)).all()
        await reception_days.materialise(tx, found, horizon_days=horizon_days)
    return len(gone)


def _with_tasks(found: Sequence[OnHoliday], tasks: Mapping[UUID, CallTask]) -> list[OnHoliday]:
    return [replace(one, task=tasks.get(one.id)) for one in found]


def _moves_by_itself(day: HeldDay, *, today: date) -> bool:
    is_draft = day.state == DayState.DRAFT and day.plan_id is not None and not day.by_hand
    return is_draft and day_of(day.begins_at) > today


def _is_alone(one: Booked) -> bool:
    """Mediations and joint interviews; receptions go with their day."""
    return one.day_id is None or one.kind is not SessionKind.RECEPTION


async def _with(tx: Tx, kinds: Mapping[date, DayKind]) -> WorkingCalendar:
    known = await load_calendar(tx, around=day_of(tx.now), days=500)
    return WorkingCalendar({**known.days, **kinds}, known.confirmed)
