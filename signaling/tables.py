"""What of a live session must survive a restart: rooms, seats, the log."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from scheduling.tables import SessionKind, SessionRole
from server.kernel.database import Base, Id, Json, Versioned


class SessionState(StrEnum):
    SCHEDULED = "scheduled"
    OPEN = "open"
    LIVE = "live"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    CLOSED = "closed"
    ARCHIVED = "archived"
    CANCELLED = "cancelled"


class Result(StrEnum):
    HELD = "held"
    ADJOURNED = "adjourned"
    ABORTED = "aborted"
    NOBODY_CAME = "nobody_came"
    SAFETY_STOP = "safety_stop"


class LiveSession(Versioned, Base):
    """One per appointment."""

    __tablename__ = "live_session"

    id: Mapped[Id]
    appointment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointment.id"), unique=True)
    kind: Mapped[SessionKind] = mapped_column(sa.Text)
    state: Mapped[SessionState] = mapped_column(sa.Text)
    result: Mapped[Result | None] = mapped_column(sa.Text)
    ends_at: Mapped[datetime]
    let_in: Mapped[list[str]] = mapped_column(default=list)
    opened_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    recording_since: Mapped[datetime | None]


class RoomKind(StrEnum):
    WAITING = "waiting"
    MAIN = "main"
    CAUCUS = "caucus"
    DOOR = "door"


class Room(Base):
    __tablename__ = "room"

    id: Mapped[Id]
    session_id: Mapped[UUID] = mapped_column(sa.ForeignKey("live_session.id"), index=True)
    kind: Mapped[RoomKind] = mapped_column(sa.Text)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class ParticipantState(StrEnum):
    INVITED = "invited"
    TESTING = "testing"
    WAITING = "waiting"
    IN_ROOM = "in_room"
    IN_CAUCUS = "in_caucus"
    CONNECTION_LOST = "connection_lost"
    LEFT = "left"
    DISMISSED = "dismissed"
    REFUSED = "refused"
    NO_SHOW = "no_show"


class Participant(Versioned, Base):
    """A seat: one invitee in one session. Where it sits decides who sees and hears whom."""

    __tablename__ = "participant"

    id: Mapped[Id]
    session_id: Mapped[UUID] = mapped_column(sa.ForeignKey("live_session.id"), index=True)
    invitee_id: Mapped[UUID] = mapped_column(sa.ForeignKey("invitee.id"))
    role: Mapped[SessionRole] = mapped_column(sa.Text)
    state: Mapped[ParticipantState] = mapped_column(sa.Text)
    room_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("room.id"))
    admitted_at: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    muted_by_host: Mapped[bool] = mapped_column(default=False)
    has_floor: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        sa.UniqueConstraint("session_id", "invitee_id"),
        sa.Index(
            "uq_participant_floor",
            "session_id",
            "room_id",
            unique=True,
            postgresql_where=sa.text("has_floor"),
        ),
    )


class SessionLog(Base):
    """What happened in a session, in order; the archive is made from it."""

    __tablename__ = "session_log"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    session_id: Mapped[UUID] = mapped_column(sa.ForeignKey("live_session.id"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    participant_id: Mapped[UUID | None]
    room_id: Mapped[UUID | None]
    facts: Mapped[Json]


class LiveTicket(Base):
    """Opens one socket once, within seconds; `session_id` is the sign-in or pass that asked."""

    __tablename__ = "live_ticket"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    invitee_id: Mapped[UUID] = mapped_column(sa.ForeignKey("invitee.id"))
    appointment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointment.id"))
    session_id: Mapped[UUID | None]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Alarm(Versioned, Base):
    """The silent key: who pressed it, where the person is, who took it."""

    __tablename__ = "alarm"

    id: Mapped[Id]
    session_id: Mapped[UUID] = mapped_column(sa.ForeignKey("live_session.id"))
    raised_by: Mapped[UUID]
    about: Mapped[UUID | None]
    address: Mapped[bytes | None]
    raised_at: Mapped[datetime]
    taken_by: Mapped[UUID | None]
    taken_at: Mapped[datetime | None]
    report: Mapped[bytes | None]
