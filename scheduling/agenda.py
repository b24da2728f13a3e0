"""What the staff's calendar shows of a stretch of days: receptions, sessions, leave, who has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range

from scheduling import access
from scheduling.desk_queries import ON_THE_DAY
from scheduling.joint.tables import JointInterview, JointSeat, SeatState
from scheduling.mediation.times import main_room
from scheduling.plans.cutting import instant
from scheduling.tables import (
    Appointment,
    AppointmentState,
    AttendBy,
    Claim,
    ClaimReason,
    DayState,
    Invitee,
    ReceptionDay,
    ReceptionKind,
    SessionKind,
    Slot,
)
from server.cases import access as cases
from server.cases.tables import Case
from server.identity.tables import Account, Official, Person
from server.kernel.actor import Role
from server.kernel.errors import FieldError, Invalid
from server.kernel.uow import Tx
from server.units.calendar import WorkingCalendar, load_calendar
from server.units.tables import Unit

MOST_DAYS = 45
MOST_SESSIONS = 1500
MOST_RECEPTION_DAYS = 500
SEEING_ALL = (Role.CLERK, Role.SUPERVISOR)
PLANNED_ANEW = sa.text("SET LOCAL plan_cache_mode = 'force_custom_plan'")
"""A plan for any stretch of time reads all there ever was: ten times as long as one for these days."""
Hosts = frozenset[UUID]
"""The actor, and the leaders whom the actor serves."""

# A view holds thousands of these: to look a word up takes a tenth of what it takes to convert it.
SESSION_KINDS = {str(one): one for one in SessionKind}
STATES = {str(one): one for one in AppointmentState}
ATTENDING_BY = {str(one): one for one in AttendBy}
DAY_STATES = {str(one): one for one in DayState}
RECEPTION_KINDS = {str(one): one for one in ReceptionKind}


class Shown(StrEnum):
    """The kinds of things that a view may hold."""

    DAYS = "days"
    RECEPTIONS = "receptions"
    MEDIATIONS = "mediations"
    JOINT = "joint"


SESSIONS = {
    Shown.RECEPTIONS: (SessionKind.RECEPTION,),
    Shown.MEDIATIONS: (SessionKind.MEDIATION, SessionKind.HEARING),
    Shown.JOINT: (SessionKind.JOINT_INTERVIEW,),
}


@dataclass(frozen=True)
class Wanted:
    """Whole days, both included; `leader_id`, `unit_id`, `room_id` narrow it to one row."""

    since: date
    until: date
    shown: frozenset[Shown] = frozenset(Shown)
    leader_id: UUID | None = None
    unit_id: UUID | None = None
    room_id: UUID | None = None

    @property
    def begins_at(self) -> datetime:
        return instant(self.since, time())

    @property
    def ends_at(self) -> datetime:
        return instant(self.until + timedelta(days=1), time())


class HeldDay(NamedTuple):
    """A reception day: `booked` counts those who come, `total` its times."""

    id: UUID
    plan_id: UUID | None
    leader_id: UUID
    leader_name: str
    unit_id: UUID
    state: DayState
    kind: ReceptionKind
    begins_at: datetime
    ends_at: datetime
    topics: list[str]
    moved_because: str | None
    by_hand: bool
    version: int
    booked: int
    total: int


class Booked(NamedTuple):
    """A session with its names; those of people are still sealed. `who` are the staff in it.

    `taken_room`: of a joint interview the unit whose main room it takes, unless it is by video only;
    `attending`: the units that come to it. A tuple, since a view holds many of them.
    """

    id: UUID
    reference: str
    kind: SessionKind
    state: AppointmentState
    version: int
    day_id: UUID | None
    host_id: UUID
    host_name: str | None
    unit_id: UUID
    unit_path: str
    begins_at: datetime
    ends_at: datetime
    attend_by: AttendBy
    site_id: UUID | None
    case_id: UUID | None
    case_number: str | None
    person_name: bytes | None
    taken_room: UUID | None
    attending: tuple[UUID, ...]
    who: tuple[UUID, ...]

    @property
    def room_id(self) -> UUID | None:
        """The room it takes: a seat at a site, or the main room of a unit."""
        match self.kind:
            case SessionKind.RECEPTION:
                return self.site_id
            case SessionKind.JOINT_INTERVIEW:
                return main_room(self.taken_room) if self.taken_room else None
            case _:
                return main_room(self.unit_id)

    @property
    def units(self) -> tuple[UUID, ...]:
        """In whose rows it stands: the unit that leads, and those that attend."""
        return (self.unit_id, *(one for one in self.attending if one != self.unit_id))


@dataclass(frozen=True)
class Leave:
    """A leader is not there; nobody is told why."""

    leader_id: UUID
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Agenda:
    """`cut`: there was more than a view can hold."""

    days: Sequence[HeldDay]
    sessions: Sequence[Booked]
    leave: Sequence[Leave]
    leaders: Sequence[Official]
    units: Sequence[Unit]
    calendar: WorkingCalendar
    cut: bool


async def read(tx: Tx, wanted: Wanted) -> Agenda:
    """The same few statements, however much there is. Raises Invalid for too long a time."""
    if not wanted.since <= wanted.until < wanted.since + timedelta(days=MOST_DAYS):
        raise Invalid("invalid", fields=(FieldError("until", "field.calendar_range"),))
    await tx.connection.execute(PLANNED_ANEW)
    hosts = await access.hosts_of(tx, tx.actor)
    days = await _days(tx, wanted, hosts)
    sessions = await _sessions(tx, wanted, hosts)
    leaders = await _leaders(tx, hosts)
    return Agenda(
        days=days,
        sessions=sessions[:MOST_SESSIONS],
        leave=await _leave(tx, wanted, [leader.account_id for leader in leaders]),
        leaders=leaders,
        units=await _units(tx, leaders, sessions),
        calendar=await load_calendar(tx, around=wanted.since, days=MOST_DAYS),
        cut=len(sessions) > MOST_SESSIONS,
    )


async def _days(tx: Tx, wanted: Wanted, hosts: Hosts) -> list[HeldDay]:
    if Shown.DAYS not in wanted.shown or wanted.room_id:
        return []
    reached = access.within_reach(tx.actor, *SEEING_ALL, Role.LEADER_OFFICE)
    query = (
        sa.select(
            ReceptionDay.id, ReceptionDay.plan_id, ReceptionDay.leader_id, Official.name,
            ReceptionDay.unit_id, ReceptionDay.state, ReceptionDay.kind, ReceptionDay.begins_at,
            ReceptionDay.ends_at, ReceptionDay.topics, ReceptionDay.moved_because,
            ReceptionDay.by_hand, ReceptionDay.version, _coming(), _times(),
        )
        .join(Official, Official.account_id == ReceptionDay.leader_id)
        .join(Unit, Unit.id == ReceptionDay.unit_id)
        .where(ReceptionDay.begins_at >= wanted.begins_at, ReceptionDay.begins_at < wanted.ends_at)
        .where(sa.or_(reached, ReceptionDay.leader_id.in_(hosts)))
        .order_by(ReceptionDay.begins_at, Official.rank)
        .limit(MOST_RECEPTION_DAYS)
    )  # fmt: skip
    if wanted.leader_id:
        query = query.where(ReceptionDay.leader_id == wanted.leader_id)
    if wanted.unit_id:
        query = query.where(ReceptionDay.unit_id == wanted.unit_id)
    return [
        HeldDay._make((*row[:5], DAY_STATES[row[5]], RECEPTION_KINDS[row[6]], *row[7:]))
        for row in (await tx.connection.execute(query)).all()
    ]


def _coming() -> sa.ScalarSelect[int]:
    return (
        sa.select(sa.func.count())
        .where(Appointment.day_id == ReceptionDay.id, Appointment.state.in_(ON_THE_DAY))
        .correlate(ReceptionDay)
        .scalar_subquery()
    )


def _times() -> sa.ScalarSelect[int]:
    of_day = sa.select(sa.func.count()).where(Slot.day_id == ReceptionDay.id)
    return of_day.correlate(ReceptionDay).scalar_subquery()


async def _sessions(tx: Tx, wanted: Wanted, hosts: Hosts) -> list[Booked]:
    kinds = [kind for one in wanted.shown if one in SESSIONS for kind in SESSIONS[one]]
    if not kinds:
        return []
    site = wanted.room_id
    query = (
        sa.select(
            Appointment.id, Appointment.reference, Appointment.session_kind, Appointment.state,
            Appointment.version, Appointment.day_id, Appointment.host_id, Account.name,
            Appointment.unit_id, Unit.path, Appointment.begins_at, Appointment.ends_at,
            Appointment.attend_by, Appointment.site_id, Appointment.case_id, Case.number,
            Person.name, _of_joint(_room_taken()), _of_joint(_units_attending()), _staff_in(),
        )
        .join(Account, Account.id == Appointment.host_id)
        .join(Unit, Unit.id == Appointment.unit_id)
        .outerjoin(Case, Case.id == Appointment.case_id)
        .outerjoin(Person, Person.id == Appointment.person_id)
        .where(Appointment.begins_at >= wanted.begins_at, Appointment.begins_at < wanted.ends_at)
        .where(Appointment.state.in_(ON_THE_DAY), Appointment.session_kind.in_(kinds))
        .where(_seen(tx, hosts), sa.or_(Case.id.is_(None), cases.impartial(tx.actor)))
        .order_by(Appointment.begins_at, Appointment.id)
        .limit(MOST_SESSIONS + 1)
    )  # fmt: skip
    if wanted.leader_id:
        query = query.where(_has_part(wanted.leader_id))
    if wanted.unit_id:
        query = query.where(
            sa.or_(Appointment.unit_id == wanted.unit_id, _attended_by(wanted.unit_id))
        )
    found = [_booked(row) for row in (await tx.connection.execute(query)).all()]
    return [one for one in found if site in {None, one.room_id}]


def _booked(row: sa.Row[*tuple[Any, ...]]) -> Booked:
    """The columns stand in the order of the fields."""
    host, attending, staff = row[6], row[18], row[19]
    who = (host, *(one for one in staff if one != host)) if staff else (host,)
    kind, at, attend_by = SESSION_KINDS[row[2]], STATES[row[3]], ATTENDING_BY[row[12]]
    return Booked._make(
        (*row[:2], kind, at, *row[4:12], attend_by, *row[13:18], tuple(attending or ()), who)
    )


def _staff_in() -> sa.ScalarSelect[Any]:
    """Of each session in the same statement: asked for by their ids it took longer than all else."""
    return (
        sa.select(sa.func.array_agg(Invitee.account_id))
        .where(
            Invitee.appointment_id == Appointment.id, Invitee.account_id.is_not(None),
            Invitee.removed_at.is_(None),
        )
        .correlate(Appointment)
        .scalar_subquery()
    )  # fmt: skip


def _of_joint(what: sa.ScalarSelect[Any]) -> sa.Case[Any]:
    """Asked of joint interviews alone: they are few among the sessions of a week."""
    is_joint = Appointment.session_kind == SessionKind.JOINT_INTERVIEW
    return sa.case((is_joint, what), else_=None)


def _room_taken() -> sa.ScalarSelect[UUID | None]:
    return (
        sa.select(JointInterview.room_unit_id)
        .where(JointInterview.appointment_id == Appointment.id)
        .correlate(Appointment)
        .scalar_subquery()
    )


def _units_attending() -> sa.ScalarSelect[Any]:
    return (
        sa.select(sa.func.array_agg(JointSeat.unit_id))
        .where(JointSeat.appointment_id == Appointment.id)
        .where(JointSeat.state != SeatState.RELEASED)
        .correlate(Appointment)
        .scalar_subquery()
    )


def _attended_by(unit_id: UUID) -> sa.ColumnElement[bool]:
    return (
        sa.exists()
        .where(JointSeat.appointment_id == Appointment.id, JointSeat.unit_id == unit_id)
        .where(JointSeat.state != SeatState.RELEASED)
        .correlate(Appointment)
    )


def _has_part(account_id: UUID) -> sa.ColumnElement[bool]:
    return sa.or_(Appointment.host_id == account_id, _invited(account_id))


def _invited(account_id: UUID | None) -> sa.ColumnElement[bool]:
    return (
        sa.exists()
        .where(Invitee.appointment_id == Appointment.id, Invitee.account_id == account_id)
        .where(Invitee.removed_at.is_(None))
        .correlate(Appointment)
    )


def _seen(tx: Tx, hosts: Hosts) -> sa.ColumnElement[bool]:
    """The desk's sessions; for others those that they, or whom they serve, have a part in."""
    return sa.or_(
        access.within_reach(tx.actor, *SEEING_ALL),
        Appointment.host_id.in_(hosts),
        _invited(tx.actor.account_id),
    )


async def _leaders(tx: Tx, hosts: Hosts) -> Sequence[Official]:
    """Those whose calendars the actor may see, in official order."""
    query = (
        sa.select(Official)
        .join(Unit, Unit.id == Official.unit_id)
        .where(
            sa.or_(
                access.within_reach(tx.actor, *SEEING_ALL, Role.LEADER_OFFICE),
                Official.account_id.in_(hosts),
            )
        )
        .order_by(Official.rank)
    )
    return (await tx.session.scalars(query)).all()


async def _leave(tx: Tx, wanted: Wanted, leaders: Sequence[UUID]) -> list[Leave]:
    among = [one for one in leaders if wanted.leader_id in {None, one}]
    query = sa.select(
        Claim.resource, sa.func.lower(Claim.during), sa.func.upper(Claim.during)
    ).where(
        Claim.reason == ClaimReason.LEAVE,
        Claim.resource.in_(among),
        Claim.during.overlaps(Range(wanted.begins_at, wanted.ends_at)),
    )
    return [Leave(*row) for row in (await tx.connection.execute(query)).all()]


async def _units(tx: Tx, leaders: Sequence[Official], sessions: Sequence[Booked]) -> Sequence[Unit]:
    """The units that anything here belongs to, and the sites that people come to."""
    ids = {leader.unit_id for leader in leaders} | {unit for one in sessions for unit in one.units}
    ids |= {place for one in sessions for place in (one.site_id, one.taken_room) if place}
    query = sa.select(Unit).where(Unit.id.in_(ids)).order_by(Unit.path)
    return (await tx.session.scalars(query)).all()
