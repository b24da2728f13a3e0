"""A leader's day falls away: the joint interviews on it get who stands in, or another time."""

from uuid import UUID

import sqlalchemy as sa

from scheduling import changes, claims
from scheduling.choices import displaced
from scheduling.claims import Wanted
from scheduling.events import AppointmentRehosted
from scheduling.joint import interviews
from scheduling.joint import wishes as joint_wishes
from scheduling.joint.interviews import seek
from scheduling.joint.tables import JointInterview, JointState, Rule
from scheduling.tables import Appointment, AppointmentState, ClaimReason, ReceptionDay
from server.cases import access as cases
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx

AHEAD = (AppointmentState.CONFIRMED, AppointmentState.CHECKED_IN)


async def cancelled(tx: Tx, sealer: Sealer, day: ReceptionDay, *, reason: str) -> None:
    """Everybody is told that the time is off, who asked for it is phoned; the clock looks anew."""
    for interview, appointment in await on(tx, day):
        await _reopen(tx, sealer, interview, appointment, reason=reason)


async def handed_over(
    tx: Tx, sealer: Sealer, day: ReceptionDay, leader_id: UUID, *, reason: str
) -> None:
    """Who stands in receives where they were wished for too and can; else another time is found."""
    for interview, appointment in await on(tx, day):
        await claims.release_one(await tx.driver(), appointment.id, appointment.host_id)
        if await _takes_over(tx, interview, appointment, leader_id):
            await _rehost(tx, sealer, interview, appointment, leader_id)
        else:
            await _reopen(tx, sealer, interview, appointment, reason=reason)


async def on(tx: Tx, day: ReceptionDay) -> list[tuple[JointInterview, Appointment]]:
    """Those which the leader receives within the day and that have not begun."""
    query = (
        sa.select(JointInterview, Appointment)
        .join(Appointment, Appointment.id == JointInterview.appointment_id)
        .where(
            JointInterview.state == JointState.BOOKED, Appointment.host_id == day.leader_id,
            Appointment.state.in_(AHEAD), Appointment.begins_at >= day.begins_at,
            Appointment.ends_at <= day.ends_at,
        )
        .order_by(Appointment.begins_at)
    )  # fmt: skip
    return [(interview, one) for interview, one in (await tx.session.execute(query)).all()]


async def _takes_over(
    tx: Tx, interview: JointInterview, appointment: Appointment, leader_id: UUID
) -> bool:
    if leader_id not in joint_wishes.of(interview.wishes).leaders:
        return False
    about = sa.select(Appointment.case_id).where(Appointment.id == appointment.id)
    if (await tx.session.execute(cases.shut_out(about, [leader_id]))).first() is not None:
        return False
    wanted = [Wanted(leader_id, appointment.begins_at, appointment.ends_at)]
    return await claims.take(
        await tx.driver(), wanted, appointment_id=appointment.id, reason=ClaimReason.BOOKING,
        expires_at=None, now=tx.now,
    )  # fmt: skip


async def _rehost(
    tx: Tx, sealer: Sealer, interview: JointInterview, appointment: Appointment, leader_id: UUID
) -> None:
    """The same time and the same table with the other leader; everybody is told."""
    absent = appointment.host_id
    appointment.host_id = leader_id
    await changes.rehost(tx, sealer, appointment, leader_id)
    appointment.sequence += 1
    interview.rule = Rule.STAND_IN
    await changes.renew_reminders(tx, appointment)
    tx.audit(
        "rehost", "joint_interview", interview.id, rule=Rule.STAND_IN, instead_of=absent,
        by=leader_id,
    )  # fmt: skip
    tx.emit(
        AppointmentRehosted(
            appointment_id=appointment.id, sequence=appointment.sequence, was_confirmed=True
        )
    )


async def _reopen(
    tx: Tx, sealer: Sealer, interview: JointInterview, appointment: Appointment, *, reason: str
) -> None:
    await changes.call_off(tx, appointment, reason=reason)
    await interviews.free(tx, interview, "call_off", reason=reason)
    await displaced.call_about(tx, sealer, appointment)
    seek(tx, interview, Rule.REPLACEMENT)
