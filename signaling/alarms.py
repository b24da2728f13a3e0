"""The silent key, seen by the duty officer: where somebody is, who takes it, what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from scheduling.access import within_reach
from scheduling.tables import Appointment, Invitee
from server.identity.tables import Account
from server.kernel.actor import Role
from server.kernel.errors import Conflict, NotFound
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from server.units.tables import Unit
from signaling.tables import Alarm, LiveSession, Participant

MOST = 50


@dataclass(frozen=True)
class Concerned:
    """Somebody in the session whom help may have to find."""

    participant: Participant
    invitee: Invitee
    is_meant: bool


@dataclass(frozen=True)
class Shown:
    alarm: Alarm
    appointment: Appointment
    unit: Unit
    host: Account
    raised_by: str
    taken_by: str | None
    people: Sequence[Concerned]


async def shown(tx: Tx, sealer: Sealer) -> list[Shown]:
    """The newest alarms within the duty officer's reach, open ones first; reading is audited."""
    query = (
        sa.select(Alarm, Appointment, Unit, Account)
        .join(LiveSession, LiveSession.id == Alarm.session_id)
        .join(Appointment, Appointment.id == LiveSession.appointment_id)
        .join(Unit, Unit.id == Appointment.unit_id)
        .join(Account, Account.id == Appointment.host_id)
        .where(within_reach(tx.actor, Role.DUTY_OFFICER))
        .order_by(Alarm.report.is_not(None), Alarm.raised_at.desc())
        .limit(MOST)
    )
    found = []
    for alarm, appointment, unit, host in (await tx.session.execute(query)).all():
        people = await _people(tx, alarm)
        names = await _names(tx, sealer, alarm)
        found.append(Shown(alarm, appointment, unit, host, *names, people))
    await tx.audit_reading("alarm", *(one.alarm.id for one in found))
    return found


async def _people(tx: Tx, alarm: Alarm) -> list[Concerned]:
    """Those without a staff account; the one meant first."""
    query = (
        sa.select(Participant, Invitee)
        .join(Invitee, Invitee.id == Participant.invitee_id)
        .where(
            Participant.session_id == alarm.session_id,
            Invitee.account_id.is_(None),
            Participant.arrived_at.is_not(None),
        )
        .order_by(Participant.id != alarm.about, Participant.arrived_at)
    )
    rows = (await tx.session.execute(query)).all()
    return [Concerned(seat, invitee, seat.id == alarm.about) for seat, invitee in rows]


async def _names(tx: Tx, sealer: Sealer, alarm: Alarm) -> tuple[str, str | None]:
    query = (
        sa.select(Account.name, Invitee.name)
        .select_from(Participant)
        .join(Invitee, Invitee.id == Participant.invitee_id)
        .outerjoin(Account, Account.id == Invitee.account_id)
        .where(Participant.id == alarm.raised_by)
    )
    account_name, sealed = (await tx.session.execute(query)).one()
    taker = await tx.session.get(Account, alarm.taken_by) if alarm.taken_by else None
    raised_by = account_name or sealer.open(sealed, purpose="name")
    return raised_by, taker.name if taker else None


async def one(tx: Tx, alarm_id: UUID) -> Alarm:
    """An alarm within the duty officer's reach; NotFound otherwise."""
    query = (
        sa.select(Alarm)
        .join(LiveSession, LiveSession.id == Alarm.session_id)
        .join(Appointment, Appointment.id == LiveSession.appointment_id)
        .join(Unit, Unit.id == Appointment.unit_id)
        .where(Alarm.id == alarm_id, within_reach(tx.actor, Role.DUTY_OFFICER))
        .with_for_update(of=Alarm)
    )
    alarm = (await tx.session.scalars(query)).one_or_none()
    if alarm is None:
        raise NotFound
    return alarm


async def take(tx: Tx, alarm: Alarm) -> bool:
    """Whether it is the actor's from now on; taking one's own again changes nothing."""
    if alarm.taken_by is not None:
        if alarm.taken_by != tx.actor.account_id:
            raise Conflict("alarm_taken")
        return False
    alarm.taken_by, alarm.taken_at = tx.actor.account_id, tx.now
    tx.audit("alarm_taken", "alarm", alarm.id)
    return True


async def report(tx: Tx, sealer: Sealer, alarm: Alarm, text: str) -> None:
    """What came of it; by whoever took it."""
    if alarm.taken_by != tx.actor.account_id:
        raise Conflict("alarm_not_yours")
    alarm.report = sealer.seal(text, purpose="text")
    tx.audit("alarm_reported", "alarm", alarm.id)
