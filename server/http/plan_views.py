"""What staff are told of plans and reception days."""

from collections.abc import Sequence
from datetime import date, datetime, time
from uuid import UUID

from scheduling.desk_queries import DayRow
from scheduling.plans import shares
from scheduling.plans.plans import Preview
from scheduling.plans.recurrence import HolidayRule, PlannedDate
from scheduling.public_days import SlotState
from scheduling.queries import Shown
from scheduling.states import DAY, DayAction
from scheduling.tables import (
    AppointmentState,
    AttendBy,
    BookingChannel,
    ClaimReason,
    DayState,
    ReceptionKind,
    ReceptionPlan,
)
from server.http.booking_views import LeaderView, SlotView, leader_view, slot_view
from server.http.endpoints import View
from server.identity.tables import Official
from server.kernel import state
from server.kernel.database import Json
from server.kernel.sealing import Sealer

KEEPING = (
    DayState.DRAFT,
    DayState.PUBLISHED,
    DayState.BOOKING_OPEN,
    DayState.BOOKING_CLOSED,
    DayState.IN_PROGRESS,
)
"""States of a day in which its shares may be changed."""


class ShareView(View):
    """So many places kept for one way of coming, until so long before the day begins."""

    channel: BookingChannel
    places: int
    minutes_before: int


class KeptView(View):
    """What is kept of a published day; after `until` the places are anybody's."""

    channel: BookingChannel
    places: int
    free: int
    until: datetime
    over: bool


class ReceptionDayView(View):
    id: UUID
    plan_id: UUID | None
    planned_for: date | None
    leader: LeaderView
    state: DayState
    kind: ReceptionKind
    begins_at: datetime
    ends_at: datetime
    booked: int
    total: int
    waiting: int
    unanswered: int
    missed: int
    replaces_id: UUID | None
    replaced_by: UUID | None
    booking_opens_at: datetime
    booking_closes_at: datetime
    topics: list[str]
    review: bool
    invited_only: bool
    moved_because: str | None
    shares: list[ShareView]
    kept: list[KeptView]
    actions: list[str]


class DayBooking(View):
    """Who has a time on a day; `urgency` is why it was given out of order."""

    id: UUID
    reference: str
    state: AppointmentState
    begins_at: datetime
    person_name: str | None
    sentence: str | None
    attend_by: AttendBy
    site_name: str | None
    case_id: UUID | None
    channel: BookingChannel
    urgency: str | None


class DeskSlot(SlotView):
    claimed_for: ClaimReason | None
    rests_until: datetime | None


class ReceptionDayDetail(ReceptionDayView):
    slots: list[DeskSlot]
    line: list[DayBooking]


class PlannedDateView(View):
    """`planned` by the rule; `held` where a holiday moved it."""

    planned: date
    held: date


class PreviewView(View):
    dates: list[PlannedDateView]
    slots_a_day: int


class PlanView(View):
    id: UUID
    leader: LeaderView
    kind: ReceptionKind
    rrule: str
    starts_on: date
    ends_on: date | None
    begins: time
    ends: time
    slot_minutes: int
    break_minutes: int
    capacity: int
    topics: list[str]
    review: bool
    invited_only: bool
    opens_days_before: int
    opens_at: time
    closes_hours_before: int
    holiday_rule: HolidayRule
    document: str
    approver: str
    approved_on: date
    shares: list[ShareView]
    next_dates: list[date]
    actions: list[str]


def day_view(
    row: DayRow, *, now: datetime, may_write: bool, may_replace: bool = False
) -> ReceptionDayView:
    day = row.day
    wanted = (DayAction.PUBLISH, DayAction.SWAP, DayAction.CANCEL)
    possible = state.possible(DAY, DayState(day.state))
    may = {DayAction.SWAP: (may_write or may_replace) and day.begins_at > now}
    ahead = may_write and day.ends_at > now
    return ReceptionDayView(
        id=day.id,
        plan_id=day.plan_id,
        planned_for=day.planned_for,
        leader=leader_view(row.leader),
        state=DayState(day.state),
        kind=ReceptionKind(day.kind),
        begins_at=day.begins_at,
        ends_at=day.ends_at,
        booked=row.booked,
        total=row.total,
        waiting=row.waiting,
        unanswered=row.unanswered,
        missed=row.missed,
        replaces_id=day.replaces_id,
        replaced_by=row.replaced_by,
        booking_opens_at=day.booking_opens_at,
        booking_closes_at=day.booking_closes_at,
        topics=day.topics,
        review=day.review,
        invited_only=day.invited_only,
        moved_because=day.moved_because,
        shares=share_views(day.shares),
        kept=[KeptView(**vars(one), over=one.until <= now) for one in row.kept],
        actions=[
            *(action for action in wanted if may.get(action, ahead) and action in possible),
            *(["keep"] if ahead and day.state in KEEPING else []),
        ],
    )


def day_detail_view(
    day: ReceptionDayView,
    slots: Sequence[SlotState],
    line: Sequence[Shown],
    *,
    sealer: Sealer,
) -> ReceptionDayDetail:
    return ReceptionDayDetail(
        **day.model_dump(),
        slots=[
            DeskSlot(
                **vars(slot_view(slot)), claimed_for=slot.claimed_for, rests_until=slot.rests_until
            )
            for slot in slots
        ],
        line=[_booking(shown, sealer) for shown in line],
    )


def _booking(shown: Shown, sealer: Sealer) -> DayBooking:
    appointment, case, person = shown.appointment, shown.case, shown.person
    return DayBooking(
        id=appointment.id,
        reference=appointment.reference,
        state=AppointmentState(appointment.state),
        begins_at=appointment.begins_at,
        person_name=_open(sealer, person.name if person else None, "name"),
        sentence=_open(sealer, case.sentence if case else None, "text"),
        attend_by=AttendBy(appointment.attend_by),
        site_name=shown.site.name if shown.site else None,
        case_id=appointment.case_id,
        channel=BookingChannel(appointment.channel),
        urgency=appointment.urgency,
    )


def share_views(stored: Json) -> list[ShareView]:
    return [ShareView(**vars(one)) for one in shares.read(stored)]


def plan_view(
    plan: ReceptionPlan, leader: Official, dates: Sequence[PlannedDate], *, may_write: bool
) -> PlanView:
    facts = {name: getattr(plan, name) for name in PLAIN}
    return PlanView(
        **facts,
        leader=leader_view(leader),
        shares=share_views(plan.shares),
        next_dates=[one.held for one in dates[:6]],
        actions=["change", "end"] if may_write else [],
    )


PLAIN = tuple(
    name
    for name in PlanView.model_fields
    if name not in {"leader", "shares", "next_dates", "actions"}
)


def preview_view(preview: Preview) -> PreviewView:
    dates = [PlannedDateView(planned=one.planned, held=one.held) for one in preview.dates]
    return PreviewView(dates=dates, slots_a_day=preview.slots_a_day)


def _open(sealer: Sealer, sealed: bytes | None, purpose: str) -> str | None:
    return sealer.open(sealed, purpose=purpose) if sealed else None
