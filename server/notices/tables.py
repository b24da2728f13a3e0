"""What was sent to whom, by which way, with what outcome."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, Id


class Channel(StrEnum):
    SMS = "sms"
    MAIL = "mail"


class DeliveryState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class Delivery(Base):
    """Written before sending; its key makes a second try the same message.

    After `until` it is not worth sending any more. A failed one is a dead letter, for staff to see.
    """

    __tablename__ = "delivery"

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    channel: Mapped[Channel] = mapped_column(sa.Text)
    template: Mapped[str]
    to: Mapped[bytes]
    body: Mapped[bytes]
    appointment_id: Mapped[UUID | None] = mapped_column(index=True)
    invitee_id: Mapped[UUID | None]
    state: Mapped[DeliveryState] = mapped_column(sa.Text)
    provider_id: Mapped[str | None]
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    until: Mapped[datetime]
    sent_at: Mapped[datetime | None]
