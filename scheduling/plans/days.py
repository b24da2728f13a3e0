"""Reception days: made from plans, published by a clerk, opened and closed by the clock."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range, insert

from scheduling.events import DayCancelled, DayPublished
from scheduling.plans import cutting, recurrence, shares, troubles
from scheduling.plans.recurrence import HolidayRule, PlannedDate
from scheduling.states import DAY, DayAction
from scheduling.tables import (
    Appointment,
    AppointmentState,
    DayState,
    ReceptionDay,
    ReceptionPlan,
    Slot,
)
from server.kernel import state
from server.kernel.errors import RuleBroken
from server.kernel.uow import Tx
from server.units.calendar import WorkingCalendar, day_of, load_calendar


async def materialise(tx: Tx, plans: Sequence[ReceptionPlan], *, horizon_days: int) -> int:
    """Make the days that plans ask for and that are not there yet; any process may do it."""
    today = day_of(tx.now)
    until = today + timedelta(days=horizon_days)
    calendar = await load_calendar(tx, around=today, days=horizon_days + 30)
    rows = [
        day_row(plan, planned)
        for plan in plans
        for planned in plan_dates(plan, since=today, until=until, calendar=calendar)
        if planned.held > today
    ]
    if not rows:
        return 0
    made = await tx.connection.execute(insert(ReceptionDay).values(rows).on_conflict_do_nothing())
    return made.rowcount


def plan_dates(
    plan: ReceptionPlan, *, since: date, until: date, calendar: WorkingCalendar
) -> list[PlannedDate]:
    return recurrence.dates(
        plan.rrule,
        starts_on=plan.starts_on,
        ends_on=plan.ends_on,
        since=since,
        until=until,
        holidays=HolidayRule(plan.holiday_rule),
        calendar=calendar,
    )


def day_row(plan: ReceptionPlan, planned: PlannedDate) -> dict[str, object]:
    """The row of a day; one day a plan and planned date, whoever makes it."""
    begins_at = cutting.instant(planned.held, plan.begins)
    ends_at = cutting.instant(planned.held, plan.ends)
    window = cutting.window(
        planned.held,
        begins_at,
        days_before=plan.opens_days_before,
        opens_at=plan.opens_at,
        hours_before=plan.closes_hours_before,
    )
    return {
        "id": uuid4(),
        "plan_id": plan.id,
        "planned_for": planned.planned,
        "leader_id": plan.leader_id,
        "unit_id": plan.unit_id,
        "kind": plan.kind,
        "state": DayState.DRAFT,
        "begins_at": begins_at,
        "ends_at": ends_at,
        "slot_minutes": plan.slot_minutes,
        "break_minutes": plan.break_minutes,
        "capacity": plan.capacity,
        "topics": plan.topics,
        "review": plan.review,
        "invited_only": plan.invited_only,
        "shares": plan.shares or {},
        "booking_opens_at": window.opens_at,
        "booking_closes_at": window.closes_at,
        "moved_because": "holiday" if planned.was_moved else None,
        "arranged": Range(begins_at, ends_at),
    }


async def publish(tx: Tx, day: ReceptionDay, *, brief_at: time) -> None:
    """Cut the slots, tell the public, and leave the rest of the day's life to the clock.

    Not of a day that planning would not put there: people would wait for what cannot be held.
    `brief_at`: when the leader gets list and briefs, the evening before.
    """
    if day.begins_at <= tx.now:
        raise RuleBroken("day_is_past")
    await troubles.demand_none(tx, day, beside=(*troubles.OFF, DayState.DRAFT))
    _move(day, DayAction.PUBLISH)
    slots = cut_slots(day)
    if not slots:
        raise RuleBroken("day_without_slots")
    tx.session.add_all(slots)
    schedule_life(tx, day, brief_at=brief_at)
    tx.audit("publish", "reception_day", day.id, slots=len(slots))
    tx.emit(DayPublished(day_id=day.id))


def schedule_life(tx: Tx, day: ReceptionDay, *, brief_at: time) -> None:
    """Leave what the day goes through to the clock."""
    for action, due_at in (
        (DayAction.OPEN, day.booking_opens_at),
        (DayAction.CLOSE, day.booking_closes_at),
        (DayAction.BEGIN, day.begins_at),
        (DayAction.FINISH, day.ends_at),
    ):
        schedule_step(tx, day.id, action, due_at=due_at)
    shares.schedule(tx, day)
    tx.schedule(
        "brief.evening_before",
        key=f"brief:{day.id}",
        payload={"day_id": str(day.id)},
        due_at=cutting.instant(day_of(day.begins_at) - timedelta(days=1), brief_at),
    )


def schedule_step(tx: Tx, day_id: UUID, action: DayAction, *, due_at: datetime) -> None:
    """Have the clock take the day a step further; the key makes it one task."""
    tx.schedule(
        "day.step",
        key=f"day:{day_id}:{action}:{int(due_at.timestamp())}",
        payload={"day_id": str(day_id), "action": action},
        due_at=due_at,
    )


def advance(tx: Tx, day: ReceptionDay, action: DayAction) -> None:
    _move(day, action)
    tx.audit(action, "reception_day", day.id)


def cancel(tx: Tx, day: ReceptionDay, *, reason: str) -> None:
    """The day is off; its appointments are cancelled by the caller, in the same transaction."""
    _move(day, DayAction.CANCEL)
    tx.audit("cancel", "reception_day", day.id, reason=reason)
    tx.emit(DayCancelled(day_id=day.id))


async def demand_nobody_received(tx: Tx, day: ReceptionDay) -> None:
    """A leader may let somebody in before the day begins; then it is held where and by whom it is.

    Raises RuleBroken.
    """
    received = sa.select(Appointment.id).where(
        Appointment.day_id == day.id, Appointment.state == AppointmentState.IN_SESSION
    )
    if await tx.session.scalar(received.limit(1)):
        raise RuleBroken("day_under_way")


async def slots_of(tx: Tx, day_id: UUID) -> Sequence[Slot]:
    query = sa.select(Slot).where(Slot.day_id == day_id).order_by(Slot.begins_at, Slot.seat)
    return (await tx.session.scalars(query)).all()


def cut_slots(day: ReceptionDay) -> list[Slot]:
    """The day's places, those marked that are kept."""
    times = cutting.cut(
        day.begins_at, day.ends_at, minutes=day.slot_minutes, rest=day.break_minutes
    )
    slots = [
        Slot(
            id=uuid4(),
            day_id=day.id,
            seat=seat,
            resource=day.leader_id,
            begins_at=slot.begins_at,
            ends_at=slot.ends_at,
        )
        for slot in times
        for seat in range(day.capacity)
    ]
    shares.mark(day, slots)
    return slots


def _move(day: ReceptionDay, action: DayAction) -> None:
    day.state = state.after(DAY, DayState(day.state), action)
