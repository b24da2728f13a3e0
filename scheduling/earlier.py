"""Matters that somebody brought before, which an appointment may be about."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from scheduling import case_access
from scheduling.tables import OPEN_STATES, Appointment
from server.cases import access
from server.cases.states import RUNNING
from server.cases.tables import Case, Party
from server.kernel.uow import Tx

MOST = 20


@dataclass(frozen=True)
class Known:
    """A matter that runs still; `has_time`: with an open appointment of the person's."""

    case: Case
    has_time: bool


async def known(tx: Tx, case_id: UUID, person_id: UUID) -> Case:
    """The matter that is meant, of this very person, as far as the actor may see it."""
    return await access.one(tx, case_id, _of_person(tx, person_id))


async def running(tx: Tx, person_id: UUID) -> Sequence[Known]:
    """What this person brought before and is not over, the newest first."""
    open_now = sa.exists().where(
        Appointment.case_id == Case.id, Appointment.person_id == person_id,
        Appointment.state.in_(OPEN_STATES),
    )  # fmt: skip
    query = sa.select(Case, open_now).where(_of_person(tx, person_id), Case.state.in_(RUNNING))
    rows = await tx.session.execute(query.order_by(Case.registered_at.desc()).limit(MOST))
    return [Known(case, has_time) for case, has_time in rows.all()]


def _of_person(tx: Tx, person_id: UUID) -> sa.ColumnElement[bool]:
    theirs = sa.select(Party.case_id).where(Party.person_id == person_id)
    return sa.and_(case_access.of(tx.actor), Case.id.in_(theirs))
