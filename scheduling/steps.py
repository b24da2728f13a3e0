"""What the clock does with days and requests when their time comes."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from scheduling import unmet, unreviewed
from scheduling.choices import waiting
from scheduling.events import AppointmentMissed
from scheduling.plans import days, shares
from scheduling.states import APPOINTMENT, DAY, Action, DayAction
from scheduling.tables import (
    Appointment,
    AppointmentState,
    BookingChannel,
    DayState,
    ReceptionDay,
    ReceptionPlan,
)
from server.kernel import state
from server.kernel.tasks import Due
from server.kernel.uow import Tx
from server.units.calendar import day_of

LIFE = (DayAction.OPEN, DayAction.CLOSE, DayAction.BEGIN, DayAction.FINISH)
OFF = (DayState.CANCELLED, DayState.SWAPPED)
PRESENT = (AppointmentState.CHECKED_IN, AppointmentState.IN_SESSION)


async def step_day(tx: Tx, due: Due) -> str | None:
    """Open, close, begin or finish a day. One that was called off meanwhile is left alone.

    A step that was left out, since it failed or came late, is made up for: a day is never stuck.
    """
    day = await tx.session.get(ReceptionDay, UUID(due.payload["day_id"]), with_for_update=True)
    last = LIFE.index(DayAction(due.payload["action"]))
    outcome: str | None = "skipped"
    for action in LIFE[: last + 1]:
        if day is not None and action in state.possible(DAY, DayState(day.state)):
            outcome = await _step(tx, day, action)
    return outcome


async def _step(tx: Tx, day: ReceptionDay, action: DayAction) -> str | None:
    if action is DayAction.BEGIN:
        await waiting.close_day(tx, day.id)
    if action is DayAction.FINISH:
        await _miss_absent(tx, day)
        for appointment in await _at(tx, day, AppointmentState.SUBMITTED):
            unreviewed.expire_now(tx, appointment.id)
        if tx.now >= day.ends_at + unmet.IN_VAIN:
            for appointment in await _at(tx, day, AppointmentState.CHECKED_IN):
                await unmet.note(tx, appointment)
        if await _anybody_there(tx, day):
            days.schedule_step(tx, day.id, action, due_at=tx.now + unmet.AGAIN)
            return "later"
    days.advance(tx, day, action)
    return None


async def release_share(tx: Tx, due: Due) -> str | None:
    """From now on the places are anybody's; where somebody waits, theirs first."""
    day_id, channel = UUID(due.payload["day_id"]), BookingChannel(due.payload["channel"])
    day = await tx.session.get(ReceptionDay, day_id)
    kept = (await shares.kept_on(tx, [day_id])).get(day_id, [])
    share = next((one for one in kept if one.channel == channel and one.until <= tx.now), None)
    if day is None or share is None or day.state in OFF:
        return "skipped"
    tx.audit("release_share", "reception_day", day_id, channel=channel, places=share.free)
    if share.free:
        key = f"{waiting.SERVE}:share:{due.key}"
        tx.schedule(waiting.SERVE, key=key, payload={})
    return None


@dataclass(frozen=True)
class Materialise:
    """Makes the days of all plans up to the horizon; run often, by any process."""

    horizon_days: int

    async def __call__(self, tx: Tx) -> int:
        today = day_of(tx.now)
        going_on = sa.select(ReceptionPlan).where(
            ReceptionPlan.ended_at.is_(None),
            sa.or_(ReceptionPlan.ends_on.is_(None), ReceptionPlan.ends_on >= today),
        )
        plans = (await tx.session.scalars(going_on)).all()
        return await days.materialise(tx, plans, horizon_days=self.horizon_days)


async def _miss_absent(tx: Tx, day: ReceptionDay) -> None:
    for appointment in await _at(tx, day, AppointmentState.CONFIRMED):
        appointment.state = state.after(
            APPOINTMENT, AppointmentState(appointment.state), Action.MISS
        )
        tx.audit("miss", "appointment", appointment.id)
        tx.emit(AppointmentMissed(appointment_id=appointment.id))


async def _anybody_there(tx: Tx, day: ReceptionDay) -> bool:
    return bool(await _at(tx, day, *PRESENT))


async def _at(tx: Tx, day: ReceptionDay, *states: AppointmentState) -> list[Appointment]:
    query = sa.select(Appointment).where(
        Appointment.day_id == day.id, Appointment.state.in_(states)
    )
    return list((await tx.session.scalars(query)).all())
