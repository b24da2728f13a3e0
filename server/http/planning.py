"""Planning a quarter: the grid of leaders and weeks, changes tried at once, kept all or not at all."""

import re
from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from scheduling.plans import publication
from scheduling.plans import quarter as planning
from scheduling.plans.quarter import Cell, Change, Drop, Grid, Leave, Put, Reset
from scheduling.plans.troubles import Trouble
from scheduling.tables import DayState
from server.http.booking_views import LeaderView, leader_view
from server.http.calendar_views import CalendarDate, dates_of
from server.http.context import Context
from server.http.endpoints import Body, Routes, View
from server.http.rehearsal import rehearsed
from server.identity.permissions import Permission, allows
from server.kernel.errors import Conflict, DomainError, NotFound, RuleBroken
from server.kernel.uow import Tx

routes = Routes()
MOST = 400
MOST_AT_ONCE = 40
QUARTER = r"^20\d\d-Q[1-4]$"
MONTHS = 3


class PlannedPlan(View):
    """A plan that gives days in the grid, with what a new day of it would be."""

    id: UUID
    leader_id: UUID
    rrule: str
    begins: time
    ends: time


class PlannedCell(View):
    """`changeable`: nobody was told of it yet. `state` None: as the rule says, not made yet."""

    plan_id: UUID | None
    leader_id: UUID
    planned_for: date
    begins_at: datetime
    ends_at: datetime
    state: DayState | None
    by_hand: bool
    changeable: bool
    troubles: list[Trouble]


class PlannedLeave(View):
    leader_id: UUID
    begins_at: datetime
    ends_at: datetime


class PlanningView(View):
    quarter: str
    dates: list[CalendarDate]
    leaders: list[LeaderView]
    plans: list[PlannedPlan]
    cells: list[PlannedCell]
    leave: list[PlannedLeave]
    actions: list[str]


class PutChange(Body):
    kind: Literal["put"]
    plan_id: UUID
    planned_for: date
    date: date
    begins: time
    ends: time

    def change(self) -> Change:
        return Put(self.plan_id, self.planned_for, self.date, self.begins, self.ends)


class DropChange(Body):
    kind: Literal["drop"]
    plan_id: UUID
    planned_for: date

    def change(self) -> Change:
        return Drop(self.plan_id, self.planned_for)


class ResetChange(Body):
    kind: Literal["reset"]
    plan_id: UUID
    planned_for: date

    def change(self) -> Change:
        return Reset(self.plan_id, self.planned_for)


class LeaveChange(Body):
    kind: Literal["leave"]
    leader_id: UUID
    since: date
    until: date
    ended: bool = False

    def change(self) -> Change:
        return Leave(self.leader_id, self.since, self.until, self.ended)


PlanningChange = Annotated[
    PutChange | DropChange | ResetChange | LeaveChange, Field(discriminator="kind")
]


class PlanningChanges(Body):
    quarter: str = Field(pattern=QUARTER)
    changes: list[PlanningChange] = Field(max_length=MOST)


class PlanningSaved(View):
    """`back` takes it all back, sent as changes again."""

    view: PlanningView
    back: list[PlanningChange]


class PlanningQuery(Body):
    quarter: str = Field(pattern=QUARTER)


@routes.get("/api/planning", permission=Permission.PLAN_READ)
async def read_planning(ctx: Context, query: PlanningQuery) -> PlanningView:
    """A quarter of all leaders' days, made or still to be made."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        return await _view(ctx, tx, query.quarter)


@routes.post("/api/planning/checks", permission=Permission.PLAN_WRITE)
async def check_planning(ctx: Context, body: PlanningChanges) -> PlanningView:
    """The quarter as it would be with these changes; writes nothing."""

    async def act(tx: Tx) -> PlanningView:
        await planning.apply(tx, [one.change() for one in body.changes])
        return await _view(ctx, tx, body.quarter)

    return await rehearsed(ctx, act)


@routes.post("/api/planning/changes", permission=Permission.PLAN_WRITE)
async def save_planning(ctx: Context, body: PlanningChanges) -> PlanningSaved:
    """All the changes, or none of them where one cannot be."""
    changes = [one.change() for one in body.changes]
    async with ctx.services.uow.begin(ctx.actor) as tx:
        back = await planning.apply(tx, changes)
        planning.check(await planning.read(tx, *whole_weeks(body.quarter)), changes)
        view = await _view(ctx, tx, body.quarter)
    return PlanningSaved(view=view, back=[_body(one) for one in back])


class PlannedKey(Body):
    plan_id: UUID
    planned_for: date


class Publication(Body):
    days: list[PlannedKey] = Field(min_length=1, max_length=MOST_AT_ONCE)


class RefusedDay(View):
    """`why` in the caller's language."""

    plan_id: UUID
    planned_for: date
    why: str


class Published(View):
    published: int
    refused: list[RefusedDay]


@routes.post("/api/planning/publication", permission=Permission.DAY_WRITE)
async def publish_planned(ctx: Context, body: Publication) -> Published:
    """Show these days to the public, each by itself; what cannot be is named with the reason."""
    refused = []
    for day in body.days:
        try:
            async with ctx.services.uow.begin(ctx.actor) as tx:
                await publication.publish(tx, day.plan_id, day.planned_for)
        except (RuleBroken, Conflict, NotFound) as error:
            refused.append(RefusedDay(**vars(day), why=_why(ctx, error)))
    return Published(published=len(body.days) - len(refused), refused=refused)


def _why(ctx: Context, error: DomainError) -> str:
    return ctx.services.texts.get(ctx.language, f"error.{error.code}", **error.params)


def whole_weeks(quarter: str) -> tuple[date, date]:
    """Whole weeks, Monday to Sunday, around the quarter's days."""
    year, number = (int(part) for part in re.findall(r"\d+", quarter))
    first = date(year, (number - 1) * MONTHS + 1, 1)
    after = date(year + number // 4, number * MONTHS % 12 + 1, 1)
    last = after - timedelta(days=1)
    return first - timedelta(days=first.weekday()), last + timedelta(days=6 - last.weekday())


async def _view(ctx: Context, tx: Tx, quarter: str) -> PlanningView:
    grid = await planning.read(tx, *whole_weeks(quarter))
    leaders = {leader.account_id: leader for _, leader in grid.plans}
    return PlanningView(
        quarter=quarter,
        dates=dates_of(grid.calendar, since=grid.first, until=grid.last),
        leaders=[leader_view(leader) for leader in leaders.values()],
        plans=_plans(grid),
        cells=[_cell(cell) for cell in grid.cells],
        leave=[PlannedLeave(**vars(one)) for one in grid.away],
        actions=["change"] if allows(ctx.actor, Permission.PLAN_WRITE) else [],
    )


def _plans(grid: Grid) -> list[PlannedPlan]:
    return [
        PlannedPlan(id=plan.id, leader_id=plan.leader_id, rrule=plan.rrule, begins=plan.begins,
                    ends=plan.ends)
        for plan, _ in grid.plans
    ]  # fmt: skip


def _cell(cell: Cell) -> PlannedCell:
    return PlannedCell(
        plan_id=cell.plan_id,
        leader_id=cell.leader_id,
        planned_for=cell.planned_for,
        begins_at=cell.begins_at,
        ends_at=cell.ends_at,
        state=cell.state,
        by_hand=cell.by_hand,
        changeable=cell.is_open,
        troubles=list(cell.troubles),
    )


def _body(change: Change) -> PlanningChange:
    match change:
        case Put():
            return PutChange(kind="put", **vars(change))
        case Drop():
            return DropChange(kind="drop", **vars(change))
        case Reset():
            return ResetChange(kind="reset", **vars(change))
        case Leave():
            return LeaveChange(kind="leave", **vars(change))
