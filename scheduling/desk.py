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
    matters,
    on_behalf,
    replays,
    requests,
    reviews,
    turns,
)
from scheduling.choices import displaced, waiting
from scheduling.choices.tables import ChoiceKind
from scheduling.joint import fallen
from scheduling.plans import days
from scheduling.requests import Request, Who
from scheduling.slots import look_up
from scheduling.tables import (
    NOT_BEGUN,
    Appointment,
    AppointmentState,
    BookingChannel,
    CallTask,
    ReceptionDay,
)
from server.cases import access as cases
from server.identity.persons import Declared
from server.identity.tables import IdentityLevel
from server.kernel.config import Config, Scheduling
from server.kernel.errors import NotFound
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx

ACTION = "appointment.book"
AT_ONCE = timedelta(minutes=1)


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
    """Hold, submit and, where the clerk may review, confirm in one step; the same key gets the same answer.

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
    quick = await tx.driver()
    facts = await look_up(quick, wanted.slot_id, now=tx.now)
    if facts is None:
        raise NotFound
    for_desk = await turns.is_desk(tx, facts.unit_id)
    person = await on_behalf.declare(tx, sealer, wanted.who)
    await claims.lock(quick, [person.id, facts.leader.account_id])
    await on_behalf.check_subject(tx, request.subject_unit_id)
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
    appointment.account_id = await on_behalf.account_of(tx, sealer, person, request.phone)
    appointment.channel = wanted.channel
    if seen := sum(one.letter_seen for one in request.company):
        tx.audit("letter_seen", "appointment", appointment.id, letters=seen)
    if not request.sentence:
        await matters.have_told(
            tx, sealer, appointment, name=person.name, phone=request.phone,
            latest=appointment.review_due_at,
        )  # fmt: skip
    turns.note(tx, appointment, given, urgency=wanted.urgency)
    if for_desk and not await _is_shut_out(tx, appointment):
        await _confirm(tx, sealer, appointment)
    return appointment


async def _confirm(tx: Tx, sealer: Sealer, appointment: Appointment) -> None:
    """Whoever may review has looked at the matter while writing it down."""
    if appointment.state == AppointmentState.SUBMITTED:
        await reviews.confirm(tx, sealer, appointment)


async def _is_shut_out(tx: Tx, appointment: Appointment) -> bool:
    """Whether the matter is about the clerk's own unit: somebody else reviews it."""
    about = sa.select(Appointment.case_id).where(Appointment.id == appointment.id)
    clerks = [tx.actor.account_id] if tx.actor.account_id else []
    return (await tx.session.execute(cases.shut_out(about, clerks))).first() is not None


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
        Appointment.day_id == day.id, Appointment.state.in_(NOT_BEGUN)
    )
    found = (await tx.session.scalars(query.order_by(Appointment.begins_at))).all()
    for appointment in found:
        await changes.call_off(tx, appointment, reason=reason)
    await displaced.ask_cancelled(tx, sealer, found, kind=ChoiceKind.DAY_CANCELLED, rules=rules)
    return len(found)
