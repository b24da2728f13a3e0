"""Call tasks: somebody is to be phoned by a clerk, within one working day."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

import sqlalchemy as sa

from scheduling.events import CallRequested
from scheduling.references import new_reference
from scheduling.review_time import call_due
from scheduling.tables import Appointment, CallKind, CallTask, ReceptionDay
from server.kernel.errors import Conflict, NotFound
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from server.units.calendar import day_of, load_calendar
from server.units.tables import Unit, UnitKind


@dataclass(frozen=True)
class NewCall:
    """`key` makes it one task however often it is asked for; after `latest` it is of no use, nor
    about an appointment once that began.

    `due_at`: by when, where that is not within one working day.
    """

    kind: CallKind
    key: str
    name: str | None = None
    phone: str | None = None
    words: str | None = None
    appointment_id: UUID | None = None
    choice_id: UUID | None = None
    case_id: UUID | None = None
    interview_id: UUID | None = None
    day_id: UUID | None = None
    wish_id: UUID | None = None
    due_at: datetime | None = None
    latest: datetime | None = None


async def request(
    tx: Tx, sealer: Sealer, call: NewCall, *, unit_id: UUID | None = None
) -> CallTask:
    """Have somebody phoned; the task with the same key is answered as it is, also a finished one."""
    known = await by_key(tx, call.key)
    if known is not None:
        return known
    task = CallTask(
        id=uuid4(),
        kind=call.kind,
        key=call.key,
        reference=new_reference(),
        unit_id=unit_id or (await centre(tx)).id,
        name=sealer.seal(call.name, purpose="name") if call.name else None,
        phone=sealer.seal(call.phone, purpose="phone") if call.phone else None,
        words=sealer.seal(call.words, purpose="text") if call.words else None,
        appointment_id=call.appointment_id,
        choice_id=call.choice_id,
        case_id=call.case_id,
        interview_id=call.interview_id,
        day_id=call.day_id,
        wish_id=call.wish_id,
        created_at=tx.now,
        due_at=await _due(tx, call),
    )
    tx.session.add(task)
    tx.audit("request", "call_task", task.id, kind=call.kind)
    tx.emit(CallRequested(call_task_id=task.id))
    return task


async def _due(tx: Tx, call: NewCall) -> datetime:
    """While it is of use; who does not come is phoned until it is over, then as any other."""
    calendar = await load_calendar(tx, around=day_of(tx.now))
    ends = [call.latest] if call.latest else []
    if call.appointment_id is not None:
        about = await tx.session.get_one(Appointment, call.appointment_id)
        ends += [about.begins_at, about.ends_at]
    promised = call.due_at or call_due(tx.now, calendar=calendar)
    return min([promised, *(end for end in ends if end > tx.now)])


def take(tx: Tx, task: CallTask) -> None:
    """A clerk phones now; one taken by a colleague may be taken over."""
    if task.done_at:
        raise Conflict("call_done_already")
    task.taken_by = tx.actor.account_id
    tx.audit("take", "call_task", task.id)


def complete(tx: Tx, sealer: Sealer, task: CallTask, *, note: str) -> None:
    if task.done_at:
        raise Conflict("call_done_already")
    task.done_at, task.taken_by = tx.now, tx.actor.account_id
    task.note = sealer.seal(note, purpose="text")
    tx.audit("complete", "call_task", task.id)


async def request_anew(
    tx: Tx, sealer: Sealer, call: NewCall, *, unit_id: UUID | None = None
) -> CallTask:
    """As `request`, but who was phoned already and has another reason is phoned again."""
    key = CallTask.key
    done = sa.select(sa.func.count()).where(
        sa.or_(key == call.key, key.startswith(f"{call.key}+", autoescape=True)),
        CallTask.done_at.is_not(None),
    )
    times = await tx.session.scalar(done.select_from(CallTask))
    afresh = replace(call, key=f"{call.key}+{times}") if times else call
    return await request(tx, sealer, afresh, unit_id=unit_id)


async def by_key(tx: Tx, key: str) -> CallTask | None:
    found: CallTask | None = await tx.session.scalar(sa.select(CallTask).where(CallTask.key == key))
    return found


async def settle(tx: Tx, key: str) -> None:
    """The call with this key need not be made any more."""
    await _settle(tx, CallTask.key == key)


async def settle_all(tx: Tx, *, key_prefix: str) -> None:
    await _settle(tx, CallTask.key.startswith(key_prefix, autoescape=True))


async def reviewed(tx: Tx, appointment_id: UUID) -> None:
    """Somebody decided on the request, or it fell away: nobody need be reminded of it."""
    await settle_all(tx, key_prefix=f"{CallKind.REVIEW_OVERDUE}:{appointment_id}:")


async def seen_to(tx: Tx, *which: sa.ColumnElement[bool]) -> None:
    """What stood on a day off was moved, or is off."""
    await _settle(tx, CallTask.kind == CallKind.ON_DAY_OFF, *which)


async def wish_seen_to(tx: Tx, wish_id: UUID) -> None:
    """Times are proposed, or the wish is over: whoever was to phone need not."""
    await _settle(tx, CallTask.wish_id == wish_id)


async def end_begun(tx: Tx) -> None:
    """What stood on a day off and is being held needs nobody to see to it any more."""
    await _settle(tx, CallTask.kind == CallKind.ON_DAY_OFF, _begun(tx.now))


def to_be_made(now: datetime) -> sa.ColumnElement[bool]:
    """Not done yet, and still of use."""
    of_use = sa.or_(CallTask.kind != CallKind.ON_DAY_OFF, sa.not_(_begun(now)))
    return sa.and_(CallTask.done_at.is_(None), of_use)


def _begun(now: datetime) -> sa.ColumnElement[bool]:
    days = sa.exists().where(ReceptionDay.id == CallTask.day_id, ReceptionDay.begins_at <= now)
    alone = sa.exists().where(
        Appointment.id == CallTask.appointment_id, Appointment.begins_at <= now
    )
    return sa.or_(days.correlate(CallTask), alone.correlate(CallTask))


def day_off_key(thing_id: UUID) -> str:
    """Of a day, or of a session of none."""
    return f"{CallKind.ON_DAY_OFF}:{thing_id}"


async def follow_day(tx: Tx, old_id: UUID, new_id: UUID) -> None:
    """Another leader receives at the same time, still on a day off, or kept for the same reason."""
    for task in await tx.session.scalars(sa.select(CallTask).where(CallTask.day_id == old_id)):
        task.day_id, task.key = new_id, day_off_key(new_id)


async def spare(tx: Tx, choice_id: UUID) -> None:
    """Who answered need not be phoned; a clerk who is at it already closes the call themselves.

    An apology is owed whatever they chose.
    """
    await _settle(
        tx, CallTask.choice_id == choice_id, CallTask.kind != CallKind.LEADER_MISSED,
        CallTask.taken_by.is_(None),
    )  # fmt: skip


async def question_over(tx: Tx, choice_id: UUID) -> None:
    """Nothing is left to ask them; another call says what became of it."""
    await _settle(
        tx, CallTask.choice_id == choice_id, CallTask.kind == CallKind.CHOICE_BY_PHONE,
        CallTask.taken_by.is_(None),
    )  # fmt: skip


async def _settle(tx: Tx, *which: sa.ColumnElement[bool]) -> None:
    query = sa.select(CallTask).where(*which, CallTask.done_at.is_(None)).with_for_update()
    for task in await tx.session.scalars(query):
        task.done_at = tx.now
        tx.audit("settle", "call_task", task.id)


async def centre(tx: Tx) -> Unit:
    """The district's centre, which answers for whatever has no nearer unit."""
    query = sa.select(Unit).where(Unit.kind == UnitKind.DISTRICT_CENTRE).limit(1)
    found = (await tx.session.scalars(query)).one_or_none()
    if found is None:
        raise NotFound
    return found
