"""The one page a leader reads before a reception: the matter, its history, earlier replies.

Facts of the matter only: no tag, no score, nothing about a person beyond who they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from scheduling import access, invitees
from scheduling.tables import Appointment, AppointmentState, Invitee, SessionRole
from server.cases import access as of_cases
from server.cases import queries
from server.cases.queries import CaseParts
from server.cases.tables import Case, Decision, Party
from server.identity.tables import Person
from server.kernel.actor import Role
from server.kernel.errors import NotFound
from server.kernel.uow import Tx
from server.units.tables import Unit

EXPECTED = (
    AppointmentState.CONFIRMED,
    AppointmentState.CHECKED_IN,
    AppointmentState.IN_SESSION,
    AppointmentState.COMPLETED,
    AppointmentState.NO_SHOW,
)
EARLIER = 10


@dataclass(frozen=True)
class Earlier:
    """An earlier matter of the same person, with the replies that were released."""

    case: Case
    replies: Sequence[Decision]


@dataclass(frozen=True)
class Brief:
    appointment: Appointment
    parts: CaseParts
    person: Person | None
    host_name: str
    site: Unit | None
    earlier: Sequence[Earlier]
    company: Sequence[Invitee]


async def of_appointment(tx: Tx, appointment_id: UUID) -> Brief:
    """The brief, for the host, who works for the host, and the desk."""
    appointment = await tx.session.get(Appointment, appointment_id)
    if appointment is None or appointment.case_id is None:
        raise NotFound
    await _demand(tx, host_id=appointment.host_id, unit_id=appointment.unit_id)
    return await _brief(tx, appointment)


async def of_day(tx: Tx, day_id: UUID) -> list[Brief]:
    """The briefs of a reception day in the order of its line."""
    query = (
        sa.select(Appointment)
        .where(Appointment.day_id == day_id, Appointment.state.in_(EXPECTED))
        .where(Appointment.case_id.in_(sa.select(Case.id).where(of_cases.impartial(tx.actor))))
        .order_by(Appointment.begins_at, Appointment.id)
    )
    appointments = (await tx.session.scalars(query)).all()
    for appointment in appointments[:1]:
        await _demand(tx, host_id=appointment.host_id, unit_id=appointment.unit_id)
    return [await _brief(tx, appointment) for appointment in appointments]


async def _demand(tx: Tx, *, host_id: UUID, unit_id: UUID) -> None:
    if host_id not in await access.hosts_of(tx, tx.actor):
        await access.demand_reach(tx, unit_id, Role.CLERK)


async def _brief(tx: Tx, appointment: Appointment) -> Brief:
    assert appointment.case_id is not None
    case = await of_cases.one(tx, appointment.case_id, of_cases.impartial(tx.actor))
    person_id, site_id = appointment.person_id, appointment.site_id
    names = await queries.staff_names(tx, [appointment.host_id])
    return Brief(
        appointment=appointment,
        parts=await queries.parts(tx, case),
        person=await tx.session.get(Person, person_id) if person_id else None,
        host_name=names.get(appointment.host_id, ""),
        site=await tx.session.get(Unit, site_id) if site_id else None,
        earlier=await _earlier(tx, case, person_id) if person_id else [],
        company=[
            one
            for one in await invitees.of(tx, appointment.id)
            if one.account_id is None and one.role != SessionRole.PETITIONER
        ],
    )


async def _earlier(tx: Tx, case: Case, person_id: UUID) -> list[Earlier]:
    query = (
        sa.select(Case)
        .where(
            Case.id.in_(sa.select(Party.case_id).where(Party.person_id == person_id)),
            Case.id != case.id,
            of_cases.impartial(tx.actor),
            Case.registered_at <= case.registered_at,
        )
        .order_by(Case.registered_at.desc())
        .limit(EARLIER)
    )
    cases = (await tx.session.scalars(query)).all()
    released = sa.select(Decision).where(
        Decision.case_id.in_([c.id for c in cases]), Decision.reply_released_at.is_not(None)
    )
    replies: dict[UUID, list[Decision]] = {}
    for decision in await tx.session.scalars(released.order_by(Decision.decided_at)):
        replies.setdefault(decision.case_id, []).append(decision)
    return [Earlier(c, replies.get(c.id, [])) for c in cases]
