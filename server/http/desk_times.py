"""Which times the desk may give, by the way on which somebody comes."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from scheduling import matching, public_days, turns
from scheduling.plans import shares
from scheduling.slots import Reason
from scheduling.tables import BookingChannel
from server.cases.categories import Category
from server.http.booking_views import DayCard, day_card
from server.http.context import Context
from server.http.endpoints import Body, Routes, View
from server.identity.permissions import Permission
from server.kernel.actor import Role

routes = Routes()
DeskChannel = Literal[BookingChannel.WALK_IN, BookingChannel.HOTLINE, BookingChannel.ON_BEHALF]


class DeskDaysQuery(Body):
    channel: BookingChannel = BookingChannel.ON_BEHALF
    topic: Category | None = None
    leader_id: UUID | None = None


class DeskDay(DayCard):
    """`kept`: places free for those who come on this way alone, until `kept_until`."""

    kept: int
    kept_until: datetime | None


@routes.get("/api/desk/days", permission=Permission.APPOINTMENT_BOOK_UNIT)
async def read_desk_days(ctx: Context, query: DeskDaysQuery) -> list[DeskDay]:
    """Reception days to come, those of the leaders in charge first, with what is kept of each."""
    channel = channel_of(ctx, query.channel)
    async with ctx.services.uow.begin(ctx.actor) as tx:
        horizon = timedelta(days=ctx.services.config.scheduling.horizon_days)
        cards = await public_days.coming(
            tx, since=tx.now, until=tx.now + horizon, leader_id=query.leader_id
        )
        kept = await shares.kept_on(tx, [card.id for card in cards])
        now = tx.now
    own = {
        day_id: one
        for day_id, found in kept.items()
        for one in found
        if one.channel is channel and one.until > now
    }
    ranked = matching.ranked(cards, topic=query.topic, place=None)
    return [
        DeskDay(
            **day_card(one.card, fits=one.fits).model_dump(),
            kept=own[one.card.id].free if one.card.id in own else 0,
            kept_until=own[one.card.id].until if one.card.id in own else None,
        )
        for one in ranked
    ]


class DeskTimesQuery(Body):
    day_id: UUID
    channel: BookingChannel = BookingChannel.ON_BEHALF


class DeskTime(View):
    """`reason`: why it is not their turn; `may_overrule`: a clerk who writes down why may give it.

    `rests_until`: it was given back, and comes back to the page then.
    """

    slot_id: UUID
    begins_at: datetime
    ends_at: datetime
    reason: Reason | None
    may_overrule: bool
    kept_for: BookingChannel | None
    rests_until: datetime | None


@routes.get("/api/desk/times", permission=Permission.APPOINTMENT_BOOK_UNIT)
async def read_desk_times(ctx: Context, query: DeskTimesQuery) -> list[DeskTime]:
    """The times of a published day, each with whether it may be given to who comes this way."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await turns.times(tx, query.day_id, channel=channel_of(ctx, query.channel))
    return [DeskTime(**vars(one)) for one in found]


def channel_of(ctx: Context, asked: BookingChannel) -> BookingChannel:
    """A village worker books on behalf, whatever they say."""
    return asked if ctx.actor.has(Role.CLERK) else BookingChannel.ON_BEHALF
