"""Recorded files, for staff who may read the case they belong to."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from recordings.tables import RecordingFile
from scheduling import case_access
from scheduling.tables import Appointment
from server.cases import access
from server.kernel.errors import NotFound
from server.kernel.uow import Tx
from signaling.tables import LiveSession


@dataclass(frozen=True)
class Playable:
    file: RecordingFile
    case_id: UUID


async def readable(tx: Tx, file_id: UUID) -> Playable:
    """The file, if its case may be read; that it was played stands in the audit trail."""
    query = (
        sa.select(RecordingFile, Appointment.case_id)
        .join(LiveSession, LiveSession.id == RecordingFile.session_id)
        .join(Appointment, Appointment.id == LiveSession.appointment_id)
        .where(RecordingFile.id == file_id)
    )
    found = (await tx.session.execute(query)).one_or_none()
    if found is None or found.case_id is None:
        raise NotFound
    await access.one(tx, found.case_id, case_access.readable(tx.actor))
    tx.audit("play", "recording", file_id, case=str(found.case_id))
    return Playable(found[0], found.case_id)
