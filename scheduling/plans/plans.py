"""Approved reception plans: writing them, changing them, ending them."""

from dataclasses import dataclass
from datetime import date, time, timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa

from scheduling import access
from scheduling.plans import cutting, days, recurrence, shares, troubles
from scheduling.plans.recurrence import HolidayRule, PlannedDate
from scheduling.tables import DayState, ReceptionDay, ReceptionKind, ReceptionPlan
from server.identity.tables import Official
from server.kernel.actor import Role
from server.kernel.database import Json
from server.kernel.errors import Conflict, FieldError, Invalid, NotFound
from server.kernel.uow import Tx
from server.units.calendar import WorkingCalendar, day_of, load_calendar

PREVIEW = timedelta(days=92)


@dataclass(frozen=True)
class Pattern:
    """On which days, at which times."""

    rrule: str
    starts_on: date
    ends_on: date | None
    begins: time
    ends: time
    slot_minutes: int
    break_minutes: int
    capacity: int
    holiday_rule: HolidayRule


@dataclass(frozen=True)
class Terms(Pattern):
    """What a plan says."""

    leader_id: UUID
    kind: ReceptionKind
    topics: list[str]
    review: bool
    invited_only: bool
    opens_days_before: int
    opens_at: time
    closes_hours_before: int
    document: str
    approver: str
    approved_on: date
    shares: Json


@dataclass(frozen=True)
class Preview:
    """The dates of the next months, and how many slots each holds."""

    dates: list[PlannedDate]
    slots_a_day: int


async def write(tx: Tx, terms: Terms, *, horizon_days: int) -> ReceptionPlan:
    """Put a new plan down and make its days, as drafts."""
    check(terms)
    unit_id = await _unit_of(tx, terms.leader_id)
    plan = ReceptionPlan(id=uuid4(), unit_id=unit_id, **vars(terms))
    tx.session.add(plan)
    await tx.session.flush()
    await days.materialise(tx, [plan], horizon_days=horizon_days)
    tx.audit("write", "reception_plan", plan.id)
    return plan


async def change(tx: Tx, plan: ReceptionPlan, terms: Terms, *, horizon_days: int) -> None:
    """Change what is not published yet: drafts are made anew, published days stay as told."""
    check(terms)
    plan.unit_id = await _unit_of(tx, terms.leader_id)
    for name, value in vars(terms).items():
        setattr(plan, name, value)
    await tx.session.flush()
    await _drop_drafts(tx, plan)
    await days.materialise(tx, [plan], horizon_days=horizon_days)
    tx.audit("change", "reception_plan", plan.id)


async def end(tx: Tx, plan: ReceptionPlan, *, reason: str) -> None:
    if plan.ended_at:
        raise Conflict("plan_ended_already")
    plan.ended_at = tx.now
    await _drop_drafts(tx, plan)
    tx.audit("end", "reception_plan", plan.id, reason=reason)


async def preview(tx: Tx, pattern: Pattern) -> Preview:
    """What a plan would make, without writing it."""
    check(pattern)
    today = day_of(tx.now)
    calendar = await load_calendar(tx, around=today, days=PREVIEW.days + 30)
    return Preview(upcoming(pattern, since=today, calendar=calendar), slots_a_day(pattern))


def upcoming(
    plan: Pattern | ReceptionPlan, *, since: date, calendar: WorkingCalendar
) -> list[PlannedDate]:
    return recurrence.dates(
        plan.rrule,
        starts_on=plan.starts_on,
        ends_on=plan.ends_on,
        since=since,
        until=since + PREVIEW,
        holidays=HolidayRule(plan.holiday_rule),
        calendar=calendar,
    )


def slots_a_day(pattern: Pattern) -> int:
    times = (cutting.instant(pattern.starts_on, at) for at in (pattern.begins, pattern.ends))
    slots = cutting.cut(*times, minutes=pattern.slot_minutes, rest=pattern.break_minutes)
    return len(slots) * pattern.capacity


def check(pattern: Pattern) -> None:
    """Raises Invalid with every field that cannot be."""
    recurrence.check_rule(pattern.rrule)
    bad = []
    if pattern.ends_on and pattern.ends_on < pattern.starts_on:
        bad.append(FieldError("ends_on", "field.ends_before_start"))
    if pattern.ends <= pattern.begins:
        bad.append(FieldError("ends", "field.ends_before_start"))
    elif slots_a_day(pattern) == 0:
        bad.append(FieldError("slot_minutes", "field.no_slot_fits"))
    if isinstance(pattern, Terms) and shares.places(pattern.shares) > slots_a_day(pattern):
        bad.append(FieldError("shares", "field.shares_too_many"))
    if isinstance(pattern, Terms) and pattern.kind is ReceptionKind.TOPIC and not pattern.topics:
        bad.append(FieldError("topics", "field.missing"))
    if isinstance(pattern, Terms) and not _window_opens(pattern):
        bad.append(FieldError("closes_hours_before", "field.closes_before_opening"))
    if bad:
        raise Invalid("invalid", fields=tuple(bad))


def _window_opens(terms: Terms) -> bool:
    """Whether booking opens before it closes; it is the same for each day of the plan."""
    day = terms.starts_on
    window = cutting.window(
        day, cutting.instant(day, terms.begins), days_before=terms.opens_days_before,
        opens_at=terms.opens_at, hours_before=terms.closes_hours_before,
    )  # fmt: skip
    return window.opens_at < window.closes_at


async def add_day(tx: Tx, plan: ReceptionPlan, day: date) -> ReceptionDay:
    """A day by hand, on the plan's terms, where planning would put it; a weekend is the clerk's."""
    row = days.day_row(plan, PlannedDate(day, day))
    if day_of(tx.now) > day:
        raise Invalid("invalid", fields=(FieldError("date", "field.past"),))
    taken = sa.select(ReceptionDay.id).where(
        ReceptionDay.plan_id == plan.id, ReceptionDay.planned_for == day
    )
    if await tx.session.scalar(taken):
        raise Conflict("day_is_there")
    made = ReceptionDay(**{**row, "by_hand": True, "arranged": None})
    await troubles.demand_none(tx, made)
    tx.session.add(made)
    await tx.session.flush()
    tx.audit("add", "reception_day", made.id)
    return made


async def _unit_of(tx: Tx, leader_id: UUID) -> UUID:
    """The leader's unit, when the actor's desk reaches it."""
    official = await tx.session.get(Official, leader_id)
    if official is None:
        raise NotFound
    await access.demand_reach(tx, official.unit_id, Role.CLERK)
    return official.unit_id


async def _drop_drafts(tx: Tx, plan: ReceptionPlan) -> None:
    """Drafts made by the rule; one that was made by hand or published stays."""
    drafts = sa.delete(ReceptionDay).where(
        ReceptionDay.plan_id == plan.id,
        ReceptionDay.state == DayState.DRAFT,
        sa.not_(ReceptionDay.by_hand),
        ReceptionDay.begins_at > tx.now,
    )
    await tx.connection.execute(drafts)
