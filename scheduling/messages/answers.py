"""What people answer to a calendar entry by mail: kept, shown to the desk, never acted on alone.

Whoever answers must be who was invited: by the address they were invited at, or by the token that
only their own mail holds. Others are kept to be seen, and nobody is added.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

import sqlalchemy as sa

from scheduling import calls, changes, invitees
from scheduling.calls import NewCall
from scheduling.events import InviteeDeclined
from scheduling.messages.entries import sequence_of
from scheduling.messages.invitation_mail import token_of
from scheduling.messages.replies import Partstat, Proposal, Reply
from scheduling.tables import (
    Appointment,
    AppointmentState,
    CalendarAnswer,
    CallKind,
    Invitee,
    SessionKind,
    SessionRole,
)
from server.identity.tables import Account
from server.kernel.clock import local
from server.kernel.sealing import Sealer
from server.kernel.tasks import Due
from server.kernel.uow import Tx

RELEASE = "answer.release"
MOST_ANSWERS = 50
LEAST_NOTICE = timedelta(hours=2)
"""A time that is nearer than this is of no use to anybody else."""
STANDING = frozenset({AppointmentState.CONFIRMED, AppointmentState.CHECKED_IN})


class Outcome(StrEnum):
    TAKEN = "taken"
    OLDER = "older"
    OVER = "over"
    UNKNOWN_SENDER = "unknown_sender"
    UNKNOWN_ENTRY = "unknown_entry"
    TOO_MANY = "too_many"


@dataclass(frozen=True)
class Arrived:
    """`sender` is whom the mail says it is from, `token` that of the address it was sent to."""

    reply: Reply
    sender: str
    token: str


async def take(tx: Tx, sealer: Sealer, arrived: Arrived, *, release_after: timedelta) -> Outcome:
    """Keep the answer; where it changes something, have somebody asked."""
    query = sa.select(Appointment).where(Appointment.uid == arrived.reply.uid)
    appointment = await tx.session.scalar(query.with_for_update())
    if appointment is None:
        return Outcome.UNKNOWN_ENTRY
    held = sa.select(sa.func.count()).where(CalendarAnswer.appointment_id == appointment.id)
    if (await tx.session.scalar(held) or 0) >= MOST_ANSWERS:
        return Outcome.TOO_MANY
    invitee = await _who(tx, sealer, appointment, arrived)
    outcome = Outcome.UNKNOWN_SENDER
    if invitee is not None:
        sent = await sequence_of(tx, appointment, invitee)
        outcome = _judge(appointment, invitee, arrived.reply, sent=sent)
    _keep(tx, sealer, appointment, invitee, arrived=arrived, outcome=outcome)
    if invitee is not None and outcome is Outcome.TAKEN:
        await _act(tx, sealer, appointment, invitee, arrived.reply, release_after=release_after)
    return outcome


async def _who(
    tx: Tx, sealer: Sealer, appointment: Appointment, arrived: Arrived
) -> Invitee | None:
    """Who was invited and answers now; None where nobody can be sure."""
    for invitee in await invitees.of(tx, appointment.id):
        address = await invitees.address_of(tx, sealer, invitee)
        if address is None or invitee.told_sequence is None:
            continue
        own = token_of(sealer, invitee.id, address)
        if hmac.compare_digest(own.encode(), arrived.token.encode()):
            return invitee
        if arrived.sender == arrived.reply.attendee == address.lower():
            return invitee
    return None


def _judge(appointment: Appointment, invitee: Invitee, reply: Reply, *, sent: int) -> Outcome:
    """`sent`: the SEQUENCE that their entry has now."""
    if appointment.state not in STANDING:
        return Outcome.OVER
    if reply.sequence != sent:
        return Outcome.OLDER
    if reply.instance is not None and reply.instance != appointment.begins_at:
        return Outcome.OLDER
    last = invitee.answered_stamp if invitee.answered_sequence == reply.sequence else None
    return Outcome.OLDER if last is not None and reply.stamp <= last else Outcome.TAKEN


def _keep(
    tx: Tx,
    sealer: Sealer,
    at: Appointment,
    who: Invitee | None,
    *,
    arrived: Arrived,
    outcome: Outcome,
) -> None:
    reply = arrived.reply
    row = CalendarAnswer(
        id=uuid4(), appointment_id=at.id, invitee_id=who.id if who else None,
        sender=sealer.seal(arrived.sender, purpose="email"),
        answer="counter" if reply.counter else reply.partstat, sequence=reply.sequence,
        stamp=reply.stamp, begins_at=reply.counter.begins_at if reply.counter else None,
        outcome=outcome, received_at=tx.now,
    )  # fmt: skip
    tx.session.add(row)
    tx.audit("answered_by_mail", "appointment", at.id, outcome=outcome, answer=row.answer)


async def _act(
    tx: Tx,
    sealer: Sealer,
    appointment: Appointment,
    invitee: Invitee,
    reply: Reply,
    *,
    release_after: timedelta,
) -> None:
    # a clock that runs ahead must not shut out what is answered later
    invitee.answered_sequence, invitee.answered_stamp = reply.sequence, min(reply.stamp, tx.now)
    invitee.answered_at = tx.now
    if reply.partstat is not Partstat.NEEDS_ACTION:
        invitee.answer = reply.partstat
    if reply.counter is not None:
        await _have_asked(
            tx, sealer, appointment, invitee, kind=CallKind.CALENDAR_COUNTER,
            key=f"counter:{appointment.id}:{reply.sequence}:{invitee.id}:{reply.stamp:%Y%m%d%H%M%S}",
            words=f"{_time(reply.counter)} {reply.words}".strip(),
        )  # fmt: skip
    elif reply.partstat is Partstat.DECLINED:
        await _declined(tx, sealer, appointment, invitee, reply, release_after=release_after)
    elif reply.partstat is Partstat.ACCEPTED:
        await calls.settle(tx, _key(appointment, invitee))


async def _declined(
    tx: Tx,
    sealer: Sealer,
    appointment: Appointment,
    invitee: Invitee,
    reply: Reply,
    *,
    release_after: timedelta,
) -> None:
    """The time is kept; somebody calls, the person is asked, and for a reception a clock starts."""
    release_at = _release_at(tx, appointment, invitee, release_after)
    await _have_asked(
        tx, sealer, appointment, invitee, kind=CallKind.CALENDAR_DECLINED,
        key=_key(appointment, invitee), words=reply.words, latest=release_at,
    )  # fmt: skip
    if release_at is not None and invitee.answered_stamp is not None:
        stamp = invitee.answered_stamp.isoformat()
        tx.schedule(
            RELEASE, key=f"release:{appointment.id}:{reply.sequence}:{stamp}", due_at=release_at,
            payload={"invitee_id": str(invitee.id), "sequence": appointment.sequence, "stamp": stamp},
        )  # fmt: skip
    tx.emit(
        InviteeDeclined(
            appointment_id=appointment.id, invitee_id=invitee.id, sequence=appointment.sequence,
            release_at=release_at,
        )
    )  # fmt: skip


def _release_at(
    tx: Tx, appointment: Appointment, invitee: Invitee, after: timedelta
) -> datetime | None:
    """Only whose own reception it is can leave it to others, while there is time to take it."""
    theirs = invitee.role == SessionRole.PETITIONER
    is_reception = appointment.session_kind == SessionKind.RECEPTION
    at = tx.now + after
    in_time = at <= appointment.begins_at - LEAST_NOTICE
    confirmed = appointment.state == AppointmentState.CONFIRMED
    return at if theirs and is_reception and confirmed and in_time else None


async def release(tx: Tx, due: Due) -> str | None:
    """Nobody said otherwise: the time is free again. A clerk who took the call decides instead."""
    invitee = await tx.session.get_one(Invitee, UUID(due.payload["invitee_id"]))
    appointment = await tx.session.get_one(Appointment, invitee.appointment_id)
    stands = (
        appointment.state == AppointmentState.CONFIRMED
        and appointment.sequence == due.payload["sequence"]
        and appointment.begins_at > tx.now
        and invitee.answer == Partstat.DECLINED
        and invitee.answered_stamp == datetime.fromisoformat(due.payload["stamp"])
    )
    call = await calls.by_key(tx, _key(appointment, invitee))
    if not stands or call is None or call.done_at or call.taken_by:
        return "skipped"
    await calls.settle(tx, call.key)
    await changes.cancel(tx, appointment, reason=None)
    return None


async def _have_asked(
    tx: Tx,
    sealer: Sealer,
    appointment: Appointment,
    invitee: Invitee,
    *,
    kind: CallKind,
    key: str,
    words: str,
    latest: datetime | None = None,
) -> None:
    phone = invitee.phone
    if phone is None and invitee.account_id is not None:
        phone = (await tx.session.get_one(Account, invitee.account_id)).phone
    call = NewCall(
        kind=kind, key=key, name=sealer.open(invitee.name, purpose="name"),
        phone=sealer.open(phone, purpose="phone") if phone else None,
        words=words or None, appointment_id=appointment.id, latest=latest,
    )  # fmt: skip
    await calls.request(tx, sealer, call, unit_id=appointment.unit_id)


def _key(appointment: Appointment, invitee: Invitee) -> str:
    return f"declined:{appointment.id}:{appointment.sequence}:{invitee.id}"


def _time(proposal: Proposal) -> str:
    """The time that is proposed, as every language writes it."""
    if proposal.begins_at is None:
        return "?"
    begins = f"{local(proposal.begins_at):%Y-%m-%d %H:%M}"
    return f"{begins}\u2013{local(proposal.ends_at):%H:%M}" if proposal.ends_at else begins
