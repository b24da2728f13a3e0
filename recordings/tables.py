"""The files that were recorded, as the database knows them; the bytes lie on the disk."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, Id


class RecordingFile(Base):
    """One participant for one stay in the main room; `chain` binds it to the files before it."""

    __tablename__ = "recording_file"

    id: Mapped[Id]
    session_id: Mapped[UUID] = mapped_column(sa.ForeignKey("live_session.id"), index=True)
    participant_id: Mapped[UUID] = mapped_column(sa.ForeignKey("participant.id"))
    number: Mapped[int]
    file: Mapped[str]
    octets: Mapped[int] = mapped_column(sa.BigInteger)
    sha256: Mapped[str]
    chain: Mapped[str]
    interrupted: Mapped[bool]
    began_at: Mapped[datetime]
    seconds: Mapped[float]

    __table_args__ = (sa.UniqueConstraint("session_id", "number"),)
