"""Today's line for the leader, the door for the desk, and the decision that ends a session."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from scheduling import access as appointments
from scheduling import queries
from scheduling.queries import Shown
from scheduling.tables import ReceptionDay, SessionKind, SessionRole
from server.http.context import Context
from server.http.endpoints import Body, Routes, View
from server.http.fields import Instant, Words
from server.identity.permissions import Permission
from server.kernel.database import Json
from server.kernel.uow import Tx
from signaling import access, dayline, deciding
from signaling.dayline import InLine, Standing
from signaling.deciding import Verdict
from signaling.tables import Result

routes = Routes()


class LineDay(View):
    id: UUID
    leader_id: UUID
    leader_name: str
    begins_at: datetime
    ends_at: datetime


class LineItem(View):
    appointment_id: UUID
    session_kind: SessionKind
    place: int
    reference: str
    name: str | None
    state: Standing
    waiting_since: datetime | None
    begins_at: datetime
    ends_at: datetime
    sentence: str | None
    category: str | None
    people: int
    needs: Json
    late: bool
    seen: bool
    case_id: UUID | None
    case_number: str | None


class LineView(View):
    """The line of a desk; `day` is null when no reception day is held today."""

    day: LineDay | None
    items: list[LineItem]


class LineQuery(Body):
    day_id: UUID | None = None


class AtTheDoor(View):
    participant_id: UUID
    name: str
    role: SessionRole
    seen: bool
    waiting_since: datetime


class DoorView(View):
    appointment_id: UUID
    reference: str
    session_kind: SessionKind
    begins_at: datetime
    host_name: str
    waiting: list[AtTheDoor]


class DecisionBody(Body):
    """`instruction` is for staff, with unit and deadline; `reply` for the resident."""

    result: Result
    instruction: Words | None = None
    instruction_unit_id: UUID | None = None
    deadline: Instant | None = None
    reply: Words | None = None
    release: bool = False


class Decided(View):
    decision_id: UUID
    next_appointment_id: UUID | None


@routes.get("/api/line/today", permission=Permission.LINE_READ)
async def read_line(ctx: Context, query: LineQuery) -> LineView:
    """Who is received today: by the actor, or by the leader they serve."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        day = await access.todays_day(tx, query.day_id)
        hosts = [day.leader_id] if day else await appointments.hosts_of(tx, tx.actor)
        line, known = await _at_desk(ctx, tx, hosts, day.id if day else None)
        await tx.audit_reading("line", day.id if day else "today")
        return LineView(
            day=await _day(tx, day) if day else None, items=_items(ctx, line, known, now=tx.now)
        )


async def _day(tx: Tx, day: ReceptionDay) -> LineDay:
    return LineDay(
        id=day.id,
        leader_id=day.leader_id,
        leader_name=await access.leader_name(tx, day.leader_id),
        begins_at=day.begins_at,
        ends_at=day.ends_at,
    )


async def _at_desk(
    ctx: Context, tx: Tx, hosts: Iterable[UUID], day_id: UUID | None
) -> tuple[list[InLine], dict[UUID, Shown]]:
    """Who comes to the desk today, in order; and of them those whom the actor may see."""
    those = dayline.at_desk(hosts, day_id, now=tx.now)
    late_after = ctx.services.config.scheduling.late_after
    line = await dayline.line_of(tx, those, late_after=late_after)
    shown = await queries.shown(tx, those, appointments.impartial(tx.actor))
    return line, {one.appointment.id: one for one in shown}


@routes.get("/api/line/door", permission=Permission.APPOINTMENT_READ_UNIT)
async def read_door(ctx: Context) -> list[DoorView]:
    """Who waits at the doors that the desk keeps."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await access.waiting_at_doors(tx)
        await tx.audit_reading("door", "today")
    name = ctx.services.sealer.open
    return [
        DoorView(
            appointment_id=one.appointment.id,
            reference=one.appointment.reference,
            session_kind=SessionKind(one.appointment.session_kind),
            begins_at=one.appointment.begins_at,
            host_name=one.host_name,
            waiting=[
                AtTheDoor(
                    participant_id=who.participant.id,
                    name=name(who.invitee.name, purpose="name"),
                    role=SessionRole(who.invitee.role),
                    seen=who.is_seen,
                    waiting_since=who.since,
                )
                for who in one.waiting
            ],
        )
        for one in found
    ]


@routes.post("/api/live/{appointment_id}/decision", permission=Permission.DECISION_WRITE)
async def decide(ctx: Context, appointment_id: UUID, body: DecisionBody) -> Decided:
    """End the session with its result and two texts; who comes next is offered."""
    services = ctx.services
    async with services.uow.begin(ctx.actor) as tx:
        appointment = await access.decider(tx, appointment_id)
    verdict = Verdict(**body.model_dump())
    decision_id = await deciding.decide(
        services.desk, services.sealer, appointment, verdict, actor=ctx.actor
    )
    async with services.uow.begin(ctx.actor) as tx:
        line, known = await _at_desk(ctx, tx, [appointment.host_id], appointment.day_id)
    mine = [entry for entry in line if entry.appointment_id in known]
    following = dayline.next_in(mine, appointment_id)
    return Decided(decision_id=decision_id, next_appointment_id=following)


def _items(
    ctx: Context, line: list[InLine], known: Mapping[UUID, Shown], *, now: datetime
) -> list[LineItem]:
    late_after = ctx.services.config.scheduling.late_after
    return [
        _item(ctx, entry, known[entry.appointment_id], place=place, now=now, late_after=late_after)
        for place, entry in enumerate(line, 1)
        if entry.appointment_id in known
    ]


def _item(
    ctx: Context, entry: InLine, shown: Shown, *, place: int, now: datetime, late_after: timedelta
) -> LineItem:
    appointment, case, person = shown.appointment, shown.case, shown.person
    open_text = ctx.services.sealer.open
    return LineItem(
        appointment_id=appointment.id,
        session_kind=SessionKind(appointment.session_kind),
        place=place,
        reference=appointment.reference,
        name=open_text(person.name, purpose="name") if person else None,
        state=entry.standing,
        waiting_since=entry.waiting_since,
        begins_at=appointment.begins_at,
        ends_at=appointment.ends_at,
        sentence=open_text(case.sentence, purpose="text") if case else None,
        category=case.category if case else None,
        people=case.people if case else 1,
        needs=appointment.needs,
        late=dayline.is_late(entry, now=now, late_after=late_after),
        seen=access.is_seen(person),
        case_id=case.id if case else None,
        case_number=case.number if case else None,
    )
