"""Calls to make: take one, phone, write down what came of it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from scheduling import access, appeals, calls, desk_queries, matters
from scheduling.matters import Told
from scheduling.plans import off_days
from scheduling.plans.off_days import OffDay
from scheduling.tables import CallKind, CallTask
from server.cases.categories import Category
from server.http.context import Context
from server.http.endpoints import Body, Routes, View
from server.http.fields import Sentence, Words
from server.identity.permissions import Permission
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx

routes = Routes()


class OnDayOff(View):
    """What turned out to stand on a day off; `dates` it could be held on instead."""

    host_name: str
    begins_at: datetime
    ends_at: datetime
    dates: list[date]


class CallTaskView(View):
    """Whom to phone; `choice_id` is what they are asked, `interview_id` the joint one it is about.

    `wish_id`: the wish for which times are to be proposed.
    `on_day_off`: nobody need be phoned, but this is to be moved, called off or kept.
    """

    id: UUID
    kind: CallKind
    reference: str
    name: str | None
    phone: str | None
    words: str | None
    appointment_id: UUID | None
    choice_id: UUID | None
    interview_id: UUID | None
    wish_id: UUID | None
    on_day_off: OnDayOff | None
    created_at: datetime
    due_at: datetime
    overdue: bool
    taken_by: str | None
    mine: bool
    done_at: datetime | None
    note: str | None
    actions: list[str]


class CallsView(View):
    items: list[CallTaskView]
    total: int


class CallsQuery(Body):
    open: bool = True
    kind: CallKind | None = None
    page: int = Field(1, ge=1, le=1000)


@routes.get("/api/call-tasks", permission=Permission.CALL_TASK_WORK)
async def read_call_tasks(ctx: Context, query: CallsQuery) -> CallsView:
    """Whom to phone, the most urgent first."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await desk_queries.call_page(
            tx, still_open=query.open, kind=query.kind, page=query.page
        )
        return CallsView(items=await call_views(ctx, tx, found.items), total=found.total)


@routes.get("/api/call-tasks/{task_id}", permission=Permission.CALL_TASK_WORK)
async def read_call_task(ctx: Context, task_id: UUID) -> CallTaskView:
    """Who is on the phone, while something is booked for them."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        [view] = await call_views(ctx, tx, [await desk_queries.call_row(tx, task_id)])
        return view


@routes.post("/api/call-tasks/{task_id}/taking", permission=Permission.CALL_TASK_WORK)
async def take_call(ctx: Context, task_id: UUID) -> CallTaskView:
    """I phone now."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        task = await access.call_task(tx, task_id)
        calls.take(tx, task)
        return await _own_call(ctx, tx, task)


class CallNote(Body):
    note: Words = Field(max_length=1000)


@routes.post("/api/call-tasks/{task_id}/completion", permission=Permission.CALL_TASK_WORK)
async def complete_call(ctx: Context, task_id: UUID, body: CallNote) -> CallTaskView:
    """The call was made; what came of it."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        task = await access.call_task(tx, task_id)
        calls.complete(tx, ctx.services.sealer, task, note=body.note)
        return await _own_call(ctx, tx, task)


class MatterTold(CallNote):
    """What the matter is about; `subject_unit_id` is the unit complained of, if there is one."""

    sentence: Sentence
    category: Category | None = None
    subject_unit_id: UUID | None = None


@routes.post("/api/call-tasks/{task_id}/matter", permission=Permission.CALL_TASK_WORK)
async def take_matter(ctx: Context, task_id: UUID, body: MatterTold) -> CallTaskView:
    """Write down what somebody who was booked for says it is about; only the centre reads it."""
    sealer = ctx.services.sealer
    async with ctx.services.uow.begin(ctx.actor) as tx:
        task = await access.call_task(tx, task_id)
        told = Told(body.sentence, body.category, body.subject_unit_id)
        await matters.take(tx, sealer, task, told, note=body.note)
        return await _own_call(ctx, tx, task)


@routes.post("/api/call-tasks/{task_id}/excuse", permission=Permission.CALL_TASK_WORK)
async def excuse_no_show(ctx: Context, task_id: UUID, body: CallNote) -> CallTaskView:
    """The reason for not having come is accepted: it counts no more."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        task = await access.call_task(tx, task_id)
        await appeals.excuse(tx, ctx.services.sealer, task, note=body.note)
        return await _own_call(ctx, tx, task)


async def _own_call(ctx: Context, tx: Tx, task: CallTask) -> CallTaskView:
    [view] = await call_views(ctx, tx, [(task, ctx.actor.name)])
    return view


async def call_views(
    ctx: Context, tx: Tx, rows: Sequence[tuple[CallTask, str | None]]
) -> list[CallTaskView]:
    """Each with the name of whoever took it."""
    found = await off_days.about(tx, [task for task, _ in rows])
    return [_view(ctx, tx, task, name, found) for task, name in rows]


def _view(
    ctx: Context, tx: Tx, task: CallTask, taken_by: str | None, found: Mapping[UUID, OffDay]
) -> CallTaskView:
    sealer = ctx.services.sealer
    thing = task.day_id or task.appointment_id
    off = found.get(thing) if thing and task.kind == CallKind.ON_DAY_OFF else None
    return CallTaskView(
        id=task.id,
        kind=CallKind(task.kind),
        reference=task.reference,
        name=_open(sealer, task.name, "name"),
        phone=_open(sealer, task.phone, "phone"),
        words=_open(sealer, task.words, "text"),
        appointment_id=task.appointment_id,
        choice_id=task.choice_id,
        interview_id=task.interview_id,
        wish_id=task.wish_id,
        on_day_off=_off(off) if off else None,
        created_at=task.created_at,
        due_at=task.due_at,
        overdue=task.done_at is None and task.due_at < tx.now,
        taken_by=taken_by,
        mine=task.taken_by is not None and task.taken_by == ctx.actor.account_id,
        done_at=task.done_at,
        note=_open(sealer, task.note, "text"),
        actions=_actions(task),
    )


def _off(one: OffDay) -> OnDayOff:
    return OnDayOff(
        host_name=one.host_name or "", begins_at=one.begins_at, ends_at=one.ends_at,
        dates=list(one.dates),
    )  # fmt: skip


def _actions(task: CallTask) -> list[str]:
    if task.done_at:
        return []
    more = {CallKind.NO_SHOW_APPEAL: "excuse", CallKind.TAKE_MATTER: "take_matter"}.get(task.kind)
    return ["take", "complete", *([more] if more else [])]


def _open(sealer: Sealer, sealed: bytes | None, purpose: str) -> str | None:
    return sealer.open(sealed, purpose=purpose) if sealed else None
