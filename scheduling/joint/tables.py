"""Joint interviews of departments: what is wanted, and the seats of the units in it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, Id, Json, Versioned
from server.units.tables import Presence


class JointState(StrEnum):
    OPEN = "open"
    PROPOSED = "proposed"
    BOOKED = "booked"
    HELD = "held"
    ENDED = "ended"


class Rule(StrEnum):
    """By which rule the clock acts; what people do by hand has none."""

    OPEN_REQUEST = "open_request"
    REPLACEMENT = "replacement"
    STAND_IN = "stand_in"
    NEXT_OF_UNIT = "next_of_unit"


class JointInterview(Versioned, Base):
    """A joint interview on a case, from the wish to its session. `wishes` is a `Wishes`.

    `by_clock`: the clock looks for a time, proposes it and books it; `due_at` is its next step,
    `round` rises with each search, so that steps of an earlier one are void. `proposal` is a
    `Choice`, `avoided` are days that were refused.
    """

    __tablename__ = "joint_interview"

    id: Mapped[Id]
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case_file.id"))
    unit_id: Mapped[UUID] = mapped_column(sa.ForeignKey("unit.id"), index=True)
    state: Mapped[JointState] = mapped_column(sa.Text)
    wishes: Mapped[Json]
    opened_by: Mapped[UUID] = mapped_column(sa.ForeignKey("account.id"))
    opened_at: Mapped[datetime]
    appointment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("appointment.id"), index=True)
    room_unit_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("unit.id"))
    ended_because: Mapped[str | None]
    by_clock: Mapped[bool] = mapped_column(default=True)
    round: Mapped[int] = mapped_column(default=0)
    rule: Mapped[Rule | None] = mapped_column(sa.Text)
    due_at: Mapped[datetime | None]
    searched_at: Mapped[datetime | None]
    proposal: Mapped[Json | None]
    avoided: Mapped[list[str]] = mapped_column(default=list)
    awaits_office: Mapped[bool] = mapped_column(default=False)
    accepted_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("account.id"))

    __table_args__ = (
        sa.Index(
            "uq_joint_interview_one_open", "case_id", unique=True,
            postgresql_where=sa.text("state IN ('open', 'proposed', 'booked')"),
        ),
    )  # fmt: skip


class SeatState(StrEnum):
    """`present`: on the roster by name. The others are asked, and answer by themselves."""

    PRESENT = "present"
    ASKED = "asked"
    ACKNOWLEDGED = "acknowledged"
    UNANSWERED = "unanswered"
    RELEASED = "released"


class Rung(StrEnum):
    """How somebody is asked, one after another until there is an answer."""

    APP = "app"
    SMS = "sms"
    CALL = "call"
    DEPUTY = "deputy"


class JointSeat(Versioned, Base):
    """A unit's place in a joint interview. `resource` is what was claimed for it.

    `asked_id` is who is asked now, `account_id` who comes.
    """

    __tablename__ = "joint_seat"

    id: Mapped[Id]
    interview_id: Mapped[UUID] = mapped_column(sa.ForeignKey("joint_interview.id"), index=True)
    appointment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointment.id"), index=True)
    unit_id: Mapped[UUID] = mapped_column(sa.ForeignKey("unit.id"))
    resource: Mapped[UUID]
    presence: Mapped[Presence] = mapped_column(sa.Text)
    optional: Mapped[bool] = mapped_column(default=False)
    state: Mapped[SeatState] = mapped_column(sa.Text)
    rung: Mapped[Rung | None] = mapped_column(sa.Text)
    asked_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("account.id"))
    account_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("account.id"))
    refused: Mapped[list[str]] = mapped_column(default=list)
    asked_at: Mapped[datetime | None]
    answer_due_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    rule: Mapped[Rule | None] = mapped_column(sa.Text)

    __table_args__ = (
        sa.Index("ix_joint_seat_asked", "asked_id", postgresql_where=sa.text("state = 'asked'")),
    )
