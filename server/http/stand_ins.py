"""A leader who cannot come: who could receive instead, replacing, swapping two days."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from scheduling import access, desk_queries
from scheduling.choices import displaced
from scheduling.plans import stand_ins, substitution
from scheduling.plans.stand_ins import Unfit
from scheduling.tables import ReceptionDay
from server.http.booking_views import LeaderView, leader_view
from server.http.context import Context
from server.http.endpoints import Body, Routes, View
from server.http.fields import Words
from server.http.plan_views import ReceptionDayView, day_view
from server.identity.permissions import Permission
from server.kernel.uow import Tx

routes = Routes()


class StandInView(View):
    """`why` is None for a leader who can."""

    leader: LeaderView
    why: Unfit | None


class OtherDayView(View):
    id: UUID
    leader: LeaderView
    begins_at: datetime
    ends_at: datetime
    why: Unfit | None


class StandInsView(View):
    """Who and which days come into question; with `short_notice` everybody booked is phoned too.

    `by_phone`: how many of those booked no link reaches, so that a clerk asks them.
    """

    leaders: list[StandInView]
    days: list[OtherDayView]
    booked: int
    by_phone: int
    waiting: int
    short_notice: bool


@routes.get("/api/reception-days/{day_id}/stand-ins", permission=Permission.DAY_REPLACE)
async def read_stand_ins(ctx: Context, day_id: UUID) -> StandInsView:
    """Whom the day could be given to, and why others cannot have it."""
    notice = ctx.services.config.scheduling.change_notice
    async with ctx.services.uow.begin(ctx.actor) as tx:
        day = await access.day_to_replace(tx, day_id)
        row = await desk_queries.day_row(tx, day.id)
        leaders = await stand_ins.candidates(tx, day)
        days = await stand_ins.days_to_swap(tx, day)
        return StandInsView(
            leaders=[StandInView(leader=leader_view(one.leader), why=one.why) for one in leaders],
            days=[_other(one) for one in days],
            booked=row.booked,
            by_phone=await displaced.by_phone(tx, day.id),
            waiting=row.waiting,
            short_notice=day.begins_at - tx.now < notice,
        )


class Substitution(Body):
    leader_id: UUID
    reason: Words = Field(max_length=500)


@routes.post("/api/reception-days/{day_id}/substitution", permission=Permission.DAY_REPLACE)
async def substitute_leader(ctx: Context, day_id: UUID, body: Substitution) -> ReceptionDayView:
    """Another leader receives; everybody booked is asked. Answers the day as it is now."""
    services = ctx.services
    async with services.uow.begin(ctx.actor) as tx:
        day = await access.day_to_replace(tx, day_id)
        made = await substitution.substitute(
            tx, services.sealer, day, body.leader_id, reason=body.reason,
            rules=services.config.scheduling,
        )  # fmt: skip
        return await _view(tx, made)


class Swap(Body):
    other_id: UUID
    reason: Words = Field(max_length=500)


@routes.post("/api/reception-days/{day_id}/swap", permission=Permission.DAY_REPLACE)
async def swap_days(ctx: Context, day_id: UUID, body: Swap) -> list[ReceptionDayView]:
    """Two leaders change days; whoever is booked stays, or follows."""
    services = ctx.services
    async with services.uow.begin(ctx.actor) as tx:
        day = await access.day_to_replace(tx, day_id)
        other = await access.day(tx, body.other_id, *access.DESK, *access.OFFICE)
        made = await substitution.swap(
            tx, services.sealer, day, other, reason=body.reason, rules=services.config.scheduling
        )
        return [await _view(tx, one) for one in made]


async def _view(tx: Tx, day: ReceptionDay) -> ReceptionDayView:
    await tx.session.flush()
    return day_view(await desk_queries.day_row(tx, day.id), now=tx.now, may_write=True)


def _other(one: stand_ins.OtherDay) -> OtherDayView:
    return OtherDayView(
        id=one.day.id, leader=leader_view(one.leader), begins_at=one.day.begins_at,
        ends_at=one.day.ends_at, why=one.why,
    )  # fmt: skip
