"""Lines of the audit trail as an auditor asks for them: by whom, on what, when, a page at a time."""

from dataclasses import dataclass
from datetime import datetime
from operator import eq, gt, lt
from uuid import UUID

import sqlalchemy as sa

from scheduling.joint.tables import JointInterview
from scheduling.tables import Appointment, Mediation, ReceptionDay, SessionKind, Slot
from server.cases import access as cases
from server.cases.tables import Case, Decision, Paper
from server.identity.tables import Account, AccountKind
from server.kernel.actor import ActorKind
from server.kernel.audit import AuditLine, AuditSeal
from server.kernel.uow import Tx
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
    """Why a time is as it is, the oldest first: steps of its day, of every appointment at it, and
    of the leader's joint interviews over it."""
    had_it = sa.select(sa.cast(Appointment.id, sa.Text)).where(
        Appointment.day_id == day_id, Appointment.slot_id == slot_id
    )
    over_it = _joint_over(day_id, slot_id)
    joint = sa.select(sa.cast(JointInterview.id, sa.Text)).where(
        JointInterview.appointment_id.in_(sa.select(over_it.c.id))
    )
    kind, subject = AuditLine.subject_kind, AuditLine.subject_id
    of_day = sa.and_(kind == "reception_day", subject == str(day_id))
    of_appointment = sa.and_(kind == "appointment", subject.in_(had_it))
    of_joint = sa.or_(
        sa.and_(kind == "appointment", subject.in_(sa.select(sa.cast(over_it.c.id, sa.Text)))),
        sa.and_(kind == "joint_interview", subject.in_(joint)),
    )
    about = sa.or_(of_day, of_appointment, of_joint)
    query = _lines().where(about, AuditLine.action != "read")
    rows = (await tx.session.execute(query.order_by(AuditLine.id).limit(STORY))).all()
    return [Sealed(line, sealed) for line, sealed in rows]


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
