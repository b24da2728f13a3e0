"""What residents are told of days, slots, holds and appointments."""

from datetime import datetime
from uuid import UUID

from scheduling import appeals, codes, invitees, states
from scheduling.holds import Hold
from scheduling.messages import addresses
from scheduling.public_days import Card, SlotState
from scheduling.queries import Shown
from scheduling.slots import Leader, Reason
from scheduling.states import Action
from scheduling.tables import (
    Appointment,
    AppointmentState,
    AttendBy,
    DayState,
    Invitee,
    ReceptionKind,
    SessionKind,
    SessionRole,
)
from server.http.endpoints import View
from server.identity.tables import Official
from server.kernel.config import Scheduling
from server.kernel.database import Json
from server.kernel.sealing import Sealer

MAY_JOIN = {
    AppointmentState.CONFIRMED,
    AppointmentState.CHECKED_IN,
    AppointmentState.IN_SESSION,
}


class LeaderView(View):
    """A host as the public may know them; a mediator has no post or division."""

    id: UUID
    name: str
    post: str
    division: str
    rank: int


class DayCard(View):
    """`fits`: this leader is in charge of the topic asked for. `review`: a clerk confirms.

    `waiting`: how many stand in line; while somebody does, nothing is free for others.
    """

    id: UUID
    leader: LeaderView
    unit_name: str
    kind: ReceptionKind
    begins_at: datetime
    ends_at: datetime
    state: DayState
    booking_opens_at: datetime
    booking_closes_at: datetime
    topics: list[str]
    free: int
    total: int
    waiting: int
    fits: bool
    review: bool
    invited_only: bool


class SlotView(View):
    """`state` is `free`, or says by itself why not: held, taken, passed, closed."""

    id: UUID
    begins_at: datetime
    ends_at: datetime
    state: str
    reason: Reason | None


class DayDetail(DayCard):
    slots: list[SlotView]


class HoldView(View):
    appointment_id: UUID
    slot_id: UUID
    day_id: UUID
    begins_at: datetime
    ends_at: datetime
    leader: LeaderView
    unit_name: str
    expires_at: datetime
    extended: bool


class AppointmentView(View):
    """An appointment as its resident sees it. `code` and `join_token` once it is confirmed; who
    comes after `late_at` goes to the end of the line.
    """

    id: UUID
    reference: str
    state: AppointmentState
    session_kind: SessionKind
    begins_at: datetime
    ends_at: datetime
    doors_at: datetime
    late_at: datetime
    leader: LeaderView
    unit_name: str
    day_id: UUID | None
    slot_id: UUID | None
    attend_by: AttendBy
    site_name: str | None
    site_address: str | None
    needs: Json
    case_id: UUID | None
    case_number: str | None
    category: str | None
    sentence: str | None
    person_name: str | None
    code: str | None
    join_token: str | None
    review_due_at: datetime | None
    decline_reason: str | None
    right_route: str | None
    change_reason: str | None
    replaced_by: UUID | None
    sequence: int
    result_ready: bool
    appealed: bool
    excused: bool
    actions: list[str]


SLOT_STATES = {
    None: "free",
    Reason.HELD: "held",
    Reason.TAKEN: "taken",
    Reason.PASSED: "passed",
}


def day_card(card: Card, *, fits: bool) -> DayCard:
    return DayCard(**_day(card, fits=fits))


def day_detail(card: Card, slots: list[SlotState]) -> DayDetail:
    return DayDetail(**_day(card, fits=True), slots=[slot_view(slot) for slot in slots])


def slot_view(slot: SlotState) -> SlotView:
    return SlotView(
        id=slot.slot_id,
        begins_at=slot.begins_at,
        ends_at=slot.ends_at,
        state=SLOT_STATES.get(slot.reason, "closed"),
        reason=slot.reason,
    )


def _day(card: Card, *, fits: bool) -> Json:
    return {
        "id": card.id,
        "leader": leader_view(card.leader),
        "unit_name": card.unit_name,
        "kind": card.kind,
        "begins_at": card.begins_at,
        "ends_at": card.ends_at,
        "state": card.state,
        "booking_opens_at": card.booking_opens_at,
        "booking_closes_at": card.booking_closes_at,
        "topics": card.topics,
        "free": card.free,
        "total": card.total,
        "waiting": card.waiting,
        "fits": fits,
        "review": card.review,
        "invited_only": card.invited_only,
    }


def leader_view(official: Official | Leader) -> LeaderView:
    return LeaderView(
        id=official.account_id,
        name=official.name,
        post=official.post,
        division=official.division,
        rank=official.rank,
    )


def host_view(shown: Shown) -> LeaderView:
    if shown.official:
        return leader_view(shown.official)
    return LeaderView(id=shown.host.id, name=shown.host.name or "", post="", division="", rank=0)


def hold_view(hold: Hold) -> HoldView:
    return HoldView(
        appointment_id=hold.appointment_id,
        slot_id=hold.slot_id,
        day_id=hold.day_id,
        begins_at=hold.begins_at,
        ends_at=hold.ends_at,
        leader=leader_view(hold.leader),
        unit_name=hold.unit_name,
        expires_at=hold.expires_at,
        extended=hold.extended,
    )


def appointment_view(
    shown: Shown,
    own: Invitee | None,
    *,
    replaced_by: UUID | None,
    now: datetime,
    sealer: Sealer,
    config: Scheduling,
) -> AppointmentView:
    """`own` is the petitioner's seat, whose link and code are shown to its owner only."""
    appointment, case = shown.appointment, shown.case
    stands = appointment.state in MAY_JOIN
    return AppointmentView(
        id=appointment.id,
        reference=appointment.reference,
        state=AppointmentState(appointment.state),
        session_kind=SessionKind(appointment.session_kind),
        begins_at=appointment.begins_at,
        ends_at=appointment.ends_at,
        doors_at=appointment.begins_at - config.doors_before,
        late_at=appointment.begins_at + config.late_after,
        leader=host_view(shown),
        unit_name=shown.unit.name,
        day_id=appointment.day_id,
        slot_id=appointment.slot_id,
        attend_by=AttendBy(appointment.attend_by),
        site_name=shown.site.name if shown.site else None,
        site_address=shown.site.address if shown.site else None,
        needs=appointment.needs,
        case_id=appointment.case_id,
        case_number=case.number if case else None,
        category=case.category if case else None,
        sentence=sealer.open(case.sentence, purpose="text") if case else None,
        person_name=_opened(shown, sealer),
        code=codes.shown(own, sealer) if own and stands else None,
        join_token=invitees.link_of(own, sealer) if own and stands else None,
        review_due_at=appointment.review_due_at,
        decline_reason=appointment.decline_reason,
        right_route=appointment.right_route,
        change_reason=appointment.change_reason,
        replaced_by=replaced_by,
        sequence=appointment.sequence,
        result_ready=shown.replied,
        appealed=appointment.appealed_at is not None,
        excused=appointment.excused_at is not None,
        actions=own_actions(appointment, own, now=now, config=config),
    )


def own_actions(
    appointment: Appointment, own: Invitee | None, *, now: datetime, config: Scheduling
) -> list[str]:
    """What a resident may do with an appointment now."""
    at = AppointmentState(appointment.state)
    possible = states.possible(at, SessionKind(appointment.session_kind))
    ahead = appointment.begins_at > now
    doors = appointment.begins_at - config.doors_before
    wanted = {
        "move": Action.MOVE in possible and ahead,
        "cancel": Action.CANCEL in possible and ahead,
        "join": at in MAY_JOIN and now >= doors,
        "calendar": at in MAY_JOIN,
        "add_email": addresses.may_add(appointment, own, now=now),
        "appeal": appeals.may_appeal(appointment, now=now),
        "rate": at is AppointmentState.COMPLETED,
    }
    return [action for action, is_possible in wanted.items() if is_possible]


def petitioner_of(found: list[Invitee]) -> Invitee | None:
    return next((i for i in found if i.role == SessionRole.PETITIONER), None)


def _opened(shown: Shown, sealer: Sealer) -> str | None:
    return sealer.open(shown.person.name, purpose="name") if shown.person else None
