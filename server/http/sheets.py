"""Files of the calendar: the issued arrangement comes in, what a view shows goes out."""

import asyncio
from collections.abc import Iterator
from datetime import date, time
from uuid import UUID

from pydantic import Field

from scheduling import agenda
from scheduling.messages.calendar_file import Line as FileLine
from scheduling.messages.calendar_file import as_ics
from scheduling.plans import arrangement, entry_file, quarter, spreadsheet
from scheduling.plans.arrangement import FIELDS, Approval, Headings, Row
from scheduling.plans.quarter import Cell, Grid
from scheduling.plans.spreadsheet import XLSX
from scheduling.plans.troubles import OFF
from scheduling.tables import AppointmentState, DayState
from server.http.calendar import CalendarQuery
from server.http.calendar_views import CalendarView, calendar_view
from server.http.context import Context, Download, Upload
from server.http.endpoints import Body, Routes, View
from server.http.fields import Line
from server.http.planning import PlanningQuery, whole_weeks
from server.identity.permissions import Permission
from server.kernel.clock import local

routes = Routes()
LANGUAGES = ("zh-CN", "en")
ICS = "text/calendar"


class ProblemView(View):
    """`place` is the cell, as B7."""

    place: str
    message: str


class ArrangedView(View):
    """A row of the file as it was read; None where it could not be."""

    number: int
    name: str
    leader_id: UUID | None
    date: date | None
    begins: time | None
    ends: time | None
    minutes: int | None
    problems: list[ProblemView]


class ArrangementPreview(View):
    rows: list[ArrangedView]
    problems: int


class ArrangedRow(Body):
    number: int = Field(ge=1, le=5000)
    leader_id: UUID
    date: date
    begins: time
    ends: time
    minutes: int = Field(ge=5, le=240)


class NewArrangement(Body):
    """The rows as they were shown, and what they were issued by."""

    document: Line
    approver: Line
    approved_on: date
    rows: list[ArrangedRow] = Field(min_length=1, max_length=spreadsheet.MOST_ROWS)


class ImportedView(View):
    days: int


@routes.post("/api/planning/import-previews", permission=Permission.PLAN_WRITE)
async def preview_arrangement(ctx: Context, upload: Upload) -> ArrangementPreview:
    """What is in the file, with every row's problems; writes nothing."""
    if entry_file.is_one(upload.data):
        heads = {field: _heading(ctx, field) for field in FIELDS}
        table = await asyncio.to_thread(entry_file.read, upload.data, headings=heads)
    else:
        table = await asyncio.to_thread(spreadsheet.read, upload.data)
    async with ctx.services.uow.begin(ctx.actor) as tx:
        rows = await arrangement.read(tx, table, words=_headings(ctx))
    views = [_row(ctx, row) for row in rows]
    return ArrangementPreview(rows=views, problems=sum(len(row.problems) for row in rows))


@routes.post("/api/planning/imports", permission=Permission.PLAN_WRITE)
async def import_arrangement(ctx: Context, body: NewArrangement) -> ImportedView:
    """All the rows become drafts, or none where one has a problem."""
    rows = [
        Row(one.number, "", one.leader_id, one.date, one.begins, one.ends, one.minutes)
        for one in body.rows
    ]
    approval = Approval(body.document, body.approver, body.approved_on)
    async with ctx.services.uow.begin(ctx.actor) as tx:
        return ImportedView(days=await arrangement.keep(tx, rows, approval))


@routes.get("/api/planning/file.xlsx", permission=Permission.PLAN_READ)
async def export_planning(ctx: Context, query: PlanningQuery) -> Download:
    """The quarter, in the columns that an import reads."""
    grid = await _quarter(ctx, query)
    minutes = {plan.id: plan.slot_minutes for plan, _ in grid.plans}
    rows = [
        (who, str(local(one.begins_at).date()), f"{local(one.begins_at):%H:%M}",
         f"{local(one.ends_at):%H:%M}", minutes[one.plan_id] if one.plan_id else "")
        for one, who in _held(grid)
    ]  # fmt: skip
    heads = [_heading(ctx, field) for field in FIELDS]
    title = _word(ctx, "planning")
    data = await asyncio.to_thread(spreadsheet.write, title, heads, rows)
    return Download(data, XLSX, f"{title} {query.quarter}.xlsx")


@routes.get("/api/planning/file.ics", permission=Permission.PLAN_READ)
async def export_planning_entries(ctx: Context, query: PlanningQuery) -> Download:
    """The quarter as entries for a calendar of one's own; what is not published is tentative.

    An import reads it as well.
    """
    grid = await _quarter(ctx, query)
    minutes = {plan.id: plan.slot_minutes for plan, _ in grid.plans}
    lines = [
        FileLine(
            f"day-{one.day_id or f'{one.plan_id}-{one.planned_for}'}", one.begins_at, one.ends_at,
            _word(ctx, "reception_day"), who, "",
            _word(ctx, f"state.day.{one.state or DayState.DRAFT}"), "",
            one.state in {None, DayState.DRAFT}, minutes[one.plan_id] if one.plan_id else None,
        )
        for one, who in _held(grid)
    ]  # fmt: skip
    data = await asyncio.to_thread(as_ics, lines, stamp=ctx.services.clock.now())
    return Download(data, ICS, f"{_word(ctx, 'planning')} {query.quarter}.ics")


async def _quarter(ctx: Context, query: PlanningQuery) -> Grid:
    async with ctx.services.uow.begin(ctx.actor) as tx:
        tx.audit("export", "reception_plan", query.quarter)
        return await quarter.read(tx, *whole_weeks(query.quarter))


def _held(grid: Grid) -> Iterator[tuple[Cell, str]]:
    """Leaders in official order, the days of each as they come; without what is cancelled."""
    names = {leader.account_id: leader.name for _, leader in grid.plans}
    for leader_id, name in names.items():
        for cell in sorted(grid.cells, key=lambda one: one.begins_at):
            if cell.leader_id == leader_id and cell.state not in OFF:
                yield cell, name


@routes.get("/api/calendar/file.xlsx", permission=Permission.CALENDAR_READ)
async def export_calendar(ctx: Context, query: CalendarQuery) -> Download:
    """What the view shows, as a spreadsheet."""
    lines = _lines(ctx, await _shown(ctx, query))
    heads = ("date", "begins", "ends", "kind", "who", "about", "state", "booked")
    rows = [
        (str(local(one.begins_at).date()), f"{local(one.begins_at):%H:%M}",
         f"{local(one.ends_at):%H:%M}", one.kind, one.who, one.about, one.state,
         one.booked)
        for one in lines
    ]  # fmt: skip
    title = _word(ctx, "calendar")
    data = await asyncio.to_thread(
        spreadsheet.write, title, [_word(ctx, head) for head in heads], rows
    )
    return Download(data, XLSX, f"{title} {query.since} {query.until}.xlsx")


@routes.get("/api/calendar/file.ics", permission=Permission.CALENDAR_READ)
async def export_calendar_entries(ctx: Context, query: CalendarQuery) -> Download:
    """What the view shows, as entries for a calendar of one's own; without residents' names."""
    lines = _lines(ctx, await _shown(ctx, query))
    stamp = ctx.services.clock.now()
    data = await asyncio.to_thread(as_ics, lines, stamp=stamp)
    return Download(data, ICS, f"{_word(ctx, 'calendar')} {query.since} {query.until}.ics")


async def _shown(ctx: Context, query: CalendarQuery) -> CalendarView:
    wanted = query.wanted()
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await agenda.read(tx, wanted)
        tx.audit("export", "appointment", "list", found=len(found.sessions))
    return calendar_view(found, wanted, actor=ctx.actor, now=tx.now, sealer=ctx.services.sealer)


def _lines(ctx: Context, view: CalendarView) -> list[FileLine]:
    """All that is held, or may be: what was cancelled or swapped is nobody's any more."""
    names = {row.id: row.name for row in view.rows}
    days = [
        FileLine(f"day-{one.id}", one.begins_at, one.ends_at, _word(ctx, "reception_day"),
                 names.get(one.leader_id, ""), "", _word(ctx, f"state.day.{one.state}"),
                 f"{one.booked} / {one.total}", one.state is DayState.DRAFT)
        for one in view.days if one.state not in OFF
    ]  # fmt: skip
    sessions = [
        FileLine(f"session-{one.id}", one.begins_at, one.ends_at, _word(ctx, one.kind),
                 one.host_name, one.person_name or one.reference,
                 _word(ctx, f"state.session.{one.state}"), "",
                 one.state == AppointmentState.SUBMITTED)
        for one in view.sessions
    ]  # fmt: skip
    return sorted([*days, *sessions], key=lambda one: (one.begins_at, one.key))


def _word(ctx: Context, name: str) -> str:
    return ctx.services.texts.get(ctx.language, f"sheet.{name}")


def _heading(ctx: Context, field: str) -> str:
    """What a column is called in a file that goes out."""
    return _word(ctx, f"heading.{field}").partition("|")[0]


def _headings(ctx: Context) -> Headings:
    """Whatever language the page is in, the file may be in the other."""
    texts = ctx.services.texts
    said = {
        field: "|".join(texts.get(language, f"sheet.heading.{field}") for language in LANGUAGES)
        for field in FIELDS
    }
    return {field: frozenset(words.lower().split("|")) for field, words in said.items()}


def _row(ctx: Context, row: Row) -> ArrangedView:
    texts = ctx.services.texts
    return ArrangedView(
        number=row.number,
        name=row.name,
        leader_id=row.leader_id,
        date=row.date,
        begins=row.begins,
        ends=row.ends,
        minutes=row.minutes,
        problems=[
            ProblemView(place=one.place, message=texts.get(ctx.language, f"error.field.{one.code}"))
            for one in row.problems
        ],
    )
