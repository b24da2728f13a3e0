"""What goes on today and the alarms, for the duty officer."""

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from scheduling.tables import DayState, SessionKind, SessionRole
from server.http.context import Context
from server.http.endpoints import Body, Routes, View
from server.http.fields import Words
from server.identity.permissions import Permission
from signaling import alarms, today
from signaling.alarms import Concerned, Shown
from signaling.tables import ParticipantState, SessionState

routes = Routes()


class ConcernedView(View):
    """Somebody help may have to find: the address given at check-in, and the phone."""

    name: str
    role: SessionRole
    state: ParticipantState
    address: str | None
    phone: str | None
    meant: bool


class AlarmView(View):
    id: UUID
    appointment_id: UUID
    reference: str
    session_kind: SessionKind
    unit_name: str
    host_name: str
    raised_at: datetime
    raised_by: str
    people: list[ConcernedView]
    taken_by: str | None
    taken_at: datetime | None
    mine: bool
    report: str | None
    actions: list[str]


class AlarmReport(Body):
    text: Words


@routes.get("/api/duty/alarms", permission=Permission.DUTY_WATCH)
async def read_alarms(ctx: Context) -> list[AlarmView]:
    """The newest alarms, those without a report first."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await alarms.shown(tx, ctx.services.sealer)
    return [_view(ctx, one) for one in found]


@routes.post("/api/duty/alarms/{alarm_id}/taking", permission=Permission.DUTY_WATCH)
async def take_alarm(ctx: Context, alarm_id: UUID) -> None:
    """I see to it; the host is told that help knows."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        alarm = await alarms.one(tx, alarm_id)
        is_new = await alarms.take(tx, alarm)
    if is_new:
        await ctx.services.desk.alarm_taken(alarm.session_id, alarm.id)


@routes.post("/api/duty/alarms/{alarm_id}/report", permission=Permission.DUTY_WATCH)
async def report_alarm(ctx: Context, alarm_id: UUID, body: AlarmReport) -> None:
    """What came of it."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        alarm = await alarms.one(tx, alarm_id)
        await alarms.report(tx, ctx.services.sealer, alarm, body.text)


class RunningView(View):
    """A session with somebody in it or its doors open; `present` are inside, `waiting` outside."""

    appointment_id: UUID
    session_kind: SessionKind
    state: SessionState
    unit_name: str
    host_name: str
    begins_at: datetime
    ends_at: datetime
    started_at: datetime | None
    present: int
    waiting: int


class LeadingView(View):
    """A reception of today: who holds it, how many of its people are done."""

    leader_name: str
    post: str
    unit_name: str
    state: DayState
    begins_at: datetime
    ends_at: datetime
    done: int
    total: int


class OpenSeatView(View):
    """A seat opened at a site, and by whom: somebody sits there now."""

    site_name: str
    opened_by: str
    opened_at: datetime
    session_kind: SessionKind
    begins_at: datetime


class DutyToday(View):
    running: list[RunningView]
    leading: list[LeadingView]
    seats: list[OpenSeatView]


@routes.get("/api/duty/today", permission=Permission.DUTY_WATCH)
async def read_duty_today(ctx: Context) -> DutyToday:
    """What goes on in the units in reach; nobody of the public by name."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        return DutyToday(
            running=[RunningView(**asdict(one)) for one in await today.running(tx)],
            leading=[LeadingView(**asdict(one)) for one in await today.leading(tx)],
            seats=[OpenSeatView(**asdict(one)) for one in await today.seats(tx)],
        )


def _view(ctx: Context, shown: Shown) -> AlarmView:
    alarm, open_text = shown.alarm, ctx.services.sealer.open
    is_mine = alarm.taken_by == ctx.actor.account_id
    actions = ["take"] if alarm.taken_by is None else ["report"] if is_mine else []
    return AlarmView(
        id=alarm.id,
        appointment_id=shown.appointment.id,
        reference=shown.appointment.reference,
        session_kind=SessionKind(shown.appointment.session_kind),
        unit_name=shown.unit.name,
        host_name=shown.host.name or "",
        raised_at=alarm.raised_at,
        raised_by=shown.raised_by,
        people=[_concerned(ctx, person) for person in shown.people],
        taken_by=shown.taken_by,
        taken_at=alarm.taken_at,
        mine=is_mine,
        report=open_text(alarm.report, purpose="text") if alarm.report else None,
        actions=actions,
    )


def _concerned(ctx: Context, person: Concerned) -> ConcernedView:
    open_text, invitee = ctx.services.sealer.open, person.invitee
    address = invitee.present_address
    return ConcernedView(
        name=open_text(invitee.name, purpose="name"),
        role=SessionRole(invitee.role),
        state=ParticipantState(person.participant.state),
        address=open_text(address, purpose="address") if address else None,
        phone=open_text(invitee.phone, purpose="phone") if invitee.phone else None,
        meant=person.is_meant,
    )
