"""Sessions that were held, as rows, for tests of what remains of them."""

from datetime import timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa

from scheduling.tables import Appointment, Invitee, SessionRole
from server.bootstrap import Services
from server.cases import decisions
from server.identity.tables import Basis, Consent, ConsentKind
from server.kernel.uow import Tx
from signaling.tables import (
    LiveSession,
    Participant,
    ParticipantState,
    Result,
    Room,
    RoomKind,
    SessionLog,
    SessionState,
)
from tests.cases import INSTRUCTION, REPLY

ADDRESS = "湖州市测试路 8 号"


async def hold_session(
    services: Services, tx: Tx, appointment: Appointment, *, unit_id: UUID
) -> LiveSession:
    """A session of half an hour with everybody invited, closed with a decision."""
    began = appointment.begins_at
    ended = began + timedelta(minutes=30)
    session = LiveSession(
        id=uuid4(), appointment_id=appointment.id, kind=appointment.session_kind,
        state=SessionState.CLOSED, result=Result.HELD, ends_at=ended, opened_at=began, started_at=began,
        closed_at=ended,
    )  # fmt: skip
    tx.session.add(session)
    await tx.session.flush()
    room = Room(
        id=uuid4(), session_id=session.id, kind=RoomKind.MAIN, opened_at=began, closed_at=ended
    )
    tx.session.add(room)
    await tx.session.flush()
    query = sa.select(Invitee).where(Invitee.appointment_id == appointment.id)
    for invitee in (await tx.session.scalars(query.order_by(Invitee.role))).all():
        await _sit(services, tx, session, room, invitee)
    if appointment.case_id:
        await decisions.decide(
            tx, services.sealer, appointment_id=appointment.id, case_id=appointment.case_id,
            result="held", instruction=INSTRUCTION, instruction_unit_id=unit_id,
            deadline=ended + timedelta(days=15), reply=REPLY, release=True,
            decided_by=appointment.host_id, recorded_by=appointment.host_id,
        )  # fmt: skip
    return session


async def _sit(
    services: Services, tx: Tx, session: LiveSession, room: Room, invitee: Invitee
) -> None:
    came, left = session.started_at, session.closed_at
    seat = Participant(
        id=uuid4(), session_id=session.id, invitee_id=invitee.id, role=invitee.role,
        state=ParticipantState.LEFT, arrived_at=came, admitted_at=came, left_at=left,
    )  # fmt: skip
    tx.session.add(seat)
    await tx.session.flush()
    for at, kind, facts in (
        (came, "joined", {}), (came, "lost", {"silence": 8.2}),
        (left, "dismissed", {"because": f"话说完了,{ADDRESS}"}),
    ):  # fmt: skip
        tx.session.add(
            SessionLog(session_id=session.id, at=at, kind=kind, participant_id=seat.id,
                       room_id=room.id, facts=facts)
        )  # fmt: skip
        await tx.session.flush()
    if invitee.role == SessionRole.HOST:
        return
    invitee.present_address = services.sealer.seal(ADDRESS, purpose="address")
    tx.session.add(
        Consent(
            invitee_id=invitee.id, appointment_id=session.appointment_id, kind=ConsentKind.JOIN,
            given=True, basis=Basis.NOTICE, text_version="1", how="switch", at=came,
        )
    )  # fmt: skip
    await tx.session.flush()
