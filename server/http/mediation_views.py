"""What is told of a mediation: to the mediator, and to the side that is asked."""

from datetime import datetime
from uuid import UUID

from scheduling.mediation import mediations
from scheduling.mediation.queries import Shown
from scheduling.mediation.times import Busy
from scheduling.tables import AppointmentState, MediationState
from server.cases.tables import CaseState, Party, PartyRole
from server.http.context import Context
from server.http.endpoints import View
from server.identity import numbers

ACTIONS = ("schedule", "call_off", "hand_over", "end")


class MediationParty(View):
    id: UUID
    role: PartyRole
    name: str
    phone: str | None


class MediationSession(View):
    appointment_id: UUID
    reference: str
    state: AppointmentState
    begins_at: datetime
    ends_at: datetime


class Colleague(View):
    id: UUID
    name: str


class MediationView(View):
    """`words` is what the other side wrote with its answer."""

    id: UUID
    state: MediationState
    case_id: UUID
    case_number: str
    case_state: CaseState
    category: str | None
    sentence: str
    unit_id: UUID
    unit_name: str
    parties: list[MediationParty]
    other_party: MediationParty
    asked_at: datetime
    answer_due_at: datetime
    answered_at: datetime | None
    words: str | None
    ask_link_sent: bool
    appointment_id: UUID | None
    session: MediationSession | None
    actions: list[str]


class TimeView(View):
    """`why` is null when the time is free."""

    begins_at: datetime
    ends_at: datetime
    why: Busy | None


class AskView(View):
    """The question as the other side reads it; who asks is not named in full."""

    state: MediationState
    my_name: str
    asked_by_masked: str | None
    category: str | None
    mediator_name: str
    unit_name: str
    asked_at: datetime
    answer_due_at: datetime
    open: bool
    rights: str
    centre_phone: str


def mediation_view(ctx: Context, shown: Shown, *, sent: bool) -> MediationView:
    row, case, unit = shown.mediation, shown.case, shown.unit
    open_text = ctx.services.sealer.open
    return MediationView(
        id=row.id,
        state=MediationState(row.state),
        case_id=case.id,
        case_number=case.number,
        case_state=CaseState(case.state),
        category=case.category,
        sentence=open_text(case.sentence, purpose="text"),
        unit_id=unit.id,
        unit_name=unit.name,
        parties=[_party(ctx, party) for party in shown.parties],
        other_party=_party(ctx, shown.other),
        asked_at=row.asked_at,
        answer_due_at=row.answer_due_at,
        answered_at=row.answered_at,
        words=open_text(row.words, purpose="text") if row.words else None,
        ask_link_sent=sent,
        appointment_id=row.appointment_id,
        session=_session(shown),
        actions=_actions(ctx, shown),
    )


def ask_view(ctx: Context, shown: Shown, *, now: datetime) -> AskView:
    row, texts = shown.mediation, ctx.services.texts
    name = ctx.services.sealer.open
    asking = shown.asking
    return AskView(
        state=MediationState(row.state),
        my_name=name(shown.other.name, purpose="name"),
        asked_by_masked=numbers.mask_name(name(asking.name, purpose="name")) if asking else None,
        category=shown.case.category,
        mediator_name=shown.mediator.name or "",
        unit_name=shown.unit.name,
        asked_at=row.asked_at,
        answer_due_at=row.answer_due_at,
        open=row.state == MediationState.ASKING and now < row.answer_due_at,
        rights=texts.get(ctx.language, "mediation.rights"),
        centre_phone=ctx.services.config.centre.phone,
    )


def _party(ctx: Context, party: Party) -> MediationParty:
    open_text = ctx.services.sealer.open
    return MediationParty(
        id=party.id,
        role=PartyRole(party.role),
        name=open_text(party.name, purpose="name"),
        phone=open_text(party.phone, purpose="phone") if party.phone else None,
    )


def _session(shown: Shown) -> MediationSession | None:
    appointment = shown.appointment
    if appointment is None:
        return None
    return MediationSession(
        appointment_id=appointment.id,
        reference=appointment.reference,
        state=AppointmentState(appointment.state),
        begins_at=appointment.begins_at,
        ends_at=appointment.ends_at,
    )


def _actions(ctx: Context, shown: Shown) -> list[str]:
    row = shown.mediation
    if row.mediator_id != ctx.actor.account_id:
        return []
    state = MediationState(row.state)
    actions = [action for action in ACTIONS if (state, action) in mediations.TABLE]
    return [a for a in actions if state is not MediationState.SCHEDULED or a != "end"]
