"""Sessions with people on bad lines, for those of the house who can help them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from scheduling import access
from scheduling.tables import Appointment, SessionRole
from server.identity.tables import Account
from server.kernel.actor import Role
from server.kernel.uow import Tx
from server.units.tables import Unit
from signaling.facts import Line, Vitals
from signaling.live import Live
from signaling.states import OVER
from signaling.tables import ParticipantState

WATCHING = (Role.CLERK, Role.DUTY_OFFICER)
Trouble = Literal["bad", "lost"]


@dataclass(frozen=True)
class Troubled:
    """Somebody in a session, by role only."""

    role: SessionRole
    trouble: Trouble
    vitals: Vitals | None


@dataclass(frozen=True)
class InTrouble:
    appointment: Appointment
    unit_name: str
    host_name: str
    people: list[Troubled]


async def shown(tx: Tx, lives: Iterable[Live]) -> list[InTrouble]:
    """Those within the actor's reach, the earliest first."""
    found = {live.session.appointment_id: people for live in lives if (people := people_of(live))}
    query = (
        sa.select(Appointment, Unit.name, Account.name)
        .join(Unit, Unit.id == Appointment.unit_id)
        .join(Account, Account.id == Appointment.host_id)
        .where(
            Appointment.id.in_(found),
            access.within_reach(tx.actor, *WATCHING),
            access.impartial(tx.actor),
        )
        .order_by(Appointment.begins_at, Appointment.id)
    )
    rows = (await tx.session.execute(query)).all()
    return [InTrouble(one, unit, host or "", found[one.id]) for one, unit, host in rows]


def people_of(live: Live) -> list[Troubled]:
    """Nobody once the session is over."""
    if live.session.state in OVER:
        return []
    return sorted(_troubled(live), key=lambda one: (one.trouble, one.role))


def _troubled(live: Live) -> Iterator[Troubled]:
    for seat in live.session.seats.values():
        if seat.state is ParticipantState.CONNECTION_LOST:
            yield Troubled(seat.role, "lost", None)
        elif seat.id in live.lines and seat.line is Line.BAD:
            yield Troubled(seat.role, "bad", live.vitals.get(seat.id))
