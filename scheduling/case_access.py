"""Cases by what takes place on them: who hosts, who is invited, for whom it was booked."""

from uuid import UUID

import sqlalchemy as sa

from scheduling.tables import Appointment, AppointmentState, Invitee, Mediation
from server.cases import access
from server.cases.tables import Case
from server.identity.tables import Service
from server.kernel.actor import Actor, ActorKind
from server.kernel.uow import Tx

Condition = sa.ColumnElement[bool]


async def readable_case(tx: Tx, case_id: UUID) -> Case:
    return await access.one(tx, case_id, readable(tx.actor))


async def writable_case(tx: Tx, case_id: UUID) -> Case:
    return await access.one(tx, case_id, access.writable(tx.actor))


async def may_write(tx: Tx, case_id: UUID) -> bool:
    query = sa.select(Case.id).where(Case.id == case_id, access.writable(tx.actor))
    return await tx.session.scalar(query) is not None


async def own_case(tx: Tx, case_id: UUID) -> Case:
    return await access.one(tx, case_id, own(tx.actor))


def readable(actor: Actor) -> Condition:
    return access.readable(actor, involved=_taking_part(actor))


def taking_part(actor: Actor) -> Condition:
    """The readable cases in which the actor has a part beside what the unit gives."""
    return sa.and_(readable(actor), Case.id.in_(_taking_part(actor)))


def own(actor: Actor) -> Condition:
    return access.own(actor, involved=_booked_for(actor))


def of(actor: Actor) -> Condition:
    """What the actor may read, staff or resident."""
    return own(actor) if actor.kind is ActorKind.RESIDENT else readable(actor)


def _taking_part(actor: Actor) -> access.Involved:
    """Cases whose session the actor hosts, serves the host of, or is invited to by account."""
    served = sa.select(Service.leader_id).where(Service.account_id == actor.account_id)
    invited = sa.select(Invitee.appointment_id).where(
        Invitee.account_id == actor.account_id, Invitee.removed_at.is_(None)
    )
    sessions = sa.select(Appointment.case_id).where(
        Appointment.case_id.is_not(None),
        Appointment.state != AppointmentState.ON_HOLD,
        sa.or_(
            Appointment.host_id == actor.account_id,
            Appointment.host_id.in_(served),
            Appointment.id.in_(invited),
        ),
    )
    mediated = sa.select(Mediation.case_id).where(Mediation.mediator_id == actor.account_id)
    both = sa.union_all(sessions, mediated).subquery()
    return sa.select(both.c.case_id)


def _booked_for(actor: Actor) -> access.Involved:
    return sa.select(Appointment.case_id).where(
        Appointment.account_id == actor.account_id,
        Appointment.case_id.is_not(None),
        Appointment.state != AppointmentState.ON_HOLD,
    )
