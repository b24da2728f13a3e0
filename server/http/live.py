"""Coming to a live session: what it is, checking in, and the ticket that opens the socket."""

from uuid import UUID

from scheduling import access as invitations
from scheduling.tables import Appointment, SessionKind
from server.http.context import Context
from server.http.endpoints import Routes
from server.http.live_views import (
    AskForTicket,
    CheckedIn,
    CheckIn,
    ConsentTexts,
    LiveCard,
    TicketView,
)
from server.http.socket import PATH
from server.identity.permissions import Permission
from server.kernel.uow import Tx
from signaling import access, checkin, doors, queries, tickets
from signaling.checkin import Answers

routes = Routes()


@routes.get("/api/live/{appointment_id}", permission=Permission.LIVE_JOIN)
async def read_live(ctx: Context, appointment_id: UUID) -> LiveCard:
    """Whether the doors are open, and who is there."""
    rules = ctx.services.config.scheduling
    async with ctx.services.uow.begin(ctx.actor) as tx:
        may = await access.entitled(tx, appointment_id)
        counted = await queries.count(tx, appointment_id)
    appointment = may.appointment
    is_staff = ctx.actor.account_id is not None
    return LiveCard(
        appointment_id=appointment.id,
        session_kind=appointment.session_kind,
        appointment_state=appointment.state,
        session_state=counted.state,
        begins_at=appointment.begins_at,
        ends_at=appointment.ends_at,
        doors_at=doors.doors_at(appointment, rules=rules),
        may_join_now=doors.may_join(appointment, now=ctx.services.clock.now(), rules=rules),
        my_role=may.role,
        case_id=appointment.case_id if is_staff else None,
        present=counted.present if is_staff else 0,
        waiting=counted.waiting if is_staff else 0,
        decided=counted.decided if is_staff else False,
    )


@routes.post("/api/live/tickets", permission=Permission.LIVE_JOIN)
async def ask_for_ticket(ctx: Context, body: AskForTicket) -> TicketView:
    """A ticket that opens the socket once, within seconds."""
    config = ctx.services.config
    async with ctx.services.uow.begin(ctx.actor) as tx:
        invitee = await access.seat(tx, ctx.services.sealer, body.appointment_id)
        appointment = await tx.session.get_one(Appointment, invitee.appointment_id)
        doors.demand_open(tx, appointment, rules=config.scheduling)
        ticket = await tickets.issue(tx, invitee, config=config.identity)
    seconds = int(config.identity.ticket_lifetime.total_seconds())
    return TicketView(ticket=ticket, url=PATH, expires_in=seconds)


@routes.get("/api/live/consents", permission=Permission.INVITATION_USE)
async def read_consents(ctx: Context) -> ConsentTexts:
    """The sentences to agree to, in the reader's language."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        may = await access.entitled(tx, None)
    kind = SessionKind(may.appointment.session_kind)
    basis, texts = checkin.basis_of(kind), ctx.services.texts
    centre = ctx.services.config.centre
    return ConsentTexts(
        basis=basis,
        version=checkin.TEXT_VERSION,
        join=texts.get(ctx.language, f"consent.{basis}.join", centre=centre.name),
        record=texts.get(ctx.language, f"consent.{basis}.record", centre=centre.name),
    )


@routes.post("/api/live/check-in", permission=Permission.INVITATION_USE)
async def check_in(ctx: Context, body: CheckIn) -> CheckedIn:
    """Say where one is and what one agrees to; then wait. Who declines is told other ways."""
    services = ctx.services
    answers = Answers(
        present_address=body.present_address,
        given={one.kind: one.given for one in body.consents},
        text_version=body.text_version,
        how="site" if ctx.actor.session_id else "switch",  # by a pass of a shared device
    )
    checkin.check(answers)
    async with services.uow.begin(ctx.actor) as tx:
        invitee = await invitations.own_invitation(tx)
        appointment = await tx.session.get_one(Appointment, invitee.appointment_id)
        doors.demand_open(tx, appointment, rules=services.config.scheduling)
    kind = SessionKind(appointment.session_kind)

    async def keep(tx: Tx) -> None:
        await checkin.keep(tx, services.sealer, invitee, answers, kind=kind)

    await services.desk.check_in(
        appointment.id, invitee.id, agreed=answers.agrees_to_join,
        recorded=answers.agrees_to_recording, actor=ctx.actor, along=keep,
    )  # fmt: skip
    return CheckedIn(waiting=answers.agrees_to_join, centre_phone=services.config.centre.phone)
