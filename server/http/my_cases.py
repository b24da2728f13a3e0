"""A resident's own cases: what happened, the released reply, the rating."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from recordings import resident_view, sessions
from recordings.sessions import CaseSession
from scheduling import case_access
from scheduling.tables import AppointmentState, SessionKind
from server.cases import queries, ratings
from server.cases.queries import CaseParts
from server.cases.ratings import Stars
from server.cases.tables import Case, CaseKind, CaseState, RatingSubject
from server.http.context import Context
from server.http.endpoints import Body, Routes, View
from server.http.fields import Words
from server.http.matter_views import PaperView, paper_view
from server.identity.permissions import Permission
from server.kernel.errors import NotFound
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx

routes = Routes()


class MyCaseCard(View):
    id: UUID
    number: str
    kind: CaseKind
    state: CaseState
    category: str | None
    sentence: str
    registered_at: datetime
    unit_name: str


class MyEntry(View):
    at: datetime
    kind: str
    facts: dict[str, Any]


class ReplyView(View):
    """A reply that was released; the decision's other text has no place here."""

    appointment_id: UUID
    released_at: datetime
    text: str


class GivenRating(View):
    subject: RatingSubject
    unit_name: str
    stars: int
    words: str | None


class MySession(View):
    """`rates` names what may still be rated: the office, and the unit that was told to act."""

    appointment_id: UUID
    reference: str
    kind: SessionKind
    state: AppointmentState
    begins_at: datetime
    office_name: str
    unit_name: str | None
    ratings: list[GivenRating]
    rates: list[RatingSubject]


class MyCaseView(View):
    id: UUID
    number: str
    kind: CaseKind
    state: CaseState
    category: str | None
    sentence: str
    people: int
    registered_at: datetime
    unit_name: str
    timeline: list[MyEntry]
    replies: list[ReplyView]
    papers: list[PaperView]
    sessions: list[MySession]
    actions: list[str]


class StarsGiven(Body):
    stars: int = Field(ge=1, le=5)
    words: Words | None = None

    def plain(self) -> Stars:
        return Stars(self.stars, self.words)


class Rate(Body):
    appointment_id: UUID
    office: StarsGiven
    unit: StarsGiven | None = None


@routes.get("/api/my/cases", permission=Permission.CASE_READ_OWN)
async def list_my_cases(ctx: Context) -> list[MyCaseCard]:
    """One's own matters, newest first."""
    sealer = ctx.services.sealer
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await queries.search(tx, sealer, case_access.own(ctx.actor))
    return [_card(case, found.units[case.lead_unit_id].name, sealer) for case in found.cases]


@routes.get("/api/my/cases/{case_id}", permission=Permission.CASE_READ_OWN)
async def read_my_case(ctx: Context, case_id: UUID) -> MyCaseView:
    """One's own matter: facts, what happened, the released reply."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        return await _view(ctx, tx, await case_access.own_case(tx, case_id))


@routes.post("/api/my/cases/{case_id}/ratings", permission=Permission.CASE_RATE_OWN)
async def rate_case(ctx: Context, case_id: UUID, body: Rate) -> MyCaseView:
    """Rate the office, and the responsible unit, once for each meeting that took place."""
    sealer = ctx.services.sealer
    async with ctx.services.uow.begin(ctx.actor) as tx:
        case = await case_access.own_case(tx, case_id)
        held = await sessions.of_case(tx, case.id)
        if not any(s.appointment.id == body.appointment_id and _rateable(s, ctx) for s in held):
            raise NotFound
        await ratings.rate(
            tx, sealer, case=case, appointment_id=body.appointment_id,
            office=body.office.plain(), unit=body.unit.plain() if body.unit else None,
        )  # fmt: skip
        return await _view(ctx, tx, case)


async def _view(ctx: Context, tx: Tx, case: Case) -> MyCaseView:
    sealer = ctx.services.sealer
    parts = await queries.parts(tx, case)
    held = [
        _session(s, parts, ctx) for s in await sessions.of_case(tx, case.id) if _is_mine(s, ctx)
    ]
    mine = [paper for paper in parts.papers if paper.account_id == ctx.actor.account_id]
    card = _card(case, parts.units[case.lead_unit_id].name, sealer)
    return MyCaseView(
        **card.model_dump(),
        people=case.people,
        timeline=_timeline(parts),
        replies=_replies(parts, sealer),
        papers=[paper_view(paper, sealer=sealer) for paper in mine],
        sessions=held,
        actions=["rate"] if any(session.rates for session in held) else [],
    )


def _card(case: Case, unit_name: str, sealer: Sealer) -> MyCaseCard:
    return MyCaseCard(
        id=case.id,
        number=case.number,
        kind=CaseKind(case.kind),
        state=CaseState(case.state),
        category=case.category,
        sentence=sealer.open(case.sentence, purpose="text"),
        registered_at=case.registered_at,
        unit_name=unit_name,
    )


def _timeline(parts: CaseParts) -> list[MyEntry]:
    shown = ((entry, resident_view.shown(entry)) for entry in parts.entries)
    return [
        MyEntry(at=entry.at, kind=entry.kind, facts=facts)
        for entry, facts in shown
        if facts is not None
    ]


def _replies(parts: CaseParts, sealer: Sealer) -> list[ReplyView]:
    return [
        ReplyView(
            appointment_id=decision.appointment_id,
            released_at=decision.reply_released_at,
            text=sealer.open(decision.reply, purpose="text"),
        )
        for decision in parts.decisions
        if decision.reply and decision.reply_released_at
    ]


def _session(held: CaseSession, parts: CaseParts, ctx: Context) -> MySession:
    appointment = held.appointment
    given = [r for r in parts.ratings if r.appointment_id == appointment.id]
    told = (d.instruction_unit_id for d in parts.decisions if d.appointment_id == appointment.id)
    unit_id = next(told, None)
    subjects = [RatingSubject.OFFICE, *([RatingSubject.UNIT] if unit_id else [])]
    return MySession(
        appointment_id=appointment.id,
        reference=appointment.reference,
        kind=SessionKind(appointment.session_kind),
        state=AppointmentState(appointment.state),
        begins_at=appointment.begins_at,
        office_name=parts.units[parts.case.first_receiver_id].name,
        unit_name=parts.units[unit_id].name if unit_id else None,
        ratings=[
            GivenRating(
                subject=RatingSubject(rating.subject),
                unit_name=parts.units[rating.unit_id].name,
                stars=rating.stars,
                words=ctx.services.sealer.open(rating.words, purpose="text")
                if rating.words
                else None,
            )
            for rating in given
        ],
        rates=subjects if not given and _rateable(held, ctx) else [],
    )


def _is_mine(held: CaseSession, ctx: Context) -> bool:
    return held.appointment.account_id == ctx.actor.account_id


def _rateable(held: CaseSession, ctx: Context) -> bool:
    return _is_mine(held, ctx) and held.appointment.state == AppointmentState.COMPLETED
