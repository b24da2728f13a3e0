"""Booking on somebody's behalf, and calling a whole day off: what the desk does for people."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from scheduling import (
    booking,
    calls,
    changes,
    claims,
    holds,
    limits,
    replays,
    requests,
    turns,
)
from scheduling.calls import NewCall
from scheduling.choices import displaced, waiting
from scheduling.choices.tables import ChoiceKind
from scheduling.joint import fallen
from scheduling.plans import days
from scheduling.requests import Request, Who
from scheduling.slots import look_up
from scheduling.tables import (
    Appointment,
    AppointmentState,
    BookingChannel,
    CallKind,
    CallTask,
    ReceptionDay,
)
from server.identity import persons
from server.identity.persons import Declared
from server.identity.tables import Account, AccountPerson, IdentityLevel, Person
from server.kernel.actor import Role
from server.kernel.config import Config, Scheduling
from server.kernel.errors import FieldError, Invalid, NotFound
from server.kernel.sealing import Sealer
from server.kernel.throttle import spend
from server.kernel.uow import Tx
from server.units.tables import Unit

ACTION = "appointment.book"
AT_ONCE = timedelta(minutes=1)
CALLED_OFF = (
    AppointmentState.SUBMITTED,
    AppointmentState.CONFIRMED,
    AppointmentState.CHECKED_IN,
)
A_DAY = 60
"""Bookings one member of staff makes in a day; more is a script."""


@dataclass(frozen=True)
class OnBehalf:
    """For whom the desk books, and how they came; the rest of the form is a `Request`.

    `urgency`: why they are to have a place before those whose turn it is.
    """

    slot_id: UUID
    who: Declared
    channel: BookingChannel = BookingChannel.ON_BEHALF
    urgency: str | None = None


async def book(
    tx: Tx, sealer: Sealer, wanted: OnBehalf, request: Request, *,
    config: Config, idempotency_key: str | None,
) -> Appointment:  # fmt: skip
    """Hold and submit in one step; the same key gets the same answer.

    Clerks are not bound to the residents' booking window.
    """
    actor_id, quick = tx.actor.account_id, await tx.driver()
    if actor_id is None:
        raise NotFound
    await claims.lock(quick, [actor_id])
    if done := await replays.found(quick, actor_id, idempotency_key, action=ACTION):
        return await tx.session.get_one(Appointment, done)
    made = await _book(tx, sealer, wanted, request, config=config)
    replays.keep(tx, actor_id, idempotency_key, action=ACTION, result_id=made.id)
    return made


async def _book(
    tx: Tx, sealer: Sealer, wanted: OnBehalf, request: Request, *, config: Config
) -> Appointment:
    await spend(tx, f"desk:{tx.actor.account_id}", limit=A_DAY, per=timedelta(days=1))
    quick = await tx.driver()
    facts = await look_up(quick, wanted.slot_id, now=tx.now)
    if facts is None:
        raise NotFound
    for_desk = await turns.is_desk(tx, facts.unit_id)
    person = await persons.declare(tx, wanted.who, sealer=sealer)
    await claims.lock(quick, [person.id, facts.leader.account_id])
    await _check_subject(tx, request.subject_unit_id)
    given = await turns.give(
        tx, wanted.slot_id, channel=wanted.channel, urgency=wanted.urgency, for_desk=for_desk
    )
    limits.check(
        await limits.standing(quick, person.id, case_id=request.case_id, now=tx.now),
        most_open=config.scheduling.open_appointments,
    )
    until = tx.now + AT_ONCE
    kept = await holds.keep(tx, given.facts, account_id=None, until=until, seats=given.seats)
    await tx.flush()
    held, _ = await requests.held(quick, kept.appointment_id)
    assert held is not None
    who = Who(person.id, person.name, IdentityLevel(person.level))
    await booking.complete(tx, sealer, held, who, request, config=config)
    appointment = await tx.session.get_one(Appointment, held.id)
    appointment.account_id = await _account_of(tx, sealer, person, request.phone)
    appointment.channel = wanted.channel
    if seen := sum(one.letter_seen for one in request.company):
        tx.audit("letter_seen", "appointment", appointment.id, letters=seen)
    if not request.sentence:
        await _have_matter_taken(tx, sealer, appointment, person, request)
    turns.note(tx, appointment, given, urgency=wanted.urgency)
    return appointment


async def _check_subject(tx: Tx, subject_id: UUID | None) -> None:
    """Neither the leader nor the point may be of it, as of any matter that is booked."""
    if subject_id is not None and await tx.session.get(Unit, subject_id) is None:
        raise Invalid("invalid", fields=(FieldError("subject_unit_id", "field.invalid"),))


async def _have_matter_taken(
    tx: Tx, sealer: Sealer, appointment: Appointment, person: Person, request: Request
) -> None:
    """What it is about is for the centre alone: a clerk asks on the phone."""
    call = NewCall(
        kind=CallKind.TAKE_MATTER,
        key=f"{CallKind.TAKE_MATTER}:{appointment.id}",
        name=sealer.open(person.name, purpose="name"),
        phone=request.phone,
        appointment_id=appointment.id,
        latest=appointment.review_due_at,
    )
    await calls.request(tx, sealer, call, unit_id=appointment.unit_id)


async def call_off(
    tx: Tx, sealer: Sealer, day: ReceptionDay, *, reason: str, rules: Scheduling
) -> int:
    """Cancel a day and all on it that has not begun; each resident is called, and may choose one
    of the next places. Answers how many.

    Also those whose time has come and who still wait: nobody will receive them today.
    """
    await claims.lock(await tx.driver(), [day.leader_id])
    days.cancel(tx, day, reason=reason)
    await calls.seen_to(tx, CallTask.day_id == day.id)
    await displaced.drop_holds(tx, sealer, day)
    await waiting.close_day(tx, day.id)
    await fallen.cancelled(tx, sealer, day, reason=reason)
    query = sa.select(Appointment).where(
        Appointment.day_id == day.id, Appointment.state.in_(CALLED_OFF)
    )
    found = (await tx.session.scalars(query.order_by(Appointment.begins_at))).all()
    for appointment in found:
        await changes.call_off(tx, appointment, reason=reason)
    await displaced.ask_cancelled(tx, sealer, found, kind=ChoiceKind.DAY_CANCELLED, rules=rules)
    return len(found)


async def _account_of(tx: Tx, sealer: Sealer, person: Person, phone: str) -> UUID | None:
    """The account that may act for this very person by this phone, if there is one."""
    if not tx.actor.has(Role.CLERK):
        return None
    index = sealer.index(phone, purpose="phone")
    query = (
        sa.select(Account.id)
        .join(AccountPerson, AccountPerson.account_id == Account.id)
        .where(Account.phone_index == index, AccountPerson.person_id == person.id)
    )
    return await tx.session.scalar(query)
