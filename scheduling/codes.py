"""The six-digit code that opens one's own seat without a link: found by its hash, shown to its owner."""

import sqlalchemy as sa

from scheduling.references import new_code
from scheduling.tables import OPEN_STATES, Appointment, Invitee
from server.kernel.errors import Unavailable
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx

PURPOSE = "code"
TRIES = 20


async def give(tx: Tx, sealer: Sealer, invitee: Invitee) -> None:
    """Give the seat a code that opens no other; who has one keeps it, also at another time."""
    if invitee.code is not None:
        return
    for _ in range(TRIES):
        code = new_code()
        index = sealer.index(code, purpose=PURPOSE)
        if await _is_free(tx, index):
            invitee.code = index
            invitee.code_shown = sealer.seal(code, purpose=PURPOSE)
            return
    raise Unavailable("no_code_left")


def shown(invitee: Invitee, sealer: Sealer) -> str | None:
    return sealer.open(invitee.code_shown, purpose=PURPOSE) if invitee.code_shown else None


async def seat_of(tx: Tx, code: str, *, sealer: Sealer) -> Invitee | None:
    """The seat with this code, of an open appointment. Whoever asks must count the tries."""
    found = await _holder(tx, sealer.index(code, purpose=PURPOSE))
    return found[0] if found and _opens(*found) else None


async def _is_free(tx: Tx, index: bytes) -> bool:
    """Also when what it opened is over: then it is given up."""
    found = await _holder(tx, index)
    if found is None:
        return True
    if _opens(*found):
        return False
    invitee, _ = found
    invitee.code = invitee.code_shown = None
    await tx.session.flush()
    return True


async def _holder(tx: Tx, index: bytes) -> tuple[Invitee, Appointment] | None:
    query = (
        sa.select(Invitee, Appointment)
        .join(Appointment, Appointment.id == Invitee.appointment_id)
        .where(Invitee.code == index)
    )
    row = (await tx.session.execute(query)).one_or_none()
    return (row[0], row[1]) if row else None


def _opens(invitee: Invitee, appointment: Appointment) -> bool:
    return invitee.removed_at is None and appointment.state in OPEN_STATES
