"""Mediation: asking the other side, its answer, finding a time, inviting both."""

from typing import Literal
from uuid import UUID

import sqlalchemy as sa
from pydantic import Field

from scheduling import access
from scheduling.mediation import mediations as mediation
from scheduling.mediation import queries
from scheduling.mediation import session as mediation_session
from scheduling.mediation import times as mediation_times
from scheduling.mediation.mediations import Answer
from scheduling.mediation.session import Guest
from scheduling.tables import Mediation, SessionRole
from server.cases import access as cases
from server.http.context import Context
from server.http.endpoints import Body, Routes
from server.http.fields import Email, Instant, Line, Mobile, PersonName, Words
from server.http.mediation_views import (
    AskView,
    Colleague,
    MediationView,
    TimeView,
    ask_view,
    mediation_view,
)
from server.identity.permissions import Permission
from server.kernel.errors import NotFound
from server.kernel.uow import Tx
from server.notices.tables import Delivery, DeliveryState

routes = Routes()
INVITED = Literal[
    SessionRole.APPLICANT, SessionRole.RESPONDENT, SessionRole.GUARDIAN, SessionRole.AGENT,
    SessionRole.HELPER, SessionRole.WITNESS, SessionRole.INTERPRETER, SessionRole.EXPERT,
    SessionRole.RECORDER,
]  # fmt: skip
MOST_GUESTS = 7


class NewMediation(Body):
    """`phone` when the case does not know how to reach the other side."""

    other_party_id: UUID
    phone: Mobile | None = None


class AnswerBody(Body):
    answer: Answer
    words: Words | None = None


class GuestBody(Body):
    """`serves`: the position in the list of whom a guardian or interpreter comes with."""

    role: INVITED
    name: PersonName
    phone: Mobile
    email: Email | None = None
    party_id: UUID | None = None
    serves: int | None = Field(None, ge=0, lt=MOST_GUESTS)


class SessionBody(Body):
    begins_at: Instant
    minutes: int = Field(60, ge=30, le=180)
    invitees: list[GuestBody] = Field(min_length=2, max_length=MOST_GUESTS)


class TimesQuery(Body):
    minutes: int = Field(60, ge=30, le=180)


class ReasonBody(Body):
    reason: Line


class HandOver(Body):
    mediator_id: UUID


@routes.get("/api/mediations", permission=Permission.MEDIATION_WRITE)
async def list_mediations(ctx: Context) -> list[MediationView]:
    """The mediations that the actor leads, the newest first."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        mine = Mediation.mediator_id == ctx.actor.account_id
        return await _views(ctx, tx, sa.and_(mine, cases.impartial(ctx.actor)))


@routes.get("/api/mediations/{mediation_id}", permission=Permission.MEDIATION_WRITE)
async def read_mediation(ctx: Context, mediation_id: UUID) -> MediationView:
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await access.own_mediation(tx, mediation_id)
        await tx.audit_reading("mediation", found.id)
        return await _one(ctx, tx, found.id)


@routes.post("/api/cases/{case_id}/mediations", permission=Permission.MEDIATION_WRITE)
async def make_mediation(ctx: Context, case_id: UUID, body: NewMediation) -> MediationView:
    """Ask the other side, which answers by a link within three working days."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        made = await mediation.ask(
            tx, ctx.services.sealer, case_id, other_party_id=body.other_party_id,
            phone=body.phone,
        )  # fmt: skip
        return await _one(ctx, tx, made.id)


@routes.get("/api/asks/mine", permission=Permission.PUBLIC)
async def read_ask(ctx: Context) -> AskView:
    """The question behind the link in `X-Ask`."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        asked = await mediation.asked_by(tx, ctx.ask or "")
        [shown] = await queries.shown(tx, Mediation.id == asked.id)
        return ask_view(ctx, shown, now=tx.now)


@routes.post("/api/asks/mine/answer", permission=Permission.PUBLIC)
async def answer_ask(ctx: Context, body: AnswerBody) -> AskView:
    """Agree, refuse, or ask for another mediator; once."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        asked = await mediation.asked_by(tx, ctx.ask or "")
        await mediation.answer(tx, ctx.services.sealer, asked, body.answer, words=body.words)
        [shown] = await queries.shown(tx, Mediation.id == asked.id)
        return ask_view(ctx, shown, now=tx.now)


@routes.get("/api/mediations/{mediation_id}/times", permission=Permission.MEDIATION_WRITE)
async def list_mediation_times(
    ctx: Context, mediation_id: UUID, query: TimesQuery
) -> list[TimeView]:
    """Office hours of the next ten working days; each time with why it cannot be had."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await access.own_mediation(tx, mediation_id)
        [shown] = await queries.shown(tx, Mediation.id == found.id)
        times = await mediation_times.times(
            tx, mediator_id=found.mediator_id, unit_id=shown.case.lead_unit_id,
            minutes=query.minutes,
        )  # fmt: skip
    return [TimeView(begins_at=t.begins_at, ends_at=t.ends_at, why=t.why) for t in times]


@routes.post("/api/mediations/{mediation_id}/session", permission=Permission.MEDIATION_WRITE)
async def schedule_mediation(ctx: Context, mediation_id: UUID, body: SessionBody) -> MediationView:
    """Take a time and invite everybody, each by a personal link."""
    guests = [Guest(**guest.model_dump()) for guest in body.invitees]
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await access.own_mediation(tx, mediation_id)
        await mediation_session.schedule(
            tx, ctx.services.sealer, found, begins_at=body.begins_at, minutes=body.minutes,
            guests=guests,
        )  # fmt: skip
        return await _one(ctx, tx, found.id)


@routes.post("/api/mediations/{mediation_id}/cancellation", permission=Permission.MEDIATION_WRITE)
async def call_off_mediation(ctx: Context, mediation_id: UUID, body: ReasonBody) -> MediationView:
    """Call the time off; everybody is told, another is looked for."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await access.own_mediation(tx, mediation_id)
        await mediation_session.call_off(tx, found, reason=body.reason)
        return await _one(ctx, tx, found.id)


@routes.get("/api/mediations/{mediation_id}/colleagues", permission=Permission.MEDIATION_WRITE)
async def list_colleagues(ctx: Context, mediation_id: UUID) -> list[Colleague]:
    """Who could take over, when the other side asks for another mediator."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        await access.own_mediation(tx, mediation_id)
        found = await mediation.colleagues(tx)
    return [Colleague(id=one.id, name=one.name or "") for one in found]


@routes.post("/api/mediations/{mediation_id}/mediator", permission=Permission.MEDIATION_WRITE)
async def hand_mediation_over(ctx: Context, mediation_id: UUID, body: HandOver) -> MediationView:
    """Give it to a colleague; it is theirs from now on."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await access.own_mediation(tx, mediation_id)
        await mediation.hand_over(tx, found, body.mediator_id)
        return await _one(ctx, tx, found.id)


@routes.post("/api/mediations/{mediation_id}/end", permission=Permission.MEDIATION_WRITE)
async def end_mediation(ctx: Context, mediation_id: UUID, body: ReasonBody) -> MediationView:
    """End it without a session; the other ways stay open."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await access.own_mediation(tx, mediation_id)
        await mediation.end(tx, found, reason=body.reason)
        return await _one(ctx, tx, found.id)


async def _one(ctx: Context, tx: Tx, mediation_id: UUID) -> MediationView:
    await tx.session.flush()
    views = await _views(ctx, tx, Mediation.id == mediation_id)
    if not views:
        raise NotFound
    return views[0]


async def _views(ctx: Context, tx: Tx, condition: sa.ColumnElement[bool]) -> list[MediationView]:
    shown = await queries.shown(tx, condition)
    keys = {f"mediation_asked:{one.mediation.id}:{one.other.id}:sms": one for one in shown}
    query = sa.select(Delivery.key).where(
        Delivery.key.in_(keys), Delivery.state == DeliveryState.SENT
    )
    sent = {keys[key].mediation.id for key in await tx.session.scalars(query)}
    return [mediation_view(ctx, one, sent=one.mediation.id in sent) for one in shown]
