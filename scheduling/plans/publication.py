"""Days of the planning grid are published; one that the clock has not made yet is made first."""

from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from scheduling import access
from scheduling.plans import days
from scheduling.tables import ReceptionDay, ReceptionPlan
from server.kernel.errors import NotFound
from server.kernel.uow import Tx
from server.units.calendar import load_calendar


async def publish(tx: Tx, plan_id: UUID, planned_for: date) -> None:
    """Raises RuleBroken or Conflict where it cannot be told to anybody."""
    plan = await access.plan(tx, plan_id)
    await _make(tx, plan, planned_for)
    query = sa.select(ReceptionDay).where(
        ReceptionDay.plan_id == plan.id, ReceptionDay.planned_for == planned_for
    )
    day = await tx.session.scalar(query.with_for_update())
    if day is None:
        raise NotFound
    await days.publish(tx, day, brief_at=tx.rules.brief_at)


async def _make(tx: Tx, plan: ReceptionPlan, planned_for: date) -> None:
    """As the plan's rule says, unless there is a day for this date already."""
    calendar = await load_calendar(tx, around=planned_for)
    rows = [
        days.day_row(plan, one)
        for one in days.plan_dates(plan, since=planned_for, until=planned_for, calendar=calendar)
        if one.planned == planned_for
    ]
    if rows:
        made = insert(ReceptionDay).values(rows)
        await tx.connection.execute(made.on_conflict_do_nothing())
