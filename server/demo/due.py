"""What is about to begin in the demo, with everybody's way in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from scheduling import invitees
from scheduling.tables import OPEN_STATES, Appointment, Invitee, SessionKind
from server.identity.tables import Account
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx

BEFORE, AHEAD = timedelta(hours=2), timedelta(hours=1, minutes=30)


@dataclass(frozen=True)
class Way:
    """`path` needs no sign-in when it is a personal link; staff sign in as `login` first."""

    appointment_id: UUID
    session_kind: SessionKind
    begins_at: datetime
    role: str
    name: str
    login: str | None
    path: str


async def ways(tx: Tx, sealer: Sealer) -> list[Way]:
    """Everybody invited to what begins soon or is going on, in the order of time."""
    query = (
        sa.select(Appointment, Invitee, Account.login)
        .join(Invitee, Invitee.appointment_id == Appointment.id)
        .outerjoin(Account, Account.id == Invitee.account_id)
        .where(
            Appointment.state.in_(OPEN_STATES),
            Appointment.begins_at.between(tx.now - BEFORE, tx.now + AHEAD),
            Invitee.removed_at.is_(None),
        )
        .order_by(Appointment.begins_at, Appointment.id, Invitee.role)
    )
    rows = (await tx.session.execute(query)).all()
    return [_way(appointment, invitee, login, sealer) for appointment, invitee, login in rows]


def _way(appointment: Appointment, invitee: Invitee, login: str | None, sealer: Sealer) -> Way:
    token = invitees.link_of(invitee, sealer)
    page = "desk" if appointment.session_kind == SessionKind.RECEPTION else "room"
    return Way(
        appointment_id=appointment.id,
        session_kind=SessionKind(appointment.session_kind),
        begins_at=appointment.begins_at,
        role=invitee.role,
        name=sealer.open(invitee.name, purpose="name"),
        login=login,
        path=f"/i/{token}" if token else f"/staff/{page}/{appointment.id}",
    )
