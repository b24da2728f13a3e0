"""Whoever cannot do it alone is put in a line, or asks for a time, by the desk or a village worker."""

from datetime import datetime
from uuid import UUID

from scheduling.choices import on_behalf
from scheduling.choices.on_behalf import Asked
from scheduling.choices.tables import WaitlistEntry, Wish
from server.http.booking_views import LeaderView
from server.http.choice_views import entry_views, wish_views
from server.http.context import Context
from server.http.desk import DeskMatter, check_filled
from server.http.desk_times import channel_of
from server.http.endpoints import Routes, View
from server.identity.permissions import Permission

routes = Routes()


class DeskEntry(DeskMatter):
    day_id: UUID


class EnteredInLine(View):
    """What they are told: the place, from 1, in the line of which day."""

    id: UUID
    reference: str
    person_name: str
    place: int | None
    leader: LeaderView
    begins_at: datetime
    ends_at: datetime


@routes.post("/api/desk/waitlist", permission=Permission.APPOINTMENT_BOOK_UNIT)
async def put_in_line(ctx: Context, body: DeskEntry) -> EnteredInLine:
    """Have somebody wait for a place on a full day; the same Idempotency-Key gets the same answer."""
    services, asked = ctx.services, asked_of(ctx, body)
    async with services.uow.begin(ctx.actor) as tx:
        made = await on_behalf.join(
            tx, services.sealer, body.day_id, asked, idempotency_key=ctx.idempotency_key
        )
        [view] = await entry_views(ctx, tx, WaitlistEntry.id == made)
    return EnteredInLine(**view.model_dump(include=set(EnteredInLine.model_fields)))


class DeskWishFor(DeskMatter):
    """Without `leader_id` whoever is responsible."""

    leader_id: UUID | None = None


class EnteredWish(View):
    """What they are told: by when the desk proposes times."""

    id: UUID
    reference: str
    person_name: str
    due_at: datetime


@routes.post("/api/desk/wishes", permission=Permission.APPOINTMENT_BOOK_UNIT)
async def ask_on_behalf(ctx: Context, body: DeskWishFor) -> EnteredWish:
    """Ask for a time for somebody whom no day suits; the same Idempotency-Key gets the same answer."""
    services, asked = ctx.services, asked_of(ctx, body)
    async with services.uow.begin(ctx.actor) as tx:
        made = await on_behalf.ask(
            tx, services.sealer, body.leader_id, asked, idempotency_key=ctx.idempotency_key
        )
        [view] = await wish_views(ctx, tx, Wish.id == made)
    return EnteredWish(**view.model_dump(include=set(EnteredWish.model_fields)))


def asked_of(ctx: Context, body: DeskMatter) -> Asked:
    """The form as it may be filled in by whoever is at it."""
    check_filled(ctx, body)
    return Asked(body.who(), channel_of(ctx, body.channel), body.request())
