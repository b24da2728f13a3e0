"""The desk: today, reviews, calls, booking on somebody's behalf, finding appointments."""

from datetime import timedelta
from typing import Literal
from uuid import UUID

from pydantic import Field

from scheduling import (
    access,
    appeals,
    changes,
    desk,
    desk_queries,
    invitees,
    phoned,
    queries,
    reviews,
    sites,
)
from scheduling.booking import Request
from scheduling.comers import Comer
from scheduling.desk import OnBehalf
from scheduling.desk_queries import Page
from scheduling.queries import Shown
from scheduling.tables import (
    OPEN_STATES,
    Appointment,
    AppointmentState,
    AttendBy,
    BookingChannel,
    CallKind,
)
from server.cases.categories import Category
from server.http.booking import Companion, Needs
from server.http.context import Context
from server.http.desk_times import DeskChannel, channel_of
from server.http.desk_views import (
    DeskAppointment,
    DeskPage,
    May,
    OwnSession,
    desk_appointment,
    own_session,
)
from server.http.endpoints import Body, Routes, View
from server.http.fields import (
    Address,
    Email,
    IdNumber,
    Instant,
    Line,
    Mobile,
    PersonName,
    Sentence,
    Words,
)
from server.http.plan_views import ReceptionDayView, day_view
from server.identity import persons
from server.identity.permissions import Permission, allows
from server.identity.persons import Declared
from server.kernel.actor import Role
from server.kernel.errors import FieldError, Invalid, NotFound
from server.kernel.uow import Tx
from server.units.calendar import day_of, end_of
from signaling import site

routes = Routes()
SEEN_TODAY = 10
A_WEEK = timedelta(days=7)


class Today(View):
    """What waits at the desk: requests to review, calls, sessions and days of today."""

    review: list[DeskAppointment]
    review_total: int
    calls: int
    calls_overdue: int
    undelivered: int
    sessions: list[DeskAppointment]
    days: list[ReceptionDayView]


@routes.get("/api/desk/today", permission=Permission.APPOINTMENT_READ_UNIT)
async def read_desk_today(ctx: Context) -> Today:
    """One look at what is to be done."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        review = await desk_queries.in_state(tx, AppointmentState.SUBMITTED, page=1)
        open_calls = await desk_queries.open_calls(tx)
        undelivered = open_calls.get(CallKind.UNDELIVERED)
        ends = end_of(day_of(tx.now))
        begins = ends - timedelta(days=1)
        rows = await desk_queries.day_rows(tx, since=begins, until=ends)
        sessions = await queries.shown(
            tx,
            access.within_reach(tx.actor, Role.CLERK, Role.SUPERVISOR),
            Appointment.begins_at.between(begins, ends),
            Appointment.state.in_(OPEN_STATES),
            access.impartial(tx.actor),
        )
        return Today(
            review=await appointment_views(ctx, tx, list(review.items[:SEEN_TODAY])),
            review_total=review.total,
            calls=sum(kind.count for kind in open_calls.values()),
            calls_overdue=sum(kind.overdue for kind in open_calls.values()),
            undelivered=undelivered.count if undelivered else 0,
            sessions=await appointment_views(ctx, tx, sessions),
            days=[day_view(row, now=tx.now, may_write=True) for row in rows],
        )


@routes.get("/api/own-sessions", permission=Permission.STAFF_HOME)
async def read_held_sessions(ctx: Context) -> list[OwnSession]:
    """The asker's sessions of the next seven days, whatever their part in them."""
    doors_before = ctx.services.config.scheduling.doors_before
    async with ctx.services.uow.begin(ctx.actor) as tx:
        begins = end_of(day_of(tx.now)) - timedelta(days=1)
        found = await desk_queries.own_sessions(tx, since=begins, until=begins + A_WEEK)
    return [
        own_session(
            one, asker=ctx.actor.account_id, doors_before=doors_before, sealer=ctx.services.sealer
        )
        for one in found
    ]


class ReviewQuery(Body):
    state: AppointmentState = AppointmentState.SUBMITTED
    page: int = Field(1, ge=1, le=1000)


@routes.get("/api/reviews", permission=Permission.APPOINTMENT_REVIEW)
async def read_reviews(ctx: Context, query: ReviewQuery) -> DeskPage:
    """Requests in a state, those due first first."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        return await _page(ctx, tx, await desk_queries.in_state(tx, query.state, page=query.page))


@routes.post(
    "/api/appointments/{appointment_id}/confirmation", permission=Permission.APPOINTMENT_REVIEW
)
async def confirm_appointment(ctx: Context, appointment_id: UUID) -> DeskAppointment:
    """The time stands; the resident is told."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        appointment = await access.desk_appointment(tx, appointment_id)
        await reviews.confirm(tx, ctx.services.sealer, appointment)
        return await _view(ctx, tx, appointment.id)


class Diversion(Body):
    """`urgency`: why they are to have the time before those whose turn it is."""

    slot_id: UUID
    reason: Words = Field(max_length=500)
    urgency: Words | None = Field(None, max_length=500)


@routes.post(
    "/api/appointments/{appointment_id}/diversion", permission=Permission.APPOINTMENT_REVIEW
)
async def divert_appointment(
    ctx: Context, appointment_id: UUID, body: Diversion
) -> DeskAppointment:
    """Give the matter another leader or unit; answers the new appointment."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        appointment = await access.desk_appointment(tx, appointment_id)
        made = await reviews.divert(
            tx, ctx.services.sealer, appointment, body.slot_id, reason=body.reason,
            urgency=body.urgency,
        )  # fmt: skip
        return await _view(ctx, tx, made.id)


class Decline(Body):
    """Both are sent to the resident."""

    reason: Words = Field(max_length=500)
    right_route: Words = Field(max_length=500)


@routes.post("/api/appointments/{appointment_id}/decline", permission=Permission.APPOINTMENT_REVIEW)
async def decline_appointment(ctx: Context, appointment_id: UUID, body: Decline) -> DeskAppointment:
    """Say no in writing, with the way that leads further."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        appointment = await access.desk_appointment(tx, appointment_id)
        await reviews.decline(tx, appointment, reason=body.reason, right_route=body.right_route)
        return await _view(ctx, tx, appointment.id)


class Comparison(Body):
    """`invitee_id`: of who acts for the person by a letter; else the person's own card."""

    level: Literal["seen"] = "seen"
    note: Line | None = None
    invitee_id: UUID | None = None


@routes.post("/api/appointments/{appointment_id}/identity", permission=Permission.IDENTITY_COMPARE)
async def compare_identity(ctx: Context, appointment_id: UUID, body: Comparison) -> DeskAppointment:
    """The card was compared with the face, at a window or on camera."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        appointment = await access.desk_appointment(tx, appointment_id)
        if body.invitee_id is not None:
            agent = site.one_of(await site.agents_of(tx, appointment.id), body.invitee_id)
            await invitees.compare_card(tx, agent, note=body.note)
            return await _view(ctx, tx, appointment.id)
        if appointment.person_id is None:
            raise NotFound
        await persons.compare_card(tx, appointment.person_id, note=body.note)
        return await _view(ctx, tx, appointment.id)


class DeskCompanion(Companion):
    """`letter_seen`: the clerk looked at the letter on paper."""

    letter_seen: bool = False


class DeskMatter(Body):
    """A clerk fills in all; a village worker name, phone, needs and time.

    `case_id` where an earlier matter is meant.
    """

    channel: DeskChannel = BookingChannel.ON_BEHALF
    name: PersonName
    phone: Mobile
    id_number: IdNumber | None = None
    address: Address | None = None
    sentence: Sentence | None = None
    category: Category | None = None
    people: int = Field(1, ge=1, le=9999)
    attend_by: AttendBy = AttendBy.OWN_DEVICE
    site_id: UUID | None = None
    email: Email | None = None
    needs: Needs = Needs()
    subject_unit_id: UUID | None = None
    case_id: UUID | None = None
    company: list[DeskCompanion] = Field(default_factory=list, max_length=20)

    def request(self) -> Request:
        return Request(
            company=[Comer(**vars(one)) for one in self.company],
            phone=self.phone,
            subject_unit_id=self.subject_unit_id,
            case_id=self.case_id,
            sentence=self.sentence or "",
            category=self.category,
            people=self.people,
            email=self.email,
            attend_by=self.attend_by,
            site_id=self.site_id,
            needs=self.needs.model_dump(exclude_defaults=True),
        )

    def who(self) -> Declared:
        return Declared(name=self.name, id_number=self.id_number, address=self.address)


class DeskBooking(DeskMatter):
    """`urgency`: the reason in writing for which somebody is to have a place out of order."""

    slot_id: UUID
    urgency: Words | None = Field(None, max_length=500)


@routes.post("/api/desk/appointments", permission=Permission.APPOINTMENT_BOOK_UNIT)
async def book_on_behalf(ctx: Context, body: DeskBooking) -> DeskAppointment:
    """Book for somebody who cannot; the same Idempotency-Key gets the same answer."""
    check_filled(ctx, body)
    services = ctx.services
    channel = channel_of(ctx, body.channel)
    wanted = OnBehalf(body.slot_id, body.who(), channel=channel, urgency=body.urgency)
    async with services.uow.begin(ctx.actor) as tx:
        made = await desk.book(
            tx, services.sealer, wanted, body.request(),
            config=services.config, idempotency_key=ctx.idempotency_key,
        )  # fmt: skip
        return await _view(ctx, tx, made.id)


class Search(Body):
    q: str = Field("", max_length=60)
    since: Instant | None = Field(None, alias="from")
    until: Instant | None = None
    page: int = Field(1, ge=1, le=1000)


@routes.get("/api/desk/appointments", permission=Permission.APPOINTMENT_BOOK_UNIT)
async def search_appointments(ctx: Context, query: Search) -> DeskPage:
    """Find by reference, case number, name or phone."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        since = query.since or tx.now - timedelta(days=30)
        until = query.until or tx.now + timedelta(days=60)
        found = await desk_queries.search(
            tx, ctx.services.sealer, query.q, since=since, until=until, page=query.page
        )
        if query.q:
            tx.audit("search", "appointment", "list", found=found.total)
        else:
            await tx.audit_reading("appointment", "list")
        return await _page(ctx, tx, found)


@routes.get("/api/desk/appointments/{appointment_id}", permission=Permission.APPOINTMENT_BOOK_UNIT)
async def read_desk_appointment(ctx: Context, appointment_id: UUID) -> DeskAppointment:
    """One appointment as the desk sees it."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        appointment = await access.desk_appointment(tx, appointment_id)
        tx.audit("read", "appointment", appointment.id)
        return await _view(ctx, tx, appointment.id)


class SiteOption(View):
    id: UUID
    name: str
    address: str | None
    phone: str | None


@routes.get(
    "/api/desk/appointments/{appointment_id}/sites", permission=Permission.APPOINTMENT_REVIEW
)
async def read_possible_sites(ctx: Context, appointment_id: UUID) -> list[SiteOption]:
    """Where this person may go instead, the nearest first; never the office complained of."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        appointment = await access.desk_appointment(tx, appointment_id)
        found = await sites.possible(tx, appointment)
    return [SiteOption.model_validate(one, from_attributes=True) for one in found]


class OtherSite(Body):
    site_id: UUID


@routes.put(
    "/api/desk/appointments/{appointment_id}/site", permission=Permission.APPOINTMENT_REVIEW
)
async def change_site(ctx: Context, appointment_id: UUID, body: OtherSite) -> DeskAppointment:
    """Have them go to another staffed point; they are told anew."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        appointment = await access.desk_appointment(tx, appointment_id)
        await sites.change(tx, appointment, body.site_id)
        return await _view(ctx, tx, appointment.id)


class DeskMove(Body):
    """`urgency`: why they are to have the time before those whose turn it is."""

    slot_id: UUID
    urgency: Words | None = Field(None, max_length=500)


@routes.post(
    "/api/desk/appointments/{appointment_id}/moves", permission=Permission.APPOINTMENT_REVIEW
)
async def move_for_somebody(ctx: Context, appointment_id: UUID, body: DeskMove) -> DeskAppointment:
    """Another time of the same leader, as was agreed on the phone."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        appointment = await access.desk_appointment(tx, appointment_id)
        await changes.move(tx, appointment, body.slot_id, for_desk=True, urgency=body.urgency)
        return await _view(ctx, tx, appointment.id)


class DeskCancellation(Body):
    reason: Words = Field(max_length=500)


@routes.post(
    "/api/desk/appointments/{appointment_id}/cancellation",
    permission=Permission.APPOINTMENT_REVIEW,
)
async def cancel_for_somebody(
    ctx: Context, appointment_id: UUID, body: DeskCancellation
) -> DeskAppointment:
    """Call it off, as was asked for on the phone."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        appointment = await access.desk_appointment(tx, appointment_id)
        await changes.cancel(tx, appointment, reason=body.reason)
        return await _view(ctx, tx, appointment.id)


class HeardAppeal(Body):
    words: Words = Field(max_length=500)


@routes.post(
    "/api/desk/appointments/{appointment_id}/appeal", permission=Permission.APPOINTMENT_REVIEW
)
async def appeal_for_somebody(
    ctx: Context, appointment_id: UUID, body: HeardAppeal
) -> DeskAppointment:
    """Why they were not there, or that they were, as they said on the phone."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        appointment = await access.desk_appointment(tx, appointment_id)
        await appeals.appeal(tx, ctx.services.sealer, appointment, words=body.words)
        return await _view(ctx, tx, appointment.id)


def check_filled(ctx: Context, body: DeskMatter) -> None:
    """A clerk writes the matter down; a village worker is not to enter what is not theirs."""
    if not phoned.comes_somewhere(body.needs.model_dump(), body.attend_by):
        raise Invalid("invalid", fields=(FieldError("attend_by", "field.needs_a_place"),))
    if ctx.actor.has(Role.CLERK):
        if body.sentence is None:
            raise Invalid("invalid", fields=(FieldError("sentence", "field.missing"),))
        return
    kept = (
        "id_number", "address", "sentence", "category", "email", "urgency", "subject_unit_id",
        "case_id", "company",
    )  # fmt: skip
    bad = [FieldError(name, "field.not_for_helpers") for name in kept if getattr(body, name, None)]
    if bad:
        raise Invalid("invalid", fields=tuple(bad))


async def _view(ctx: Context, tx: Tx, appointment_id: UUID) -> DeskAppointment:
    await tx.session.flush()
    [view] = await appointment_views(
        ctx, tx, await queries.shown(tx, Appointment.id == appointment_id)
    )
    return view


async def appointment_views(ctx: Context, tx: Tx, found: list[Shown]) -> list[DeskAppointment]:
    beside = await desk_queries.beside(tx, found)
    may = May(
        review=allows(ctx.actor, Permission.APPOINTMENT_REVIEW),
        compare=allows(ctx.actor, Permission.IDENTITY_COMPARE),
        matter=any(role != Role.VILLAGE_WORKER for role in ctx.actor.roles),
    )
    sealer = ctx.services.sealer
    return [
        desk_appointment(one, beside[one.appointment.id], now=tx.now, sealer=sealer, may=may)
        for one in found
    ]


async def _page(ctx: Context, tx: Tx, page: Page) -> DeskPage:
    return DeskPage(items=await appointment_views(ctx, tx, list(page.items)), total=page.total)
