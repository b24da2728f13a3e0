"""What happens to a case's appointments and mediations, written onto its timeline."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from scheduling.tables import Appointment, Mediation, MediationState
from server.cases import clocks, commands, timeline
from server.cases.clocks import ClockKind
from server.cases.states import MOVES, CaseAction
from server.cases.tables import Case, CaseState
from server.kernel import state
from server.kernel.database import Json
from server.kernel.sealing import Sealer
from server.kernel.tasks import Due
from server.kernel.uow import Tx

KINDS: Mapping[str, str] = {
    "appointment.submitted": "booked",
    "appointment.confirmed": "confirmed",
    "appointment.moved": "time_changed",
    "appointment.cancelled": "cancelled",
    "appointment.rehosted": "leader_changed",
    "leader.missed": "leader_missed",
    "appointment.declined": "declined",
    "appointment.diverted": "diverted",
    "appointment.expired": "expired",
    "mediation.asked": "mediation_asked",
    "mediation.answered": "mediation_answered",
    "mediation.scheduled": "mediation_scheduled",
}
ANSWERED = frozenset({"confirmed", "declined", "diverted"})
REVIEW_OVER = ANSWERED | {"cancelled", "expired"}


@dataclass(frozen=True)
class Journal:
    sealer: Sealer

    async def appointment(self, tx: Tx, due: Due) -> str | None:
        """Follows every event of an appointment; one without a case has nothing to keep."""
        appointment = await tx.session.get(Appointment, UUID(due.payload["appointment_id"]))
        if appointment is None or appointment.case_id is None:
            return "skipped"
        kind = KINDS[due.payload["event"]]
        sequence = due.payload.get("sequence", appointment.sequence)
        await timeline.append(
            tx,
            self.sealer,
            case_id=appointment.case_id,
            kind=kind,
            key=f"{kind}:{appointment.id}:{sequence}",
            facts=_facts(appointment, sequence=sequence),
            personal=_words(appointment, kind),
            for_resident=True,
            at=due.due_at,
        )
        await _turn_clocks(tx, appointment.case_id, appointment, kind)
        return None

    async def mediation(self, tx: Tx, due: Due) -> str | None:
        """Follows every event of a mediation; agreeing takes the case into mediation."""
        mediation = await tx.session.get_one(Mediation, UUID(due.payload["mediation_id"]))
        kind = KINDS[due.payload["event"]]
        await timeline.append(
            tx,
            self.sealer,
            case_id=mediation.case_id,
            kind=kind,
            key=f"{kind}:{mediation.id}:{mediation.version}",
            facts=await _mediation_facts(tx, mediation),
            for_resident=True,
            at=due.due_at,
        )
        await self._follow_mediation(tx, mediation, kind)
        return None

    async def _follow_mediation(self, tx: Tx, mediation: Mediation, kind: str) -> None:
        if kind == "mediation_asked":
            asked = [ClockKind.ASK_OTHER_SIDE]
            await clocks.start(tx, mediation.case_id, asked, due_at=mediation.answer_due_at)
        if kind != "mediation_answered":
            return
        await clocks.end(tx, mediation.case_id, ClockKind.ASK_OTHER_SIDE)
        case = await tx.session.get_one(Case, mediation.case_id)
        possible = state.possible(MOVES, CaseState(case.state))
        if mediation.state == MediationState.AGREED and CaseAction.MEDIATE in possible:
            await commands.move(tx, self.sealer, case, CaseAction.MEDIATE)


def _facts(appointment: Appointment, *, sequence: int) -> Json:
    return {
        "appointment_id": str(appointment.id),
        "reference": appointment.reference,
        "sequence": sequence,
        "begins_at": appointment.begins_at.isoformat(),
        "host_id": str(appointment.host_id),
        "reviewed_by": str(appointment.reviewed_by) if appointment.reviewed_by else None,
    }


def _words(appointment: Appointment, kind: str) -> Json | None:
    """Reasons are written by people, so they lie beside the chain."""
    match kind:
        case "declined":
            words = {"reason": appointment.decline_reason, "right_route": appointment.right_route}
        case "cancelled" | "diverted":
            words = {"reason": appointment.change_reason}
        case _:
            words = {}
    return {name: text for name, text in words.items() if text} or None


async def _mediation_facts(tx: Tx, mediation: Mediation) -> Json:
    facts = {
        "mediation_id": str(mediation.id),
        "mediator_id": str(mediation.mediator_id),
        "state": mediation.state,
    }
    if mediation.appointment_id:
        appointment = await tx.session.get_one(Appointment, mediation.appointment_id)
        facts["appointment_id"] = str(appointment.id)
        facts["begins_at"] = appointment.begins_at.isoformat()
    return facts


async def _turn_clocks(tx: Tx, case_id: UUID, appointment: Appointment, kind: str) -> None:
    if kind == "booked" and appointment.review_due_at:
        review = [ClockKind.REVIEW_OF_BOOKING]
        await clocks.start(tx, case_id, review, due_at=appointment.review_due_at)
    if kind in REVIEW_OVER:
        await clocks.end(tx, case_id, ClockKind.REVIEW_OF_BOOKING)
    if kind in ANSWERED:
        await clocks.end(tx, case_id, ClockKind.FIRST_FEEDBACK)
