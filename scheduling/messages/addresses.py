"""An address that a resident gives later, so that the time comes into their calendar too."""

from datetime import datetime

from scheduling import invitees
from scheduling.events import InviteeAddressed
from scheduling.tables import Appointment, AppointmentState, Invitee, SessionRole
from server.kernel.errors import Conflict
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx

AHEAD = frozenset({AppointmentState.SUBMITTED, AppointmentState.CONFIRMED})


def may_add(appointment: Appointment, seat: Invitee | None, *, now: datetime) -> bool:
    """One address a seat: whoever has the entry already gets its changes there."""
    is_ahead = appointment.state in AHEAD and appointment.begins_at > now
    return is_ahead and seat is not None and (seat.email is None or seat.email_bad_at is not None)


async def add(tx: Tx, sealer: Sealer, appointment: Appointment, *, email: str) -> None:
    """Where the time stands already, the entry is sent at once."""
    everybody = await invitees.of(tx, appointment.id)
    seat = next((one for one in everybody if one.role == SessionRole.PETITIONER), None)
    if seat is None or not may_add(appointment, seat, now=tx.now):
        raise Conflict("wrong_state")
    seat.email, seat.email_bad_at = sealer.seal(email, purpose="email"), None
    tx.audit("email_added", "appointment", appointment.id)
    tx.emit(InviteeAddressed(appointment_id=appointment.id))
