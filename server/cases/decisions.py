"""What was decided in a session: an instruction for staff, a reply for the resident.

The two texts never mix: they are sealed apart, chained apart, and shown by different views.
"""

from datetime import datetime
from uuid import UUID, uuid4

import sqlalchemy as sa

from server.cases import clocks, timeline
from server.cases.clocks import ClockKind
from server.cases.events import ReplyReleased
from server.cases.tables import Case, Decision
from server.kernel.errors import FieldError, Invalid, NotFound, RuleBroken
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx


async def decide(
    tx: Tx,
    sealer: Sealer,
    *,
    appointment_id: UUID,
    case_id: UUID,
    result: str,
    instruction: str | None,
    instruction_unit_id: UUID | None,
    deadline: datetime | None,
    reply: str | None,
    release: bool,
    decided_by: UUID,
    recorded_by: UUID,
) -> Decision:
    """Keep the decision of a session; `release` lets the resident read the reply at once."""
    _check(instruction, instruction_unit_id, deadline, now=tx.now)
    decision = Decision(
        id=uuid4(),
        case_id=case_id,
        appointment_id=appointment_id,
        result=result,
        instruction=sealer.seal(instruction, purpose="text") if instruction else None,
        instruction_unit_id=instruction_unit_id,
        deadline=deadline,
        reply=sealer.seal(reply, purpose="text") if reply else None,
        decided_by=decided_by,
        recorded_by=recorded_by,
        decided_at=tx.now,
    )
    tx.session.add(decision)
    await tx.session.flush()
    await _keep_in_timeline(tx, sealer, decision, instruction=instruction)
    tx.audit("decide", "case", case_id, decision_id=decision.id, result=result)
    if release:
        await release_reply(tx, sealer, decision)
    return decision


async def with_case(tx: Tx, decision_id: UUID) -> tuple[Decision, Case]:
    """A decision and its case; whether the case is allowed is for the caller to ask."""
    query = (
        sa.select(Decision, Case)
        .join(Case, Case.id == Decision.case_id)
        .where(Decision.id == decision_id)
    )
    row = (await tx.session.execute(query)).one_or_none()
    if row is None:
        raise NotFound
    return row[0], row[1]


async def release_reply(tx: Tx, sealer: Sealer, decision: Decision) -> Decision:
    """Show the reply to the resident; doing it again changes nothing."""
    if decision.reply is None:
        raise RuleBroken("no_reply_to_release")
    if decision.reply_released_at is not None:
        return decision
    decision.reply_released_at = tx.now
    reply = sealer.open(decision.reply, purpose="text")
    await timeline.append(
        tx, sealer, case_id=decision.case_id, kind="reply", key=f"reply:{decision.id}",
        facts={"decision_id": str(decision.id), "appointment_id": str(decision.appointment_id)},
        personal={"reply": reply}, for_resident=True,
    )  # fmt: skip
    await clocks.end(tx, decision.case_id, ClockKind.FIRST_FEEDBACK)
    tx.audit("release", "decision", decision.id)
    event = ReplyReleased(
        case_id=decision.case_id, appointment_id=decision.appointment_id, decision_id=decision.id
    )
    tx.emit(event)
    return decision


def _check(
    instruction: str | None, unit_id: UUID | None, deadline: datetime | None, *, now: datetime
) -> None:
    errors = []
    if instruction and unit_id is None:
        errors.append(FieldError("instruction_unit_id", "field.missing"))
    if deadline is not None and deadline <= now:
        errors.append(FieldError("deadline", "field.in_the_past"))
    if errors:
        raise Invalid("invalid", fields=tuple(errors))


async def _keep_in_timeline(
    tx: Tx, sealer: Sealer, decision: Decision, *, instruction: str | None
) -> None:
    facts = {
        "decision_id": str(decision.id),
        "appointment_id": str(decision.appointment_id),
        "result": decision.result,
        "unit_id": str(decision.instruction_unit_id) if decision.instruction_unit_id else None,
        "deadline": decision.deadline.isoformat() if decision.deadline else None,
        "decided_by": str(decision.decided_by),
        "recorded_by": str(decision.recorded_by),
    }
    await timeline.append(
        tx, sealer, case_id=decision.case_id, kind="decision", key=f"decision:{decision.id}",
        facts=facts, personal={"instruction": instruction} if instruction else None,
    )  # fmt: skip
