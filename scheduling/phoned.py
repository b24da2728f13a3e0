"""People without a smartphone: what others read in a message a clerk tells them on the phone."""

from datetime import datetime, timedelta

from scheduling import calls
from scheduling.calls import NewCall
from scheduling.tables import Appointment, AttendBy, CallKind, Invitee, SessionRole
from server.kernel.database import Json
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx

NO_SMARTPHONE = "no_smartphone"
TOLD = frozenset(
    {"confirmed", "diverted", "moved", "cancelled", "declined", "expired", "reminder_24h"}
)
"""What is worth a call; of the rest the slip in their hand speaks."""
BEFORE = timedelta(hours=2)


def is_phoned(needs: Json, invitee: Invitee) -> bool:
    return bool(needs.get(NO_SMARTPHONE)) and invitee.role == SessionRole.PETITIONER


def sms_of(needs: Json, phone: bytes | None) -> bytes | None:
    """Where a link can be sent to; without a smartphone it is of no use."""
    return None if needs.get(NO_SMARTPHONE) else phone


def comes_somewhere(needs: Json, attend_by: AttendBy) -> bool:
    """Without a smartphone nobody is seen at home."""
    return not needs.get(NO_SMARTPHONE) or attend_by is not AttendBy.OWN_DEVICE


async def request(
    tx: Tx, sealer: Sealer, appointment: Appointment, invitee: Invitee, *, about: str, words: str
) -> None:
    """Have them told, by two hours before the time they are told of."""
    call = NewCall(
        kind=CallKind.TELL_BY_PHONE,
        key=f"{CallKind.TELL_BY_PHONE}:{about}:{appointment.id}:{appointment.sequence}",
        name=sealer.open(invitee.name, purpose="name"),
        phone=sealer.open(invitee.phone, purpose="phone") if invitee.phone else None,
        words=words,
        appointment_id=appointment.id,
        latest=_latest(appointment, now=tx.now),
    )
    await calls.request(tx, sealer, call, unit_id=appointment.unit_id)


def _latest(appointment: Appointment, *, now: datetime) -> datetime | None:
    latest = appointment.begins_at - BEFORE
    return latest if latest > now else None
