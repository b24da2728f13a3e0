"""Who was noted as not having come may say why; a clerk who agrees takes the note out of the count."""

from datetime import datetime, timedelta

from scheduling import calls, invitees
from scheduling.calls import NewCall
from scheduling.tables import Appointment, AppointmentState, CallKind, CallTask
from server.kernel.errors import Conflict, NotFound, RuleBroken
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx

WITHIN = timedelta(days=30)


def may_appeal(appointment: Appointment, *, now: datetime) -> bool:
    """Once, within thirty days."""
    missed = appointment.state == AppointmentState.NO_SHOW
    return missed and appointment.appealed_at is None and now < until(appointment)


def until(appointment: Appointment) -> datetime:
    return appointment.ends_at + WITHIN


async def appeal(tx: Tx, sealer: Sealer, appointment: Appointment, *, words: str) -> None:
    """Say why one did not come, or that one did: a clerk calls within one working day."""
    if not may_appeal(appointment, now=tx.now):
        raise RuleBroken("appeal_over")
    if (seat := await invitees.petitioner(tx, appointment.id)) is None:
        raise NotFound
    appointment.appealed_at = tx.now
    call = NewCall(
        kind=CallKind.NO_SHOW_APPEAL, key=f"appeal:{appointment.id}",
        name=sealer.open(seat.name, purpose="name"),
        phone=sealer.open(seat.phone, purpose="phone") if seat.phone else None,
        words=words, appointment_id=appointment.id,
    )  # fmt: skip
    await calls.request(tx, sealer, call, unit_id=appointment.unit_id)
    tx.audit("appeal", "appointment", appointment.id)


async def excuse(tx: Tx, sealer: Sealer, task: CallTask, *, note: str) -> None:
    """The reason is accepted: it counts no more, and the call is done."""
    if task.kind != CallKind.NO_SHOW_APPEAL or task.appointment_id is None:
        raise Conflict("wrong_state", state=task.kind, action="excuse")
    appointment = await tx.session.get_one(Appointment, task.appointment_id)
    if appointment.excused_at is not None:
        raise Conflict("wrong_state")
    appointment.excused_at = tx.now
    calls.complete(tx, sealer, task, note=note)
    tx.audit("excuse", "appointment", appointment.id)
