"""Read models of the desk: requests to review, days, plans, appointments found by words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from scheduling import access, calls, queries
from scheduling.choices.tables import Choice
from scheduling.plans import shares
from scheduling.plans.shares import Kept
from scheduling.queries import Shown
from scheduling.tables import (
    Appointment,
    AppointmentState,
    CallKind,
    CallTask,
    DayState,
    Invitee,
    ReceptionDay,
    ReceptionPlan,
    SessionRole,
)
from server.cases import access as cases
from server.cases.tables import Case, Paper
from server.identity.tables import Account, Official
from server.kernel.actor import Role
from server.kernel.errors import NotFound
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from server.units.tables import Unit

PAGE = 20
LOOKED_THROUGH = 1000
COMES = (AppointmentState.CONFIRMED, AppointmentState.CHECKED_IN, AppointmentState.IN_SESSION)
ON_THE_DAY = (
    AppointmentState.SUBMITTED,
    *COMES,
    AppointmentState.COMPLETED,
    AppointmentState.NO_SHOW,
)


@dataclass(frozen=True)
class Page:
    items: Sequence[Shown]
    total: int


@dataclass(frozen=True)
class Beside:
    """What stands beside an appointment on the desk; `subject` is the unit complained of."""

    invitee: Invitee | None
    papers: int
    earlier: int
    subject: Unit | None = None
    company: Sequence[Invitee] = ()


@dataclass(frozen=True)
class DayRow:
    """`booked` counts people's appointments, `total` the slots, `waiting` who stands in line.

    `unanswered`: how many are asked something and have not answered; `missed`: how many came and
    were not received.
    """

    day: ReceptionDay
    leader: Official
    booked: int
    total: int
    waiting: int = 0
    unanswered: int = 0
    missed: int = 0
    replaced_by: UUID | None = None
    kept: Sequence[Kept] = ()


async def in_state(tx: Tx, state: AppointmentState, *, page: int) -> Page:
    """Appointments of the desk's units in a state; those to be reviewed first come first."""
    reach = sa.and_(access.within_reach(tx.actor, *access.DESK), access.impartial(tx.actor))
    count = (
        sa.select(sa.func.count())
        .select_from(Appointment)
        .join(Unit, Unit.id == Appointment.unit_id)
        .where(Appointment.state == state, reach)
    )
    query = (
        queries.shown_query()
        .where(Appointment.state == state, reach)
        .order_by(Appointment.review_due_at.nulls_last(), Appointment.begins_at)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    rows = (await tx.session.execute(query)).all()
    return Page([Shown(*row) for row in rows], await tx.session.scalar(count) or 0)


async def search(
    tx: Tx, sealer: Sealer, words: str, *, since: datetime, until: datetime, page: int
) -> Page:
    """By reference, case number, name or phone. Names and phones are sealed, so the most
    recent thousand of the time asked for are looked through.
    """
    mine = sa.or_(
        access.within_reach(tx.actor, Role.CLERK, Role.SUPERVISOR),
        Appointment.booked_by == tx.actor.account_id,
    )
    query = (
        queries.shown_query()
        .where(Appointment.begins_at.between(since, until), mine, access.impartial(tx.actor))
        .where(Appointment.state != AppointmentState.ON_HOLD)
        .order_by(Appointment.begins_at.desc())
        .limit(LOOKED_THROUGH)
    )
    found = [Shown(*row) for row in (await tx.session.execute(query)).all()]
    if words:
        phones = await _phones(tx, sealer, found) if words.isdigit() else {}
        found = [one for one in found if _matches(one, words, phones, sealer)]
    begin = (page - 1) * PAGE
    return Page(found[begin : begin + PAGE], len(found))


def _matches(one: Shown, words: str, phones: Mapping[UUID, str], sealer: Sealer) -> bool:
    plain = words.replace(" ", "")
    if plain in one.appointment.reference or words in phones.get(one.appointment.id, ""):
        return True
    if one.case and words.upper() in one.case.number:
        return True
    return bool(one.person and words in sealer.open(one.person.name, purpose="name"))


async def _phones(tx: Tx, sealer: Sealer, found: Sequence[Shown]) -> dict[UUID, str]:
    seats = await _petitioners(tx, [one.appointment.id for one in found])
    return {
        appointment_id: sealer.open(seat.phone, purpose="phone")
        for appointment_id, seat in seats.items()
        if seat.phone
    }


async def beside(tx: Tx, found: Sequence[Shown]) -> Mapping[UUID, Beside]:
    """Petitioner's seat, number of papers and of earlier appointments, by appointment."""
    ids = [one.appointment.id for one in found]
    seats, company = await _seats(tx, ids)
    papers = await _counts(
        tx, sa.select(Paper.case_id, sa.func.count()).where(
            Paper.case_id.in_([one.case.id for one in found if one.case])
        ).group_by(Paper.case_id)
    )  # fmt: skip
    subjects = await _subjects(tx, found)
    people = [one.person.id for one in found if one.person]
    times = await _counts(
        tx, sa.select(Appointment.person_id, sa.func.count()).where(
            Appointment.person_id.in_(people), Appointment.begins_at < tx.now
        ).group_by(Appointment.person_id)
    )  # fmt: skip
    return {
        one.appointment.id: Beside(
            invitee=seats.get(one.appointment.id),
            papers=papers.get(one.case.id, 0) if one.case else 0,
            earlier=times.get(one.person.id, 0) if one.person else 0,
            company=company.get(one.appointment.id, ()),
            subject=subjects.get(one.case.subject_unit_id) if one.case else None,
        )
        for one in found
    }


async def _subjects(tx: Tx, found: Sequence[Shown]) -> dict[UUID | None, Unit]:
    ids = {one.case.subject_unit_id for one in found if one.case and one.case.subject_unit_id}
    if not ids:
        return {}
    return {
        unit.id: unit for unit in await tx.session.scalars(sa.select(Unit).where(Unit.id.in_(ids)))
    }


async def _counts(tx: Tx, query: sa.Select[UUID | None, int]) -> dict[UUID, int]:
    return {key: count for key, count in (await tx.session.execute(query)).all() if key}


async def _seats(
    tx: Tx, ids: Sequence[UUID]
) -> tuple[dict[UUID, Invitee], dict[UUID, list[Invitee]]]:
    """The petitioner of each appointment, and who else comes who is not staff."""
    query = (
        sa.select(Invitee)
        .where(
            Invitee.appointment_id.in_(ids),
            Invitee.account_id.is_(None),
            Invitee.removed_at.is_(None),
        )
        .join(Appointment, Appointment.id == Invitee.appointment_id)
    )
    # of several petitioners the one whose appointment it is
    theirs = Invitee.person_id.is_not_distinct_from(Appointment.person_id)
    petitioners, others = dict[UUID, Invitee](), dict[UUID, list[Invitee]]()
    for one in await tx.session.scalars(query.order_by(Invitee.role, theirs, Invitee.id)):
        if one.role == SessionRole.PETITIONER:
            petitioners[one.appointment_id] = one
        else:
            others.setdefault(one.appointment_id, []).append(one)
    return petitioners, others


async def _petitioners(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, Invitee]:
    query = sa.select(Invitee).where(
        Invitee.appointment_id.in_(ids),
        Invitee.role == SessionRole.PETITIONER,
        Invitee.removed_at.is_(None),
    )
    return {invitee.appointment_id: invitee for invitee in await tx.session.scalars(query)}


async def day_rows(
    tx: Tx,
    *,
    since: datetime,
    until: datetime,
    state: DayState | None = None,
    leader_id: UUID | None = None,
) -> list[DayRow]:
    """Reception days of the units that the actor's roles reach."""
    query = (
        sa.select(ReceptionDay, Official)
        .join(Official, Official.account_id == ReceptionDay.leader_id)
        .join(Unit, Unit.id == ReceptionDay.unit_id)
        .where(ReceptionDay.begins_at >= since, ReceptionDay.begins_at < until)
        .where(await _days_of(tx))
        .order_by(ReceptionDay.begins_at, Official.rank)
        .limit(500)
    )
    if state:
        query = query.where(ReceptionDay.state == state)
    if leader_id:
        query = query.where(ReceptionDay.leader_id == leader_id)
    rows = (await tx.session.execute(query)).all()
    return await _counted(tx, [(day, leader) for day, leader in rows])


async def day_row(tx: Tx, day_id: UUID) -> DayRow:
    """One reception day; NotFound when it is not the actor's to see."""
    query = (
        sa.select(ReceptionDay, Official)
        .join(Official, Official.account_id == ReceptionDay.leader_id)
        .join(Unit, Unit.id == ReceptionDay.unit_id)
        .where(ReceptionDay.id == day_id, await _days_of(tx))
    )
    row = (await tx.session.execute(query)).one_or_none()
    if row is None:
        raise NotFound
    day, leader = row
    [found] = await _counted(tx, [(day, leader)])
    return found


async def line(tx: Tx, day_id: UUID) -> list[Shown]:
    """Who has a time on a day, in the order of the times."""
    return await queries.shown(
        tx, Appointment.day_id == day_id, Appointment.state.in_(ON_THE_DAY),
        access.impartial(tx.actor), most=500,
    )  # fmt: skip


async def own_sessions(tx: Tx, *, since: datetime, until: datetime) -> list[Shown]:
    """Sessions that the actor hosts or is invited to."""
    invited = (
        sa.exists()
        .where(Invitee.appointment_id == Appointment.id, Invitee.removed_at.is_(None))
        .where(Invitee.account_id == tx.actor.account_id)
        .correlate(Appointment)
    )
    return await queries.shown(
        tx,
        sa.or_(Appointment.host_id == tx.actor.account_id, invited),
        Appointment.begins_at >= since,
        Appointment.begins_at < until,
        Appointment.state.in_(COMES),
        access.impartial(tx.actor),
    )


async def _counted(tx: Tx, rows: Sequence[tuple[ReceptionDay, Official]]) -> list[DayRow]:
    ids = [day.id for day, _ in rows]
    counts = await queries.counts_of(tx, ids)
    query = sa.select(Appointment.day_id, sa.func.count()).where(
        Appointment.day_id.in_(ids), Appointment.state.in_(ON_THE_DAY)
    )
    booked = await _counts(tx, query.group_by(Appointment.day_id))
    waiting = await queries.waiting_on(tx, ids)
    kept = await shares.kept_on(tx, ids)
    unanswered, missed = await _counts(tx, _unanswered(ids)), await _counts(tx, _missed(ids))
    heirs = sa.select(ReceptionDay.replaces_id, ReceptionDay.id)
    found = await tx.session.execute(heirs.where(ReceptionDay.replaces_id.in_(ids)))
    replaced = {old: new for old, new in found.all() if old}
    return [
        DayRow(
            day, leader, booked.get(day.id, 0), counts.get(day.id, (0, 0))[1],
            waiting=waiting.get(day.id, 0), unanswered=unanswered.get(day.id, 0),
            missed=missed.get(day.id, 0), replaced_by=replaced.get(day.id),
            kept=kept.get(day.id, ()),
        )
        for day, leader in rows
    ]  # fmt: skip


def _unanswered(day_ids: Sequence[UUID]) -> sa.Select[UUID | None, int]:
    query = sa.select(Appointment.day_id, sa.func.count()).join(
        Choice, Choice.appointment_id == Appointment.id
    )
    asked = query.where(Appointment.day_id.in_(day_ids), Choice.answered_at.is_(None))
    return asked.group_by(Appointment.day_id)


def _missed(day_ids: Sequence[UUID]) -> sa.Select[UUID | None, int]:
    query = sa.select(Appointment.day_id, sa.func.count())
    came = query.where(Appointment.day_id.in_(day_ids), Appointment.host_missed_at.is_not(None))
    return came.group_by(Appointment.day_id)


async def plan_rows(tx: Tx) -> list[tuple[ReceptionPlan, Official]]:
    query = (
        sa.select(ReceptionPlan, Official)
        .join(Official, Official.account_id == ReceptionPlan.leader_id)
        .join(Unit, Unit.id == ReceptionPlan.unit_id)
        .where(access.within_reach(tx.actor, Role.CLERK, Role.SUPERVISOR, Role.LEADER_OFFICE))
        .where(ReceptionPlan.ended_at.is_(None))
        .order_by(Official.rank, ReceptionPlan.begins)
    )
    return [(plan, leader) for plan, leader in (await tx.session.execute(query)).all()]


@dataclass(frozen=True)
class CallPage:
    """Calls, each with the name of whoever took it."""

    items: Sequence[tuple[CallTask, str | None]]
    total: int


async def call_page(tx: Tx, *, still_open: bool, kind: CallKind | None, page: int) -> CallPage:
    """Calls to make, the most urgent first, or those that were made, the last first."""
    which = calls.to_be_made(tx.now) if still_open else CallTask.done_at.is_not(None)
    order = CallTask.due_at if still_open else CallTask.done_at.desc()
    query = _calls(tx, which, *([CallTask.kind == kind] if kind else []))
    total = sa.select(sa.func.count()).select_from(query.subquery())
    rows = query.order_by(order, CallTask.id).limit(PAGE).offset((page - 1) * PAGE)
    found = (await tx.session.execute(rows)).all()
    return CallPage([(task, name) for task, name in found], await tx.session.scalar(total) or 0)


async def call_row(tx: Tx, task_id: UUID) -> tuple[CallTask, str | None]:
    """One call; NotFound when it is not the desk's."""
    row = (await tx.session.execute(_calls(tx, CallTask.id == task_id))).one_or_none()
    if row is None:
        raise NotFound
    task, name = row
    return task, name


async def calls_by_phone(tx: Tx, *, most: int) -> list[tuple[CallTask, str | None]]:
    """Calls to make to whoever left a number, the newest first, as on a `CallPage`."""
    query = _calls(tx, calls.to_be_made(tx.now), CallTask.phone.is_not(None))
    newest = query.order_by(CallTask.created_at.desc()).limit(most)
    return [(task, name) for task, name in (await tx.session.execute(newest)).all()]


def _calls(tx: Tx, *conditions: sa.ColumnElement[bool]) -> sa.Select[CallTask, str | None]:
    return (
        sa.select(CallTask, Account.name)
        .join(Unit, Unit.id == CallTask.unit_id)
        .outerjoin(Account, Account.id == CallTask.taken_by)
        .where(access.within_reach(tx.actor, *access.DESK), _impartial_calls(tx), *conditions)
    )


@dataclass(frozen=True)
class OpenCalls:
    """Calls of one kind that are to be made, and how many of them are late."""

    count: int
    overdue: int


async def open_calls(tx: Tx) -> Mapping[str, OpenCalls]:
    """How many calls are to be made, by kind."""
    late = sa.func.count().filter(CallTask.due_at < tx.now)
    query = (
        sa.select(CallTask.kind, sa.func.count(), late)
        .join(Unit, Unit.id == CallTask.unit_id)
        .where(access.within_reach(tx.actor, *access.DESK), calls.to_be_made(tx.now))
        .where(_impartial_calls(tx))
        .group_by(CallTask.kind)
    )
    rows = (await tx.session.execute(query)).all()
    return {row[0]: OpenCalls(row[1], row[2]) for row in rows}


def _impartial_calls(tx: Tx) -> sa.ColumnElement[bool]:
    allowed = sa.select(Appointment.id).where(access.impartial(tx.actor))
    asked = sa.select(Choice.id).where(access.impartial_choices(tx.actor))
    about = sa.select(Case.id).where(cases.impartial(tx.actor))
    return sa.and_(
        sa.or_(CallTask.appointment_id.is_(None), CallTask.appointment_id.in_(allowed)),
        sa.or_(CallTask.choice_id.is_(None), CallTask.choice_id.in_(asked)),
        sa.or_(CallTask.case_id.is_(None), CallTask.case_id.in_(about)),
    )


async def _days_of(tx: Tx) -> sa.ColumnElement[bool]:
    """The desk's days; for a leader and whoever works for them, the leader's."""
    return sa.or_(
        access.within_reach(tx.actor, Role.CLERK, Role.SUPERVISOR, Role.LEADER_OFFICE),
        ReceptionDay.leader_id.in_(await access.hosts_of(tx, tx.actor)),
    )
