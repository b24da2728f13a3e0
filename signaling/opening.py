"""The session of an appointment comes into being: its rooms, and a seat for each invitee."""

from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from scheduling.tables import Appointment, AppointmentState, Invitee
from server.kernel.errors import Gone, NotFound
from server.kernel.uow import Tx
from signaling.tables import (
    LiveSession,
    Participant,
    ParticipantState,
    Room,
    RoomKind,
    SessionState,
)

STANDING = frozenset(
    {AppointmentState.CONFIRMED, AppointmentState.CHECKED_IN, AppointmentState.IN_SESSION}
)


async def ensure_session(tx: Tx, appointment: Appointment) -> LiveSession:
    """The appointment's one session; made when nobody has asked for it before."""
    await _make(tx, appointment)
    query = sa.select(LiveSession).where(LiveSession.appointment_id == appointment.id)
    live = (await tx.session.scalars(query)).one()
    await _seat_everybody(tx, live)
    return live


async def standing_appointment(tx: Tx, appointment_id: UUID) -> Appointment:
    """An appointment whose session may be entered; Gone when it is over or off."""
    appointment = await tx.session.get(Appointment, appointment_id)
    if appointment is None:
        raise NotFound
    if appointment.state not in STANDING:
        raise Gone("session_over")
    return appointment


async def cancel(tx: Tx, appointment_id: UUID) -> None:
    query = sa.update(LiveSession).where(
        LiveSession.appointment_id == appointment_id,
        LiveSession.state.in_((SessionState.SCHEDULED, SessionState.OPEN)),
    )
    await tx.session.execute(
        query.values(state=SessionState.CANCELLED, version=LiveSession.version + 1)
    )


async def reset(tx: Tx, appointment_id: UUID) -> None:
    """The appointment has another time: nobody has come yet, the doors are shut."""
    mine = (LiveSession.appointment_id == appointment_id, LiveSession.started_at.is_(None))
    ids = sa.select(LiveSession.id).where(*mine)
    seats = sa.update(Participant).where(Participant.session_id.in_(ids))
    await tx.session.execute(
        seats.values(
            state=ParticipantState.INVITED, room_id=None, arrived_at=None, admitted_at=None,
            version=Participant.version + 1,
        )
    )  # fmt: skip
    session = sa.update(LiveSession).where(*mine)
    await tx.session.execute(
        session.values(state=SessionState.SCHEDULED, version=LiveSession.version + 1)
    )


async def _make(tx: Tx, appointment: Appointment) -> None:
    row = insert(LiveSession).values(
        id=uuid4(),
        version=1,
        appointment_id=appointment.id,
        kind=appointment.session_kind,
        state=SessionState.SCHEDULED,
        ends_at=appointment.ends_at,
        let_in=[],
    )
    made = await tx.session.scalar(
        row.on_conflict_do_nothing(index_elements=["appointment_id"]).returning(LiveSession.id)
    )
    if made is not None:
        rooms = [
            {"id": uuid4(), "session_id": made, "kind": kind, "opened_at": tx.now}
            for kind in (RoomKind.WAITING, RoomKind.MAIN)
        ]
        await tx.session.execute(sa.insert(Room), rooms)


async def _seat_everybody(tx: Tx, live: LiveSession) -> None:
    """Invitees may be added while the session runs; each gets a seat once."""
    invited = sa.select(Invitee.id, Invitee.role).where(
        Invitee.appointment_id == live.appointment_id, Invitee.removed_at.is_(None)
    )
    rows = [
        {
            "id": uuid4(),
            "version": 1,
            "session_id": live.id,
            "invitee_id": invitee_id,
            "role": role,
            "state": ParticipantState.INVITED,
            "muted_by_host": False,
            "has_floor": False,
        }
        for invitee_id, role in (await tx.session.execute(invited)).all()
    ]
    if rows:
        seats = insert(Participant).on_conflict_do_nothing(
            index_elements=["session_id", "invitee_id"]
        )
        await tx.session.execute(seats, rows)
