"""Rosters: who of a department or a sub-centre is there, on which day, from when to when."""

from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column

from scheduling.rosters.turns.lines import Method
from server.kernel.database import Base, Id, Json, Versioned
from server.units.tables import Presence


class RosterShift(Versioned, Base):
    """A unit's presence on a day. `account_id` is who is there, or is called when on call.

    `seats`: how many meetings the unit can be at once; a named person can be at one.
    """

    __tablename__ = "roster_shift"

    id: Mapped[Id]
    unit_id: Mapped[UUID] = mapped_column(sa.ForeignKey("unit.id"))
    day: Mapped[date] = mapped_column(sa.Date)
    begins: Mapped[time] = mapped_column(sa.Time)
    ends: Mapped[time] = mapped_column(sa.Time)
    presence: Mapped[Presence] = mapped_column(sa.Text)
    seats: Mapped[int] = mapped_column(default=1)
    account_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("account.id"))

    __table_args__ = (
        sa.CheckConstraint("begins < ends", name="begins_before_ends"),
        sa.CheckConstraint("seats BETWEEN 1 AND 9", name="some_seats"),
        sa.Index(None, "unit_id", "day"),
        sa.Index(None, "day"),
        sa.Index(None, "account_id", "day"),
    )


class WishKind(StrEnum):
    """`cannot` is kept, whatever it costs; the others are followed where nothing is lost by it."""

    CANNOT = "cannot"
    RATHER_NOT = "rather_not"
    WOULD_LIKE = "would_like"


class RosterWish(Base):
    """What somebody said of a half day of the week, and who wrote it down."""

    __tablename__ = "roster_wish"

    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    weekday: Mapped[int] = mapped_column(primary_key=True)
    half: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[WishKind] = mapped_column(sa.Text)
    entered_by: Mapped[UUID] = mapped_column(sa.ForeignKey("account.id"))
    entered_at: Mapped[datetime]

    __table_args__ = (
        sa.CheckConstraint("weekday BETWEEN 0 AND 6 AND half BETWEEN 0 AND 1", name="half_of_week"),
    )


class DraftState(StrEnum):
    """A draft is worked out, looked at, and kept or not; what was kept can be taken back."""

    QUEUED = "queued"
    RUNNING = "running"
    READY = "ready"
    CANCELLED = "cancelled"
    FAILED = "failed"
    KEPT = "kept"
    UNDONE = "undone"


class RosterDraft(Versioned, Base):
    """A roster of a period that somebody asked for. `unit_ids`: whose; all or none is kept.

    `problem` is a `Period`, `solved` a `Solved`; both are text, since nothing looks into them.
    `seen`: the roster that it was made from; `undo`: what it took away and added, once kept.
    `stopping`: the best so far will do; `beat_at`: when it was last worked on.
    """

    __tablename__ = "roster_draft"

    id: Mapped[Id]
    unit_ids: Mapped[list[UUID]] = mapped_column(pg.ARRAY(sa.Uuid))
    first: Mapped[date] = mapped_column(sa.Date)
    last: Mapped[date] = mapped_column(sa.Date)
    settings: Mapped[Json]
    method: Mapped[Method] = mapped_column(sa.Text)
    state: Mapped[DraftState] = mapped_column(sa.Text)
    asked_by: Mapped[UUID] = mapped_column(sa.ForeignKey("account.id"))
    asked_at: Mapped[datetime]
    stopping: Mapped[bool] = mapped_column(default=False)
    progress: Mapped[Json | None]
    beat_at: Mapped[datetime | None]
    problem: Mapped[str]
    seen: Mapped[str]
    solved: Mapped[str | None]
    undo: Mapped[Json | None]
    kept_at: Mapped[datetime | None]

    __table_args__ = (sa.Index(None, "asked_at"),)
