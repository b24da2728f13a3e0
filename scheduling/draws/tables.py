"""Days of others than leaders whose places are drawn, and who applied."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from scheduling.choices.tables import Asking
from server.kernel.database import Base, Id, Json, Versioned


class DrawKind(StrEnum):
    SERVICE = "service"
    MEDIATOR = "mediator"
    TOPIC = "topic"


class DrawState(StrEnum):
    ANNOUNCED = "announced"
    DRAWN = "drawn"
    CANCELLED = "cancelled"
    STOPPED = "stopped"


RESULTS = (DrawState.DRAWN, DrawState.STOPPED)
"""What was drawn is published, also when nobody is given a place any more."""


class Draw(Versioned, Base):
    """A day of a host who is no leader: so many places one after another, drawn by lot.

    `seed` is sealed until the draw; `commitment` is published with the announcement, `digest` is
    that of the list as applying closed. Once stopped, no place is given to anybody any more.
    """

    __tablename__ = "draw"

    id: Mapped[Id]
    unit_id: Mapped[UUID] = mapped_column(sa.ForeignKey("unit.id"))
    host_id: Mapped[UUID] = mapped_column(sa.ForeignKey("account.id"), index=True)
    kind: Mapped[DrawKind] = mapped_column(sa.Text)
    state: Mapped[DrawState] = mapped_column(sa.Text)
    title: Mapped[str]
    begins_at: Mapped[datetime]
    minutes: Mapped[int]
    places: Mapped[int]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    commitment: Mapped[str]
    seed: Mapped[bytes]
    digest: Mapped[str | None]
    announced_by: Mapped[UUID]
    announced_at: Mapped[datetime]
    drawn_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]

    @property
    def ends_at(self) -> datetime:
        return self.begins_at + timedelta(minutes=self.minutes * self.places)

    def time_of(self, place: int) -> datetime:
        """When the place begins; the first is 1."""
        return self.begins_at + timedelta(minutes=self.minutes * (place - 1))


class DrawEntry(Versioned, Asking, Base):
    """An application. `number` is all that is published of who applied; `place` what was drawn.

    `judged_at`: since then the desk's word stands on urgency and needs.
    """

    __tablename__ = "draw_entry"

    id: Mapped[Id]
    draw_id: Mapped[UUID] = mapped_column(sa.ForeignKey("draw.id"))
    number: Mapped[int]
    points: Mapped[Json]
    judged_at: Mapped[datetime | None]
    place: Mapped[int | None]
    appointment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("appointment.id"))

    __table_args__ = (
        sa.UniqueConstraint("draw_id", "number"),
        sa.Index(
            "uq_draw_entry_one", "draw_id", "person_id", unique=True,
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )  # fmt: skip

    @property
    def total(self) -> int:
        return sum(self.points.values())


class DrawTurn(Base):
    """Whose turn it was when a place fell free: asked by `choice_id`, or passed over without one.

    `place` is the place of the day. Published by numbers: in it anybody sees that nobody went before.
    """

    __tablename__ = "draw_turn"

    id: Mapped[Id]
    draw_id: Mapped[UUID] = mapped_column(sa.ForeignKey("draw.id"))
    entry_id: Mapped[UUID] = mapped_column(sa.ForeignKey("draw_entry.id"))
    choice_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("choice.id"))
    place: Mapped[int]
    step: Mapped[int]
    at: Mapped[datetime]

    __table_args__ = (sa.UniqueConstraint("draw_id", "step"),)
