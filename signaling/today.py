"""The day as the duty officer watches it: sessions now, who receives, seats opened at sites."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from scheduling.access import impartial, within_reach
from scheduling.tables import (
    OPEN_STATES,
    Appointment,
    AppointmentState,
    DayState,
    ReceptionDay,
    SessionKind,
    SitePass,
)
from server.identity.tables import Account, Membership, Official
from server.kernel.actor import Role
from server.kernel.uow import Tx
from server.units.calendar import day_of, end_of
from server.units.tables import Unit
from signaling.tables import LiveSession, Participant, ParticipantState, SessionState

GOING_ON = (SessionState.OPEN, SessionState.LIVE, SessionState.PAUSED, SessionState.SUSPENDED)
RECEIVING = (DayState.BOOKING_OPEN, DayState.BOOKING_CLOSED, DayState.IN_PROGRESS, DayState.DONE)
INSIDE = (ParticipantState.IN_ROOM, ParticipantState.IN_CAUCUS)
A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Running:
    appointment_id: UUID
    session_kind: SessionKind
    state: SessionState
    unit_name: str
    host_name: str
    begins_at: datetime
    ends_at: datetime
    started_at: datetime | None
    present: int
    waiting: int


@dataclass(frozen=True)
class Leading:
    leader_name: str
    post: str
    unit_name: str
    state: DayState
    begins_at: datetime
    ends_at: datetime
    done: int
    total: int


@dataclass(frozen=True)
class Opened:
    site_name: str
    opened_by: str
    opened_at: datetime
    session_kind: SessionKind
    begins_at: datetime


async def running(tx: Tx) -> list[Running]:
    """Sessions whose doors are open, those that began first on top."""
    query = (
        sa.select(
            Appointment.id, Appointment.session_kind, LiveSession.state, Unit.name,
            sa.func.coalesce(Account.name, ""), Appointment.begins_at, LiveSession.ends_at,
            LiveSession.started_at, _seats(*INSIDE), _seats(ParticipantState.WAITING),
        )
        .join(LiveSession, LiveSession.appointment_id == Appointment.id)
        .join(Unit, Unit.id == Appointment.unit_id)
        .join(Account, Account.id == Appointment.host_id)
        .where(LiveSession.state.in_(GOING_ON), *_watched(tx))
        .order_by(LiveSession.started_at.asc().nulls_last(), Appointment.begins_at, Appointment.id)
    )  # fmt: skip
    return [Running(*tuple(row)) for row in (await tx.session.execute(query)).all()]


async def leading(tx: Tx) -> list[Leading]:
    """Today's receptions, with how many of their appointments are over."""
    until = end_of(day_of(tx.now))
    query = (
        sa.select(
            Official.name, Official.post, Unit.name, ReceptionDay.state, ReceptionDay.begins_at,
            ReceptionDay.ends_at, _booked(AppointmentState.COMPLETED, AppointmentState.NO_SHOW),
            _booked(*OPEN_STATES, AppointmentState.COMPLETED, AppointmentState.NO_SHOW),
        )
        .join(Official, Official.account_id == ReceptionDay.leader_id)
        .join(Unit, Unit.id == ReceptionDay.unit_id)
        .where(
            ReceptionDay.state.in_(RECEIVING),
            ReceptionDay.begins_at >= until - A_DAY,
            ReceptionDay.begins_at < until,
            within_reach(tx.actor, Role.DUTY_OFFICER),
        )
        .order_by(ReceptionDay.begins_at, Official.rank)
    )  # fmt: skip
    return [Leading(*row) for row in (await tx.session.execute(query)).all()]


async def seats(tx: Tx) -> list[Opened]:
    """Seats that were opened on shared devices and are not wiped yet."""
    query = (
        sa.select(
            sa.func.coalesce(_site_of_booking(), _site_of_worker(), ""),
            sa.func.coalesce(Account.name, ""), SitePass.opened_at,
            Appointment.session_kind, Appointment.begins_at,
        )
        .join(Appointment, Appointment.id == SitePass.appointment_id)
        .join(Unit, Unit.id == Appointment.unit_id)
        .join(Account, Account.id == SitePass.opened_by)
        .where(SitePass.ended_at.is_(None), SitePass.expires_at > tx.now, *_watched(tx))
        .order_by(SitePass.opened_at)
    )  # fmt: skip
    return [Opened(*row) for row in (await tx.session.execute(query)).all()]


def _watched(tx: Tx) -> tuple[sa.ColumnElement[bool], ...]:
    return within_reach(tx.actor, Role.DUTY_OFFICER), impartial(tx.actor)


def _seats(*states: ParticipantState) -> sa.ScalarSelect[int]:
    query = sa.select(sa.func.count()).where(
        Participant.session_id == LiveSession.id, Participant.state.in_(states)
    )
    return query.correlate(LiveSession).scalar_subquery()


def _booked(*states: AppointmentState) -> sa.ScalarSelect[int]:
    query = sa.select(sa.func.count()).where(
        Appointment.day_id == ReceptionDay.id, Appointment.state.in_(states)
    )
    return query.correlate(ReceptionDay).scalar_subquery()


def _site_of_booking() -> sa.ScalarSelect[str]:
    site = aliased(Unit)
    query = sa.select(site.name).where(site.id == Appointment.site_id)
    return query.correlate(Appointment).scalar_subquery()


def _site_of_worker() -> sa.ScalarSelect[str]:
    """Whoever came to another point than the one they booked: where its worker works."""
    home = aliased(Unit)
    query = (
        sa.select(sa.func.min(home.name))
        .join(Membership, Membership.unit_id == home.id)
        .where(Membership.account_id == SitePass.opened_by)
    )
    return query.correlate(SitePass).scalar_subquery()
