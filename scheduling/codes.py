"""The six-digit code that opens the seat without a link: found by its hash, shown to its owner."""

from uuid import UUID

import sqlalchemy as sa

from scheduling.references import new_code
from scheduling.tables import OPEN_STATES, Appointment
from server.kernel.errors import Unavailable
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx

PURPOSE = "code"
TRIES = 20


async def give(tx: Tx, sealer: Sealer, appointment: Appointment) -> None:
    """Give the appointment a code that no other open appointment has."""
    for _ in range(TRIES):
        code = new_code()
        index = sealer.index(code, purpose=PURPOSE)
        if await _holder(tx, index) is None:
            appointment.code = index
            appointment.code_shown = sealer.seal(code, purpose=PURPOSE)
            return
    raise Unavailable("no_code_left")


def shown(appointment: Appointment, sealer: Sealer) -> str | None:
    return sealer.open(appointment.code_shown, purpose=PURPOSE) if appointment.code_shown else None


async def appointment_of(tx: Tx, code: str, *, sealer: Sealer) -> UUID | None:
    """The open appointment with this code. Whoever asks must count the tries."""
    return await _holder(tx, sealer.index(code, purpose=PURPOSE))


async def _holder(tx: Tx, index: bytes) -> UUID | None:
    query = sa.select(Appointment.id).where(
        Appointment.code == index, Appointment.state.in_(OPEN_STATES)
    )
    return await tx.session.scalar(query)
