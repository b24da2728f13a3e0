"""What a personal link opens: the invitation itself, and its calendar file. No case data."""

from datetime import datetime
from uuid import UUID

from scheduling import access, invitees, queries
from scheduling.messages import calendar
from scheduling.messages.entries import Entries
from scheduling.queries import Shown
from scheduling.tables import (
    Appointment,
    AppointmentState,
    Invitee,
    SessionKind,
    SessionRole,
)
from server.http.booking_views import MAY_JOIN, host_view, petitioner_of
from server.http.context import Context, Download
from server.http.endpoints import Routes, View
from server.identity.permissions import Permission
from server.kernel.errors import NotFound
from server.kernel.uow import Tx

routes = Routes()
ICS = "text/calendar"


class InvitationView(View):
    """An invitation as its holder sees it; names nobody but the host and the holder.

    `reply_in`: the matter whose reply of this session is out, for the person whose matter it is.
    """

    appointment_id: UUID
    seat_id: UUID
    session_kind: SessionKind
    role: SessionRole
    begins_at: datetime
    ends_at: datetime
    doors_at: datetime
    state: AppointmentState
    host_name: str
    host_post: str
    unit_name: str
    site_name: str | None
    my_name: str
    centre_phone: str
    may_join_now: bool
    calendar: bool
    reply_in: UUID | None


@routes.get("/api/invitations/mine", permission=Permission.INVITATION_USE)
async def read_invitation(ctx: Context) -> InvitationView:
    """The invitation behind the personal link; looking consumes nothing."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        invitee = await access.own_invitation(tx)
        [shown] = await queries.shown(tx, Appointment.id == invitee.appointment_id)
        return _view(ctx, invitee, shown, now=tx.now)


@routes.get("/api/invitations/mine/calendar.ics", permission=Permission.INVITATION_USE)
async def download_invitation(ctx: Context) -> Download:
    """The invitation for one's own calendar."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        invitee = await access.own_invitation(tx)
        appointment = await tx.session.get_one(Appointment, invitee.appointment_id)
        return await _file(ctx, tx, appointment, invitee)


@routes.get(
    "/api/appointments/{appointment_id}/calendar.ics", permission=Permission.APPOINTMENT_READ_OWN
)
async def download_own_appointment(ctx: Context, appointment_id: UUID) -> Download:
    """The appointment for one's own calendar, once it is confirmed."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        appointment = await access.own_appointment(tx, appointment_id)
        invitee = petitioner_of(await invitees.of(tx, appointment.id))
        if invitee is None:
            raise NotFound
        return await _file(ctx, tx, appointment, invitee)


async def _file(ctx: Context, tx: Tx, appointment: Appointment, invitee: Invitee) -> Download:
    if appointment.state not in MAY_JOIN:
        raise NotFound
    services = ctx.services
    entries = Entries(services.config, services.texts, services.sealer, ctx.origin)
    entry = await entries.of(tx, appointment, invitee, stamp=tx.now)
    return Download(calendar.own_file(entry), ICS, f"{appointment.reference}.ics")


def _view(ctx: Context, invitee: Invitee, shown: Shown, *, now: datetime) -> InvitationView:
    config, appointment = ctx.services.config, shown.appointment
    host = host_view(shown)
    doors = appointment.begins_at - config.scheduling.doors_before
    stands = appointment.state in MAY_JOIN
    return InvitationView(
        appointment_id=appointment.id,
        seat_id=invitee.id,
        session_kind=SessionKind(appointment.session_kind),
        role=SessionRole(invitee.role),
        begins_at=appointment.begins_at,
        ends_at=appointment.ends_at,
        doors_at=doors,
        state=AppointmentState(appointment.state),
        host_name=host.name,
        host_post=host.post,
        unit_name=shown.unit.name,
        site_name=shown.site.name if shown.site else None,
        my_name=ctx.services.sealer.open(invitee.name, purpose="name"),
        centre_phone=config.centre.phone,
        may_join_now=stands and now >= doors,
        calendar=stands,
        reply_in=appointment.case_id
        if shown.replied and invitee.role == SessionRole.PETITIONER
        else None,
    )
