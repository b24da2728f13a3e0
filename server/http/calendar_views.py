"""What staff are told of a stretch of the calendar: its dates, its rows, what stands in them."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from uuid import UUID

from scheduling.agenda import Agenda, Booked, HeldDay, Wanted
from scheduling.mediation.times import main_room
from scheduling.states import APPOINTMENT, DAY, Action, DayAction
from scheduling.tables import AppointmentState, AttendBy, DayState, ReceptionKind, SessionKind
from server.http.endpoints import View
from server.identity.permissions import Permission, allows
from server.kernel.actor import Actor, Role
from server.kernel.sealing import Sealer
from server.units.calendar import WorkingCalendar


class DateKind(StrEnum):
    WORKING = "working"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKE_UP = "make_up"


class CalendarDate(View):
    """`confirmed` False: the year's holidays are not announced yet."""

    date: date
    kind: DateKind
    confirmed: bool


class RowKind(StrEnum):
    PERSON = "person"
    ROOM = "room"
    SITE = "site"
    UNIT = "unit"


class CalendarRow(View):
    """A row of the resource view. `post` and `rank` of leaders; a room bears its unit's name."""

    id: UUID
    kind: RowKind
    name: str
    post: str | None = None
    rank: int | None = None


class CalendarDay(View):
    """A reception day: `booked` of `total` times are taken."""

    id: UUID
    leader_id: UUID
    unit_id: UUID
    state: DayState
    kind: ReceptionKind
    begins_at: datetime
    ends_at: datetime
    booked: int
    total: int
    topics: list[str]
    moved_because: str | None
    version: int
    actions: list[str]


class CalendarSession(View):
    """A session of any kind; `who` are the members of staff in it, the host first.

    `units`: the one that leads, and those that attend a joint interview.
    """

    id: UUID
    reference: str
    kind: SessionKind
    state: str
    begins_at: datetime
    ends_at: datetime
    day_id: UUID | None
    who: list[UUID]
    host_name: str
    units: list[UUID]
    room_id: UUID | None
    attend_by: AttendBy
    case_id: UUID | None
    case_number: str | None
    person_name: str | None
    version: int
    actions: list[str]


class CalendarLeave(View):
    leader_id: UUID
    begins_at: datetime
    ends_at: datetime


class CalendarView(View):
    """`cut`: more than a view can hold; narrow it."""

    dates: list[CalendarDate]
    rows: list[CalendarRow]
    days: list[CalendarDay]
    sessions: list[CalendarSession]
    leave: list[CalendarLeave]
    cut: bool


def calendar_view(
    agenda: Agenda, wanted: Wanted, *, actor: Actor, now: datetime, sealer: Sealer
) -> CalendarView:
    may_write_days = allows(actor, Permission.DAY_WRITE)
    rights = rights_of(actor)
    sessions = [session_view(one, rights, now=now, sealer=sealer) for one in agenda.sessions]
    return CalendarView(
        dates=dates_of(agenda.calendar, since=wanted.since, until=wanted.until),
        rows=_rows(agenda, sessions),
        days=[day_view(row, now=now, may_write=may_write_days) for row in agenda.days],
        sessions=sessions,
        leave=[
            CalendarLeave(leader_id=one.leader_id, begins_at=one.begins_at, ends_at=one.ends_at)
            for one in agenda.leave
        ],
        cut=agenda.cut,
    )


def dates_of(calendar: WorkingCalendar, *, since: date, until: date) -> list[CalendarDate]:
    days = [since + timedelta(days=n) for n in range((until - since).days + 1)]
    return [
        CalendarDate(date=day, kind=date_kind(calendar, day), confirmed=calendar.is_confirmed(day))
        for day in days
    ]


def date_kind(calendar: WorkingCalendar, day: date) -> DateKind:
    if day in calendar.days:
        return DateKind(calendar.days[day])
    return DateKind.WORKING if calendar.is_working(day) else DateKind.WEEKEND


def _rows(agenda: Agenda, sessions: Sequence[CalendarSession]) -> list[CalendarRow]:
    """Leaders in official order, then other hosts; rooms and sites that are used; units."""
    officials = {one.account_id for one in agenda.leaders}
    leaders = [
        CalendarRow(id=one.account_id, kind=RowKind.PERSON, name=one.name, post=one.post,
                    rank=one.rank)
        for one in agenda.leaders
    ]  # fmt: skip
    hosts = {
        one.host_id: CalendarRow(id=one.host_id, kind=RowKind.PERSON, name=one.host_name or "")
        for one in agenda.sessions
        if one.host_id not in officials
    }
    used = {one.room_id for one in sessions}
    rooms = [
        CalendarRow(id=main_room(unit.id), kind=RowKind.ROOM, name=unit.name)
        for unit in agenda.units if main_room(unit.id) in used
    ]  # fmt: skip
    sites = [
        CalendarRow(id=unit.id, kind=RowKind.SITE, name=unit.name)
        for unit in agenda.units if unit.id in used
    ]  # fmt: skip
    held = {unit for one in sessions for unit in one.units}
    held |= {one.unit_id for one in agenda.leaders}
    units = [
        CalendarRow(id=unit.id, kind=RowKind.UNIT, name=unit.name)
        for unit in agenda.units if unit.id in held
    ]  # fmt: skip
    return [*leaders, *hosts.values(), *rooms, *sites, *units]


def day_view(day: HeldDay, *, now: datetime, may_write: bool) -> CalendarDay:
    return CalendarDay(
        id=day.id,
        leader_id=day.leader_id,
        unit_id=day.unit_id,
        state=day.state,
        kind=day.kind,
        begins_at=day.begins_at,
        ends_at=day.ends_at,
        booked=day.booked,
        total=day.total,
        topics=day.topics,
        moved_because=day.moved_because,
        version=day.version,
        actions=_day_actions(day, now=now) if may_write else [],
    )


def _day_actions(day: HeldDay, *, now: datetime) -> list[str]:
    if day.begins_at <= now:
        return []
    return [str(one) for one in (DayAction.MOVE, DayAction.CANCEL) if (day.state, one) in DAY]


Rights = Callable[[SessionKind, AppointmentState, UUID, str], list[str]]
"""What may be done to a session that is ahead, by its kind, state, host and unit's path."""


def rights_of(actor: Actor) -> Rights:
    """The desk moves receptions, a mediator their own mediations; many sessions are of few sorts."""

    @cache
    def rights(kind: SessionKind, at: AppointmentState, host_id: UUID, unit_path: str) -> list[str]:
        is_of_desk = actor.reaches(unit_path, Role.CLERK)
        may_move = kind is SessionKind.RECEPTION and is_of_desk
        if kind is SessionKind.MEDIATION:
            may_move = host_id == actor.account_id and allows(actor, Permission.MEDIATION_WRITE)
        may = {Action.MOVE: may_move, Action.CANCEL: is_of_desk}
        return [str(act) for act, allowed in may.items() if allowed and (at, act) in APPOINTMENT]

    return rights


def session_view(one: Booked, rights: Rights, *, now: datetime, sealer: Sealer) -> CalendarSession:
    is_ahead = one.begins_at > now
    return CalendarSession(
        id=one.id,
        reference=one.reference,
        kind=one.kind,
        state=one.state,
        begins_at=one.begins_at,
        ends_at=one.ends_at,
        day_id=one.day_id,
        who=list(one.who),
        host_name=one.host_name or "",
        units=list(one.units),
        room_id=one.room_id,
        attend_by=one.attend_by,
        case_id=one.case_id,
        case_number=one.case_number,
        person_name=sealer.open(one.person_name, purpose="name") if one.person_name else None,
        version=one.version,
        actions=rights(one.kind, one.state, one.host_id, one.unit_path) if is_ahead else [],
    )
