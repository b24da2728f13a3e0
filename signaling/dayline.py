"""The line of a reception day: who stands where, and an honest word about how long it takes."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from scheduling.tables import Appointment, AppointmentState, SessionKind
from server.kernel.uow import Tx
from server.units.calendar import day_of, end_of
from signaling.facts import Place
from signaling.states import PRINCIPALS, RUNNING
from signaling.tables import LiveSession, Participant, ParticipantState, SessionState

MINUTE, A_DAY = timedelta(minutes=1), timedelta(days=1)
ON_THE_WAY = (ParticipantState.TESTING, ParticipantState.CONNECTION_LOST)


class Standing(StrEnum):
    """`getting_ready`: at the device check, or off the line for a moment; or only a helper waits."""

    NOT_HERE = "not_here"
    GETTING_READY = "getting_ready"
    WAITING = "waiting"
    IN_ROOM = "in_room"
    DONE = "done"
    NO_SHOW = "no_show"


@dataclass(frozen=True)
class InLine:
    """One appointment of the day."""

    appointment_id: UUID
    begins_at: datetime
    standing: Standing
    waiting_since: datetime | None
    started_at: datetime | None
    closed_at: datetime | None


SHOWN = (
    AppointmentState.CONFIRMED,
    AppointmentState.CHECKED_IN,
    AppointmentState.IN_SESSION,
    AppointmentState.COMPLETED,
    AppointmentState.NO_SHOW,
)


async def line_of_day(tx: Tx, day_id: UUID, *, late_after: timedelta) -> list[InLine]:
    """The day's appointments in the order in which they are received."""
    return await line_of(tx, Appointment.day_id == day_id, late_after=late_after)


async def line_of(tx: Tx, those: sa.ColumnElement[bool], *, late_after: timedelta) -> list[InLine]:
    """Of the appointments that stand or stood, those, in the order in which they are received."""
    rows = (await tx.session.execute(_entries(those))).all()
    line = [
        InLine(
            appointment_id=appointment_id,
            begins_at=begins_at,
            standing=_standing(
                AppointmentState(state),
                SessionState(live) if live else None,
                arrived_at,
                is_coming=is_coming,
            ),
            waiting_since=arrived_at,
            started_at=started_at,
            closed_at=closed_at,
        )
        for appointment_id, begins_at, state, live, started_at, closed_at, arrived_at, is_coming in rows
    ]
    return in_order(line, now=tx.now, late_after=late_after)


def in_order(line: Sequence[InLine], *, now: datetime, late_after: timedelta) -> list[InLine]:
    """By their times. Who comes later than the grace goes to the end, by when they came."""

    def turn(entry: InLine) -> tuple[bool, datetime]:
        if is_late(entry, now=now, late_after=late_after):
            return True, max(now, entry.begins_at)
        came = entry.waiting_since if entry.standing is Standing.WAITING else None
        if came is not None and came >= entry.begins_at + late_after:
            return True, came
        return False, entry.begins_at

    return sorted(line, key=turn)


def at_desk(hosts: Iterable[UUID], day_id: UUID | None, *, now: datetime) -> sa.ColumnElement[bool]:
    """A reception day's appointments, and its host's joint interviews of today."""
    tomorrow = end_of(day_of(now))
    joint = sa.and_(
        Appointment.session_kind == SessionKind.JOINT_INTERVIEW,
        Appointment.host_id.in_(hosts),
        Appointment.begins_at >= tomorrow - A_DAY,
        Appointment.begins_at < tomorrow,
    )
    return joint if day_id is None else sa.or_(Appointment.day_id == day_id, joint)


def _entries(
    those: sa.ColumnElement[bool],
) -> sa.Select[UUID, datetime, AppointmentState, SessionState, datetime | None, datetime | None,
               datetime | None, bool | None]:  # fmt: skip
    waiting = sa.and_(
        Participant.state == ParticipantState.WAITING, Participant.role.in_(PRINCIPALS)
    )
    coming = sa.or_(
        Participant.state == ParticipantState.WAITING,
        sa.and_(Participant.role.in_(PRINCIPALS), Participant.state.in_(ON_THE_WAY)),
    )
    return (
        sa.select(
            Appointment.id,
            Appointment.begins_at,
            Appointment.state,
            LiveSession.state,
            LiveSession.started_at,
            LiveSession.closed_at,
            sa.func.min(Participant.arrived_at).filter(waiting),
            sa.func.bool_or(coming),
        )
        .outerjoin(LiveSession, LiveSession.appointment_id == Appointment.id)
        .outerjoin(Participant, Participant.session_id == LiveSession.id)
        .where(those, Appointment.state.in_(SHOWN))
        .group_by(Appointment.id, LiveSession.id)
        .order_by(Appointment.begins_at, Appointment.id)
    )


def _standing(
    state: AppointmentState, live: SessionState | None, arrived_at: datetime | None, *,
    is_coming: bool | None,
) -> Standing:  # fmt: skip
    if state is AppointmentState.NO_SHOW:
        return Standing.NO_SHOW
    if state is AppointmentState.COMPLETED or live in {SessionState.CLOSED, SessionState.ARCHIVED}:
        return Standing.DONE
    if live in RUNNING:
        return Standing.IN_ROOM
    if arrived_at:
        return Standing.WAITING
    return Standing.GETTING_READY if is_coming else Standing.NOT_HERE


def place_in(
    line: Sequence[InLine], appointment_id: UUID, *, now: datetime, late_after: timedelta
) -> Place:
    """Where an appointment stands. Who is late and not here is not counted as before anybody."""
    mine = next(entry for entry in line if entry.appointment_id == appointment_id)
    before = [
        entry
        for entry in line[: line.index(mine)]
        if entry.standing in {Standing.GETTING_READY, Standing.WAITING, Standing.IN_ROOM}
        or (
            entry.standing is Standing.NOT_HERE
            and not is_late(entry, now=now, late_after=late_after)
        )
    ]
    minutes = _minutes(line, before, mine, now=now)
    return Place(number=len(before) + 1, before_me=len(before), minutes=minutes)


def _minutes(
    line: Sequence[InLine], before: Sequence[InLine], mine: InLine, *, now: datetime
) -> int | None:
    """By the average of today's sessions, never before one's own time; None: nobody can say."""
    own_time = max(mine.begins_at - now, timedelta())
    if not before:
        return _whole(own_time) if own_time else None
    done = [
        entry.closed_at - entry.started_at
        for entry in line
        if entry.standing is Standing.DONE and entry.started_at and entry.closed_at
    ]
    if not done:
        return None
    average = sum(done, timedelta()) / len(done)
    spent = sum((min(now - e.started_at, average) for e in before if e.started_at), timedelta())
    return _whole(max(average * len(before) - spent, own_time))


def _whole(time: timedelta) -> int:
    return math.ceil(time / MINUTE)


def is_late(entry: InLine, *, now: datetime, late_after: timedelta) -> bool:
    """Nobody has come, and the time has gone by for a while."""
    return entry.standing is Standing.NOT_HERE and now >= entry.begins_at + late_after


def next_in(line: Sequence[InLine], after: UUID) -> UUID | None:
    """Whom to offer next: who waits, in the order of the day; else who is still to come."""
    others = [entry for entry in line if entry.appointment_id != after]
    for standing in (Standing.WAITING, Standing.GETTING_READY, Standing.NOT_HERE):
        for entry in others:
            if entry.standing is standing:
                return entry.appointment_id
    return None
