"""Who came and was not received: the official's no-show, told and counted as such."""

from datetime import timedelta

from scheduling import claims
from scheduling.events import LeaderMissed
from scheduling.states import APPOINTMENT, Action
from scheduling.tables import Appointment, AppointmentState
from server.kernel import state
from server.kernel.uow import Tx

AGAIN = timedelta(minutes=15)
IN_VAIN = timedelta(minutes=30)
"""Who still waits so long after the end is not received any more."""


async def note(tx: Tx, appointment: Appointment) -> None:
    """Nobody received them: the time is over, and another is owed."""
    appointment.state = state.after(
        APPOINTMENT, AppointmentState(appointment.state), Action.RESCHEDULE
    )
    appointment.host_missed_at = tx.now
    appointment.sequence += 1
    await claims.release(await tx.driver(), appointment.id)
    tx.audit("leader_missed", "appointment", appointment.id, leader=appointment.host_id)
    tx.emit(LeaderMissed(appointment_id=appointment.id, sequence=appointment.sequence))
