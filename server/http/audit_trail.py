"""Lines of the audit trail as an auditor asks for them: by whom, on what, when, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import eq, gt, lt
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import orm

from scheduling.choices.tables import Choice, Offer
from scheduling.joint.tables import JointInterview
from scheduling.tables import Appointment, Mediation, ReceptionDay, SessionKind, Slot
from server.cases import access as cases
from server.cases.tables import Case, Decision, Paper
from server.identity.tables import Account, AccountKind
from server.kernel.actor import ActorKind
from server.kernel.audit import AuditLine, AuditSeal
from server.kernel.uow import Tx
from server.units.calendar import day_of
from signaling.tables import Alarm, LiveSession

PAGE, STORY = 50, 200


@dataclass(frozen=True)
class Wanted:
    """What is looked for; `text` is a name of staff, a login, a number or reference, or an id."""

    text: str | None = None
    who: ActorKind | None = None
    actor: UUID | None = None
    subject: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Sealed:
    line: AuditLine
    is_sealed: bool


@dataclass(frozen=True)
class Page:
    """The newest line first; whether there are more on either side."""

    lines: list[Sealed]
    is_older: bool
    is_newer: bool


async def page(
    tx: Tx, wanted: Wanted, *, before: int | None = None, after: int | None = None
) -> Page:
    """A page of what is wanted, below the line `before` or above the line `after`."""
    conditions = await _conditions(tx, wanted)
    query = _lines().where(*conditions).limit(PAGE + 1)
    if after is not None:
        query = query.where(AuditLine.id > after).order_by(AuditLine.id)
    else:
        query = query.order_by(AuditLine.id.desc())
        query = query.where(AuditLine.id < before) if before is not None else query
    rows = [Sealed(line, sealed) for line, sealed in (await tx.session.execute(query)).all()]
    more, shown = len(rows) > PAGE, rows[:PAGE]
    if after is not None:
        return Page(shown[::-1], is_older=True, is_newer=more)
    return Page(shown, is_older=more, is_newer=before is not None)


async def of_slot(tx: Tx, *, day_id: UUID, slot_id: UUID) -> list[Sealed]:
    """Why a time of a leader is as it is, the oldest first: steps of its day, of every appointment
    that was ever at it, of what was asked and offered about these, of the leader's joint interviews
    over it and of their leave."""
    asked = (await tx.session.execute(_leader_and_date(day_id, slot_id))).one_or_none()
    if asked is None:
        return []
    went = [*(await tx.session.scalars(_ever_at(day_id, slot_id))).all()]
    questions = sa.select(Choice).where(
        sa.or_(
            sa.cast(Choice.appointment_id, sa.Text).in_(went),
            Choice.id.in_(
                sa.select(Offer.choice_id).where(sa.cast(Offer.hold_id, sa.Text).in_(went))
            ),
        )
    )
    choices = (await tx.session.scalars(questions)).all()
    over_it = _joint_over(day_id, slot_id)
    joint = sa.select(sa.cast(JointInterview.id, sa.Text)).where(
        JointInterview.appointment_id.in_(sa.select(over_it.c.id))
    )
    about = sa.or_(
        _of("reception_day", [str(day_id)]),
        _of("appointment", went),
        _of("appointment", sa.select(sa.cast(over_it.c.id, sa.Text))),
        _of("joint_interview", joint),
        _of("choice", [str(one.id) for one in choices]),
        _of("waitlist_entry", [str(one.entry_id) for one in choices if one.entry_id]),
        _of("wish", [str(one.wish_id) for one in choices if one.wish_id]),
        _leave_of(*asked),
    )
    query = _lines().where(about, AuditLine.action != "read")
    rows = (await tx.session.execute(query.order_by(AuditLine.id).limit(STORY))).all()
    return [Sealed(line, sealed) for line, sealed in rows]


def _of(kind: str, subjects: Sequence[str] | sa.Select[str]) -> sa.ColumnElement[bool]:
    return sa.and_(AuditLine.subject_kind == kind, AuditLine.subject_id.in_(subjects))


def _leader_and_date(day_id: UUID, slot_id: UUID) -> sa.Select[UUID, datetime]:
    return (
        sa.select(ReceptionDay.leader_id, Slot.begins_at)
        .join(Slot, Slot.day_id == ReceptionDay.id)
        .where(ReceptionDay.id == day_id, Slot.id == slot_id)
    )


def _ever_at(day_id: UUID, slot_id: UUID) -> sa.CompoundSelect[str]:
    """Appointments at any seat of the leader's at this time, those that have moved away with them:
    whoever took a place has a line that names it."""
    this, its_day = orm.aliased(Slot), orm.aliased(ReceptionDay)
    places = (
        sa.select(Slot.id)
        .join(ReceptionDay, ReceptionDay.id == Slot.day_id)
        .join(its_day, its_day.leader_id == ReceptionDay.leader_id)
        .join(this, this.day_id == its_day.id)
        .where(
            its_day.id == day_id, this.id == slot_id,
            Slot.begins_at < this.ends_at, Slot.ends_at > this.begins_at,
        )
    )  # fmt: skip
    named: sa.ColumnElement[str] = sa.literal_column(
        "audit_line.facts ->> 'slot'"
    )  # as its index has it
    texts = sa.select(sa.cast(places.subquery().c.id, sa.Text))
    return sa.union(
        sa.select(AuditLine.subject_id).where(
            AuditLine.subject_kind == "appointment", named.in_(texts)
        ),
        sa.select(sa.cast(Appointment.id, sa.Text)).where(Appointment.slot_id.in_(places)),
    )


def _leave_of(leader_id: UUID, begins_at: datetime) -> sa.ColumnElement[bool]:
    day = day_of(begins_at).isoformat()
    return sa.and_(
        _of("account", [str(leader_id)]),
        AuditLine.action.in_(("take_leave", "end_leave")),
        AuditLine.facts["since"].astext <= day,
        AuditLine.facts["until"].astext >= day,
    )


def _joint_over(day_id: UUID, slot_id: UUID) -> sa.Subquery:
    """They take no slot, but the leader's time."""
    return (
        sa.select(Appointment.id)
        .join(ReceptionDay, ReceptionDay.leader_id == Appointment.host_id)
        .join(Slot, Slot.day_id == ReceptionDay.id)
        .where(
            ReceptionDay.id == day_id, Slot.id == slot_id,
            Appointment.session_kind == SessionKind.JOINT_INTERVIEW,
            Appointment.begins_at < Slot.ends_at, Appointment.ends_at > Slot.begins_at,
        )
        .subquery()
    )  # fmt: skip


async def count(tx: Tx, wanted: Wanted) -> int:
    query = sa.select(sa.func.count()).select_from(AuditLine)
    return await tx.session.scalar(query.where(*await _conditions(tx, wanted))) or 0


def _lines() -> sa.Select[AuditLine, bool]:
    """Each with whether it is sealed."""
    of_line = AuditSeal.line_id == AuditLine.id
    return sa.select(AuditLine, AuditSeal.height.is_not(None)).outerjoin(AuditSeal, of_line)


async def _conditions(tx: Tx, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    asked = (
        (AuditLine.actor_kind, eq, wanted.who),
        (AuditLine.actor_id, eq, wanted.actor),
        (AuditLine.subject_id, eq, wanted.subject),
        (AuditLine.action, eq, wanted.action),
        (AuditLine.at, gt, wanted.since),
        (AuditLine.at, lt, wanted.until),
    )
    found = [compare(column, value) for column, compare, value in asked if value is not None]
    return [*found, await _about(tx, wanted.text)] if wanted.text else found


async def _about(tx: Tx, text: str) -> sa.ColumnElement[bool]:
    """What staff of this name did or what was done to their accounts; what befell this number."""
    staff = sa.select(Account.id).where(
        Account.kind == AccountKind.STAFF,
        sa.or_(Account.name.icontains(text, autoescape=True), Account.login == text),
    )
    accounts = (await tx.session.scalars(staff)).all()
    things = (await tx.session.scalars(_things(tx, text))).all()
    ids = {str(one) for one in (*accounts, *things)} | {text}
    return sa.or_(AuditLine.actor_id.in_(accounts), AuditLine.subject_id.in_(ids))


def _things(tx: Tx, text: str) -> sa.Select[UUID]:
    """Everything that belongs to the cases and appointments of this number or reference."""
    number = sa.and_(Case.number.icontains(text, autoescape=True), cases.impartial(tx.actor))
    case_ids = sa.select(Case.id).where(number)
    open_ones = sa.select(Case.id).where(cases.impartial(tx.actor))
    meant = sa.and_(
        Appointment.reference.icontains(text, autoescape=True),
        sa.or_(Appointment.case_id.is_(None), Appointment.case_id.in_(open_ones)),
    )
    appointments = sa.select(Appointment.id).where(sa.or_(Appointment.case_id.in_(case_ids), meant))
    sessions = sa.select(LiveSession.id).where(LiveSession.appointment_id.in_(appointments))
    all_of_them = sa.union_all(
        case_ids,
        appointments,
        sessions,
        sa.select(Alarm.id).where(Alarm.session_id.in_(sessions)),
        *(
            sa.select(one.id).where(one.case_id.in_(case_ids))
            for one in (Decision, Paper, Mediation)
        ),
    ).subquery()
    return sa.select(all_of_them.c.id)
