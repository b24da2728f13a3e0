"""Figures over a period: who kept their time, leaders and residents side by side."""

import asyncio
from dataclasses import asdict
from datetime import date, timedelta
from uuid import UUID

from pydantic import Field, model_validator

from scheduling.plans import spreadsheet
from scheduling.plans.spreadsheet import XLSX
from server.http.context import Context, Download
from server.http.endpoints import Body, Routes, View
from server.identity.permissions import Permission
from signaling import attendance
from signaling.attendance import Attendance

routes = Routes()
EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)
LONGEST = timedelta(days=366)
COLUMNS = (
    "days", "not_held", "late", "left_early", "called_off", "booked", "received", "not_received",
    "absent", "excused", "came_late",
)  # fmt: skip


class FiguresQuery(Body):
    """Whole days, both included, a year at most."""

    since: date = Field(alias="from", ge=EARLIEST, le=LATEST)
    until: date = Field(ge=EARLIEST, le=LATEST)

    @model_validator(mode="after")
    def _in_order(self) -> "FiguresQuery":
        if not self.since <= self.until <= self.since + LONGEST:
            raise ValueError("from a day to a later one, a year at most")
        return self


class AttendanceView(View):
    """Of one leader or mediator.

    Days: `not_held` where people came and nobody was received, `left_early` where some of them were
    not, `late` where the host came later than the grace, `called_off` where it was cancelled before.
    People: `absent` did not come, `excused` of them said why and it was accepted.
    """

    host_id: UUID
    name: str
    post: str | None
    is_leader: bool
    days: int
    not_held: int
    late: int
    left_early: int
    called_off: int
    booked: int
    received: int
    not_received: int
    absent: int
    excused: int
    came_late: int


@routes.get("/api/figures/attendance", permission=Permission.FIGURES_READ)
async def read_attendance(ctx: Context, query: FiguresQuery) -> list[AttendanceView]:
    """Who did not hold, came late or left; and the residents who did not come, beside it."""
    return [
        AttendanceView(**{**asdict(one), "name": one.name or ""})
        for one in await _figures(ctx, query)
    ]


@routes.get("/api/figures/attendance/file.xlsx", permission=Permission.FIGURES_READ)
async def export_attendance(ctx: Context, query: FiguresQuery) -> Download:
    """The same as a spreadsheet."""
    rows = [
        (one.name or "", one.post or "", *(asdict(one)[name] for name in COLUMNS))
        for one in await _figures(ctx, query)
    ]
    heads = [_word(ctx, name) for name in ("who", "attendance.post")]
    heads += [_word(ctx, f"attendance.{name}") for name in COLUMNS]
    title = _word(ctx, "attendance")
    data = await asyncio.to_thread(spreadsheet.write, title, heads, rows)
    return Download(data, XLSX, f"{title} {query.since} {query.until}.xlsx")


async def _figures(ctx: Context, query: FiguresQuery) -> list[Attendance]:
    late_after = ctx.services.config.scheduling.late_after
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await attendance.figures(
            tx, first=query.since, last=query.until, late_after=late_after
        )
    return list(found)


def _word(ctx: Context, name: str) -> str:
    return ctx.services.texts.get(ctx.language, f"sheet.{name}")
