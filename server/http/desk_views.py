"""What the desk is told of appointments, days, plans and calls."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from scheduling import appeals, codes, company, complained_of, invitees, sites, states
from scheduling.comers import BY_LETTER
from scheduling.desk_queries import COMES, Beside
from scheduling.messages.replies import Partstat
from scheduling.queries import Shown
from scheduling.states import Action
from scheduling.tables import (
    AppointmentState,
    AttendBy,
    BookingChannel,
    Invitee,
    SessionKind,
    SessionRole,
)
from server.http.booking_views import (
    LeaderView,
    host_view,
)
from server.http.endpoints import View
from server.identity.tables import IdentityLevel
from server.kernel.database import Json
from server.kernel.sealing import Sealer

REVIEW_ACTIONS = {Action.CONFIRM, Action.DIVERT, Action.DECLINE, Action.MOVE, Action.CANCEL}
UNSEEN = {IdentityLevel.PHONE, IdentityLevel.DECLARED}


@dataclass(frozen=True)
class May:
    """What the asker's roles allow at the desk."""

    review: bool
    compare: bool
    matter: bool


class CompanionView(View):
    """Who comes along; `letter_id` is the paper by which they act, when it was uploaded.

    `seen`: their card was compared.
    """

    invitee_id: UUID
    role: SessionRole
    name: str
    letter_id: UUID | None
    seen: bool
    actions: list[str]


class DeskAppointment(View):
    """An appointment as the desk sees it; `earlier`: how often this person came before.

    `urgency` is the reason for which it was given out of order. Whoever books for others only is
    told nothing of the matter. `site_barred`: they were to go to the office they complain of.
    """

    id: UUID
    reference: str
    state: AppointmentState
    session_kind: SessionKind
    begins_at: datetime
    ends_at: datetime
    created_at: datetime
    review_due_at: datetime | None
    overdue: bool
    leader: LeaderView
    unit_name: str
    day_id: UUID | None
    slot_id: UUID | None
    attend_by: AttendBy
    site_name: str | None
    site_address: str | None
    site_barred: bool
    needs: Json
    person_name: str | None
    person_level: IdentityLevel | None
    phone: str | None
    email: str | None
    email_bad: bool
    answer: Partstat | None
    case_id: UUID | None
    case_number: str | None
    category: str | None
    sentence: str | None
    people: int
    papers: int
    earlier: int
    code: str | None
    decline_reason: str | None
    right_route: str | None
    change_reason: str | None
    channel: BookingChannel
    urgency: str | None
    company: list[CompanionView]
    actions: list[str]


class DeskPage(View):
    items: list[DeskAppointment]
    total: int


class OwnSession(View):
    """A session the asker hosts or is invited to."""

    appointment_id: UUID
    reference: str
    session_kind: SessionKind
    state: AppointmentState
    begins_at: datetime
    ends_at: datetime
    doors_at: datetime
    host_name: str
    is_host: bool
    case_id: UUID | None
    sentence: str | None


def desk_appointment(
    shown: Shown, beside: Beside, *, now: datetime, sealer: Sealer, may: May
) -> DeskAppointment:
    appointment, person = shown.appointment, shown.person
    case = shown.case if may.matter else None
    seat = beside.invitee
    due = appointment.review_due_at
    waits = appointment.state == AppointmentState.SUBMITTED
    return DeskAppointment(
        id=appointment.id,
        reference=appointment.reference,
        state=AppointmentState(appointment.state),
        session_kind=SessionKind(appointment.session_kind),
        begins_at=appointment.begins_at,
        ends_at=appointment.ends_at,
        created_at=appointment.created_at,
        review_due_at=due,
        overdue=bool(waits and due and due < now),
        leader=host_view(shown),
        unit_name=shown.unit.name,
        day_id=appointment.day_id,
        slot_id=appointment.slot_id,
        attend_by=AttendBy(appointment.attend_by),
        site_name=shown.site.name if shown.site else None,
        site_address=shown.site.address if shown.site else None,
        site_barred=shown.site is not None and complained_of.is_barred(shown.site, beside.subject),
        needs=appointment.needs,
        person_name=_open(sealer, person.name if person else None, "name"),
        person_level=IdentityLevel(person.level) if person else None,
        phone=_open(sealer, seat.phone if seat else None, "phone"),
        email=_open(sealer, seat.email if seat else None, "email"),
        email_bad=seat is not None and seat.email_bad_at is not None,
        answer=_answer(shown, seat),
        case_id=appointment.case_id if may.matter else None,
        case_number=case.number if case else None,
        category=case.category if case else None,
        sentence=_open(sealer, case.sentence if case else None, "text"),
        people=case.people if case else 1,
        papers=beside.papers if may.matter else 0,
        earlier=beside.earlier if may.matter else 0,
        code=codes.shown(seat, sealer) if seat else None,
        decline_reason=appointment.decline_reason if may.matter else None,
        right_route=appointment.right_route if may.matter else None,
        change_reason=appointment.change_reason if may.matter else None,
        channel=BookingChannel(appointment.channel),
        urgency=appointment.urgency if may.matter else None,
        company=[
            companion_view(one, sealer, may_compare=may.compare and appointment.state in COMES)
            for one in beside.company
        ]
        if may.matter
        else [],
        actions=desk_actions(shown, now=now, may=may),
    )


def companion_view(invitee: Invitee, sealer: Sealer, *, may_compare: bool = False) -> CompanionView:
    seen = invitees.is_seen(invitee, None)
    compares = may_compare and not seen and invitee.role in BY_LETTER
    return CompanionView(
        invitee_id=invitee.id, role=SessionRole(invitee.role),
        name=sealer.open(invitee.name, purpose="name"), letter_id=invitee.letter_id, seen=seen,
        actions=["compare"] if compares else [],
    )  # fmt: skip


def _answer(shown: Shown, seat: Invitee | None) -> Partstat | None:
    """What their calendar said to the time as it stands; what it said to an older one is over."""
    stands = seat is not None and seat.answered_sequence == shown.appointment.sequence
    return Partstat(seat.answer) if seat and seat.answer and stands else None


def desk_actions(shown: Shown, *, now: datetime, may: May) -> list[str]:
    """What this person may do with an appointment now; `compare` the card until it is seen."""
    appointment, person = shown.appointment, shown.person
    at = AppointmentState(appointment.state)
    actions: list[str] = []
    if may.review and appointment.begins_at > now:
        kind = SessionKind(appointment.session_kind)
        actions += [a for a in states.possible(at, kind) if a in REVIEW_ACTIONS]
    if may.review and at in company.STANDING and appointment.ends_at > now:
        actions.append("invite")
    if may.review and at in sites.CHANGEABLE and appointment.begins_at > now and shown.site:
        actions.append("change_site")
    if may.review and appeals.may_appeal(appointment, now=now):
        actions.append("appeal")
    if may.compare and at in COMES and person and person.level in UNSEEN:
        actions.append("compare")
    return actions


def own_session(
    shown: Shown, *, asker: UUID | None, doors_before: timedelta, sealer: Sealer
) -> OwnSession:
    appointment, case = shown.appointment, shown.case
    return OwnSession(
        appointment_id=appointment.id,
        reference=appointment.reference,
        session_kind=SessionKind(appointment.session_kind),
        state=AppointmentState(appointment.state),
        begins_at=appointment.begins_at,
        ends_at=appointment.ends_at,
        doors_at=appointment.begins_at - doors_before,
        host_name=host_view(shown).name,
        is_host=appointment.host_id == asker,
        case_id=appointment.case_id,
        sentence=_open(sealer, case.sentence if case else None, "text"),
    )


def _open(sealer: Sealer, sealed: bytes | None, purpose: str) -> str | None:
    return sealer.open(sealed, purpose=purpose) if sealed else None
