"""The sessions of a case as they took place: times, seats, rooms."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from scheduling.tables import Appointment, AppointmentState, Invitee
from server.kernel.uow import Tx
from signaling.tables import LiveSession, Participant


@dataclass(frozen=True)
class Seat:
    participant: Participant
    invitee: Invitee


@dataclass(frozen=True)
class CaseSession:
    """`session` is absent until the doors open."""

    appointment: Appointment
    session: LiveSession | None
    seats: Sequence[Seat]


async def of_case(tx: Tx, case_id: UUID) -> list[CaseSession]:
    """All appointments of a case that came to more than a hold, in order of time."""
    query = (
        sa.select(Appointment, LiveSession)
        .join(LiveSession, LiveSession.appointment_id == Appointment.id, isouter=True)
        .where(Appointment.case_id == case_id, Appointment.state != AppointmentState.ON_HOLD)
        .order_by(Appointment.begins_at, Appointment.id)
    )
    rows: list[tuple[Appointment, LiveSession | None]] = [
        (row[0], row[1]) for row in (await tx.session.execute(query)).all()
    ]
    seats = await seats_of(tx, (session.id for _, session in rows if session))
    return [
        CaseSession(appointment, session, seats.get(session.id, []) if session else [])
        for appointment, session in rows
    ]


async def seats_of(tx: Tx, session_ids: Iterable[UUID]) -> dict[UUID, list[Seat]]:
    """Who had a seat in these sessions, in the order in which they came."""
    query = (
        sa.select(Participant, Invitee)
        .join(Invitee, Invitee.id == Participant.invitee_id)
        .where(Participant.session_id.in_(list(session_ids)))
        .order_by(Participant.arrived_at.asc().nulls_last(), Participant.id)
    )
    seats: dict[UUID, list[Seat]] = {}
    for participant, invitee in (await tx.session.execute(query)).all():
        seats.setdefault(participant.session_id, []).append(Seat(participant, invitee))
    return seats
