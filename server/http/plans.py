"""Reception plans and days, for the desk."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from scheduling import access, desk, desk_queries, public_days
from scheduling.desk_queries import DayRow
from scheduling.plans import days, plans, shares
from scheduling.plans.plans import Pattern, Terms
from scheduling.plans.recurrence import HolidayRule
from scheduling.plans.shares import Share
from scheduling.tables import BookingChannel, DayState, ReceptionDay, ReceptionKind, ReceptionPlan
from server.cases.categories import Category
from server.http import audit_trail
from server.http.audit_views import AuditLineView, views_of
from server.http.context import Context
from server.http.endpoints import Body, Routes
from server.http.fields import Instant, Line, Words
from server.http.plan_views import (
    PlanView,
    PreviewView,
    ReceptionDayDetail,
    ReceptionDayView,
    day_detail_view,
    day_view,
    plan_view,
    preview_view,
)
from server.identity.permissions import Permission, allows
from server.identity.tables import Official
from server.kernel.database import Json
from server.kernel.uow import Tx
from server.units.calendar import day_of, load_calendar

routes = Routes()
EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)
"""Plans are expanded from their first day on: a bound for the work."""


class PlanPattern(Body):
    """On which days, at which times: enough to see what a plan would lead to."""

    rrule: str = Field(min_length=8, max_length=200)
    starts_on: date = Field(ge=EARLIEST, le=LATEST)
    ends_on: date | None = Field(None, ge=EARLIEST, le=LATEST)
    begins: time
    ends: time
    slot_minutes: int = Field(30, ge=5, le=240)
    break_minutes: int = Field(0, ge=0, le=120)
    capacity: int = Field(1, ge=1, le=20)
    holiday_rule: HolidayRule = HolidayRule.AFTER


class ShareBody(Body):
    """Places kept for one way of coming, until so many minutes before the day begins."""

    channel: Literal[BookingChannel.WALK_IN, BookingChannel.HOTLINE, BookingChannel.ON_BEHALF]
    places: int = Field(ge=0, le=200)
    minutes_before: int = Field(30, ge=0, le=14 * 24 * 60)


Shares = Annotated[list[ShareBody], Field(max_length=3)]


def stored(wanted: list[ShareBody]) -> Json:
    return shares.stored(Share(**vars(one)) for one in wanted)


class PlanTerms(PlanPattern):
    """An approved arrangement: who receives when, under which document."""

    leader_id: UUID
    kind: ReceptionKind = ReceptionKind.SCHEDULED
    topics: list[Category] = Field(default_factory=list, max_length=20)
    review: bool = True
    invited_only: bool = False
    opens_days_before: int = Field(14, ge=1, le=60)
    opens_at: time = time(9)
    closes_hours_before: int = Field(24, ge=0, le=240)
    document: Line
    approver: Line
    approved_on: date
    shares: Shares = Field(default_factory=list)

    def terms(self) -> Terms:
        values = {name: getattr(self, name) for name in type(self).model_fields}
        topics = [str(topic) for topic in self.topics]
        return Terms(**{**values, "topics": topics, "shares": stored(self.shares)})


@routes.get("/api/plans", permission=Permission.PLAN_READ)
async def read_plans(ctx: Context) -> list[PlanView]:
    """The plans that are in force, with their next dates."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        rows = await desk_queries.plan_rows(tx)
        calendar = await load_calendar(tx, around=day_of(tx.now))
        today = day_of(tx.now)
    may_write = allows(ctx.actor, Permission.PLAN_WRITE)
    return [
        plan_view(
            plan, leader, plans.upcoming(plan, since=today, calendar=calendar), may_write=may_write
        )
        for plan, leader in rows
    ]


@routes.post("/api/plans", permission=Permission.PLAN_WRITE)
async def write_plan(ctx: Context, body: PlanTerms) -> PlanView:
    """Put a plan down; its days appear as drafts."""
    horizon = ctx.services.config.scheduling.horizon_days
    async with ctx.services.uow.begin(ctx.actor) as tx:
        plan = await plans.write(tx, body.terms(), horizon_days=horizon)
        return await _plan_view(tx, plan)


@routes.put("/api/plans/{plan_id}", permission=Permission.PLAN_WRITE)
async def change_plan(ctx: Context, plan_id: UUID, body: PlanTerms) -> PlanView:
    """Change a plan; days that were published stay as they were told."""
    horizon = ctx.services.config.scheduling.horizon_days
    async with ctx.services.uow.begin(ctx.actor) as tx:
        plan = await access.plan(tx, plan_id)
        await plans.change(tx, plan, body.terms(), horizon_days=horizon)
        return await _plan_view(tx, plan)


class Ending(Body):
    reason: Words = Field(max_length=500)


@routes.post("/api/plans/{plan_id}/ending", permission=Permission.PLAN_WRITE)
async def end_plan(ctx: Context, plan_id: UUID, body: Ending) -> None:
    """No more days from this plan."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        await plans.end(tx, await access.plan(tx, plan_id), reason=body.reason)


@routes.post("/api/plan-previews", permission=Permission.PLAN_WRITE)
async def preview_plan(ctx: Context, body: PlanPattern) -> PreviewView:
    """On which dates a plan would fall, holidays taken into account; writes nothing."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        return preview_view(await plans.preview(tx, Pattern(**vars(body))))


class ReceptionDaysQuery(Body):
    since: Instant | None = Field(None, alias="from")
    until: Instant | None = None
    state: DayState | None = None
    leader_id: UUID | None = None


@routes.get("/api/reception-days", permission=Permission.PLAN_READ)
async def read_reception_days(ctx: Context, query: ReceptionDaysQuery) -> list[ReceptionDayView]:
    """Reception days in any state, drafts too."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        since, until = _range(query, tx.now, ctx.services.config.scheduling.horizon_days)
        rows = await desk_queries.day_rows(
            tx, since=since, until=until, state=query.state, leader_id=query.leader_id
        )
        return [_day(ctx, row, now=tx.now) for row in rows]


@routes.get("/api/reception-days/{day_id}", permission=Permission.PLAN_READ)
async def read_reception_day(ctx: Context, day_id: UUID) -> ReceptionDayDetail:
    """One day in any state, with its times and who comes."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        row = await desk_queries.day_row(tx, day_id)
        line = await desk_queries.line(tx, day_id)
        tx.audit("read", "reception_day", day_id, line=len(line))
        return day_detail_view(
            _day(ctx, row, now=tx.now),
            await public_days.times(tx, row.day),
            line,
            sealer=ctx.services.sealer,
        )


@routes.get("/api/reception-days/{day_id}/slots/{slot_id}/story", permission=Permission.PLAN_READ)
async def read_slot_story(ctx: Context, day_id: UUID, slot_id: UUID) -> list[AuditLineView]:
    """Why a time is free, taken or closed, and who did what to make it so; the oldest first."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        await desk_queries.day_row(tx, day_id)
        tx.audit("read", "reception_day", day_id, slot=slot_id)
        return await views_of(tx, await audit_trail.of_slot(tx, day_id=day_id, slot_id=slot_id))


class NewDay(Body):
    plan_id: UUID
    date: date


@routes.post("/api/reception-days", permission=Permission.DAY_WRITE)
async def add_reception_day(ctx: Context, body: NewDay) -> ReceptionDayView:
    """A day by hand, on a plan's terms."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        plan = await access.plan(tx, body.plan_id)
        return await _day_view(tx, await plans.add_day(tx, plan, body.date))


@routes.post("/api/reception-days/{day_id}/publication", permission=Permission.DAY_WRITE)
async def publish_reception_day(ctx: Context, day_id: UUID) -> ReceptionDayView:
    """Show the day to the public; booking opens at the hour the plan says."""
    brief_at = ctx.services.config.scheduling.brief_at
    async with ctx.services.uow.begin(ctx.actor) as tx:
        day = await access.day(tx, day_id)
        await days.publish(tx, day, brief_at=brief_at)
        return await _day_view(tx, day)


class DayShares(Body):
    shares: Shares


@routes.put("/api/reception-days/{day_id}/shares", permission=Permission.DAY_WRITE)
async def keep_places(ctx: Context, day_id: UUID, body: DayShares) -> ReceptionDayView:
    """How many places of this day are kept for walk-ins, callers and people without a phone."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        day = await access.day(tx, day_id)
        await shares.change(tx, day, stored(body.shares))
        return await _day_view(tx, day)


@routes.post("/api/reception-days/{day_id}/cancellation", permission=Permission.DAY_WRITE)
async def cancel_reception_day(ctx: Context, day_id: UUID, body: Ending) -> ReceptionDayView:
    """Call the day off; whoever is booked is told, and called by a clerk."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        day = await access.day(tx, day_id)
        await desk.call_off(
            tx, ctx.services.sealer, day, reason=body.reason, rules=ctx.services.config.scheduling
        )
        return await _day_view(tx, day)


def _day(ctx: Context, row: DayRow, *, now: datetime) -> ReceptionDayView:
    return day_view(
        row, now=now, may_write=allows(ctx.actor, Permission.DAY_WRITE),
        may_replace=allows(ctx.actor, Permission.DAY_REPLACE),
    )  # fmt: skip


def _range(
    query: ReceptionDaysQuery, now: datetime, horizon_days: int
) -> tuple[datetime, datetime]:
    since = query.since or now - timedelta(days=1)
    return since, query.until or since + timedelta(days=horizon_days + 1)


async def _plan_view(tx: Tx, plan: ReceptionPlan) -> PlanView:
    today = day_of(tx.now)
    calendar = await load_calendar(tx, around=today)
    leader = await tx.session.get_one(Official, plan.leader_id)
    dates = plans.upcoming(plan, since=today, calendar=calendar)
    return plan_view(plan, leader, dates, may_write=True)


async def _day_view(tx: Tx, day: ReceptionDay) -> ReceptionDayView:
    await tx.session.flush()
    return day_view(await desk_queries.day_row(tx, day.id), now=tx.now, may_write=True)
