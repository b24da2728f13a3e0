"""People without a smartphone: what others read in a message a clerk tells them on the phone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from scheduling import calls
from scheduling.calls import NewCall
from scheduling.tables import Appointment, AttendBy, CallKind, Invitee, SessionRole
from server.kernel.database import Json
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx

NO_SMARTPHONE = "no_smartphone"
WHOSE = frozenset({SessionRole.PETITIONER, SessionRole.APPLICANT})
"""Whom an appointment's needs are about: of a mediation, where there are others, it has none."""
BEFORE = timedelta(hours=2)


@dataclass(frozen=True)
class ByPhone:
    """Whose clerks tell them, about which appointment or matter, and by when at the latest."""

    unit_id: UUID
    name: str | None
    appointment_id: UUID | None = None
    case_id: UUID | None = None
    latest: datetime | None = None


def is_phoned(needs: Json, invitee: Invitee) -> bool:
    return bool(needs.get(NO_SMARTPHONE)) and invitee.role in WHOSE


def sms_of(needs: Json, phone: bytes | None) -> bytes | None:
    """Where a link can be sent to; without a smartphone it is of no use."""
    return None if needs.get(NO_SMARTPHONE) else phone


def comes_somewhere(needs: Json, attend_by: AttendBy) -> bool:
    """Without a smartphone nobody is seen at home."""
    return not needs.get(NO_SMARTPHONE) or attend_by is not AttendBy.OWN_DEVICE


def about(appointment: Appointment, name: str) -> ByPhone:
    """By two hours before the time they are told of, or at least before it."""
    return ByPhone(
        appointment.unit_id, name, appointment_id=appointment.id,
        latest=appointment.begins_at - BEFORE,
    )  # fmt: skip


async def request(
    tx: Tx, sealer: Sealer, who: ByPhone, *, key: str, phone: str | None, words: str
) -> None:
    """Have them told, once for each key."""
    call = NewCall(
        kind=CallKind.TELL_BY_PHONE, key=f"{CallKind.TELL_BY_PHONE}:{key}", name=who.name,
        phone=phone, words=words, appointment_id=who.appointment_id, case_id=who.case_id, latest=who.latest,
    )  # fmt: skip
    await calls.request(tx, sealer, call, unit_id=who.unit_id)
