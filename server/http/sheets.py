"""Files of the calendar: the issued arrangement comes in, what a view shows goes out."""

import asyncio
from datetime import date, time
from uuid import UUID

from pydantic import Field

from scheduling import agenda
from scheduling.messages.calendar_file import Line as FileLine
from scheduling.messages.calendar_file import as_ics
from scheduling.plans import arrangement, spreadsheet
from scheduling.plans.arrangement import FIELDS, Approval, Headings, Row
from scheduling.plans.spreadsheet import XLSX
from scheduling.plans.troubles import OFF
from scheduling.tables import AppointmentState, DayState
from server.http.calendar import CalendarQuery
from server.http.calendar_views import CalendarView, calendar_view
from server.http.context import Context, Download, Upload
from server.http.endpoints import Body, Routes, View
from server.http.fields import Line
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
