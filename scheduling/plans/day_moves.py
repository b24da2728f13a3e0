"""A reception day at another time: its slots, everybody booked and the clock's steps go with it."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

import sqlalchemy as sa

from scheduling import calls, changes, claims
from scheduling.choices import displaced
from scheduling.claims import Wanted
from scheduling.joint import fallen
from scheduling.plans import days
from scheduling.review_time import review_due_after_move
from scheduling.states import APPOINTMENT, DAY, Action, DayAction
from scheduling.tables import (
    NOT_BEGUN,
    Appointment,
    AppointmentState,
    CallTask,
    Claim,
    ClaimReason,
    DayState,
    ReceptionDay,
    Slot,
)
from server.kernel import state, tasks
from server.kernel.errors import Conflict, RuleBroken
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from server.units.calendar import day_of, load_calendar
from server.units.tables import DayKind

OFF = (DayState.CANCELLED, DayState.SWAPPED)
SHIFT_SLOTS = """
    UPDATE slot SET begins_at = begins_at + $2, ends_at = ends_at + $2, kept_until = kept_until + $2
    WHERE day_id = $1
    """
ASIDE = timedelta(days=73_000)
"""Slots step aside before they take each other's places: each must differ from each at any time."""


async def move(
    tx: Tx, sealer: Sealer, day: ReceptionDay, begins_at: datetime, *, brief_at: time
) -> None:
    """Hold the day at another time. Raises Conflict when the leader or somebody booked cannot.

    What was told of when booking opens stays; when it closes goes with the day. Its line goes
    along; what was offered of it is taken back.
    """
    state.after(DAY, DayState(day.state), DayAction.MOVE)
    await _check(tx, day, begins_at)
    shift = begins_at - day.begins_at
    booked = await booked_on(tx, day)
    people = [one.person_id for one in booked if one.person_id]
    await claims.lock(await tx.driver(), [day.leader_id, *people])
    await check_leader(tx, day, begins_at)
    await claims.release(await tx.driver(), *(one.id for one in booked))
    await displaced.drop_holds(tx, sealer, day)
    was_draft = day.state == DayState.DRAFT
    day.begins_at, day.ends_at = begins_at, day.ends_at + shift
    day.booking_closes_at += shift
    day.booking_opens_at += shift if was_draft else timedelta()
    day.by_hand, day.moved_because = True, None
    await _shift_slots(tx, day, shift)
    for one in booked:
        await _take_along(tx, one, shift)
    if not was_draft:
        await _reschedule(tx, day, brief_at=brief_at)
    await calls.seen_to(tx, CallTask.day_id == day.id)
    tx.audit("move", "reception_day", day.id, begins_at=begins_at, booked=len(booked))


async def booked_on(tx: Tx, day: ReceptionDay) -> Sequence[Appointment]:
    """Who goes with the day."""
    query = (
        sa.select(Appointment)
        .where(Appointment.day_id == day.id, Appointment.state.in_(NOT_BEGUN))
        .order_by(Appointment.begins_at, Appointment.id)
    )
    return (await tx.session.scalars(query)).all()


async def _check(tx: Tx, day: ReceptionDay, begins_at: datetime) -> None:
    if begins_at <= tx.now or day.begins_at <= tx.now:
        raise RuleBroken("move_into_the_past")
    if begins_at == day.begins_at:
        raise RuleBroken("move_same_time")
    held = day_of(begins_at)
    if day_of(begins_at + (day.ends_at - day.begins_at)) != held:
        raise RuleBroken("move_over_midnight")
    calendar = await load_calendar(tx, around=held)
    if calendar.days.get(held) is DayKind.HOLIDAY:
        raise RuleBroken("move_onto_holiday")
    if await fallen.on(tx, day):  # its departments are claimed for its time alone
        raise RuleBroken("move_joint_interview")
    await days.demand_nobody_received(tx, day)


async def check_leader(tx: Tx, day: ReceptionDay, begins_at: datetime) -> None:
    """The leader has no other day, session or leave then."""
    ends_at = begins_at + (day.ends_at - day.begins_at)
    other_day = sa.select(ReceptionDay.id).where(
        ReceptionDay.leader_id == day.leader_id,
        ReceptionDay.id != day.id,
        ReceptionDay.state.not_in(OFF),
        ReceptionDay.begins_at < ends_at,
        ReceptionDay.ends_at > begins_at,
    )
    if await tx.session.scalar(other_day.limit(1)):
        raise Conflict("leader_has_day_then")
    own = sa.select(Appointment.id).where(Appointment.day_id == day.id)
    busy = sa.select(Claim.id).where(
        Claim.resource == day.leader_id,
        sa.func.lower(Claim.during) < ends_at,
        sa.func.upper(Claim.during) > begins_at,
        sa.or_(Claim.expires_at.is_(None), Claim.expires_at > tx.now),
        sa.or_(Claim.appointment_id.is_(None), Claim.appointment_id.not_in(own)),
    )
    if await tx.session.scalar(busy.limit(1)):
        raise Conflict("leader_busy_then")


async def _shift_slots(tx: Tx, day: ReceptionDay, shift: timedelta) -> None:
    quick = await tx.driver()
    for step in (shift + ASIDE, -ASIDE):
        await quick.execute(SHIFT_SLOTS, day.id, step)


async def _take_along(tx: Tx, one: Appointment, shift: timedelta) -> None:
    slot = await tx.session.get(Slot, one.slot_id) if one.slot_id else None
    before = one.begins_at
    one.begins_at, one.ends_at = before + shift, one.ends_at + shift
    one.sequence += 1
    one.state = state.after(APPOINTMENT, AppointmentState(one.state), Action.MOVE)
    if one.review_due_at and one.state == AppointmentState.SUBMITTED:
        one.review_due_at = review_due_after_move(one.review_due_at, one.begins_at, moved_at=tx.now)
    begins_at, ends_at = one.begins_at, one.ends_at
    parts = [
        (Wanted(one.host_id, begins_at, ends_at, slot.seat if slot else None), "leader_busy_then")
    ]
    if one.person_id:
        parts.append((Wanted(one.person_id, begins_at, ends_at), "person_busy_then"))
    for wanted, refusal in parts:
        if not await claims.take(
            await tx.driver(), [wanted], appointment_id=one.id, reason=ClaimReason.BOOKING,
            expires_at=None, now=tx.now,
        ):  # fmt: skip
            raise Conflict(refusal)
    await changes.tell_of_move(tx, one)


async def _reschedule(tx: Tx, day: ReceptionDay, *, brief_at: time) -> None:
    await tasks.drop(tx.connection, key_prefix=f"day:{day.id}:")
    await tasks.drop(tx.connection, key_prefix=f"brief:{day.id}")
    days.schedule_life(tx, day, brief_at=brief_at)
