"""Who is on call is asked to come: they answer, or the clock asks by the next way, then the next."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from scheduling import calls, claims, company, invitees
from scheduling.calls import NewCall
from scheduling.claims import Wanted
from scheduling.events import InviteeRemoved, JointAsked, JointReleased
from scheduling.invitees import NewInvitee
from scheduling.joint import ladder
from scheduling.joint.ground import staff_of
from scheduling.joint.tables import JointInterview, JointSeat, Rule, Rung, SeatState
from scheduling.tables import Appointment, CallKind, ClaimReason, SessionRole
from server.cases import access as cases
from server.cases.queries import staff_names
from server.identity.tables import Account
from server.kernel import state, tasks
from server.kernel.errors import Conflict, FieldError, Gone, Invalid, NotFound
from server.kernel.sealing import Sealer
from server.kernel.tasks import Due
from server.kernel.uow import Tx
from server.units.calendar import day_of, load_calendar
from server.units.tables import Unit

CLIMB = "joint.climb"
COMING = (SeatState.PRESENT, SeatState.ACKNOWLEDGED)
TABLE: Mapping[tuple[SeatState, str], SeatState] = {
    (SeatState.PRESENT, "fall_out"): SeatState.ASKED,
    (SeatState.PRESENT, "release"): SeatState.RELEASED,
    (SeatState.ASKED, "ask_next"): SeatState.ASKED,
    (SeatState.ASKED, "acknowledge"): SeatState.ACKNOWLEDGED,
    (SeatState.ASKED, "give_up"): SeatState.UNANSWERED,
    (SeatState.ASKED, "release"): SeatState.RELEASED,
    (SeatState.ACKNOWLEDGED, "fall_out"): SeatState.ASKED,
    (SeatState.ACKNOWLEDGED, "release"): SeatState.RELEASED,
    (SeatState.UNANSWERED, "acknowledge"): SeatState.ACKNOWLEDGED,
    (SeatState.UNANSWERED, "release"): SeatState.RELEASED,
}


async def begin(
    tx: Tx, sealer: Sealer, seat: JointSeat, appointment: Appointment, account_id: UUID | None
) -> None:
    """The first rung: it stands on their page, and the clock runs. Without anybody a clerk phones."""
    if account_id is None:
        await _give_up(tx, sealer, seat)
        return
    seat.asked_id, seat.asked_at = account_id, tx.now
    await _wait(tx, seat, appointment, Rung.APP)


async def _wait(tx: Tx, seat: JointSeat, appointment: Appointment, rung: Rung) -> None:
    seat.rung = rung
    seat.answer_due_at = due_at = await _rung_ends(tx, appointment)
    payload = {"seat_id": str(seat.id), "rung": rung, "asked_id": str(seat.asked_id)}
    key = f"{CLIMB}:{seat.id}:{seat.asked_id}:{rung}"
    tx.schedule(CLIMB, key=key, payload=payload, due_at=due_at)
    tx.audit("ask", "joint_interview", seat.interview_id, seat=seat.id, rung=rung, rule=seat.rule)
    tx.emit(JointAsked(seat_id=seat.id, asked_id=seat.asked_id, rung=rung))


async def _rung_ends(tx: Tx, appointment: Appointment) -> datetime:
    calendar = await load_calendar(tx, around=day_of(tx.now))
    return ladder.due(tx.now, appointment.begins_at, calendar=calendar)


async def asked_of(tx: Tx, seat_id: UUID) -> JointSeat:
    """A seat that the actor is asked to take, or takes."""
    seat = await tx.session.get(JointSeat, seat_id)
    mine = tx.actor.account_id
    if seat is None or mine is None or mine not in {seat.asked_id, seat.account_id}:
        raise NotFound
    return seat


async def accept(tx: Tx, sealer: Sealer, seat: JointSeat) -> None:
    """Whoever is asked comes; said again it stays so."""
    if seat.state == SeatState.ACKNOWLEDGED and seat.account_id == tx.actor.account_id:
        return
    if seat.state != SeatState.ASKED or seat.asked_id is None:
        raise Gone("ask_answered")
    if seat.asked_id != tx.actor.account_id:
        raise Gone("ask_answered")
    await _bind(tx, sealer, seat, seat.asked_id)


async def refuse(tx: Tx, sealer: Sealer, seat: JointSeat) -> None:
    """They cannot come, or not after all: the next of their unit is asked at once."""
    if seat.state in COMING and seat.account_id == tx.actor.account_id:
        await fall_out(tx, sealer, seat)
        return
    if seat.state != SeatState.ASKED or seat.asked_id != tx.actor.account_id:
        raise Gone("ask_answered")
    tx.audit("refuse", "joint_interview", seat.interview_id, seat=seat.id)
    await _next(tx, sealer, seat)


async def fall_out(tx: Tx, sealer: Sealer, seat: JointSeat) -> None:
    """Whoever was to come does not: their time is free again, and the clock asks the next."""
    gone = seat.account_id
    if gone is None:
        return
    await claims.release_one(await tx.driver(), seat.appointment_id, gone)
    for invitee in await invitees.of(tx, seat.appointment_id):
        if invitee.account_id == gone and invitee.role == SessionRole.HANDLER:
            invitee.removed_at = tx.now
            tx.emit(InviteeRemoved(appointment_id=seat.appointment_id, invitee_id=invitee.id))
    tx.audit("fall_out", "joint_interview", seat.interview_id, seat=seat.id, account=gone)
    _step(seat, "fall_out")
    seat.asked_id, seat.account_id = gone, None
    await _next(tx, sealer, seat)


async def fall_ill(
    tx: Tx, sealer: Sealer, account_id: UUID, *, begins_at: datetime, ends_at: datetime
) -> None:
    """Whoever is away over a joint interview is replaced in it."""
    query = (
        sa.select(JointSeat)
        .join(Appointment, Appointment.id == JointSeat.appointment_id)
        .where(
            sa.or_(
                sa.and_(JointSeat.account_id == account_id, JointSeat.state.in_(COMING)),
                sa.and_(JointSeat.asked_id == account_id, JointSeat.state == SeatState.ASKED),
            ),
            Appointment.begins_at < ends_at, Appointment.ends_at > begins_at,
            Appointment.begins_at > tx.now,
        )
    )  # fmt: skip
    for seat in (await tx.session.scalars(query)).all():
        await (fall_out if seat.account_id == account_id else _next)(tx, sealer, seat)


async def assign(tx: Tx, sealer: Sealer, seat: JointSeat, account_id: UUID) -> None:
    """The clerk was told on the phone who comes."""
    state.after(TABLE, SeatState(seat.state), "acknowledge")
    if account_id not in (await staff_of(tx, [seat.unit_id])).get(seat.unit_id, ()):
        raise Invalid("invalid", fields=(FieldError("account_id", "field.invalid"),))
    await _bind(tx, sealer, seat, account_id)


async def _bind(tx: Tx, sealer: Sealer, seat: JointSeat, account_id: UUID) -> None:
    """Take the person for this time, and give them a place in the room."""
    appointment = await tx.session.get_one(Appointment, seat.appointment_id)
    await _demand_impartial(tx, appointment, account_id)
    quick = await tx.driver()
    await claims.lock(quick, [account_id])
    wanted = Wanted(account_id, appointment.begins_at, appointment.ends_at)
    if not await claims.take(
        quick, [wanted], appointment_id=appointment.id, reason=ClaimReason.BOOKING,
        expires_at=None, now=tx.now,
    ):  # fmt: skip
        raise Conflict("person_busy_then")
    names = await staff_names(tx, [account_id])
    who = NewInvitee(SessionRole.HANDLER, names.get(account_id, ""), account_id=account_id)
    await company.invite(tx, sealer, appointment, who)
    _step(seat, "acknowledge")
    seat.account_id, seat.answered_at = account_id, tx.now
    await _stop(tx, seat)
    tx.audit("acknowledge", "joint_interview", seat.interview_id, seat=seat.id, account=account_id)


async def _demand_impartial(tx: Tx, appointment: Appointment, account_id: UUID) -> None:
    """Nobody of the unit complained of, and nobody else who is shut out of the case."""
    about = sa.select(Appointment.case_id).where(Appointment.id == appointment.id)
    if (await tx.session.execute(cases.shut_out(about, [account_id]))).first() is not None:
        raise NotFound


async def climb(tx: Tx, sealer: Sealer, due: Due) -> str | None:
    """No answer in time: the next rung. What was answered or asked of another is left alone."""
    seat = await tx.session.get(JointSeat, UUID(due.payload["seat_id"]))
    if seat is None or seat.state != SeatState.ASKED or seat.rung != due.payload["rung"]:
        return "skipped"
    if str(seat.asked_id) != due.payload["asked_id"]:
        return "skipped"
    following = ladder.AFTER[Rung(due.payload["rung"])]
    if following is None or following is Rung.DEPUTY:
        await _next(tx, sealer, seat)
        return None
    appointment = await tx.session.get_one(Appointment, seat.appointment_id)
    await _wait(tx, seat, appointment, following)
    if following is Rung.CALL:
        await _call(tx, sealer, seat, CallKind.JOINT_ASK, account_id=seat.asked_id)
    return None


async def _next(tx: Tx, sealer: Sealer, seat: JointSeat) -> None:
    """Ask the next of the unit who has not been asked; nobody left is a matter for the clerk.

    Whoever was asked before need not be phoned any more.
    """
    await _spare(tx, seat, CallKind.JOINT_ASK)
    if seat.asked_id is not None:
        seat.refused = [*seat.refused, str(seat.asked_id)]
    staff = (await staff_of(tx, [seat.unit_id])).get(seat.unit_id, ())
    left = [one for one in staff if str(one) not in seat.refused]
    if left:
        appointment = await tx.session.get_one(Appointment, seat.appointment_id)
        _step(seat, "ask_next")
        seat.asked_id, seat.asked_at, seat.rule = left[0], tx.now, Rule.NEXT_OF_UNIT
        await _wait(tx, seat, appointment, Rung.DEPUTY)
        return
    await _give_up(tx, sealer, seat)


async def _give_up(tx: Tx, sealer: Sealer, seat: JointSeat) -> None:
    _step(seat, "give_up")
    seat.rung, seat.answer_due_at = None, None
    tx.audit("unanswered", "joint_interview", seat.interview_id, seat=seat.id)
    await _call(tx, sealer, seat, CallKind.JOINT_UNANSWERED, account_id=None)


async def _call(
    tx: Tx, sealer: Sealer, seat: JointSeat, kind: CallKind, *, account_id: UUID | None
) -> None:
    """A clerk phones, who is asked or the unit itself: as long as a rung lasts."""
    appointment = await tx.session.get_one(Appointment, seat.appointment_id)
    latest = seat.answer_due_at or await _rung_ends(tx, appointment)
    unit = await tx.session.get_one(Unit, seat.unit_id)
    account = await tx.session.get(Account, account_id) if account_id else None
    phone = sealer.open(account.phone, purpose="phone") if account and account.phone else None
    interview = await tx.session.get_one(JointInterview, seat.interview_id)
    name = f"{unit.name} {account.name or ''}".strip() if account else unit.name
    # whoever falls out later is called about anew
    call = NewCall(
        kind=kind, key=f"{kind}:{seat.id}:{len(seat.refused)}", name=name,
        phone=phone or unit.phone, appointment_id=seat.appointment_id, interview_id=interview.id,
        latest=latest,
    )  # fmt: skip
    await calls.request(tx, sealer, call, unit_id=interview.unit_id)


async def release(tx: Tx, interview_id: UUID) -> None:
    """The meeting is off: nobody is waited for any more, and whoever was asked is told."""
    for seat in await seats_of(tx, interview_id):
        _step(seat, "release")
        await _stop(tx, seat)
        tx.emit(JointReleased(seat_id=seat.id))


async def _stop(tx: Tx, seat: JointSeat) -> None:
    await tasks.drop(tx.connection, key_prefix=f"{CLIMB}:{seat.id}:")
    for kind in (CallKind.JOINT_ASK, CallKind.JOINT_UNANSWERED):
        await _spare(tx, seat, kind)
    seat.rung, seat.answer_due_at = None, None


async def _spare(tx: Tx, seat: JointSeat, kind: CallKind) -> None:
    await calls.settle_all(tx, key_prefix=f"{kind}:{seat.id}:")


def _step(seat: JointSeat, action: str) -> None:
    seat.state = state.after(TABLE, SeatState(seat.state), action)


async def seats_of(tx: Tx, *interview_ids: UUID) -> Sequence[JointSeat]:
    """The seats of the meeting as it stands now."""
    query = sa.select(JointSeat).where(
        JointSeat.interview_id.in_(interview_ids), JointSeat.state != SeatState.RELEASED
    )
    return (await tx.session.scalars(query.order_by(JointSeat.optional, JointSeat.id))).all()
