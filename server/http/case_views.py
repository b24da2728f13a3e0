"""What staff are told of a case."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from recordings.sessions import CaseSession, Seat
from scheduling.tables import AppointmentState, SessionKind, SessionRole
from server.cases import timeline
from server.cases.queries import CasePage, CaseParts
from server.cases.tables import (
    Case,
    CaseKind,
    CaseState,
    Level,
    PetitionClass,
    TimelineEntry,
)
from server.http.endpoints import View
from server.http.matter_views import (
    ClockView,
    DecisionView,
    PaperView,
    PartyView,
    RatingView,
    clock_view,
    decision_view,
    paper_view,
    party_view,
    rating_view,
)
from server.kernel.sealing import Sealer
from signaling.tables import ParticipantState, Result, SessionState


class CaseCard(View):
    id: UUID
    number: str
    kind: CaseKind
    state: CaseState
    category: str | None
    sentence: str
    registered_at: datetime
    lead_unit_name: str
    clocks_due: list[ClockView]


class CasePageView(View):
    items: list[CaseCard]
    total: int
    page: int
    page_size: int


class EntryView(View):
    """A fact of the timeline. `facts` holds ids and numbers, `personal` what lies beside them."""

    id: UUID
    position: int
    at: datetime
    kind: str
    actor_name: str | None
    for_resident: bool
    facts: dict[str, Any]
    personal: dict[str, Any] | None
    hash: str


class SeatView(View):
    participant_id: UUID
    role: SessionRole
    name: str
    state: ParticipantState
    arrived_at: datetime | None
    admitted_at: datetime | None
    left_at: datetime | None


class CaseSessionView(View):
    appointment_id: UUID
    reference: str
    kind: SessionKind
    state: AppointmentState
    begins_at: datetime
    ends_at: datetime
    host_name: str | None
    session_state: SessionState | None
    result: Result | None
    opened_at: datetime | None
    started_at: datetime | None
    closed_at: datetime | None
    people: list[SeatView]


class CaseView(View):
    id: UUID
    number: str
    kind: CaseKind
    state: CaseState
    level: Level
    category: str | None
    sentence: str
    people: int
    channel: str
    registered_at: datetime
    lead_unit_name: str
    first_receiver_name: str
    place_name: str | None
    subject_unit_id: UUID | None
    subject_unit_name: str | None
    petition_class: PetitionClass | None
    inspection_unit_id: UUID | None
    parties: list[PartyView]
    papers: list[PaperView]
    clocks: list[ClockView]
    timeline: list[EntryView]
    decisions: list[DecisionView]
    sessions: list[CaseSessionView]
    ratings: list[RatingView]
    actions: list[str]


def page_view(
    found: CasePage, *, page: int, size: int, sealer: Sealer, now: datetime
) -> CasePageView:
    return CasePageView(
        items=[_card(case, found, sealer=sealer, now=now) for case in found.cases],
        total=found.total,
        page=page,
        page_size=size,
    )


def case_view(
    parts: CaseParts,
    sessions: Iterable[CaseSession],
    *,
    hosts: dict[UUID, str],
    actions: list[str],
    sealer: Sealer,
    now: datetime,
) -> CaseView:
    case, unit_name = parts.case, _names(parts)
    return CaseView(
        id=case.id,
        number=case.number,
        kind=CaseKind(case.kind),
        state=CaseState(case.state),
        level=Level(case.level),
        category=case.category,
        sentence=sealer.open(case.sentence, purpose="text"),
        people=case.people,
        channel=case.channel,
        registered_at=case.registered_at,
        lead_unit_name=unit_name(case.lead_unit_id) or "",
        first_receiver_name=unit_name(case.first_receiver_id) or "",
        place_name=unit_name(case.place_unit_id),
        subject_unit_id=case.subject_unit_id,
        subject_unit_name=unit_name(case.subject_unit_id),
        petition_class=PetitionClass(case.petition_class) if case.petition_class else None,
        inspection_unit_id=case.inspection_unit_id,
        parties=[party_view(party, person, sealer=sealer) for party, person in parts.parties],
        papers=[paper_view(paper, sealer=sealer) for paper in parts.papers],
        clocks=[clock_view(clock, now=now) for clock in parts.clocks],
        timeline=[_entry(entry, parts, sealer=sealer) for entry in parts.entries],
        decisions=[decision_view(decision, parts, sealer=sealer) for decision in parts.decisions],
        sessions=[_session(session, hosts=hosts, sealer=sealer) for session in sessions],
        ratings=[rating_view(rating, parts, sealer=sealer) for rating in parts.ratings],
        actions=actions,
    )


def _card(case: Case, found: CasePage, *, sealer: Sealer, now: datetime) -> CaseCard:
    return CaseCard(
        id=case.id,
        number=case.number,
        kind=CaseKind(case.kind),
        state=CaseState(case.state),
        category=case.category,
        sentence=sealer.open(case.sentence, purpose="text"),
        registered_at=case.registered_at,
        lead_unit_name=found.units[case.lead_unit_id].name,
        clocks_due=[clock_view(clock, now=now) for clock in found.clocks.get(case.id, ())],
    )


def _entry(entry: TimelineEntry, parts: CaseParts, *, sealer: Sealer) -> EntryView:
    personal = timeline.personal_of(entry, sealer)
    return EntryView(
        id=entry.id,
        position=entry.position,
        at=entry.at,
        kind=entry.kind,
        actor_name=parts.names.get(entry.actor_id) if entry.actor_id else None,
        for_resident=entry.for_resident,
        facts=entry.facts,
        personal={k: v for k, v in personal.items() if k != "salt"} if personal else None,
        hash=entry.hash,
    )


def _session(held: CaseSession, *, hosts: dict[UUID, str], sealer: Sealer) -> CaseSessionView:
    appointment, session = held.appointment, held.session
    return CaseSessionView(
        appointment_id=appointment.id,
        reference=appointment.reference,
        kind=SessionKind(appointment.session_kind),
        state=AppointmentState(appointment.state),
        begins_at=appointment.begins_at,
        ends_at=appointment.ends_at,
        host_name=hosts.get(appointment.host_id),
        session_state=SessionState(session.state) if session else None,
        result=Result(session.result) if session and session.result else None,
        opened_at=session.opened_at if session else None,
        started_at=session.started_at if session else None,
        closed_at=session.closed_at if session else None,
        people=[_seat(seat, sealer=sealer) for seat in held.seats],
    )


def _seat(seat: Seat, *, sealer: Sealer) -> SeatView:
    who = seat.participant
    return SeatView(
        participant_id=who.id,
        role=SessionRole(who.role),
        name=sealer.open(seat.invitee.name, purpose="name"),
        state=ParticipantState(who.state),
        arrived_at=who.arrived_at,
        admitted_at=who.admitted_at,
        left_at=who.left_at,
    )


def _names(parts: CaseParts) -> Callable[[UUID | None], str | None]:
    def name(unit_id: UUID | None) -> str | None:
        return parts.units[unit_id].name if unit_id else None

    return name
