"""Years of the working calendar: the announced list is entered, and what it touches is dealt with."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TypedDict
from uuid import UUID

from pydantic import Field

from scheduling import access, calls
from scheduling.agenda import Booked, HeldDay
from scheduling.plans import holidays, off_days
from scheduling.plans.holidays import Affected, OnHoliday
from server.http.calendar_views import (
    CalendarDay,
    CalendarSession,
    day_view,
    rights_of,
    session_view,
)
from server.http.context import Context
from server.http.endpoints import Body, Routes, View
from server.http.fields import Words, YearNumber
from server.identity.permissions import Permission, allows
from server.kernel.actor import Role
from server.kernel.errors import FieldError, Invalid
from server.kernel.uow import Tx
from server.units import announcement, years
from server.units.calendar import day_of
from server.units.tables import DayKind, YearStatus
from server.units.years import Year

routes = Routes()
AHEAD = 5
"""Years ahead that can be entered; the notice comes one year before."""


class DayOff(Body):
    date: date
    kind: DayKind


class NoticeText(Body):
    text: str = Field(max_length=8000)


class NewYearList(Body):
    """`document`: name and number of the notice."""

    document: Words = Field(min_length=1, max_length=200)
    days: list[DayOff] = Field(min_length=1, max_length=80)


class DayOffView(View):
    date: date
    kind: DayKind


class YearView(View):
    """`affected`: how much lies ahead on its holidays. `may_enter`: the list can be put in here."""

    year: int
    status: YearStatus
    document: str | None
    entered_at: datetime | None
    days: list[DayOffView]
    affected: int
    may_enter: bool


class NoticeProblem(View):
    words: str
    why: str


class AffectedDay(View):
    """`dates`: when it could be held instead. `task_id`: the desk's task to see to it; `kept`: why
    it is held all the same.
    """

    day: CalendarDay
    leader_name: str
    dates: list[date]
    task_id: UUID | None
    kept: str | None


class AffectedSession(View):
    """As an `AffectedDay`."""

    session: CalendarSession
    dates: list[date]
    task_id: UUID | None
    kept: str | None


class AffectedView(View):
    """`drafts` go elsewhere by their plans' own rule."""

    days: list[AffectedDay]
    sessions: list[AffectedSession]
    drafts: int


class NoticePreview(View):
    days: list[DayOffView]
    problems: list[NoticeProblem]
    affected: AffectedView


@routes.get("/api/calendar-years", permission=Permission.CALENDAR_READ)
async def list_calendar_years(ctx: Context) -> list[YearView]:
    """This year and the next, each with what lies on its holidays."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        this = day_of(tx.now).year
        found = await years.of(tx, [this, this + 1])
        return [await _year(tx, ctx, one) for one in found]


@routes.get("/api/calendar-years/{year}/affected", permission=Permission.CALENDAR_READ)
async def read_affected(ctx: Context, year: YearNumber) -> AffectedView:
    """What stands on the year's holidays, each with the dates it could go to."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        [found] = await years.of(tx, [year])
        return _affected(ctx, tx, await holidays.affected(tx, found.days))


@routes.post("/api/calendar-years/{year}/previews", permission=Permission.HOLIDAY_WRITE)
async def preview_year(ctx: Context, year: YearNumber, body: NoticeText) -> NoticePreview:
    """The notice as it was pasted, read into days, and what it would touch; writes nothing."""
    read = announcement.read(body.text, year=year)
    async with ctx.services.uow.begin(ctx.actor) as tx:
        await _check(tx, year)
        touched = await holidays.affected(tx, read.days)
        return NoticePreview(
            days=_days(read.days),
            problems=[NoticeProblem(words=one.words, why=one.why) for one in read.problems],
            affected=_affected(ctx, tx, touched),
        )


@routes.put("/api/calendar-years/{year}", permission=Permission.HOLIDAY_WRITE)
async def enter_year(ctx: Context, year: YearNumber, body: NewYearList) -> AffectedView:
    """Confirm the year. Drafts follow their plans' rule; what is published is a task of its desk."""
    kinds = {one.date: one.kind for one in body.days}
    sealer, rules = ctx.services.sealer, ctx.services.config.scheduling
    async with ctx.services.uow.begin(ctx.actor) as tx:
        await _check(tx, year)
        await years.enter(tx, year, kinds, document=body.document)
        moved = await holidays.relay_drafts(tx, kinds, horizon_days=rules.horizon_days)
        await off_days.have_seen_to(tx, sealer, year, kinds, rules=rules)
        found = await holidays.affected(tx, kinds)
        view = _affected(ctx, tx, found)
    return view.model_copy(update={"drafts": moved})


async def _check(tx: Tx, year: int) -> None:
    """A clerk of the centre, for a year that is not over."""
    await access.demand_reach(tx, (await calls.centre(tx)).id, Role.CLERK)
    this = day_of(tx.now).year
    if not this <= year <= this + AHEAD:
        raise Invalid("invalid", fields=(FieldError("year", "field.invalid"),))


async def _year(tx: Tx, ctx: Context, one: Year) -> YearView:
    touched = await holidays.affected(tx, one.days)
    known = one.entered is None and one.status is YearStatus.CONFIRMED
    return YearView(
        year=one.year,
        status=one.status,
        document=one.entered.document if one.entered else None,
        entered_at=one.entered.entered_at if one.entered else None,
        days=_days(one.days),
        affected=touched.count,
        may_enter=allows(ctx.actor, Permission.HOLIDAY_WRITE) and not known,
    )


def _days(kinds: Mapping[date, DayKind]) -> list[DayOffView]:
    return [DayOffView(date=day, kind=kind) for day, kind in sorted(kinds.items())]


def _affected(ctx: Context, tx: Tx, found: Affected) -> AffectedView:
    may_write, rights = allows(ctx.actor, Permission.DAY_WRITE), rights_of(ctx.actor)
    days = [
        AffectedDay(
            day=day_view(one.thing, now=tx.now, may_write=may_write),
            leader_name=one.thing.leader_name,
            dates=list(one.dates),
            **_task(ctx, one),
        )
        for one in found.days if isinstance(one.thing, HeldDay)
    ]  # fmt: skip
    sessions = [
        AffectedSession(
            session=session_view(one.thing, rights, now=tx.now, sealer=ctx.services.sealer),
            dates=list(one.dates),
            **_task(ctx, one),
        )
        for one in found.sessions if isinstance(one.thing, Booked)
    ]  # fmt: skip
    return AffectedView(days=days, sessions=sessions, drafts=found.drafts)


class _Task(TypedDict):
    task_id: UUID | None
    kept: str | None


def _task(ctx: Context, one: OnHoliday) -> _Task:
    """Open for whoever may work on it; else what came of it."""
    task, may = one.task, allows(ctx.actor, Permission.CALL_TASK_WORK)
    note = task.note if task else None
    return _Task(
        task_id=task.id if task and task.done_at is None and may else None,
        kept=ctx.services.sealer.open(note, purpose="text") if note else None,
    )
