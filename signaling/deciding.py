"""A decision ends the session: the result, and two texts that never mix."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from scheduling.tables import Appointment, AppointmentState
from server.cases import decisions
from server.cases.tables import Decision
from server.kernel.actor import Actor
from server.kernel.errors import Conflict, RuleBroken
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from signaling.desk import Desk
from signaling.opening import STANDING
from signaling.tables import Result


@dataclass(frozen=True)
class Verdict:
    result: Result
    instruction: str | None = None
    instruction_unit_id: UUID | None = None
    deadline: datetime | None = None
    reply: str | None = None
    release: bool = False


async def decide(
    desk: Desk, sealer: Sealer, appointment: Appointment, verdict: Verdict, *, actor: Actor
) -> UUID:
    """Close the session, if it is not closed yet, and keep the decision: both or neither."""
    kept: Decision

    async def keep(tx: Tx) -> None:
        nonlocal kept
        kept = await _keep(tx, sealer, appointment, verdict)

    if appointment.state in STANDING:
        await desk.close(appointment.id, verdict.result, actor=actor, along=keep)
    elif appointment.state == AppointmentState.COMPLETED:
        async with desk.ground.uow.begin(actor) as tx:
            await keep(tx)
    else:
        raise Conflict("wrong_state")
    return kept.id


async def _keep(tx: Tx, sealer: Sealer, appointment: Appointment, verdict: Verdict) -> Decision:
    """The leader decides, whoever writes it down."""
    if appointment.case_id is None:
        raise RuleBroken("no_case")
    if await tx.session.scalar(_of(appointment.id)) is not None:
        raise Conflict("already_decided")
    assert tx.actor.account_id is not None
    return await decisions.decide(
        tx,
        sealer,
        appointment_id=appointment.id,
        case_id=appointment.case_id,
        result=verdict.result,
        instruction=verdict.instruction,
        instruction_unit_id=verdict.instruction_unit_id,
        deadline=verdict.deadline,
        reply=verdict.reply,
        release=verdict.release,
        decided_by=appointment.host_id,
        recorded_by=tx.actor.account_id,
    )


def _of(appointment_id: UUID) -> sa.Select[UUID]:
    return sa.select(Decision.id).where(Decision.appointment_id == appointment_id)
