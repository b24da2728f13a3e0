"""Public days and a resident's own bookings: hold, submit, look, move, cancel."""

from datetime import timedelta
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from scheduling import (
    access,
    appeals,
    booking,
    calls,
    changes,
    earlier,
    holds,
    matching,
    public_days,
    queries,
)
from scheduling.booking import Other, Request
from scheduling.calls import NewCall
from scheduling.comers import Comer
from scheduling.earlier import Known
from scheduling.messages import addresses
from scheduling.tables import Appointment, AppointmentState, AttendBy, CallKind, SessionRole
from server.cases.categories import Category
from server.http.booking_views import (
    AppointmentView,
    DayCard,
    DayDetail,
    HoldView,
    LeaderView,
    day_card,
    day_detail,
    hold_view,
    leader_view,
)
from server.http.context import Context
from server.http.endpoints import Body, Routes, View
from server.http.fields import (
    Email,
    Instant,
    Line,
    Mobile,
    PersonName,
    Sentence,
    Telephone,
    Words,
)
from server.http.own_appointments import submitted_view, view_of, views_of
from server.identity import accounts
from server.identity.accounts import Contact
from server.identity.permissions import Permission
from server.kernel.errors import NotFound, RuleBroken
from server.kernel.sealing import Sealer
from server.kernel.throttle import spend
from server.kernel.uow import Tx

routes = Routes()
CALLS_A_DAY = 3
CALLS_AN_ADDRESS = 30


@routes.get("/api/leaders", permission=Permission.PUBLIC)
async def read_leaders(ctx: Context) -> list[LeaderView]:
    """Who receives people: name, post, division of work, in official order."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        return [leader_view(official) for official in await queries.leaders(tx)]


class DaysQuery(Body):
    """`topic` and `place` sort the days that fit first; nothing is hidden by them."""

    topic: Category | None = None
    place: UUID | None = None
    since: Instant | None = Field(None, alias="from")
    until: Instant | None = None
    leader_id: UUID | None = None


@routes.get("/api/days", permission=Permission.PUBLIC)
async def read_days(ctx: Context, query: DaysQuery) -> list[DayCard]:
    """Reception days to come, those of the leaders in charge first."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        since = query.since or tx.now
        horizon = timedelta(days=ctx.services.config.scheduling.horizon_days)
        cards = await public_days.coming(
            tx, since=since, until=query.until or since + horizon, leader_id=query.leader_id
        )
        place = await matching.place_of(tx, query.place)
    ranked = matching.ranked(cards, topic=query.topic, place=place)
    return [day_card(one.card, fits=one.fits) for one in ranked]


@routes.get("/api/days/{day_id}", permission=Permission.PUBLIC)
async def read_day(ctx: Context, day_id: UUID) -> DayDetail:
    """One day with its slots; never says who has one."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        card = await public_days.one(tx, day_id)
        if card is None:
            raise NotFound
        return day_detail(card, await public_days.times(tx, card))


class NewHold(Body):
    slot_id: UUID


@routes.post("/api/holds", permission=Permission.APPOINTMENT_BOOK_OWN)
async def hold_slot(ctx: Context, body: NewHold) -> HoldView:
    """Keep a slot while the form is filled in; one a person."""
    config, account_id = ctx.services.config.scheduling, ctx.actor.account_id
    async with (
        ctx.services.counter.turn(body.slot_id, asker=account_id) as seen,
        ctx.services.uow.begin(ctx.actor) as tx,
    ):
        return hold_view(await holds.hold_seen(tx, body.slot_id, seen, config=config))


class Extension(Body):
    """`elder`: no countdown is shown, the hold is renewed while somebody is active."""

    elder: bool = False


@routes.post("/api/holds/{appointment_id}/extend", permission=Permission.APPOINTMENT_BOOK_OWN)
async def extend_hold(ctx: Context, appointment_id: UUID, body: Extension) -> HoldView:
    """Keep the slot longer."""
    config = ctx.services.config.scheduling
    async with ctx.services.uow.begin(ctx.actor) as tx:
        kept = await holds.extend(tx, appointment_id, renewing=body.elder, config=config)
        return hold_view(kept)


@routes.delete("/api/holds/{appointment_id}", permission=Permission.APPOINTMENT_BOOK_OWN)
async def give_up_hold(ctx: Context, appointment_id: UUID) -> None:
    """Give the slot back."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        appointment = await access.own_appointment(tx, appointment_id)
        if appointment.state == AppointmentState.ON_HOLD and ctx.actor.account_id:
            await holds.give_up(tx, ctx.actor.account_id)


@routes.get("/api/holds/mine", permission=Permission.APPOINTMENT_BOOK_OWN)
async def read_own_hold(ctx: Context) -> HoldView | None:
    """The slot that is kept for the asker now."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await holds.own_hold(tx, ctx.actor.account_id) if ctx.actor.account_id else None
        return hold_view(found) if found else None


class OwnMatter(View):
    """A matter that was brought before and is not over; `has_time`: an appointment of it is open."""

    case_id: UUID
    sentence: str
    category: str | None
    registered_at: AwareDatetime
    has_time: bool


class WhoseMatters(Body):
    person_id: UUID


@routes.get("/api/my/matters", permission=Permission.CASE_READ_OWN)
async def read_own_matters(ctx: Context, query: WhoseMatters) -> list[OwnMatter]:
    """What an appointment of this person may be about, beside something new."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await earlier.running(tx, query.person_id)
    return [own_matter(one, sealer=ctx.services.sealer) for one in found]


class OtherPerson(Body):
    name: PersonName
    phone: Telephone | None = None


class Needs(Body):
    elder: bool = False
    interpreter: Line | None = None
    companion: bool = False
    no_smartphone: bool = False


class Companion(Body):
    """Who comes along; `letter_id` is the paper by which an agent or a representative acts."""

    role: Literal[
        SessionRole.HELPER, SessionRole.INTERPRETER, SessionRole.AGENT, SessionRole.REPRESENTATIVE
    ]
    name: PersonName
    phone: Mobile | None = None
    letter_id: UUID | None = None


class Matter(Body):
    """Required: who, one sentence; perhaps papers, and who comes along. Without `phone` the account's own and its e-mail are meant.

    `case_id` where an earlier matter is meant.
    """

    person_id: UUID
    phone: Mobile | None = None
    sentence: Sentence
    category: Category | None = None
    others: list[OtherPerson] = Field(default_factory=list, max_length=20)
    people: int = Field(1, ge=1, le=9999)
    email: Email | None = None
    attend_by: AttendBy = AttendBy.OWN_DEVICE
    site_id: UUID | None = None
    needs: Needs = Needs()
    case_id: UUID | None = None
    paper_ids: list[UUID] = Field(default_factory=list, max_length=20)
    company: list[Companion] = Field(default_factory=list, max_length=20)

    def request(self, contact: Contact) -> Request:
        return Request(
            phone=self.phone or contact.phone,
            sentence=self.sentence,
            category=self.category,
            others=[Other(other.name, other.phone) for other in self.others],
            people=self.people,
            email=self.email or contact.email,
            attend_by=self.attend_by,
            site_id=self.site_id,
            needs=self.needs.model_dump(exclude_defaults=True),
            case_id=self.case_id,
            paper_ids=self.paper_ids,
            company=[Comer(**vars(one)) for one in self.company],
        )


class NewAppointment(Matter):
    """The matter, and the time that is held for it."""

    appointment_id: UUID


@routes.post("/api/appointments", permission=Permission.APPOINTMENT_BOOK_OWN)
async def submit_appointment(ctx: Context, body: NewAppointment) -> AppointmentView:
    """Submit the form of a held slot; the same Idempotency-Key gets the same answer."""
    services = ctx.services
    async with services.uow.begin(ctx.actor) as tx:
        request = body.request(await contact_of(ctx, tx, body))
        submitted = await booking.submit(
            tx, services.sealer, body.appointment_id, body.person_id, request,
            config=services.config, idempotency_key=ctx.idempotency_key,
        )  # fmt: skip
        if submitted:
            return await submitted_view(ctx, tx, submitted, request)
    raise RuleBroken("clerk_calls_you", phone=services.config.centre.phone)


@routes.get("/api/appointments", permission=Permission.APPOINTMENT_READ_OWN)
async def read_own_appointments(ctx: Context) -> list[AppointmentView]:
    """The asker's appointments, newest time first."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        mine = Appointment.account_id == ctx.actor.account_id
        submitted = Appointment.case_id.is_not(None)
        return (await views_of(ctx, tx, mine, submitted))[::-1]


@routes.get("/api/appointments/{appointment_id}", permission=Permission.APPOINTMENT_READ_OWN)
async def read_own_appointment(ctx: Context, appointment_id: UUID) -> AppointmentView:
    """One of the asker's appointments."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        appointment = await access.own_appointment(tx, appointment_id)
        return await view_of(ctx, tx, appointment.id)


class Move(Body):
    slot_id: UUID


@routes.post(
    "/api/appointments/{appointment_id}/moves", permission=Permission.APPOINTMENT_CHANGE_OWN
)
async def move_appointment(ctx: Context, appointment_id: UUID, body: Move) -> AppointmentView:
    """Take another time of the same leader."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        appointment = await access.own_appointment(tx, appointment_id)
        await changes.move(tx, appointment, body.slot_id, for_desk=False)
        return await view_of(ctx, tx, appointment.id)


class NewAddress(Body):
    email: Email


@routes.put(
    "/api/appointments/{appointment_id}/email", permission=Permission.APPOINTMENT_CHANGE_OWN
)
async def add_email(ctx: Context, appointment_id: UUID, body: NewAddress) -> AppointmentView:
    """Have the calendar entry sent to an address; at once where the time stands already."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        appointment = await access.own_appointment(tx, appointment_id)
        await addresses.add(tx, ctx.services.sealer, appointment, email=body.email)
        return await view_of(ctx, tx, appointment.id)


class Cancellation(Body):
    reason: Words | None = Field(None, max_length=500)


@routes.post(
    "/api/appointments/{appointment_id}/cancellation",
    permission=Permission.APPOINTMENT_CHANGE_OWN,
)
async def cancel_appointment(
    ctx: Context, appointment_id: UUID, body: Cancellation
) -> AppointmentView:
    """Call it off; the slot is free for somebody else, after it has rested."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        appointment = await access.own_appointment(tx, appointment_id)
        await changes.cancel(tx, appointment, reason=body.reason)
        return await view_of(ctx, tx, appointment.id)


class Appeal(Body):
    words: Words = Field(max_length=500)


@routes.post(
    "/api/appointments/{appointment_id}/appeal", permission=Permission.APPOINTMENT_CHANGE_OWN
)
async def appeal_no_show(ctx: Context, appointment_id: UUID, body: Appeal) -> AppointmentView:
    """Say why one was not there, or that one was; a clerk calls."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        appointment = await access.own_appointment(tx, appointment_id)
        await appeals.appeal(tx, ctx.services.sealer, appointment, words=body.words)
        return await view_of(ctx, tx, appointment.id)


class CallMe(Body):
    name: PersonName
    phone: Telephone
    words: Words | None = Field(None, max_length=500)


class CallPromised(View):
    reference: str
    due_at: AwareDatetime


@routes.post("/api/call-me", permission=Permission.PUBLIC)
async def ask_for_call(ctx: Context, body: CallMe) -> CallPromised:
    """Have a clerk phone within one working day; nothing else is needed."""
    sealer = ctx.services.sealer
    phone = sealer.index(body.phone, purpose="phone").hex()
    async with ctx.services.uow.begin(ctx.actor) as tx:
        await spend(tx, f"call-me:{phone}", limit=CALLS_A_DAY, per=timedelta(days=1))
        await spend(tx, f"call-me:{ctx.address}", limit=CALLS_AN_ADDRESS, per=timedelta(hours=1))
        call = NewCall(
            kind=CallKind.CALL_ME,
            key=f"call_me:{phone}:{ctx.idempotency_key or tx.now.isoformat()}",
            name=body.name,
            phone=body.phone,
            words=body.words,
        )
        task = await calls.request(tx, sealer, call)
        return CallPromised(reference=task.reference, due_at=task.due_at)


def own_matter(known: Known, *, sealer: Sealer) -> OwnMatter:
    case = known.case
    return OwnMatter(
        case_id=case.id,
        sentence=sealer.open(case.sentence, purpose="text"),
        category=case.category,
        registered_at=case.registered_at,
        has_time=known.has_time,
    )


async def contact_of(ctx: Context, tx: Tx, body: NewAppointment) -> Contact:
    """Whoever names a phone is reached there; else the account is read."""
    if body.phone is not None:
        return Contact(body.phone, body.email)
    return await accounts.own_contact(tx, sealer=ctx.services.sealer)
