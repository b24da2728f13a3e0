"""Requests that nobody looks at: brought to mind when the review is due, and other times at the end."""

from datetime import datetime
from uuid import UUID

from scheduling import calls, claims
from scheduling.choices import displaced, questions
from scheduling.choices.tables import ChoiceKind
from scheduling.events import AppointmentExpired
from scheduling.states import APPOINTMENT, Action
from scheduling.tables import Appointment, AppointmentState, CallKind
from server.kernel import state
from server.kernel.config import Scheduling
from server.kernel.sealing import Sealer
from server.kernel.tasks import Due
from server.kernel.uow import Tx

WATCH, OVERDUE, EXPIRE = "review.watch", "review.overdue", "review.expire"


async def watch(tx: Tx, due: Due) -> str | None:
    """Note by when somebody is to look at the request, and when it is too late."""
    appointment = await _waiting(tx, due)
    if appointment is None:
        return "skipped"
    if appointment.review_due_at is not None:
        _schedule(tx, OVERDUE, appointment.id, due_at=appointment.review_due_at)
    _schedule(tx, EXPIRE, appointment.id, due_at=appointment.begins_at)
    return None


def expire_now(tx: Tx, appointment_id: UUID) -> None:
    """Its day is over; whatever became of its own task, it is not left as it is."""
    _schedule(tx, EXPIRE, appointment_id, due_at=tx.now)


async def overdue(tx: Tx, sealer: Sealer, due: Due) -> str | None:
    """The promised review was not made: it is on the list of calls, where it is seen."""
    appointment = await _waiting(tx, due)
    if appointment is None or appointment.begins_at <= tx.now:
        return "skipped"
    if appointment.review_due_at is None or appointment.review_due_at > tx.now:
        return "skipped"
    await displaced.call_about(
        tx, sealer, appointment, kind=CallKind.REVIEW_OVERDUE, latest=appointment.begins_at
    )
    return None


async def expire(tx: Tx, sealer: Sealer, due: Due, *, rules: Scheduling) -> str | None:
    """Nobody decided in time: it cannot take place, it must be seen, and other times are offered."""
    appointment = await _waiting(tx, due)
    if appointment is None or appointment.begins_at > tx.now:
        return "skipped"
    appointment.state = state.after(APPOINTMENT, AppointmentState(appointment.state), Action.EXPIRE)
    await claims.release(await tx.driver(), appointment.id)
    await questions.withdraw_about(tx, appointment.id)
    await calls.reviewed(tx, appointment.id)
    tx.audit("expire", "appointment", appointment.id)
    tx.emit(AppointmentExpired(appointment_id=appointment.id))
    await displaced.ask_cancelled(
        tx, sealer, [appointment], kind=ChoiceKind.UNREVIEWED, rules=rules
    )
    return None


def _schedule(tx: Tx, kind: str, appointment_id: UUID, *, due_at: datetime) -> None:
    key = f"{kind}:{appointment_id}:{int(due_at.timestamp())}"
    tx.schedule(kind, key=key, payload={"appointment_id": str(appointment_id)}, due_at=due_at)


async def _waiting(tx: Tx, due: Due) -> Appointment | None:
    """The request, locked, as long as nobody has decided on it."""
    found = await tx.session.get(
        Appointment, UUID(due.payload["appointment_id"]), with_for_update=True,
        populate_existing=True,
    )  # fmt: skip
    return found if found and found.state == AppointmentState.SUBMITTED else None
