"""A case's facts as plain values, opened, for the record that leaves the installation."""

from datetime import datetime
from uuid import UUID

from server.cases import papers
from server.cases.queries import CaseParts
from server.cases.tables import CaseClock, Decision, Paper, Party
from server.kernel.database import Json
from server.kernel.sealing import Sealer


def case_facts(parts: CaseParts, sealer: Sealer) -> Json:
    case = parts.case

    def unit(unit_id: UUID | None) -> str | None:
        return parts.units[unit_id].name if unit_id else None

    return {
        "id": str(case.id),
        "number": case.number,
        "kind": case.kind,
        "state": case.state,
        "level": case.level,
        "category": case.category,
        "sentence": sealer.open(case.sentence, purpose="text"),
        "people": case.people,
        "channel": case.channel,
        "registered_at": _iso(case.registered_at),
        "first_receiver": unit(case.first_receiver_id),
        "lead_unit": unit(case.lead_unit_id),
        "place": unit(case.place_unit_id),
        "subject_unit": unit(case.subject_unit_id),
        "parties": [_party(party, sealer) for party, _ in parts.parties],
        "decisions": [
            _decision(decision, sealer, unit=unit(decision.instruction_unit_id))
            for decision in parts.decisions
        ],
        "clocks": [_clock(clock) for clock in parts.clocks],
        "papers": [_paper(paper, sealer) for paper in parts.papers],
    }


def _party(party: Party, sealer: Sealer) -> Json:
    phone = sealer.open(party.phone, purpose="phone") if party.phone else None
    name = sealer.open(party.name, purpose="name")
    return {"id": str(party.id), "role": party.role, "name": name, "phone": phone}


def _decision(decision: Decision, sealer: Sealer, *, unit: str | None) -> Json:
    def text(sealed: bytes | None) -> str | None:
        return sealer.open(sealed, purpose="text") if sealed else None

    return {
        "id": str(decision.id),
        "appointment_id": str(decision.appointment_id),
        "result": decision.result,
        "instruction": text(decision.instruction),
        "instruction_unit": unit,
        "deadline": _iso(decision.deadline),
        "reply": text(decision.reply),
        "reply_released_at": _iso(decision.reply_released_at),
        "decided_at": _iso(decision.decided_at),
    }


def _clock(clock: CaseClock) -> Json:
    return {
        "kind": clock.kind,
        "source": clock.source,
        "started_at": _iso(clock.started_at),
        "due_at": _iso(clock.due_at),
        "ended_at": _iso(clock.ended_at),
    }


def _paper(paper: Paper, sealer: Sealer) -> Json:
    return {
        "name": sealer.open(paper.name, purpose=papers.PURPOSE),
        "sha256": paper.sha256,
        "size": paper.size,
        "media_type": paper.media_type,
        "added_at": _iso(paper.added_at),
    }


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
