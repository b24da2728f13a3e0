"""Receptions by appointment and waiting lists: asking, waiting, proposing."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from pydantic import Field

from scheduling import access, comers, phoned
from scheduling.choices import waiting, wish_times, wishes
from scheduling.choices.tables import (
    OPEN_ENTRIES,
    OPEN_WISHES,
    Choice,
    Chosen,
    WaitlistEntry,
    Wish,
)
from scheduling.tables import SessionRole
from scheduling.timetable.free import Why
from server.cases import access as cases
from server.cases.tables import Case
from server.http.booking import Matter
from server.http.booking_views import LeaderView, leader_view
from server.http.choice_views import (
    WaitingView,
    WaitsView,
    WishView,
    entry_views,
    waits,
    wish_views,
)
from server.http.context import Context
from server.http.desk import Decline
from server.http.endpoints import Body, Routes, View
from server.identity import accounts
from server.identity.accounts import Contact
from server.identity.permissions import Permission
from server.kernel.errors import RuleBroken
from server.kernel.uow import Tx
from server.units.tables import Unit

routes = Routes()


class NewWish(Matter):
    """Without `leader_id` whoever is responsible."""

    leader_id: UUID | None = None


@routes.post("/api/wishes", permission=Permission.APPOINTMENT_BOOK_OWN)
async def ask_for_reception(ctx: Context, body: NewWish) -> WishView:
    """Ask for a reception; a clerk proposes times."""
    services = ctx.services
    async with services.uow.begin(ctx.actor) as tx:
        request = body.request(await _contact(ctx, tx, body))
        made = await wishes.ask(
            tx, services.sealer, body.person_id, request, leader_id=body.leader_id,
            config=services.config, idempotency_key=ctx.idempotency_key,
        )  # fmt: skip
        if made:
            [view] = await wish_views(ctx, tx, Wish.id == made)
            return view
    raise RuleBroken("clerk_calls_you", phone=services.config.centre.phone)


@routes.get("/api/wishes/{wish_id}", permission=Permission.APPOINTMENT_READ_OWN)
async def read_own_wish(ctx: Context, wish_id: UUID) -> WishView:
    async with ctx.services.uow.begin(ctx.actor) as tx:
        wish = await access.own_wish(tx, wish_id)
        [view] = await wish_views(ctx, tx, Wish.id == wish.id)
        return view


@routes.post("/api/wishes/{wish_id}/withdrawal", permission=Permission.APPOINTMENT_CHANGE_OWN)
async def withdraw_wish(ctx: Context, wish_id: UUID) -> WaitsView:
    """Not wanted any more; the matter stays registered."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        wish = await access.own_wish(tx, wish_id)
        await wishes.withdraw(tx, wish)
        await tx.session.flush()
        return await waits(ctx, tx)


class NewEntry(Matter):
    day_id: UUID


@routes.post("/api/waitlist", permission=Permission.APPOINTMENT_BOOK_OWN)
async def join_waitlist(ctx: Context, body: NewEntry) -> WaitingView:
    """Stand in line for a day that is full."""
    services = ctx.services
    async with services.uow.begin(ctx.actor) as tx:
        request = body.request(await _contact(ctx, tx, body))
        made = await waiting.join(
            tx, services.sealer, body.day_id, body.person_id, request,
            config=services.config, idempotency_key=ctx.idempotency_key,
        )  # fmt: skip
        if made:
            [view] = await entry_views(ctx, tx, WaitlistEntry.id == made)
            return view
    raise RuleBroken("clerk_calls_you", phone=services.config.centre.phone)


@routes.get("/api/waitlist/{entry_id}", permission=Permission.APPOINTMENT_READ_OWN)
async def read_own_entry(ctx: Context, entry_id: UUID) -> WaitingView:
    async with ctx.services.uow.begin(ctx.actor) as tx:
        entry = await access.own_entry(tx, entry_id)
        [view] = await entry_views(ctx, tx, WaitlistEntry.id == entry.id)
        return view


@routes.delete("/api/waitlist/{entry_id}", permission=Permission.APPOINTMENT_CHANGE_OWN)
async def leave_waitlist(ctx: Context, entry_id: UUID) -> None:
    """Out of the line."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        entry = await access.own_entry(tx, entry_id)
        await waiting.leave(tx, entry)


@routes.get("/api/reception-days/{day_id}/waitlist", permission=Permission.APPOINTMENT_REVIEW)
async def read_day_waitlist(ctx: Context, day_id: UUID) -> list[WaitingView]:
    """Who waits for a place on the day, in order."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        day = await access.day(tx, day_id)
        allowed = sa.select(Case.id).where(cases.impartial(ctx.actor))
        return await entry_views(
            ctx, tx, WaitlistEntry.day_id == day.id, WaitlistEntry.state.in_(OPEN_ENTRIES),
            WaitlistEntry.case_id.in_(allowed),
        )  # fmt: skip


@routes.post("/api/desk/waitlist/{entry_id}/leaving", permission=Permission.APPOINTMENT_REVIEW)
async def leave_for_somebody(ctx: Context, entry_id: UUID) -> None:
    """Out of the line, as was asked for on the phone."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        entry = await access.desk_entry(tx, entry_id)
        await waiting.leave(tx, entry)


class ComesAlong(View):
    role: SessionRole
    name: str


class DeskWish(WishView):
    """As the desk sees it. `returned_because`: times were proposed, and none was picked.

    `choice_id`: the question whose answer is waited for; `by_phone`: no link reaches them.
    """

    phone: str
    unit_name: str
    rounds: int
    overdue: bool
    returned_because: Chosen | None
    choice_id: UUID | None
    by_phone: bool
    company: list[ComesAlong]


@routes.get("/api/desk/wishes", permission=Permission.APPOINTMENT_REVIEW)
async def read_desk_wishes(ctx: Context) -> list[DeskWish]:
    """Wishes that are open, what is due first first."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        units = sa.select(Unit.id).where(access.within_reach(ctx.actor, *access.DESK))
        allowed = sa.select(Case.id).where(cases.impartial(ctx.actor))
        found = await desk_wishes(
            ctx, tx, Wish.state.in_(OPEN_WISHES), Wish.unit_id.in_(units),
            Wish.case_id.in_(allowed),
        )  # fmt: skip
        await tx.audit_reading("wish", *(one.id for one in found))
        return sorted(found, key=lambda one: (one.state != "asked", one.due_at))


class TimeChoice(View):
    slot_id: UUID
    begins_at: datetime
    ends_at: datetime


class Missing(View):
    why: Why
    count: int


class LeaderChoice(View):
    """Free times of one leader, and why the others cannot be had."""

    leader: LeaderView
    wished: bool
    fits: bool
    times: list[TimeChoice]
    missing: list[Missing]


@routes.get("/api/desk/wishes/{wish_id}/times", permission=Permission.APPOINTMENT_REVIEW)
async def find_wish_times(ctx: Context, wish_id: UUID) -> list[LeaderChoice]:
    """Where seat and resident are free over the next days, the wished leader first."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await wish_times.find(tx, await access.desk_wish(tx, wish_id))
    return [
        LeaderChoice(
            leader=leader_view(one.leader), wished=one.wished, fits=one.fits,
            times=[TimeChoice(**vars(time)) for time in one.times],
            missing=[Missing(why=why, count=count) for why, count in one.missing.items()],
        )
        for one in found
    ]  # fmt: skip


class Proposal(Body):
    slot_ids: list[UUID] = Field(min_length=1, max_length=wishes.MOST_TIMES)


@routes.post("/api/desk/wishes/{wish_id}/proposal", permission=Permission.APPOINTMENT_REVIEW)
async def propose_times(ctx: Context, wish_id: UUID, body: Proposal) -> DeskWish:
    """Keep these places and ask the resident to pick one."""
    services = ctx.services
    async with services.uow.begin(ctx.actor) as tx:
        wish = await access.desk_wish(tx, wish_id)
        await wishes.propose(
            tx, services.sealer, wish, body.slot_ids, rules=services.config.scheduling
        )
        return await _one(ctx, tx, wish)


@routes.post("/api/desk/wishes/{wish_id}/decline", permission=Permission.APPOINTMENT_REVIEW)
async def decline_wish(ctx: Context, wish_id: UUID, body: Decline) -> DeskWish:
    """Say no in writing, with the way that leads further."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        wish = await access.desk_wish(tx, wish_id)
        await wishes.decline(
            tx, wish, reason=body.reason, right_route=body.right_route,
        )  # fmt: skip
        return await _one(ctx, tx, wish)


async def _one(ctx: Context, tx: Tx, wish: Wish) -> DeskWish:
    await tx.session.flush()
    [view] = await desk_wishes(ctx, tx, Wish.id == wish.id)
    return view


async def desk_wishes(ctx: Context, tx: Tx, *conditions: sa.ColumnElement[bool]) -> list[DeskWish]:
    views = {view.id: view for view in await wish_views(ctx, tx, *conditions)}
    asked = sa.and_(Choice.wish_id == Wish.id, Choice.answered_at.is_(None))
    query = (
        sa.select(Wish, Unit.name, Choice.id)
        .join(Unit, Unit.id == Wish.unit_id)
        .outerjoin(Choice, asked)
        .where(Wish.id.in_(views))
    )
    return [
        DeskWish(
            **{**views[wish.id].model_dump(), "actions": _desk_actions(wish)},
            phone=ctx.services.sealer.open(wish.phone, purpose="phone"),
            unit_name=unit_name,
            rounds=wish.rounds,
            overdue=wish.due_at < tx.now,
            returned_because=Chosen(wish.returned_because) if wish.returned_because else None,
            choice_id=choice_id,
            by_phone=phoned.sms_of(wish.needs, wish.phone) is None,
            company=[
                ComesAlong(role=one.role, name=one.name)
                for one in comers.opened(ctx.services.sealer, wish.company)
            ],
        )
        for wish, unit_name, choice_id in (await tx.session.execute(query)).all()
    ]


def _desk_actions(wish: Wish) -> list[str]:
    return ["propose", "decline"] if wish.state == "asked" else []


async def _contact(ctx: Context, tx: Tx, body: Matter) -> Contact:
    """Whoever names a phone is reached there; else the account is read."""
    if body.phone is not None:
        return Contact(body.phone, body.email)
    return await accounts.own_contact(tx, sealer=ctx.services.sealer)
