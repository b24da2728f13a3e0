"""One tap: keep, take a kept place, or decline; by a link, by a sign-in, or told on the phone."""

from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from scheduling import access
from scheduling.choices import answering, questions
from scheduling.choices.tables import Choice, WaitlistEntry, Wish
from scheduling.draws.tables import DrawEntry
from scheduling.tables import Appointment
from server.cases import access as cases
from server.cases.tables import Case
from server.http.choice_views import ChoiceView, WaitsView, choice_views, waits
from server.http.context import Context
from server.http.endpoints import Body, Routes
from server.identity.permissions import Permission
from server.kernel.errors import FieldError, Invalid
from server.kernel.uow import Tx
from server.units.tables import Unit

routes = Routes()


class Tap(StrEnum):
    KEEP = "keep"
    TAKE = "take"
    DECLINE = "decline"


class Tapped(Body):
    """`offer_id` names the place that is taken."""

    answer: Tap
    offer_id: UUID | None = None


@routes.get("/api/choices/given", permission=Permission.PUBLIC)
async def read_given_choice(ctx: Context) -> ChoiceView:
    """The question behind a link; looking answers nothing."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        return await _own(ctx, tx, await questions.by_token(tx, ctx.ask or ""))


@routes.post("/api/choices/given/answer", permission=Permission.PUBLIC)
async def answer_given_choice(ctx: Context, body: Tapped) -> ChoiceView:
    """Answer it, once."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        choice = await questions.by_token(tx, ctx.ask or "")
        await _answer(ctx, tx, choice.id, body)
        return await _own(ctx, tx, choice)


@routes.get("/api/my/waits", permission=Permission.APPOINTMENT_READ_OWN)
async def read_own_waits(ctx: Context) -> WaitsView:
    """What the asker is to decide, and what they wait for."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        return await waits(ctx, tx)


@routes.get("/api/desk/choices", permission=Permission.APPOINTMENT_REVIEW)
async def read_open_choices(ctx: Context) -> list[ChoiceView]:
    """Questions that nobody has answered yet, the one due first first."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await questions.open_of(tx, _within_reach(ctx), _impartial(ctx))
        return await choice_views(ctx, tx, found, for_owner=False)


@routes.post("/api/desk/choices/{choice_id}/answer", permission=Permission.APPOINTMENT_REVIEW)
async def answer_for_somebody(ctx: Context, choice_id: UUID, body: Tapped) -> ChoiceView:
    """As was said on the phone."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        choice = await access.desk_choice(tx, choice_id)
        await _answer(ctx, tx, choice.id, body)
        await tx.session.flush()
        [view] = await choice_views(ctx, tx, [choice], for_owner=False)
        return view


async def _answer(ctx: Context, tx: Tx, choice_id: UUID, body: Tapped) -> None:
    services = ctx.services
    match body.answer:
        case Tap.KEEP:
            await answering.keep(tx, choice_id)
        case Tap.DECLINE:
            await answering.decline(tx, services.sealer, choice_id)
        case Tap.TAKE if body.offer_id is not None:
            await answering.take(
                tx, services.sealer, choice_id, body.offer_id, rules=services.config.scheduling
            )
        case Tap.TAKE:
            raise Invalid("invalid", fields=(FieldError("offer_id", "field.missing"),))


async def _own(ctx: Context, tx: Tx, choice: Choice) -> ChoiceView:
    await tx.session.flush()
    [view] = await choice_views(ctx, tx, [choice], for_owner=True)
    return view


def _within_reach(ctx: Context) -> sa.ColumnElement[bool]:
    units = sa.select(Unit.id).where(access.within_reach(ctx.actor, *access.DESK))
    return Choice.unit_id.in_(units)


def _impartial(ctx: Context) -> sa.ColumnElement[bool]:
    """Those on matters that the actor is not shut out of."""
    allowed = sa.select(Case.id).where(cases.impartial(ctx.actor))
    return sa.or_(
        Choice.appointment_id.in_(
            sa.select(Appointment.id).where(Appointment.case_id.in_(allowed))
        ),
        Choice.wish_id.in_(sa.select(Wish.id).where(Wish.case_id.in_(allowed))),
        Choice.entry_id.in_(sa.select(WaitlistEntry.id).where(WaitlistEntry.case_id.in_(allowed))),
        Choice.draw_entry_id.in_(sa.select(DrawEntry.id).where(DrawEntry.case_id.in_(allowed))),
    )
