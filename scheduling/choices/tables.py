"""What people are asked to choose, the places kept for that, wishes for a reception, waiting lists."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from scheduling.tables import AttendBy, BookingChannel
from server.kernel.database import Base, Id, Json, Versioned


class ChoiceKind(StrEnum):
    """Why somebody is asked."""

    REPLACED = "replaced"
    DAY_CANCELLED = "day_cancelled"
    LEADER_MISSED = "leader_missed"
    UNREVIEWED = "unreviewed"
    PROPOSED = "proposed"
    PLACE_FREED = "place_freed"
    DRAWN_FREED = "drawn_freed"


class Chosen(StrEnum):
    """`silence`: none came in time; `withdrawn`: there is nothing to choose any more."""

    KEEP = "keep"
    TAKE = "take"
    DECLINE = "decline"
    SILENCE = "silence"
    WITHDRAWN = "withdrawn"


class Choice(Versioned, Base):
    """A question to one person, answered by one tap behind a link. Names and phones are sealed.

    `appointment_id` is what it is about, later what came of it; `from_leader_id` who was to receive.
    """

    __tablename__ = "choice"

    id: Mapped[Id]
    kind: Mapped[ChoiceKind] = mapped_column(sa.Text)
    unit_id: Mapped[UUID] = mapped_column(sa.ForeignKey("unit.id"))
    appointment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("appointment.id"), index=True)
    wish_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("wish.id"), index=True)
    entry_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("waitlist_entry.id"), index=True)
    draw_entry_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("draw_entry.id"), index=True)
    from_leader_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("account.id"))
    account_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    name: Mapped[bytes]
    phone: Mapped[bytes | None]
    language: Mapped[str] = mapped_column(default="zh-CN")
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    link: Mapped[bytes]
    asked_at: Mapped[datetime]
    tell_at: Mapped[datetime]
    due_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answer: Mapped[Chosen | None] = mapped_column(sa.Text)

    __table_args__ = (
        sa.Index("ix_choice_open", "due_at", postgresql_where=sa.text("answered_at IS NULL")),
    )


class Offer(Base):
    """A place that is kept for a choice: an appointment on hold, whose claims end by themselves."""

    __tablename__ = "offer"

    id: Mapped[Id]
    choice_id: Mapped[UUID] = mapped_column(sa.ForeignKey("choice.id"), index=True)
    hold_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointment.id"), unique=True)
    position: Mapped[int]
    ended_at: Mapped[datetime | None]


class Asking:
    """What a wish and a place on a waiting list have in common: who asks, for which matter.

    `account_id`: who follows it on the page, `asked_by` who entered it. `company`: who is to come
    along, sealed as a whole.
    """

    reference: Mapped[str] = mapped_column(unique=True)
    unit_id: Mapped[UUID] = mapped_column(sa.ForeignKey("unit.id"))
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case_file.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"), index=True)
    account_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    asked_by: Mapped[UUID]
    channel: Mapped[BookingChannel] = mapped_column(
        sa.Text, default=BookingChannel.ONLINE, server_default=BookingChannel.ONLINE
    )
    name: Mapped[bytes]
    phone: Mapped[bytes]
    email: Mapped[bytes | None]
    attend_by: Mapped[AttendBy] = mapped_column(sa.Text, default=AttendBy.OWN_DEVICE)
    site_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("unit.id"))
    needs: Mapped[Json] = mapped_column(default=dict)
    company: Mapped[bytes | None]
    asked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class WishState(StrEnum):
    ASKED = "asked"
    PROPOSED = "proposed"
    BOOKED = "booked"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


OPEN_WISHES = (WishState.ASKED, WishState.PROPOSED)


class Wish(Versioned, Asking, Base):
    """A reception by appointment: the resident asks, a clerk finds leader and times.

    `rounds`: how often times were proposed; `due_at`: by when the next step is promised.
    """

    __tablename__ = "wish"

    id: Mapped[Id]
    state: Mapped[WishState] = mapped_column(sa.Text)
    leader_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("account.id"))
    due_at: Mapped[datetime]
    rounds: Mapped[int] = mapped_column(default=0)
    returned_because: Mapped[Chosen | None] = mapped_column(sa.Text)
    appointment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("appointment.id"))
    decline_reason: Mapped[str | None]
    right_route: Mapped[str | None]

    __table_args__ = (
        sa.Index(
            "uq_wish_one_open", "person_id", "case_id", unique=True,
            postgresql_where=sa.text("state IN ('asked', 'proposed')"),
        ),
    )  # fmt: skip


class EntryState(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    BOOKED = "booked"
    LAPSED = "lapsed"
    LEFT = "left"
    CLOSED = "closed"


OPEN_ENTRIES = (EntryState.WAITING, EntryState.OFFERED)


class WaitlistEntry(Versioned, Asking, Base):
    """A place in the line of a full day. `number` rises by the order of asking."""

    __tablename__ = "waitlist_entry"

    id: Mapped[Id]
    day_id: Mapped[UUID] = mapped_column(sa.ForeignKey("reception_day.id"))
    state: Mapped[EntryState] = mapped_column(sa.Text)
    number: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity())
    appointment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("appointment.id"))

    __table_args__ = (
        sa.Index(
            "uq_waitlist_entry_one_open", "person_id", "case_id", unique=True,
            postgresql_where=sa.text("state IN ('waiting', 'offered')"),
        ),
        sa.Index(
            "ix_waitlist_entry_line", "day_id", "number",
            postgresql_where=sa.text("state IN ('waiting', 'offered')"),
        ),
    )  # fmt: skip
