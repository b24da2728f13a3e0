"""A matter that is told on the phone, after somebody else booked the time for it."""

from dataclasses import dataclass
from uuid import UUID

from scheduling import calls, sites
from scheduling.tables import Appointment, CallKind, CallTask
from server.cases import commands as cases
from server.cases.tables import Case
from server.kernel.errors import Conflict
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx


@dataclass(frozen=True)
class Told:
    """What somebody said; `subject_unit_id` is the unit complained of, if there is one."""

    sentence: str
    category: str | None
    subject_unit_id: UUID | None


async def take(tx: Tx, sealer: Sealer, task: CallTask, told: Told, *, note: str) -> None:
    """Write it down, shut out who is complained of, and close the call."""
    if task.kind != CallKind.TAKE_MATTER or task.appointment_id is None:
        raise Conflict("wrong_state", state=task.kind, action="take_matter")
    calls.complete(tx, sealer, task, note=note)
    appointment = await tx.session.get_one(Appointment, task.appointment_id)
    case = await tx.session.get_one(Case, appointment.case_id)
    await cases.write_down(tx, sealer, case, sentence=told.sentence, category=told.category)
    if told.subject_unit_id is not None:
        await cases.name_subject(tx, sealer, case, told.subject_unit_id)
        await sites.leave_complained_of(tx, sealer, case)
