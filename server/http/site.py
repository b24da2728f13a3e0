"""A staffed point: open a seat on the shared device, compare the card, wipe afterwards."""

from datetime import datetime
from uuid import UUID

from scheduling import invitees
from scheduling.tables import Invitee, SessionKind, SessionRole
from server.http.context import Context
from server.http.endpoints import Body, Routes, View
from server.http.fields import Code
from server.identity import numbers
from server.identity.permissions import Permission
from server.kernel.uow import Tx
from signaling import site

routes = Routes()


class OpenSeat(Body):
    code: Code


class SiteCompanion(View):
    """Who acts for the person by a letter; the card is compared with the name they were named by."""

    invitee_id: UUID
    role: SessionRole
    name_masked: str
    seen: bool


class Compared(Body):
    """`invitee_id`: of who acts for the person; else the person's own card."""

    invitee_id: UUID | None = None


class SiteSeat(View):
    """`token` is what the shared device sends as `X-Invitation`, until the session ends."""

    token: str
    seat_id: UUID
    reference: str
    session_kind: SessionKind
    role: SessionRole
    begins_at: datetime
    person_name_masked: str
    seen: bool
    company: list[SiteCompanion]


@routes.post("/api/site/seats", permission=Permission.SITE_OPEN)
async def open_site_seat(ctx: Context, body: OpenSeat) -> SiteSeat:
    """Open the seat of whoever has this code. Tries are counted, right or wrong."""
    services = ctx.services
    async with services.uow.begin(ctx.actor) as tx:
        await site.count_try(tx)
    async with services.uow.begin(ctx.actor) as tx:
        token, invitee, appointment = await site.open_seat(
            tx, services.sealer, body.code, rules=services.config.scheduling
        )
        seen = await site.is_seen(tx, invitee)
        along = [
            SiteCompanion(
                invitee_id=one.id, role=SessionRole(one.role), name_masked=_masked(ctx, one),
                seen=await site.is_seen(tx, one),
            )
            for one in await site.company_of(tx, invitee)
        ]  # fmt: skip
    return SiteSeat(
        token=token,
        seat_id=invitee.id,
        reference=appointment.reference,
        session_kind=SessionKind(appointment.session_kind),
        role=SessionRole(invitee.role),
        begins_at=appointment.begins_at,
        person_name_masked=_masked(ctx, invitee),
        seen=seen,
        company=along,
    )


@routes.post("/api/site/seats/{seat_id}/compared", permission=Permission.IDENTITY_COMPARE)
async def compare_at_site(ctx: Context, seat_id: UUID, body: Compared) -> None:
    """The card and the face are this person's: they are `seen` from now on."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        invitee = await site.opened_by_me(tx, seat_id)
        if body.invitee_id is not None:
            invitee = site.one_of(await site.company_of(tx, invitee), body.invitee_id)

    async def compare(tx: Tx) -> None:
        await invitees.compare_card(tx, await tx.session.get_one(Invitee, invitee.id))

    await ctx.services.desk.compared(
        invitee.appointment_id, invitee.id, actor=ctx.actor, along=compare
    )


@routes.post("/api/site/seats/{seat_id}/wiping", permission=Permission.SITE_OPEN)
async def end_site_seat(ctx: Context, seat_id: UUID) -> None:
    """The person has left: what the shared device holds opens nothing any more."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        invitee = await site.opened_by_me(tx, seat_id)
        await site.end_passes(tx, invitee.id)


def _masked(ctx: Context, invitee: Invitee) -> str:
    return numbers.mask_name(ctx.services.sealer.open(invitee.name, purpose="name"))
