"""Who else comes to an appointment: the desk brings in a helper or a department's handler."""

from typing import Literal
from uuid import UUID

from scheduling import access, company, invitees
from scheduling.invitees import NewInvitee
from scheduling.tables import Appointment, Invitee, SessionRole
from server.http.context import Context
from server.http.endpoints import Body, Routes, View
from server.http.fields import Mobile, PersonName
from server.identity.permissions import Permission

routes = Routes()


class HandlerView(View):
    account_id: UUID
    name: str
    unit_name: str


class ComerView(View):
    id: UUID
    role: SessionRole
    name: str
    can_leave_out: bool


class Guest(Body):
    role: Literal[SessionRole.HELPER, SessionRole.INTERPRETER, SessionRole.EXPERT]
    name: PersonName
    phone: Mobile


class HandlerBody(Body):
    account_id: UUID


@routes.get("/api/desk/handlers", permission=Permission.APPOINTMENT_REVIEW)
async def list_handlers(ctx: Context) -> list[HandlerView]:
    """Who answers for which department."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await company.handlers(tx)
    return [
        HandlerView(account_id=one.account.id, name=one.account.name or "", unit_name=one.unit.name)
        for one in found
    ]


@routes.get(
    "/api/desk/appointments/{appointment_id}/company", permission=Permission.APPOINTMENT_REVIEW
)
async def list_company(ctx: Context, appointment_id: UUID) -> list[ComerView]:
    """Everybody who is to attend."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        appointment = await access.desk_appointment(tx, appointment_id)
        found = await invitees.of(tx, appointment.id)
    return [_comer(ctx, one, appointment) for one in found]


@routes.post(
    "/api/desk/appointments/{appointment_id}/guests", permission=Permission.APPOINTMENT_REVIEW
)
async def invite_guest(ctx: Context, appointment_id: UUID, body: Guest) -> ComerView:
    """Send somebody a personal link by SMS."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        appointment = await access.desk_appointment(tx, appointment_id)
        who = NewInvitee(body.role, body.name, phone=body.phone)
        invitee = await company.invite(tx, ctx.services.sealer, appointment, who)
        return _comer(ctx, invitee, appointment)


@routes.post(
    "/api/desk/appointments/{appointment_id}/handlers", permission=Permission.APPOINTMENT_REVIEW
)
async def invite_handler(ctx: Context, appointment_id: UUID, body: HandlerBody) -> ComerView:
    """Ask a department's handler in; the session then stands on their page."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        appointment = await access.desk_appointment(tx, appointment_id)
        who = await company.handler(tx, body.account_id)
        invitee = await company.invite(tx, ctx.services.sealer, appointment, who)
        return _comer(ctx, invitee, appointment)


@routes.delete(
    "/api/desk/appointments/{appointment_id}/company/{invitee_id}",
    permission=Permission.APPOINTMENT_REVIEW,
)
async def uninvite(ctx: Context, appointment_id: UUID, invitee_id: UUID) -> None:
    """Leave out a helper or a handler who had been asked: the link and the entry go."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        appointment = await access.desk_appointment(tx, appointment_id)
        await company.uninvite(tx, appointment, invitee_id)


def _comer(ctx: Context, invitee: Invitee, appointment: Appointment) -> ComerView:
    role = SessionRole(invitee.role)
    is_open = company.may_change(appointment, now=ctx.services.clock.now())
    return ComerView(
        id=invitee.id,
        role=role,
        name=ctx.services.sealer.open(invitee.name, purpose="name"),
        can_leave_out=is_open and role in company.BROUGHT_IN,
    )
