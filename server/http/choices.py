"""One tap: keep, take a kept place, or decline; by a link, by a sign-in, or told on the phone."""

from enum import StrEnum
from uuid import UUID

from scheduling import access
from scheduling.choices import answering, questions
from scheduling.choices.tables import Choice
from server.http.choice_views import ChoiceView, WaitsView, choice_views, waits
from server.http.context import Context
from server.http.endpoints import Body, Routes
from server.identity.permissions import Permission
from server.kernel.errors import FieldError, Invalid
from server.kernel.uow import Tx

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


@routes.get("/api/desk/choices/{choice_id}", permission=Permission.APPOINTMENT_REVIEW)
async def read_choice(ctx: Context, choice_id: UUID) -> ChoiceView:
    """What somebody is asked, for a clerk who has them on the phone."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        return await _for_desk(ctx, tx, await access.desk_choice(tx, choice_id))


@routes.post("/api/desk/choices/{choice_id}/answer", permission=Permission.APPOINTMENT_REVIEW)
async def answer_for_somebody(ctx: Context, choice_id: UUID, body: Tapped) -> ChoiceView:
    """As was said on the phone."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        choice = await access.desk_choice(tx, choice_id)
        await _answer(ctx, tx, choice.id, body)
        return await _for_desk(ctx, tx, choice)


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


async def _for_desk(ctx: Context, tx: Tx, choice: Choice) -> ChoiceView:
    await tx.session.flush()
    [view] = await choice_views(ctx, tx, [choice], for_owner=False)
    return view
