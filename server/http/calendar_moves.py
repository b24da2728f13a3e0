"""Moving what stands in the calendar: what it leads to is shown first, by doing it and not keeping it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from pydantic import Field

from scheduling import access, foresight, session_moves, turns
from scheduling.foresight import Foresight, Touched
from scheduling.plans import day_moves
from scheduling.slots import Reason
from scheduling.tables import Appointment, ClaimReason, ReceptionDay, SessionKind, SessionRole
from server.http.context import Context
from server.http.endpoints import Body, Routes, View
from server.http.fields import Instant, Words
from server.http.rehearsal import rehearsed
from server.identity.permissions import Permission
from server.kernel.errors import Conflict, Invalid, NotFound, RuleBroken
from server.kernel.sealing import Sealer
from server.kernel.uow import LOST_RACE, Tx

routes = Routes()


class MoveTo(Body):
    begins_at: Instant


class CalendarMove(MoveTo):
    """`version` is that of what was shown: what changed since is looked at anew."""

    version: int = Field(ge=1)


class SessionMove(CalendarMove):
    """`urgency`: why they are to have the time before those whose turn it is."""

    urgency: Words | None = Field(None, max_length=500)


class ToldView(View):
    """Somebody who is told of the move, how, and of which time."""

    name: str
    role: SessionRole
    sms: bool
    mail: bool
    page: bool
    begins_at: datetime


class InTheWayView(View):
    part: str
    begins_at: datetime
    ends_at: datetime
    reason: ClaimReason
    reference: str | None


class MoveChoice(View):
    begins_at: datetime
    ends_at: datetime
    is_free: bool
    in_turn: bool


class NotBookedView(View):
    """Who has no appointment on the day: how many fill in a form, have a place offered, wait."""

    filling_in: int
    offered: int
    waiting: int


class MovePreview(View):
    """`refusal` says in words why it cannot be; None when it can.

    `overrules`: whose turn it passes over, for which a reason is written down.
    """

    begins_at: datetime
    ends_at: datetime
    refusal: str | None
    overrules: Reason | None
    told: list[ToldView]
    in_the_way: list[InTheWayView]
    choices: list[MoveChoice]
    marks: list[str]
    not_booked: NotBookedView
    version: int


class MovedView(View):
    begins_at: datetime
    version: int


@routes.post(
    "/api/calendar/sessions/{appointment_id}/move-previews", permission=Permission.CALENDAR_MOVE
)
async def preview_session_move(ctx: Context, appointment_id: UUID, body: MoveTo) -> MovePreview:
    """What another time of a session would lead to; writes nothing."""

    async def act(tx: Tx) -> None:
        await session_moves.move(tx, await _session(tx, appointment_id), body.begins_at)

    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await _session(tx, appointment_id)
        seen = await foresight.of_session(tx, found, body.begins_at)
    return await _preview(ctx, found, seen, body.begins_at, act)


@routes.post("/api/calendar/sessions/{appointment_id}/moves", permission=Permission.CALENDAR_MOVE)
async def move_session(ctx: Context, appointment_id: UUID, body: SessionMove) -> MovedView:
    """Another time, once its consequences were seen; undone by moving back."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await _session(tx, appointment_id)
        _check_unchanged(found, body)
        await session_moves.move(tx, found, body.begins_at, urgency=body.urgency)
    return MovedView(begins_at=found.begins_at, version=found.version)


@routes.post("/api/calendar/days/{day_id}/move-previews", permission=Permission.DAY_WRITE)
async def preview_day_move(ctx: Context, day_id: UUID, body: MoveTo) -> MovePreview:
    """What another time of a whole reception day would lead to; writes nothing."""
    brief_at, sealer = ctx.services.config.scheduling.brief_at, ctx.services.sealer

    async def act(tx: Tx) -> None:
        found = await access.day(tx, day_id)
        await day_moves.move(tx, sealer, found, body.begins_at, brief_at=brief_at)

    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await access.day(tx, day_id)
        seen = await foresight.of_day(tx, found, body.begins_at)
    return await _preview(ctx, found, seen, body.begins_at, act)


@routes.post("/api/calendar/days/{day_id}/moves", permission=Permission.DAY_WRITE)
async def move_day(ctx: Context, day_id: UUID, body: CalendarMove) -> MovedView:
    """Another time for a reception day; everybody booked on it goes along and is told."""
    brief_at, sealer = ctx.services.config.scheduling.brief_at, ctx.services.sealer
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await access.day(tx, day_id)
        _check_unchanged(found, body)
        await day_moves.move(tx, sealer, found, body.begins_at, brief_at=brief_at)
    return MovedView(begins_at=found.begins_at, version=found.version)


async def _session(tx: Tx, appointment_id: UUID) -> Appointment:
    """A mediation for its mediator, a reception for the desk."""
    found = await tx.session.get(Appointment, appointment_id)
    if found is None or found.session_kind == SessionKind.JOINT_INTERVIEW:
        raise NotFound
    if found.session_kind == SessionKind.RECEPTION:
        return await access.desk_appointment(tx, appointment_id)
    if found.host_id != tx.actor.account_id:
        raise NotFound
    return await access.hosted_appointment(tx, appointment_id)


def _check_unchanged(found: Appointment | ReceptionDay, body: CalendarMove) -> None:
    if found.version != body.version:
        raise Conflict(LOST_RACE)


async def _refusal(
    ctx: Context, act: Callable[[Tx], Awaitable[None]]
) -> tuple[str | None, Reason | None]:
    """Why it would be refused, in words; or whose turn a reason in writing passes over."""
    try:
        await rehearsed(ctx, act)
    except (Conflict, RuleBroken, Invalid) as refused:
        said = refused.details.get("reason")
        if said in turns.OUT_OF_ORDER:
            return None, Reason(said)
        return ctx.services.texts.get(ctx.language, f"error.{refused.code}", **refused.params), None
    return None, None


async def _preview(
    ctx: Context, found: Appointment | ReceptionDay, seen: Foresight, begins_at: datetime,
    act: Callable[[Tx], Awaitable[None]],
) -> MovePreview:  # fmt: skip
    sealer = ctx.services.sealer
    refusal, overrules = await _refusal(ctx, act)
    return MovePreview(
        begins_at=begins_at,
        ends_at=begins_at + (found.ends_at - found.begins_at),
        refusal=refusal,
        overrules=overrules,
        told=[_told(one, sealer) for one in seen.touched],
        in_the_way=[InTheWayView(**vars(one)) for one in seen.in_the_way],
        choices=[MoveChoice(**vars(one)) for one in seen.choices],
        marks=list(seen.marks),
        not_booked=NotBookedView(**vars(seen.not_booked)),
        version=found.version,
    )


def _told(one: Touched, sealer: Sealer) -> ToldView:
    return ToldView(
        name=sealer.open(one.name, purpose="name"),
        role=one.role,
        sms=one.by_phone,
        mail=one.by_mail,
        page=one.by_page,
        begins_at=one.moves_to,
    )
