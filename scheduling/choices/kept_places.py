"""Places kept for one person for a while, and what becomes of them: booked, or free again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from scheduling import claims, comers, complained_of, confirmation, holds, invitees, limits
from scheduling.events import AppointmentSubmitted
from scheduling.invitees import NewInvitee
from scheduling.limits import Standing
from scheduling.review_time import review_due
from scheduling.slots import look_up, refusal
from scheduling.states import APPOINTMENT, Action
from scheduling.tables import (
    Appointment,
    AppointmentState,
    AttendBy,
    BookingChannel,
    Invitee,
    ReceptionDay,
    SessionRole,
    Slot,
)
from server.identity.tables import Account
from server.kernel import state
from server.kernel.database import Json
from server.kernel.errors import Conflict, Gone, NotFound
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from server.units.calendar import day_of, load_calendar


@dataclass(frozen=True)
class Guest:
    """For whom a kept place is booked; name, phone, mail and who comes along are sealed."""

    person_id: UUID
    account_id: UUID | None
    case_id: UUID
    booked_by: UUID
    name: bytes
    phone: bytes | None
    email: bytes | None
    attend_by: AttendBy
    site_id: UUID | None
    needs: Json
    language: str = "zh-CN"
    company: bytes | None = None
    email_bad_at: datetime | None = None
    channel: BookingChannel = BookingChannel.ONLINE


async def lock(tx: Tx, slot_ids: Iterable[UUID], *more: UUID) -> None:
    """Wait for the seats of these times and for whatever else is to be taken, all at once."""
    query = sa.select(Slot.resource).distinct().where(Slot.id.in_(list(slot_ids)))
    resources = (await tx.session.scalars(query)).all()
    await claims.lock(await tx.driver(), [*resources, *more])


async def keep(tx: Tx, slot_id: UUID, *, until: datetime) -> UUID | None:
    """Hold a place for nobody else; its seats must be locked. None: it is not free any more."""
    facts = await look_up(await tx.driver(), slot_id, now=tx.now)
    if facts is None or refusal(facts, now=tx.now, for_desk=True) or not facts.free:
        return None
    kept = await holds.keep(tx, facts, account_id=None, until=until)
    await tx.flush()
    return kept.appointment_id


async def let_go(tx: Tx, hold_ids: Sequence[UUID]) -> Sequence[Appointment]:
    """These places are free again; answers those that were kept until now."""
    query = sa.select(Appointment).where(
        Appointment.id.in_(hold_ids), Appointment.state == AppointmentState.ON_HOLD
    )
    kept = (await tx.session.scalars(query.execution_options(populate_existing=True))).all()
    for hold in kept:
        await holds.drop(tx, hold)
    return kept


async def release(tx: Tx, appointment: Appointment) -> None:
    await claims.release(await tx.driver(), appointment.id)


async def alive(tx: Tx, hold_id: UUID) -> Appointment:
    """The hold, locked. Raises Gone when its time is over."""
    hold = await tx.session.get(Appointment, hold_id, with_for_update=True, populate_existing=True)
    if hold is None:
        raise NotFound
    holds.check_alive(AppointmentState(hold.state), hold.held_until, now=tx.now)
    return hold


async def book(
    tx: Tx, sealer: Sealer, hold: Appointment, guest: Guest, *,
    review_days: int | None, most_open: int,
) -> None:  # fmt: skip
    """The place is this person's. With `review_days`, a clerk looks at it within so many days.

    Seat and person must be locked. Raises Gone, Conflict or RuleBroken.
    """
    if hold.begins_at <= tx.now:
        raise Gone("hold_expired")
    await complained_of.check_leader(tx, guest.case_id, hold.host_id)
    limits.check(await standing_of(tx, guest), most_open=most_open)
    await _take(tx, hold, guest.person_id)
    hold.state = state.after(APPOINTMENT, AppointmentState(hold.state), Action.SUBMIT)
    hold.held_until = None
    for name in (
        "person_id",
        "account_id",
        "case_id",
        "booked_by",
        "channel",
        "attend_by",
        "site_id",
        "needs",
    ):
        setattr(hold, name, getattr(guest, name))
    await invite(tx, sealer, hold, guest)
    calendar = await load_calendar(tx, around=day_of(tx.now))
    if review_days is not None:
        hold.review_due_at = review_due(
            tx.now, hold.begins_at, working_days=review_days, calendar=calendar
        )
    tx.audit("submit", "appointment", hold.id, case=guest.case_id)
    tx.emit(AppointmentSubmitted(appointment_id=hold.id))
    if review_days is None:
        await confirmation.confirm(tx, sealer, hold, calendar=calendar)


async def guest_of(tx: Tx, appointment: Appointment) -> Guest:
    """Whose appointment it was, to be given another."""
    query = sa.select(Invitee).where(
        Invitee.appointment_id == appointment.id, Invitee.role == SessionRole.PETITIONER
    )
    seat = (await tx.session.scalars(query)).first()
    if seat is None or appointment.person_id is None or appointment.case_id is None:
        raise NotFound
    return Guest(
        person_id=appointment.person_id, account_id=appointment.account_id,
        case_id=appointment.case_id, booked_by=appointment.booked_by, name=seat.name,
        phone=seat.phone, email=seat.email, attend_by=AttendBy(appointment.attend_by),
        site_id=appointment.site_id, needs=appointment.needs, language=seat.language,
        email_bad_at=seat.email_bad_at,
        channel=BookingChannel(appointment.channel),
    )  # fmt: skip


async def bring_company(tx: Tx, old: Appointment, hold: Appointment) -> None:
    """Who was to come along to the one comes along to the other."""
    for one in await invitees.of(tx, old.id):
        if one.role in comers.ALONG:
            invitees.bring(tx, one, hold.id)


async def review_days(tx: Tx, hold: Appointment, *, promised: int | None) -> int | None:
    """Within how many days a clerk reviews it; None where the day needs no review."""
    day = await tx.session.get_one(ReceptionDay, hold.day_id)
    return promised if day.review else None


async def standing_of(tx: Tx, guest: Guest) -> Standing:
    """What this person has open already; the person must be locked."""
    return await limits.standing(
        await tx.driver(), guest.person_id, case_id=guest.case_id, now=tx.now
    )


async def _take(tx: Tx, hold: Appointment, person_id: UUID) -> None:
    done = await claims.keep(await tx.driver(), hold.id, person_id=person_id, now=tx.now)
    if done.kept == 0:
        raise Gone("hold_expired")
    if done.taken < done.kept:
        raise Conflict("person_busy_then")


async def invite(tx: Tx, sealer: Sealer, hold: Appointment, guest: Guest) -> None:
    host = await tx.session.get_one(Account, hold.host_id)
    leader = NewInvitee(role=SessionRole.HOST, name=host.name or "", account_id=host.id)
    invitees.add(tx, sealer, hold.id, leader)
    seat = Invitee(
        appointment_id=hold.id, role=SessionRole.PETITIONER, person_id=guest.person_id,
        name=guest.name, phone=guest.phone, email=guest.email, language=guest.language,
        email_bad_at=guest.email_bad_at,
    )  # fmt: skip
    tx.session.add(seat)
    for one in comers.opened(sealer, guest.company):
        along = NewInvitee(one.role, one.name, phone=one.phone, letter_id=one.letter_id)
        invitees.add(tx, sealer, hold.id, along)
    await tx.session.flush()
