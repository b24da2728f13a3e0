"""Read models of live sessions for who is not in them."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from server.cases.tables import Decision
from server.kernel.uow import Tx
from signaling.tables import LiveSession, Participant, ParticipantState, SessionState


@dataclass(frozen=True)
class Counted:
    state: SessionState | None
    present: int
    waiting: int
    decided: bool


async def count(tx: Tx, appointment_id: UUID) -> Counted:
    """How a session stands; zeros when nobody has come yet."""
    inside = Participant.state.in_((ParticipantState.IN_ROOM, ParticipantState.IN_CAUCUS))
    query = (
        sa.select(
            LiveSession.state,
            sa.func.count(Participant.id).filter(inside),
            sa.func.count(Participant.id).filter(Participant.state == ParticipantState.WAITING),
        )
        .outerjoin(Participant, Participant.session_id == LiveSession.id)
        .where(LiveSession.appointment_id == appointment_id)
        .group_by(LiveSession.id)
    )
    row = (await tx.session.execute(query)).one_or_none()
    decided = sa.select(Decision.id).where(Decision.appointment_id == appointment_id)
    is_decided = await tx.session.scalar(decided) is not None
    state, present, waiting = row if row else (None, 0, 0)
    return Counted(SessionState(state) if state else None, present, waiting, is_decided)
