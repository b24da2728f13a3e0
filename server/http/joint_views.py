"""What is told of joint interviews: wishes, times with reasons, seats with their answers."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from scheduling.joint import interviews as joint_interviews
from scheduling.joint import queries
from scheduling.joint import wishes as joint_wishes
from scheduling.joint.ground import PartKind
from scheduling.joint.queries import Asked, Names, Proposed, Shown
from scheduling.joint.search import Found, Missing, Need, Time
from scheduling.joint.tables import JointSeat, JointState, Rule, Rung, SeatState
from scheduling.joint.wishes import Group, Wishes
from scheduling.tables import AppointmentState
from scheduling.timetable.free import Why
from server.cases.tables import CaseState
from server.http.context import Context
from server.http.endpoints import Body, View
from server.units.tables import Presence

ACTIONS = ("book", "call_off", "end")


class GroupBody(Body):
    units: list[UUID] = Field(min_length=1, max_length=8)
    needed: int = Field(1, ge=1, le=6)


class WishesBody(Body):
    """`leaders`: one of them receives; without any the clerk does. No `rooms`: by video only.

    `no_smartphone`: whom it is about are told on the phone, and come to the centre.
    """

    fixed: list[UUID] = Field([], max_length=6)
    groups: list[GroupBody] = Field([], max_length=3)
    optional: list[UUID] = Field([], max_length=4)
    leaders: list[UUID] = Field([], max_length=24)
    preferred_leader: UUID | None = None
    rooms: list[UUID] = Field([], max_length=8)
    minutes: int = Field(60, ge=30, le=180, multiple_of=5)
    since: date | None = None
    until: date | None = None
    no_smartphone: bool = False

    def wishes(self) -> Wishes:
        groups = tuple(Group(tuple(group.units), group.needed) for group in self.groups)
        return Wishes(
            fixed=tuple(self.fixed), groups=groups, optional=tuple(self.optional),
            leaders=tuple(dict.fromkeys(self.leaders)), preferred_leader=self.preferred_leader,
            rooms=tuple(dict.fromkeys(self.rooms)), minutes=self.minutes, since=self.since,
            until=self.until, no_smartphone=self.no_smartphone,
        )  # fmt: skip


class GroupView(View):
    units: list[UUID]
    needed: int


class WishesView(View):
    fixed: list[UUID]
    groups: list[GroupView]
    optional: list[UUID]
    leaders: list[UUID]
    preferred_leader: UUID | None
    rooms: list[UUID]
    minutes: int
    since: date | None
    until: date | None
    no_smartphone: bool


class PersonRef(View):
    account_id: UUID
    name: str


class UnitRef(View):
    unit_id: UUID
    name: str


class JointComer(View):
    """`person` where the roster says by name who comes; on call, somebody is asked."""

    unit: UnitRef
    presence: Presence
    person: PersonRef | None


class MissingView(View):
    """`why` is null when the roster does not have them there; `ask`: who could come all the same."""

    kind: PartKind
    id: UUID
    name: str
    why: Why | None
    ask: list[PersonRef]


class NeedView(View):
    needed: int
    among: list[MissingView]


class JointTimeView(View):
    begins_at: datetime
    ends_at: datetime
    leader: PersonRef | None
    room: UnitRef | None
    comers: list[JointComer]
    absent: list[MissingView]
    lacks: list[NeedView]


class FirstWith(View):
    """The first time that is possible with a leader; null when there is none."""

    leader: PersonRef
    begins_at: datetime | None


class JointTimesView(View):
    possible: list[JointTimeView]
    nearly: list[JointTimeView]
    leaders: list[FirstWith]


class JointSeatView(View):
    """`asked_name` is who is asked now, `person_name` who comes; `refused` how many could not."""

    id: UUID
    unit: UnitRef
    presence: Presence
    optional: bool
    state: SeatState
    rung: Rung | None
    asked_name: str | None
    person_name: str | None
    refused: int
    asked_at: datetime | None
    answer_due_at: datetime | None
    answered_at: datetime | None
    rule: Rule | None


class JointProposal(View):
    """What the clock found, and books at `books_at`; `awaits_office`: not before the office agrees."""

    begins_at: datetime
    ends_at: datetime
    units: list[UnitRef]
    host_name: str
    room: UnitRef | None
    books_at: datetime
    awaits_office: bool


class OfficeProposal(View):
    """For the office of the leader: a time outside the approved arrangement."""

    interview_id: UUID
    category: str | None
    leader_name: str
    begins_at: datetime
    ends_at: datetime
    units: list[str]
    room_name: str | None
    answer_by: datetime | None


class JointSession(View):
    appointment_id: UUID
    reference: str
    state: AppointmentState
    begins_at: datetime
    ends_at: datetime
    host_name: str
    room: UnitRef | None
    mine: bool


class JointView(View):
    id: UUID
    state: JointState
    case_id: UUID
    case_number: str
    case_state: CaseState
    category: str | None
    sentence: str
    unit_name: str
    wishes: WishesView
    opened_at: datetime
    ended_because: str | None
    by_clock: bool
    rule: Rule | None
    due_at: datetime | None
    searched_at: datetime | None
    refused: int
    proposal: JointProposal | None
    session: JointSession | None
    seats: list[JointSeatView]
    actions: list[str]


class JointAskView(View):
    """The question to whoever is on call; it says nothing of the matter but its category."""

    seat_id: UUID
    unit_name: str
    category: str | None
    begins_at: datetime
    ends_at: datetime
    room_name: str | None
    state: SeatState
    answer_due_at: datetime | None


def joint_view(ctx: Context, one: Shown, names: Names) -> JointView:
    row, case = one.interview, one.case
    return JointView(
        id=row.id,
        state=JointState(row.state),
        case_id=case.id,
        case_number=case.number,
        case_state=CaseState(case.state),
        category=case.category,
        sentence=ctx.services.sealer.open(case.sentence, purpose="text"),
        unit_name=one.unit.name,
        wishes=wishes_view(joint_wishes.of(row.wishes)),
        opened_at=row.opened_at,
        ended_because=row.ended_because,
        by_clock=row.by_clock,
        rule=Rule(row.rule) if row.rule else None,
        due_at=row.due_at,
        searched_at=row.searched_at,
        refused=len(row.avoided),
        proposal=_proposal(one, names),
        session=_session(ctx, one, names),
        seats=[_seat(seat, names) for seat in one.seats],
        actions=[a for a in ACTIONS if (JointState(row.state), a) in joint_interviews.TABLE],
    )


def wishes_view(wishes: Wishes) -> WishesView:
    return WishesView.model_validate(wishes.plain())


def times_view(found: Found, wishes: Wishes, names: Names) -> JointTimesView:
    firsts = [
        FirstWith(leader=_person(one, names), begins_at=found.first_with.get(one))
        for one in wishes.leaders
    ]
    return JointTimesView(
        possible=[_time(time, names) for time in found.possible],
        nearly=[_time(time, names) for time in found.nearly],
        leaders=firsts,
    )


def ask_view(asked: Asked) -> JointAskView:
    return JointAskView(
        seat_id=asked.seat.id,
        unit_name=asked.unit.name,
        category=asked.case.category,
        begins_at=asked.appointment.begins_at,
        ends_at=asked.appointment.ends_at,
        room_name=asked.room.name if asked.room else None,
        state=SeatState(asked.seat.state),
        answer_due_at=asked.seat.answer_due_at,
    )


def _time(time: Time, names: Names) -> JointTimeView:
    return JointTimeView(
        begins_at=time.begins_at,
        ends_at=time.ends_at,
        leader=_person(time.leader_id, names) if time.leader_id else None,
        room=_unit(time.room_unit_id, names) if time.room_unit_id else None,
        comers=[
            JointComer(
                unit=_unit(comer.unit_id, names),
                presence=comer.presence,
                person=_person(comer.account_id, names) if comer.account_id else None,
            )
            for comer in time.comers
        ],
        absent=[_missing(one, names) for one in time.absent],
        lacks=[_need(need, names) for need in time.lacks],
    )


def _need(need: Need, names: Names) -> NeedView:
    return NeedView(needed=need.needed, among=[_missing(one, names) for one in need.among])


def _missing(missing: Missing, names: Names) -> MissingView:
    return MissingView(
        kind=missing.kind,
        id=missing.id,
        name=queries.name_of(missing, names),
        why=missing.why,
        ask=[_person(one, names) for one in missing.ask],
    )


def _seat(seat: JointSeat, names: Names) -> JointSeatView:
    return JointSeatView(
        id=seat.id,
        unit=_unit(seat.unit_id, names),
        presence=Presence(seat.presence),
        optional=seat.optional,
        state=SeatState(seat.state),
        rung=Rung(seat.rung) if seat.rung else None,
        asked_name=names.staff.get(seat.asked_id) if seat.asked_id else None,
        person_name=names.staff.get(seat.account_id) if seat.account_id else None,
        refused=len(seat.refused),
        asked_at=seat.asked_at,
        answer_due_at=seat.answer_due_at,
        answered_at=seat.answered_at,
        rule=Rule(seat.rule) if seat.rule else None,
    )


def _proposal(one: Shown, names: Names) -> JointProposal | None:
    row, choice = one.interview, one.choice
    if choice is None or row.due_at is None:
        return None
    return JointProposal(
        begins_at=choice.begins_at,
        ends_at=choice.begins_at + joint_wishes.of(row.wishes).length,
        units=[_unit(unit_id, names) for unit_id in choice.units],
        host_name=names.staff.get(choice.leader_id or row.opened_by, ""),
        room=_unit(choice.room_unit_id, names) if choice.room_unit_id else None,
        books_at=row.due_at,
        awaits_office=row.awaits_office,
    )


def office_view(one: Proposed, names: Names) -> OfficeProposal:
    choice = one.choice
    return OfficeProposal(
        interview_id=one.interview.id,
        category=one.case.category,
        leader_name=names.staff.get(choice.leader_id, "") if choice.leader_id else "",
        begins_at=choice.begins_at,
        ends_at=choice.begins_at + joint_wishes.of(one.interview.wishes).length,
        units=[names.units.get(unit_id, "") for unit_id in choice.units],
        room_name=names.units.get(choice.room_unit_id) if choice.room_unit_id else None,
        answer_by=one.interview.due_at,
    )


def _session(ctx: Context, one: Shown, names: Names) -> JointSession | None:
    appointment, room_id = one.appointment, one.interview.room_unit_id
    if appointment is None:
        return None
    return JointSession(
        appointment_id=appointment.id,
        reference=appointment.reference,
        state=AppointmentState(appointment.state),
        begins_at=appointment.begins_at,
        ends_at=appointment.ends_at,
        host_name=names.staff.get(appointment.host_id, ""),
        room=_unit(room_id, names) if room_id else None,
        mine=appointment.host_id == ctx.actor.account_id,
    )


def _person(account_id: UUID, names: Names) -> PersonRef:
    return PersonRef(account_id=account_id, name=names.staff.get(account_id, ""))


def _unit(unit_id: UUID, names: Names) -> UnitRef:
    return UnitRef(unit_id=unit_id, name=names.units.get(unit_id, ""))
