"""Planning a period of the roster: asked for, watched, looked at, kept whole or taken back."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from uuid import UUID

from scheduling.joint import queries
from scheduling.rosters import drafts, wishes
from scheduling.rosters.drafts import READ_BY, Wish
from scheduling.rosters.period import Period, Settings
from scheduling.rosters.tables import RosterDraft, RosterWish, WishKind
from scheduling.rosters.turns import process, reasons
from scheduling.rosters.turns.lines import Method
from scheduling.rosters.turns.problem import HALVES
from server.http.context import Context
from server.http.endpoints import Routes
from server.http.roster_draft_views import (
    AnswerQuery,
    DraftAnswer,
    DraftBrief,
    DraftLeader,
    DraftProgress,
    DraftsView,
    DraftUnit,
    DraftView,
    DraftWeek,
    DraftWish,
    FairRow,
    SaidWish,
    WeekQuery,
    fairness,
    person_of,
    result_of,
    shifts_of,
)
from server.identity.permissions import Permission, allows
from server.kernel import state
from server.kernel.errors import FieldError, Invalid
from server.kernel.uow import Tx

routes = Routes()
WEEK = timedelta(days=7)
ASKED = frozenset({"cancel", "stop", "keep", "undo"})


@routes.get("/api/roster/drafts", permission=Permission.ROSTER_READ)
async def list_roster_drafts(ctx: Context) -> DraftsView:
    """The newest ones."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        rows = await drafts.latest(tx)
        names = await _names(tx, *(row.asked_by for row in rows))
        briefs = [_brief(tx, row, names) for row in rows]
    return DraftsView(solver=process.found(ctx.services.config.scheduling.solver), drafts=briefs)


@routes.post("/api/roster/drafts", permission=Permission.ROSTER_WRITE)
async def ask_roster_draft(ctx: Context, body: DraftWish) -> DraftView:
    """Have a period planned; it is worked out meanwhile."""
    has_solver = process.found(ctx.services.config.scheduling.solver)
    if body.method is Method.CP_SAT and not has_solver:
        raise Invalid("invalid", fields=(FieldError("method", "field.invalid"),))
    settings = Settings(**body.settings.model_dump())
    wish = Wish(body.unit_ids, body.first, body.last, body.method, settings)
    async with ctx.services.uow.begin(ctx.actor) as tx:
        return await _view(ctx, tx, await drafts.ask(tx, wish))


@routes.get("/api/roster/drafts/{draft_id}", permission=Permission.ROSTER_READ)
async def read_roster_draft(ctx: Context, draft_id: UUID) -> DraftView:
    async with ctx.services.uow.begin(ctx.actor) as tx:
        return await _view(ctx, tx, await drafts.draft(tx, draft_id, *READ_BY))


@routes.post("/api/roster/drafts/{draft_id}/cancelling", permission=Permission.ROSTER_WRITE)
async def cancel_roster_draft(ctx: Context, draft_id: UUID) -> DraftView:
    """It is not worked on any more, or not kept."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        row = await drafts.draft(tx, draft_id)
        drafts.cancel(tx, row)
        return await _view(ctx, tx, row)


@routes.post("/api/roster/drafts/{draft_id}/stopping", permission=Permission.ROSTER_WRITE)
async def stop_roster_draft(ctx: Context, draft_id: UUID) -> DraftView:
    """The best so far will do."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        row = await drafts.draft(tx, draft_id)
        drafts.stop(row)
        return await _view(ctx, tx, row)


@routes.post("/api/roster/drafts/{draft_id}/keeping", permission=Permission.ROSTER_WRITE)
async def keep_roster_draft(ctx: Context, draft_id: UUID) -> DraftView:
    """All of it becomes the roster, or nothing where the roster has changed."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        row = await drafts.draft(tx, draft_id)
        await drafts.keep(tx, row)
        return await _view(ctx, tx, row)


@routes.post("/api/roster/drafts/{draft_id}/undoing", permission=Permission.ROSTER_WRITE)
async def undo_roster_draft(ctx: Context, draft_id: UUID) -> DraftView:
    """The roster is as it was before."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        row = await drafts.draft(tx, draft_id)
        await drafts.undo(tx, row)
        return await _view(ctx, tx, row)


@routes.get("/api/roster/drafts/{draft_id}/week", permission=Permission.ROSTER_READ)
async def read_roster_draft_week(ctx: Context, draft_id: UUID, query: WeekQuery) -> DraftWeek:
    """Seven days of it, what changes marked."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        row = await drafts.draft(tx, draft_id, *READ_BY)
        period, made = drafts.period_of(row), drafts.outcome_of(row)
        leaders = {one.leader_id for one in period.leading}
        names = await queries.names(
            tx, units=period.unit_ids, staff={*period.account_ids, *leaders}
        )
        first = query.first or row.first
        days = [day for day in period.days if first <= day < first + WEEK]
        changes = Counter([*(one.unit for one in made.added), *(one.unit for one in made.removed)])
        units = [
            DraftUnit(
                unit_id=unit_id, name=names.units[unit_id], presence=period.presences[number],
                changes=changes[number], shifts=shifts_of(made, number, days, names.staff),
            )
            for number, unit_id in enumerate(period.unit_ids)
        ]  # fmt: skip
    return DraftWeek(days=days, units=units, leaders=_leaders(period, days, names.staff))


@routes.get("/api/roster/drafts/{draft_id}/fairness", permission=Permission.ROSTER_READ)
async def read_roster_fairness(ctx: Context, draft_id: UUID) -> list[FairRow]:
    """Who gets how many turns, beside their fair share."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        row = await drafts.draft(tx, draft_id, *READ_BY)
        period, solved = drafts.period_of(row), drafts.solved_of(row)
        names = await queries.names(tx, units=period.unit_ids, staff=period.account_ids)
    return list(fairness(period, solved, names.staff, names.units))


@routes.get("/api/roster/drafts/{draft_id}/answers", permission=Permission.ROSTER_READ)
async def read_roster_answers(
    ctx: Context, draft_id: UUID, query: AnswerQuery
) -> list[DraftAnswer]:
    """Of everybody in a unit: why they are not there on that half day, or that they could be.

    Of a unit or a day that is not planned there is nothing to say.
    """
    async with ctx.services.uow.begin(ctx.actor) as tx:
        row = await drafts.draft(tx, draft_id, *READ_BY)
        period, solved = drafts.period_of(row), drafts.solved_of(row)
        if query.unit_id not in period.unit_ids or query.day not in period.days:
            return []
        number = period.unit_ids.index(query.unit_id)
        half = period.days.index(query.day) * HALVES + query.half
        block = period.problem.units[number].block(half)
        found = reasons.ask(period.problem, solved.roster, number, block)
        halves = [one % HALVES for one in period.problem.units[number].halves(block)]
        said = await _said(tx, period, query.day.weekday(), halves)
        staff = {*period.account_ids, *(one.entered_by for one in said.values())}
        names = (await queries.names(tx, units=(), staff=staff)).staff
    return [_answer(period, one, names, said) for one in found]


async def _said(
    tx: Tx, period: Period, weekday: int, halves: Collection[int]
) -> dict[UUID, RosterWish]:
    """What each said of this time; of two halves what weighs more."""
    found = [
        one
        for one in await wishes.read(tx, period.account_ids)
        if one.weekday == weekday and one.half in halves
    ]
    weight = list(WishKind)
    found.sort(key=lambda one: weight.index(WishKind(one.kind)), reverse=True)
    return {one.account_id: one for one in found}


def _answer(
    period: Period, one: reasons.Answer, names: Mapping[UUID, str], said: Mapping[UUID, RosterWish]
) -> DraftAnswer:
    wish = said.get(period.account_ids[one.turn.person])
    replaced = None if one.replaces is None else period.account_ids[one.replaces]
    return DraftAnswer(
        person=person_of(period.account_ids[one.turn.person], names), is_there=one.is_there,
        possible=one.possible, against=list(one.against), has=one.has, share=one.share,
        replaces=person_of(replaced, names) if replaced else None,
        wish=SaidWish(
            kind=WishKind(wish.kind), entered_by=person_of(wish.entered_by, names),
            entered_at=wish.entered_at,
        ) if wish else None,
    )  # fmt: skip


def _leaders(period: Period, days: list[date], names: Mapping[UUID, str]) -> list[DraftLeader]:
    return [
        DraftLeader(day=day, half=one.half % HALVES, name=names.get(one.leader_id, ""))
        for one in period.leading
        if (day := period.days[one.half // HALVES]) in days
    ]


async def _names(tx: Tx, *account_ids: UUID) -> dict[UUID, str]:
    return (await queries.names(tx, units=(), staff=account_ids)).staff


def _brief(tx: Tx, row: RosterDraft, names: Mapping[UUID, str]) -> DraftBrief:
    return DraftBrief(
        id=row.id, state=drafts.state_of(tx, row), first=row.first, last=row.last,
        units=len(row.unit_ids), method=row.method,
        fewest_changes=bool(row.settings["fewest_changes"]),
        asked_by=person_of(row.asked_by, names), asked_at=row.asked_at,
    )  # fmt: skip


async def _view(ctx: Context, tx: Tx, row: RosterDraft) -> DraftView:
    await tx.session.flush()
    brief = _brief(tx, row, await _names(tx, row.asked_by))
    actions = state.possible(drafts.DRAFT, brief.state)
    result = None
    if row.solved is not None:
        period, solved = drafts.period_of(row), drafts.solved_of(row)
        names = await queries.names(tx, units=period.unit_ids, staff=period.account_ids)
        outcome = drafts.outcome_of(row)
        result = result_of(period, solved, outcome, names.staff, names.units)
    return DraftView(
        **brief.model_dump(),
        progress=DraftProgress(**row.progress) if row.progress else None,
        result=result,
        actions=[one for one in actions if one in ASKED] if _may_write(ctx) else [],
    )


def _may_write(ctx: Context) -> bool:
    return allows(ctx.actor, Permission.ROSTER_WRITE)
