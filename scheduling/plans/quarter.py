"""A quarter of every leader's reception days in one piece: read, changed all or nothing, taken back.

Days that no clock has made yet stand in it as the plans say. What is changed by hand becomes a row,
so that the rule leaves it alone; what was published is changed in the calendar, where people are told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range

from scheduling import access, claims, desk_queries
from scheduling.plans import cutting, days, troubles
from scheduling.plans.cutting import instant
from scheduling.plans.recurrence import PlannedDate
from scheduling.plans.troubles import BLOCKING, OFF, Away, Trouble
from scheduling.rosters.shifts import TAKE_LEAVE
from scheduling.tables import DayState, ReceptionDay, ReceptionPlan, Slot
from server.identity.tables import Official
from server.kernel.clock import local
from server.kernel.errors import Conflict, FieldError, Invalid, NotFound, RuleBroken
from server.kernel.uow import Tx
from server.units.calendar import WorkingCalendar, day_of, load_calendar

LONGEST = 100


@dataclass(frozen=True)
class Cell:
    """A day of the grid. `state` None: as the plan says, not made yet; `booked` rows stay."""

    plan_id: UUID | None
    leader_id: UUID
    planned_for: date
    begins_at: datetime
    ends_at: datetime
    state: DayState | None
    day_id: UUID | None = None
    by_hand: bool = False
    troubles: tuple[Trouble, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether planning may change it: nobody was told of it yet."""
        return self.plan_id is not None and self.state in {None, DayState.DRAFT}


@dataclass(frozen=True)
class Grid:
    first: date
    last: date
    plans: Sequence[tuple[ReceptionPlan, Official]]
    cells: Sequence[Cell]
    away: Sequence[Away]
    calendar: WorkingCalendar


@dataclass(frozen=True)
class Put:
    """This day of the plan is held on that date and hours; `planned_for` of a new one is its date."""

    plan_id: UUID
    planned_for: date
    date: date
    begins: time
    ends: time


@dataclass(frozen=True)
class Drop:
    """This day of the plan is not held."""

    plan_id: UUID
    planned_for: date


@dataclass(frozen=True)
class Reset:
    """This day is as the rule says again."""

    plan_id: UUID
    planned_for: date


@dataclass(frozen=True)
class Leave:
    """A leader is not there, from the first to the last day; `ended` takes it back."""

    leader_id: UUID
    since: date
    until: date
    ended: bool = False


Change = Put | Drop | Reset | Leave


async def read(tx: Tx, first: date, last: date) -> Grid:
    """Raises Invalid for more than a quarter with the weeks around it."""
    if not first <= last < first + timedelta(days=LONGEST):
        raise Invalid("invalid", fields=(FieldError("until", "field.planning_range"),))
    plans = await desk_queries.plan_rows(tx)
    calendar = await load_calendar(tx, around=first, days=LONGEST + 30)
    leaders = {leader.account_id for _, leader in plans}
    begins, ends = instant(first, time()), instant(last + timedelta(days=1), time())
    away = await troubles.away(tx, leaders, begins, ends)
    rows = await _rows(tx, leaders, first, last)
    made = {(row.plan_id, row.planned_for) for row in rows}
    told = [
        _cell(row)
        for row in rows
        if row.state not in OFF and first <= day_of(row.begins_at) <= last
    ]
    said = [
        cell
        for plan, _ in plans
        for cell in _said(tx, plan, first, last, calendar)
        if (cell.plan_id, cell.planned_for) not in made
    ]
    cells = sorted([*told, *said], key=lambda cell: (cell.begins_at, cell.leader_id))
    return Grid(first, last, plans, _troubled(cells, away, calendar), away, calendar)


async def apply(tx: Tx, changes: Sequence[Change]) -> list[Change]:
    """Make all the changes; answers those that take them back, to be applied in their order."""
    back = [await _apply(tx, change) for change in changes]
    tx.audit("plan", "reception_plan", "quarter", changes=len(changes))
    return back[::-1]


def check(grid: Grid, changes: Sequence[Change]) -> None:
    """Raises Conflict when a changed day cannot be where it was put."""
    touched = {(one.plan_id, one.planned_for) for one in changes if isinstance(one, Put)}
    away = {one.leader_id for one in changes if isinstance(one, Leave) and not one.ended}
    for cell in grid.cells:
        is_ours = (cell.plan_id, cell.planned_for) in touched or cell.leader_id in away
        if is_ours and BLOCKING & set(cell.troubles):
            raise Conflict("planning_conflicts")


async def _rows(tx: Tx, leaders: set[UUID], first: date, last: date) -> Sequence[ReceptionDay]:
    begins, ends = instant(first, time()), instant(last + timedelta(days=1), time())
    query = sa.select(ReceptionDay).where(
        ReceptionDay.leader_id.in_(leaders),
        sa.or_(
            sa.and_(ReceptionDay.begins_at >= begins, ReceptionDay.begins_at < ends),
            ReceptionDay.planned_for.between(first, last),
        ),
    )
    return (await tx.session.scalars(query.execution_options(populate_existing=True))).all()


def _cell(row: ReceptionDay) -> Cell:
    return Cell(
        plan_id=row.plan_id,
        leader_id=row.leader_id,
        planned_for=row.planned_for or day_of(row.begins_at),
        begins_at=row.begins_at,
        ends_at=row.ends_at,
        state=DayState(row.state),
        day_id=row.id,
        by_hand=row.by_hand,
    )


def _said(
    tx: Tx, plan: ReceptionPlan, first: date, last: date, calendar: WorkingCalendar
) -> list[Cell]:
    """What the plan's rule says, from tomorrow on: the clock makes no day for today."""
    return [
        Cell(
            plan.id, plan.leader_id, one.planned, instant(one.held, plan.begins),
            instant(one.held, plan.ends), None,
        )
        for one in days.plan_dates(plan, since=first, until=last, calendar=calendar)
        if day_of(tx.now) < one.held <= last
    ]  # fmt: skip


def _troubled(cells: Sequence[Cell], away: Sequence[Away], calendar: WorkingCalendar) -> list[Cell]:
    by_leader: dict[UUID, list[Cell]] = {}
    for cell in cells:
        by_leader.setdefault(cell.leader_id, []).append(cell)
    return [
        replace(cell, troubles=tuple(_troubles(cell, by_leader[cell.leader_id], away, calendar)))
        for cell in cells
    ]


def _troubles(
    cell: Cell, others: Sequence[Cell], away: Sequence[Away], calendar: WorkingCalendar
) -> list[Trouble]:
    return troubles.troubles(
        cell.begins_at, calendar=calendar,
        is_away=any(one.leader_id == cell.leader_id and _meet(one, cell) for one in away),
        overlaps=any(other is not cell and _meet(other, cell) for other in others),
    )  # fmt: skip


def _meet(one: Cell | Away, other: Cell) -> bool:
    return one.begins_at < other.ends_at and one.ends_at > other.begins_at


async def _apply(tx: Tx, change: Change) -> Change:
    match change:
        case Put():
            return await _put(tx, change)
        case Drop():
            return await _drop(tx, change)
        case Reset():
            plan = await access.plan(tx, change.plan_id)
            return await _forget(tx, plan, change.planned_for)
        case Leave():
            return await _leave(tx, change)


async def _put(tx: Tx, change: Put) -> Change:
    plan = await access.plan(tx, change.plan_id)
    if change.date <= day_of(tx.now):
        raise Invalid("invalid", fields=(FieldError("date", "field.past"),))
    if not cutting.cut(
        instant(change.date, change.begins), instant(change.date, change.ends),
        minutes=plan.slot_minutes, rest=plan.break_minutes,
    ):  # fmt: skip
        raise Invalid("invalid", fields=(FieldError("ends", "field.no_slot_fits"),))
    return await _rewrite(tx, plan, change, state=DayState.DRAFT)


async def _drop(tx: Tx, change: Drop) -> Change:
    """The row stays as cancelled: else the clock would make the day again."""
    plan = await access.plan(tx, change.plan_id)
    as_said = Put(plan.id, change.planned_for, change.planned_for, plan.begins, plan.ends)
    return await _rewrite(tx, plan, as_said, state=DayState.CANCELLED)


async def _forget(tx: Tx, plan: ReceptionPlan, planned_for: date) -> Change:
    """Take away what there is for this day of the plan; answers how to have it again."""
    row = await _row_of(tx, plan, planned_for)
    if row is None:
        return Reset(plan.id, planned_for)
    if row.state not in {DayState.DRAFT, DayState.CANCELLED} or await _was_published(tx, row):
        raise RuleBroken("planning_published")
    back: Change = Drop(plan.id, planned_for)
    if row.state == DayState.DRAFT:
        begins, ends = local(row.begins_at), local(row.ends_at)
        back = Put(plan.id, planned_for, begins.date(), begins.time(), ends.time())
    await tx.session.delete(row)
    await tx.session.flush()
    return back


async def _row_of(tx: Tx, plan: ReceptionPlan, planned_for: date) -> ReceptionDay | None:
    query = sa.select(ReceptionDay).where(
        ReceptionDay.plan_id == plan.id, ReceptionDay.planned_for == planned_for
    )
    return (await tx.session.scalars(query)).one_or_none()


async def _arranged(tx: Tx, plan: ReceptionPlan, planned_for: date) -> Range[datetime] | None:
    """The hours that the arrangement gives this day: as it says where nothing was written yet."""
    row = await _row_of(tx, plan, planned_for)
    if row is not None:
        return row.arranged
    calendar = await load_calendar(tx, around=planned_for)
    for one in days.plan_dates(plan, since=planned_for, until=planned_for, calendar=calendar):
        return Range(instant(one.held, plan.begins), instant(one.held, plan.ends))
    return None


async def _was_published(tx: Tx, row: ReceptionDay) -> bool:
    return (
        await tx.session.scalar(sa.select(Slot.id).where(Slot.day_id == row.id).limit(1))
        is not None
    )


async def _rewrite(tx: Tx, plan: ReceptionPlan, change: Put, *, state: DayState) -> Change:
    """In place of what there was; the hours that were approved stay known."""
    arranged = await _arranged(tx, plan, change.planned_for)
    back = await _forget(tx, plan, change.planned_for)
    row = days.day_row(plan, PlannedDate(change.planned_for, change.date))
    begins_at = instant(change.date, change.begins)
    shift = begins_at - instant(change.date, plan.begins)
    made = ReceptionDay(**{**row, "id": uuid4(), "state": state}, by_hand=True)
    made.begins_at, made.ends_at = begins_at, instant(change.date, change.ends)
    made.booking_closes_at += shift
    made.moved_because, made.arranged = None, arranged
    tx.session.add(made)
    await tx.session.flush()
    return back


async def _leave(tx: Tx, change: Leave) -> Change:
    """Of the whole leader, so that no place of theirs is free then, nor of a day made later."""
    if not change.since <= change.until < change.since + timedelta(days=LONGEST):
        raise Invalid("invalid", fields=(FieldError("until", "field.planning_range"),))
    official = await tx.session.get(Official, change.leader_id)
    if official is None:
        raise NotFound
    await access.demand_reach(tx, official.unit_id, *access.DESK)
    quick = await tx.driver()
    await claims.lock(quick, [change.leader_id])
    begins, ends = instant(change.since, time()), instant(change.until + timedelta(days=1), time())
    if change.ended:
        await quick.execute(END_LEAVE, change.leader_id, begins, ends)
    elif await quick.fetchval(TAKE_LEAVE, change.leader_id, begins, ends) is None:
        raise Conflict("leave_over_booking", details={"booked": []})
    step = "end_leave" if change.ended else "take_leave"
    tx.audit(
        step, "account", change.leader_id,
        since=change.since.isoformat(), until=change.until.isoformat(),
    )  # fmt: skip
    return replace(change, ended=not change.ended)


END_LEAVE = (
    "DELETE FROM claim WHERE resource = $1 AND reason = 'leave' AND during = tstzrange($2, $3)"
)
