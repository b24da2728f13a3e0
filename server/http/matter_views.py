"""What staff are told of the parts of a case: parties, papers, clocks, decisions, ratings."""

from datetime import datetime
from uuid import UUID

from server.cases import papers
from server.cases.queries import CaseParts
from server.cases.tables import CaseClock, Decision, Paper, Party, PartyRole, Rating, RatingSubject
from server.http.endpoints import View
from server.identity import numbers
from server.identity.tables import IdentityLevel, Person
from server.kernel.sealing import Sealer


class ClockView(View):
    """`source` is a key of the texts; `ended_at` is null while it runs."""

    kind: str
    source: str
    started_at: datetime
    due_at: datetime
    ended_at: datetime | None
    overdue: bool


class PartyView(View):
    id: UUID
    role: PartyRole
    name: str
    phone: str | None
    person_id: UUID | None
    level: IdentityLevel | None
    id_number_masked: str | None


class PaperView(View):
    id: UUID
    name: str
    media_type: str
    size: int
    added_at: datetime


class DecisionView(View):
    """Both texts, for staff only."""

    id: UUID
    appointment_id: UUID
    result: str
    instruction: str | None
    instruction_unit_id: UUID | None
    instruction_unit_name: str | None
    deadline: datetime | None
    reply: str | None
    reply_released_at: datetime | None
    decided_by_name: str | None
    recorded_by_name: str | None
    decided_at: datetime


class RatingView(View):
    appointment_id: UUID
    subject: RatingSubject
    unit_name: str
    stars: int
    words: str | None
    at: datetime


def clock_view(clock: CaseClock, *, now: datetime) -> ClockView:
    return ClockView(
        kind=clock.kind,
        source=clock.source,
        started_at=clock.started_at,
        due_at=clock.due_at,
        ended_at=clock.ended_at,
        overdue=(clock.ended_at or now) > clock.due_at,
    )


def paper_view(paper: Paper, *, sealer: Sealer) -> PaperView:
    return PaperView(
        id=paper.id,
        name=sealer.open(paper.name, purpose=papers.PURPOSE),
        media_type=paper.media_type,
        size=paper.size,
        added_at=paper.added_at,
    )


def party_view(party: Party, person: Person | None, *, sealer: Sealer) -> PartyView:
    number = person.id_number if person else None
    return PartyView(
        id=party.id,
        role=PartyRole(party.role),
        name=sealer.open(party.name, purpose="name"),
        phone=sealer.open(party.phone, purpose="phone") if party.phone else None,
        person_id=party.person_id,
        level=IdentityLevel(person.level) if person else None,
        id_number_masked=_masked(number, sealer) if number else None,
    )


def decision_view(decision: Decision, parts: CaseParts, *, sealer: Sealer) -> DecisionView:
    def text(sealed: bytes | None) -> str | None:
        return sealer.open(sealed, purpose="text") if sealed else None

    unit_id = decision.instruction_unit_id
    return DecisionView(
        id=decision.id,
        appointment_id=decision.appointment_id,
        result=decision.result,
        instruction=text(decision.instruction),
        instruction_unit_id=unit_id,
        instruction_unit_name=parts.units[unit_id].name if unit_id else None,
        deadline=decision.deadline,
        reply=text(decision.reply),
        reply_released_at=decision.reply_released_at,
        decided_by_name=parts.names.get(decision.decided_by),
        recorded_by_name=parts.names.get(decision.recorded_by),
        decided_at=decision.decided_at,
    )


def rating_view(rating: Rating, parts: CaseParts, *, sealer: Sealer) -> RatingView:
    return RatingView(
        appointment_id=rating.appointment_id,
        subject=RatingSubject(rating.subject),
        unit_name=parts.units[rating.unit_id].name,
        stars=rating.stars,
        words=sealer.open(rating.words, purpose="text") if rating.words else None,
        at=rating.at,
    )


def _masked(number: bytes, sealer: Sealer) -> str:
    return numbers.mask_id_number(sealer.open(number, purpose="id_number"))
