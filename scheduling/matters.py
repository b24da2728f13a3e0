"""A matter that is told on the phone, after somebody else booked the time for it, or asked for one."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from scheduling import calls, sites
from scheduling.calls import NewCall
from scheduling.choices.tables import WaitlistEntry, Wish
from scheduling.draws.tables import DrawEntry
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


async def have_told(
    tx: Tx, sealer: Sealer, what: Appointment | Wish | WaitlistEntry | DrawEntry, *,
    name: bytes, phone: str, latest: datetime | None = None,
) -> None:  # fmt: skip
    """What it is about is for the centre alone: a clerk asks on the phone."""
    call = NewCall(
        kind=CallKind.TAKE_MATTER, key=f"{CallKind.TAKE_MATTER}:{what.id}",
        name=sealer.open(name, purpose="name"), phone=phone, case_id=what.case_id,
        appointment_id=what.id if isinstance(what, Appointment) else None, latest=latest,
    )  # fmt: skip
    await calls.request(tx, sealer, call, unit_id=what.unit_id)


async def take(tx: Tx, sealer: Sealer, task: CallTask, told: Told, *, note: str) -> None:
    """Write it down, shut out who is complained of, and close the call."""
    if task.kind != CallKind.TAKE_MATTER or task.case_id is None:
        raise Conflict("wrong_state", state=task.kind, action="take_matter")
    calls.complete(tx, sealer, task, note=note)
    case = await tx.session.get_one(Case, task.case_id)
    await cases.write_down(tx, sealer, case, sentence=told.sentence, category=told.category)
    if told.subject_unit_id is not None:
        await cases.name_subject(tx, sealer, case, told.subject_unit_id)
        await sites.leave_complained_of(tx, sealer, case)
