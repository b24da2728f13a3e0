"""The only way to a seat of a live session: who may sit there, and as what."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from scheduling import access, invitees
from scheduling.invitees import SEEN, NewInvitee
from scheduling.tables import Appointment, DayState, Invitee, ReceptionDay, SessionRole
from server.cases import access as cases
from server.identity.tables import Account, IdentityLevel, Person, Service
from server.kernel.actor import Actor, ActorKind, Role
from server.kernel.errors import NotFound
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from server.units.calendar import day_of, end_of
from server.units.tables import Unit
from signaling.states import OVER
from signaling.tables import LiveSession, Participant, ParticipantState

HELD = (
    DayState.PUBLISHED,
    DayState.BOOKING_OPEN,
    DayState.BOOKING_CLOSED,
    DayState.IN_PROGRESS,
    DayState.DONE,
)


@dataclass(frozen=True)
class Entitled:
    """An appointment, and what the actor may be in its session."""

    appointment: Appointment
    role: SessionRole
    invitee: Invitee | None


async def entitled(tx: Tx, appointment_id: UUID | None) -> Entitled:
    """What the actor may be in a session; NotFound when nothing."""
    if tx.actor.kind is ActorKind.GUEST:
        invitee = await access.own_invitation(tx)
        if appointment_id not in {None, invitee.appointment_id}:
            raise NotFound
        appointment = await tx.session.get_one(Appointment, invitee.appointment_id)
        return Entitled(appointment, SessionRole(invitee.role), invitee)
    found = await tx.session.get(Appointment, appointment_id) if appointment_id else None
    if found is None or tx.actor.kind is not ActorKind.STAFF:
        raise NotFound
    await cases.demand_impartial(tx, found.case_id)
    return await _entitled_staff(tx, found)


async def _entitled_staff(tx: Tx, appointment: Appointment) -> Entitled:
    query = sa.select(Invitee).where(
        Invitee.appointment_id == appointment.id,
        Invitee.account_id == tx.actor.account_id,
        Invitee.removed_at.is_(None),
    )
    invitee = (await tx.session.scalars(query)).first()
    if invitee is not None:
        return Entitled(appointment, SessionRole(invitee.role), invitee)
    role = await _role_of_staff(tx, appointment)
    if role is None:
        raise NotFound
    return Entitled(appointment, role, None)


async def _role_of_staff(tx: Tx, appointment: Appointment) -> SessionRole | None:
    """Host, who works the host's screen, or the desk, which keeps the door."""
    if appointment.host_id == tx.actor.account_id:
        return SessionRole.HOST
    served = sa.select(Service.leader_id).where(
        Service.account_id == tx.actor.account_id, Service.leader_id == appointment.host_id
    )
    if tx.actor.has(Role.OPERATOR) and await tx.session.scalar(served):
        return SessionRole.OPERATOR
    unit = await tx.session.get_one(Unit, appointment.unit_id)
    return SessionRole.SUPPORT if tx.actor.reaches(unit.path, Role.CLERK) else None


async def seat(tx: Tx, sealer: Sealer, appointment_id: UUID | None) -> Invitee:
    """The actor's seat, made for staff who come without an invitation but with a right."""
    may = await entitled(tx, appointment_id)
    if may.invitee is not None:
        return may.invitee
    invited = NewInvitee(may.role, name=tx.actor.name, account_id=tx.actor.account_id)
    tx.audit("seated", "appointment", may.appointment.id, role=may.role)
    made = invitees.add(tx, sealer, may.appointment.id, invited)
    await tx.session.flush()
    return made


async def decider(tx: Tx, appointment_id: UUID) -> Appointment:
    """An appointment that the actor decides on, or records the decision of."""
    return await access.hosted_appointment(tx, appointment_id)


async def todays_day(tx: Tx, day_id: UUID | None) -> ReceptionDay | None:
    """A reception held today by the actor, or by a leader they serve; the first not yet over."""
    begins = end_of(day_of(tx.now)) - timedelta(days=1)
    query = (
        sa.select(ReceptionDay)
        .where(
            ReceptionDay.leader_id.in_(await access.hosts_of(tx, tx.actor)),
            ReceptionDay.begins_at.between(begins, begins + timedelta(days=1)),
            ReceptionDay.state.in_(HELD),
        )
        .order_by(ReceptionDay.ends_at < tx.now, ReceptionDay.begins_at)
    )
    if day_id is not None:
        query = query.where(ReceptionDay.id == day_id)
    return (await tx.session.scalars(query.limit(1))).one_or_none()


async def leader_name(tx: Tx, leader_id: UUID) -> str:
    return (await tx.session.get_one(Account, leader_id)).name or ""


@dataclass(frozen=True)
class Waiting:
    participant: Participant
    invitee: Invitee
    is_seen: bool
    since: datetime


@dataclass(frozen=True)
class Door:
    """A session with people in its waiting room."""

    appointment: Appointment
    host_name: str
    waiting: list[Waiting]


async def waiting_at_doors(tx: Tx) -> list[Door]:
    """The waiting rooms that the actor's desk keeps, the earliest session first."""
    query = (
        sa.select(Appointment, Account.name, Participant, Invitee, Person)
        .join(LiveSession, LiveSession.appointment_id == Appointment.id)
        .join(Participant, Participant.session_id == LiveSession.id)
        .join(Invitee, Invitee.id == Participant.invitee_id)
        .join(Account, Account.id == Appointment.host_id)
        .join(Unit, Unit.id == Appointment.unit_id)
        .outerjoin(Person, Person.id == Invitee.person_id)
        .where(
            access.within_reach(tx.actor, Role.CLERK),
            access.impartial(tx.actor),
            Participant.state == ParticipantState.WAITING,
            LiveSession.state.not_in(OVER),
        )
        .order_by(Appointment.begins_at, Appointment.id, Participant.arrived_at)
    )
    doors: dict[UUID, Door] = {}
    for appointment, host, seat, invitee, person in (await tx.session.execute(query)).all():
        door = doors.setdefault(appointment.id, Door(appointment, host or "", []))
        door.waiting.append(
            Waiting(seat, invitee, _is_seen(invitee, person), seat.arrived_at or tx.now)
        )
    return list(doors.values())


def _is_seen(invitee: Invitee, person: Person | None) -> bool:
    return invitees.is_seen(invitee, IdentityLevel(person.level) if person else None)


def is_seen(person: Person | None) -> bool:
    """Whether staff compared the card of this person."""
    return person is not None and person.level in SEEN


def actor_of(invitee: Invitee, *, session_id: UUID | None) -> Actor:
    """Who acts when this seat does, by the sign-in or the site's pass that they came with."""
    kind = ActorKind.STAFF if invitee.account_id else ActorKind.GUEST
    return Actor(kind, account_id=invitee.account_id, invitee_id=invitee.id, session_id=session_id)
