"""Confirming: the time stands, so links, the code and reminders are made."""

from scheduling import invitees, reminders
from scheduling.events import AppointmentConfirmed
from scheduling.phoned import NO_SMARTPHONE, WHOSE
from scheduling.states import APPOINTMENT, Action
from scheduling.tables import Appointment, AppointmentState, SessionRole
from server.kernel import state
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from server.units.calendar import WorkingCalendar


async def confirm(
    tx: Tx, sealer: Sealer, appointment: Appointment, *, calendar: WorkingCalendar
) -> None:
    """Take a submitted request to confirmed."""
    appointment.state = state.after(
        APPOINTMENT, AppointmentState(appointment.state), Action.CONFIRM
    )
    await stand(tx, sealer, appointment, calendar=calendar)


async def stand(
    tx: Tx, sealer: Sealer, appointment: Appointment, *, calendar: WorkingCalendar
) -> None:
    """What a confirmed appointment has; everybody is told by those who follow the event."""
    phoned = WHOSE if appointment.needs.get(NO_SMARTPHONE) else frozenset[SessionRole]()
    await invitees.give_entrances(tx, sealer, appointment.id, without_link=phoned)
    reminders.schedule(
        tx,
        appointment.id,
        sequence=appointment.sequence,
        begins_at=appointment.begins_at,
        calendar=calendar,
    )
    tx.audit("confirm", "appointment", appointment.id, sequence=appointment.sequence)
    tx.emit(AppointmentConfirmed(appointment_id=appointment.id, sequence=appointment.sequence))
