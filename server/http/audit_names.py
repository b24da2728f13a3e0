"""What the lines of the trail are about, in words: numbers, references, names of staff.

Residents are named to nobody here, and what belongs to a case that the reader is shut out of
stays a bare id.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from scheduling import case_access
from scheduling.choices.tables import Choice, WaitlistEntry, Wish
from scheduling.draws.tables import DrawEntry
from scheduling.joint.tables import JointInterview
from scheduling.rosters.tables import RosterDraft, RosterShift
from scheduling.tables import (
    Appointment,
    CallTask,
    Invitee,
    Mediation,
    ReceptionDay,
    ReceptionPlan,
    SessionRole,
)
from server.cases import access
from server.cases.tables import Case, Decision, Paper
from server.identity.tables import Account, AccountKind, Membership, WebSession
from server.kernel.actor import ActorKind, Role
from server.kernel.audit import AuditLine
from server.kernel.uow import Tx
from server.units.tables import Unit
from signaling.tables import Alarm, LiveSession


@dataclass(frozen=True)
class Named:
    """`title` is a number, reference or login, `name` of the staff behind it, `at` its time."""

    title: str | None = None
    name: str | None = None
    at: datetime | None = None
    case_id: UUID | None = None
    role: SessionRole | None = None


@dataclass(frozen=True)
class Names:
    """Of things by kind and id, of staff by account, of guests by seat; `readable` cases open."""

    things: Mapping[tuple[str, str], Named]
    staff: Mapping[UUID, tuple[str, list[Role]]]
    guests: Mapping[UUID, Named]
    readable: frozenset[UUID]


NOTHING = Named()
Ids = Sequence[UUID]
Found = sa.Select[*tuple[Any, ...]]
Look = Callable[[Ids], Found]


async def names_of(tx: Tx, lines: Iterable[AuditLine]) -> Names:
    """One query for each kind of thing there is, however many lines."""
    wanted: dict[str, set[UUID]] = {}
    staff, guests = set[UUID](), set[UUID]()
    for line in lines:
        if (thing := _id(line.subject_id)) is not None:
            wanted.setdefault(line.subject_kind, set()).add(thing)
        if line.actor_id is not None:
            (guests if line.actor_kind == ActorKind.GUEST else staff).add(line.actor_id)
    found = {
        (kind, str(thing)): named
        for kind, ids in wanted.items()
        if kind in LOOKS
        for thing, named in (await _looked_up(tx, LOOKS[kind](sorted(ids)))).items()
    }
    seats = await _looked_up(tx, _invitees(sorted(guests)))
    about = {one.case_id for one in (*found.values(), *seats.values()) if one.case_id}
    hidden = about - await _cases(tx, about, access.impartial(tx.actor))
    return Names(
        things={key: _veiled(named, hidden) for key, named in found.items()},
        staff=await _staff(tx, staff),
        guests={key: _veiled(named, hidden) for key, named in seats.items()},
        readable=frozenset(await _cases(tx, about - hidden, case_access.readable(tx.actor))),
    )


def _veiled(named: Named, hidden: set[UUID]) -> Named:
    return Named(role=named.role) if named.case_id in hidden else named


async def _cases(tx: Tx, ids: set[UUID], allowed: sa.ColumnElement[bool]) -> set[UUID]:
    if not ids:
        return set()
    return set(await tx.session.scalars(sa.select(Case.id).where(Case.id.in_(ids), allowed)))


async def _looked_up(tx: Tx, query: Found) -> dict[UUID, Named]:
    """Of a query for id, title, name, time, case, and a role where there is one."""
    rows = (await tx.session.execute(query)).all()
    return {row[0]: Named(row[1], row[2], row[3], row[4], *row[5:]) for row in rows}


async def _staff(tx: Tx, ids: set[UUID]) -> dict[UUID, tuple[str, list[Role]]]:
    query = (
        sa.select(Account.id, Account.name, sa.func.array_agg(sa.distinct(Membership.role)))
        .join(Membership, Membership.account_id == Account.id)
        .where(Account.id.in_(ids), Account.kind == AccountKind.STAFF)
        .group_by(Account.id)
    )
    rows = (await tx.session.execute(query)).all()
    return {account: (name or "", sorted(map(Role, held))) for account, name, held in rows}


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


HOST = aliased(Account)
NO_TEXT, NO_TIME, NO_CASE = sa.null(), sa.null(), sa.null()


def _cases_by_id(ids: Ids) -> Found:
    return sa.select(Case.id, Case.number, NO_TEXT, NO_TIME, Case.id).where(Case.id.in_(ids))


def _by_case(table: type[Decision] | type[Paper]) -> Look:
    def look(ids: Ids) -> Found:
        query = sa.select(table.id, Case.number, NO_TEXT, NO_TIME, Case.id)
        return query.join(Case, Case.id == table.case_id).where(table.id.in_(ids))

    return look


def _of_appointment(thing: Any, at: Any, *more: Any) -> Found:
    return sa.select(thing, Appointment.reference, HOST.name, at, Appointment.case_id, *more)


def _appointments(ids: Ids) -> Found:
    query = _of_appointment(Appointment.id, Appointment.begins_at)
    return query.join(HOST, HOST.id == Appointment.host_id).where(Appointment.id.in_(ids))


def _sessions(ids: Ids) -> Found:
    query = _of_appointment(LiveSession.id, Appointment.begins_at)
    query = query.join(Appointment, Appointment.id == LiveSession.appointment_id)
    return query.join(HOST, HOST.id == Appointment.host_id).where(LiveSession.id.in_(ids))


def _alarms(ids: Ids) -> Found:
    query = _of_appointment(Alarm.id, Alarm.raised_at)
    query = query.join(LiveSession, LiveSession.id == Alarm.session_id)
    query = query.join(Appointment, Appointment.id == LiveSession.appointment_id)
    return query.join(HOST, HOST.id == Appointment.host_id).where(Alarm.id.in_(ids))


def _invitees(ids: Ids) -> Found:
    query = _of_appointment(Invitee.id, Appointment.begins_at, Invitee.role)
    query = query.join(Appointment, Appointment.id == Invitee.appointment_id)
    return query.join(HOST, HOST.id == Appointment.host_id).where(Invitee.id.in_(ids))


def _persons(ids: Ids) -> Found:
    """By their newest appointment."""
    query = _of_appointment(Appointment.person_id, Appointment.begins_at)
    query = query.join(HOST, HOST.id == Appointment.host_id)
    query = query.where(Appointment.person_id.in_(ids)).distinct(Appointment.person_id)
    return query.order_by(Appointment.person_id, Appointment.begins_at.desc())


def _days(ids: Ids) -> Found:
    query = sa.select(ReceptionDay.id, NO_TEXT, HOST.name, ReceptionDay.begins_at, NO_CASE)
    return query.join(HOST, HOST.id == ReceptionDay.leader_id).where(ReceptionDay.id.in_(ids))


def _plans(ids: Ids) -> Found:
    query = sa.select(ReceptionPlan.id, NO_TEXT, HOST.name, NO_TIME, NO_CASE)
    return query.join(HOST, HOST.id == ReceptionPlan.leader_id).where(ReceptionPlan.id.in_(ids))


def _call_tasks(ids: Ids) -> Found:
    query = sa.select(CallTask.id, CallTask.reference, NO_TEXT, NO_TIME, Appointment.case_id)
    query = query.outerjoin(Appointment, Appointment.id == CallTask.appointment_id)
    return query.where(CallTask.id.in_(ids))


def _mediations(ids: Ids) -> Found:
    query = sa.select(Mediation.id, Case.number, HOST.name, NO_TIME, Case.id)
    query = query.join(Case, Case.id == Mediation.case_id)
    return query.join(HOST, HOST.id == Mediation.mediator_id).where(Mediation.id.in_(ids))


def _joint_interviews(ids: Ids) -> Found:
    query = sa.select(JointInterview.id, Case.number, NO_TEXT, NO_TIME, Case.id)
    query = query.join(Case, Case.id == JointInterview.case_id)
    return query.where(JointInterview.id.in_(ids))


def _roster_shifts(ids: Ids) -> Found:
    query = sa.select(RosterShift.id, Unit.name, NO_TEXT, NO_TIME, NO_CASE)
    return query.join(Unit, Unit.id == RosterShift.unit_id).where(RosterShift.id.in_(ids))


def _roster_drafts(ids: Ids) -> Found:
    query = sa.select(RosterDraft.id, NO_TEXT, HOST.name, RosterDraft.asked_at, NO_CASE)
    return query.join(HOST, HOST.id == RosterDraft.asked_by).where(RosterDraft.id.in_(ids))


def _asked(table: type[Wish] | type[WaitlistEntry] | type[DrawEntry]) -> Look:
    def look(ids: Ids) -> Found:
        query = sa.select(table.id, Case.number, NO_TEXT, table.asked_at, Case.id)
        return query.join(Case, Case.id == table.case_id).where(table.id.in_(ids))

    return look


def _choices(ids: Ids) -> Found:
    """By the appointment they are about, or came to."""
    query = _of_appointment(Choice.id, Appointment.begins_at)
    query = query.join(Appointment, Appointment.id == Choice.appointment_id)
    return query.join(HOST, HOST.id == Appointment.host_id).where(Choice.id.in_(ids))


def _accounts(ids: Ids) -> Found:
    query = sa.select(Account.id, Account.login, Account.name, NO_TIME, NO_CASE)
    return query.where(Account.id.in_(ids), Account.kind == AccountKind.STAFF)


def _web_sessions(ids: Ids) -> Found:
    query = sa.select(WebSession.id, Account.login, Account.name, NO_TIME, NO_CASE)
    query = query.join(Account, Account.id == WebSession.account_id)
    return query.where(WebSession.id.in_(ids), Account.kind == AccountKind.STAFF)


LOOKS: Mapping[str, Look] = {
    "case": _cases_by_id,
    "decision": _by_case(Decision),
    "paper": _by_case(Paper),
    "appointment": _appointments,
    "live_session": _sessions,
    "alarm": _alarms,
    "invitee": _invitees,
    "person": _persons,
    "reception_day": _days,
    "line": _days,
    "reception_plan": _plans,
    "call_task": _call_tasks,
    "mediation": _mediations,
    "joint_interview": _joint_interviews,
    "roster_shift": _roster_shifts,
    "roster_draft": _roster_drafts,
    "wish": _asked(Wish),
    "waitlist_entry": _asked(WaitlistEntry),
    "draw_entry": _asked(DrawEntry),
    "choice": _choices,
    "account": _accounts,
    "web_session": _web_sessions,
}
