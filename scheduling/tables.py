"""Plans, days, slots, claims, appointments, invitees, call tasks, mediations."""

from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, Id, Instant, Json, Versioned


class ReceptionKind(StrEnum):
    """Of a `topic` day the topics are all that is received from the page; else they come first."""

    SCHEDULED = "scheduled"
    TOPIC = "topic"


class ReceptionPlan(Versioned, Base):
    """An approved arrangement: document, approver, date; a repeating rule that makes days."""

    __tablename__ = "reception_plan"

    id: Mapped[Id]
    leader_id: Mapped[UUID] = mapped_column(sa.ForeignKey("account.id"), index=True)
    unit_id: Mapped[UUID] = mapped_column(sa.ForeignKey("unit.id"))
    kind: Mapped[ReceptionKind] = mapped_column(sa.Text, default=ReceptionKind.SCHEDULED)
    rrule: Mapped[str]
    starts_on: Mapped[date] = mapped_column(sa.Date)
    ends_on: Mapped[date | None] = mapped_column(sa.Date)
    begins: Mapped[time] = mapped_column(sa.Time)
    ends: Mapped[time] = mapped_column(sa.Time)
    slot_minutes: Mapped[int]
    break_minutes: Mapped[int] = mapped_column(default=0)
    capacity: Mapped[int] = mapped_column(default=1)
    topics: Mapped[list[str]] = mapped_column(default=list)
    review: Mapped[bool] = mapped_column(default=True)
    invited_only: Mapped[bool] = mapped_column(default=False)
    opens_days_before: Mapped[int] = mapped_column(default=14)
    opens_at: Mapped[time] = mapped_column(sa.Time)
    closes_hours_before: Mapped[int] = mapped_column(default=24)
    holiday_rule: Mapped[str] = mapped_column(default="after")
    document: Mapped[str]
    approver: Mapped[str]
    approved_on: Mapped[date] = mapped_column(sa.Date)
    shares: Mapped[Json] = mapped_column(default=dict)
    ended_at: Mapped[datetime | None]


class DayState(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    BOOKING_OPEN = "booking_open"
    BOOKING_CLOSED = "booking_closed"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    ARCHIVED = "archived"
    CANCELLED = "cancelled"
    SWAPPED = "swapped"


class ReceptionDay(Versioned, Base):
    """`by_hand`: its plan's rule leaves it as it is. `arranged`: the hours that the approved
    arrangement gives it, wherever it was put since; none for a day that somebody added.
    """

    __tablename__ = "reception_day"

    id: Mapped[Id]
    plan_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("reception_plan.id"))
    planned_for: Mapped[date | None] = mapped_column(sa.Date)
    leader_id: Mapped[UUID] = mapped_column(sa.ForeignKey("account.id"))
    unit_id: Mapped[UUID] = mapped_column(sa.ForeignKey("unit.id"))
    kind: Mapped[ReceptionKind] = mapped_column(sa.Text)
    state: Mapped[DayState] = mapped_column(sa.Text)
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    slot_minutes: Mapped[int]
    break_minutes: Mapped[int] = mapped_column(default=0)
    capacity: Mapped[int]
    topics: Mapped[list[str]]
    review: Mapped[bool]
    invited_only: Mapped[bool]
    booking_opens_at: Mapped[datetime]
    booking_closes_at: Mapped[datetime]
    moved_because: Mapped[str | None]
    by_hand: Mapped[bool] = mapped_column(default=False)
    arranged: Mapped[pg.Range[datetime] | None] = mapped_column(pg.TSTZRANGE)
    shares: Mapped[Json] = mapped_column(default=dict)
    replaces_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("reception_day.id"), index=True)

    __table_args__ = (
        sa.UniqueConstraint("plan_id", "planned_for"),
        sa.Index(None, "leader_id", "begins_at"),
        sa.Index(None, "begins_at"),
    )


class BookingChannel(StrEnum):
    """The way on which somebody came to a booking."""

    ONLINE = "online"
    WALK_IN = "walk_in"
    HOTLINE = "hotline"
    ON_BEHALF = "on_behalf"


class Slot(Base):
    """A bookable time. A booking claims this `seat` of the `resource`, who is the leader.

    Until `kept_until` it is there for those alone who come on the way `kept_for`. Until
    `rests_until` nobody has it from the page but the appointment that left it.
    """

    __tablename__ = "slot"

    id: Mapped[Id]
    day_id: Mapped[UUID] = mapped_column(sa.ForeignKey("reception_day.id"), index=True)
    seat: Mapped[int] = mapped_column(default=0)
    resource: Mapped[UUID]
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    kept_for: Mapped[BookingChannel | None] = mapped_column(sa.Text)
    kept_until: Mapped[datetime | None]
    rests_until: Mapped[datetime | None]
    left_by: Mapped[UUID | None]

    __table_args__ = (
        sa.UniqueConstraint("day_id", "begins_at", "seat"),
        sa.Index(None, "begins_at"),
    )


class SessionKind(StrEnum):
    RECEPTION = "reception"
    JOINT_INTERVIEW = "joint_interview"
    MEDIATION = "mediation"
    HEARING = "hearing"


class AppointmentState(StrEnum):
    ON_HOLD = "on_hold"
    SUBMITTED = "submitted"
    CONFIRMED = "confirmed"
    CHECKED_IN = "checked_in"
    IN_SESSION = "in_session"
    COMPLETED = "completed"
    DIVERTED = "diverted"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    RESCHEDULED = "rescheduled"
    NO_SHOW = "no_show"
    EXPIRED = "expired"


OPEN_STATES = (
    AppointmentState.SUBMITTED,
    AppointmentState.CONFIRMED,
    AppointmentState.CHECKED_IN,
    AppointmentState.IN_SESSION,
)
NOT_BEGUN = (
    AppointmentState.SUBMITTED,
    AppointmentState.CONFIRMED,
    AppointmentState.CHECKED_IN,
)
"""Booked, and not received yet: they go with their day whatever becomes of it."""
_ON_HOLD = sa.text("state = 'on_hold'")


class AttendBy(StrEnum):
    OWN_DEVICE = "own_device"
    SITE = "site"
    CENTRE = "centre"
    PHONE = "phone"


class Appointment(Versioned, Base):
    """One time with people and a purpose. `sequence` rises as the calendar rules say.

    `urgency` is the reason for which it was given out of order.
    """

    __tablename__ = "appointment"

    id: Mapped[Id]
    reference: Mapped[str] = mapped_column(unique=True)
    session_kind: Mapped[SessionKind] = mapped_column(sa.Text)
    state: Mapped[AppointmentState] = mapped_column(sa.Text)
    day_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("reception_day.id"), index=True)
    slot_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("slot.id"))
    case_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("case_file.id"), index=True)
    host_id: Mapped[UUID] = mapped_column(sa.ForeignKey("account.id"), index=True)
    unit_id: Mapped[UUID] = mapped_column(sa.ForeignKey("unit.id"))
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    account_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    booked_by: Mapped[UUID]
    channel: Mapped[BookingChannel] = mapped_column(
        sa.Text, default=BookingChannel.ONLINE, server_default=BookingChannel.ONLINE
    )
    urgency: Mapped[str | None]
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    attend_by: Mapped[AttendBy] = mapped_column(sa.Text, default=AttendBy.OWN_DEVICE)
    site_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("unit.id"))
    needs: Mapped[Json] = mapped_column(default=dict)
    uid: Mapped[str] = mapped_column(unique=True)
    sequence: Mapped[int] = mapped_column(default=0)
    held_until: Mapped[datetime | None]
    hold_extended: Mapped[bool] = mapped_column(default=False)
    review_due_at: Mapped[datetime | None]
    reviewed_by: Mapped[UUID | None]
    decline_reason: Mapped[str | None]
    right_route: Mapped[str | None]
    change_reason: Mapped[str | None]
    given_up_at: Mapped[datetime | None]
    host_missed_at: Mapped[datetime | None]
    appealed_at: Mapped[datetime | None]
    excused_at: Mapped[datetime | None]
    moved_from_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("appointment.id"))
    created_at: Mapped[datetime]

    __table_args__ = (
        sa.Index(None, "host_id", "begins_at"),
        sa.Index(None, "begins_at"),
        sa.Index("ix_appointment_held_until", "held_until", postgresql_where=_ON_HOLD),
        sa.Index("uq_appointment_one_hold", "account_id", unique=True, postgresql_where=_ON_HOLD),
    )


class ClaimReason(StrEnum):
    HOLD = "hold"
    BOOKING = "booking"
    LEAVE = "leave"
    OUTSIDE = "outside"


class Claim(Base):
    """Who has which resource when. The constraint is the guarantee; locks only make it kind.

    `seats`: which of those that several may have at one time; unless it is said, all there can be.
    """

    __tablename__ = "claim"

    id: Mapped[Id] = mapped_column(server_default=sa.text("gen_random_uuid()"))
    resource: Mapped[UUID]
    seats: Mapped[pg.Range[int]] = mapped_column(pg.INT4RANGE, server_default=sa.text("'(,)'"))
    during: Mapped[pg.Range[datetime]] = mapped_column(pg.TSTZRANGE)
    reason: Mapped[ClaimReason] = mapped_column(sa.Text)
    appointment_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("appointment.id", deferrable=True, initially="DEFERRED"), index=True
    )
    expires_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        pg.ExcludeConstraint(
            ("resource", "="),
            ("during", "&&"),
            ("seats", "&&"),
            name="ex_claim_overlap",
            using="gist",
        ),
    )


class SessionRole(StrEnum):
    HOST = "host"
    CO_HOST = "co_host"
    OPERATOR = "operator"
    PETITIONER = "petitioner"
    APPLICANT = "applicant"
    RESPONDENT = "respondent"
    GUARDIAN = "guardian"
    AGENT = "agent"
    REPRESENTATIVE = "representative"
    HELPER = "helper"
    WITNESS = "witness"
    INTERPRETER = "interpreter"
    EXPERT = "expert"
    RECORDER = "recorder"
    OBSERVER = "observer"
    HANDLER = "handler"
    SUPPORT = "support"


class Invitee(Versioned, Base):
    """Somebody who is to attend. Staff by account, others by a personal link, stored hashed.

    `serves_id` is whom a guardian or an interpreter comes with; `letter_id` the paper by which an
    agent or a group's representative acts; `seen_at` when staff compared the card of who has no
    identity here, with the name they were invited by. `answer` is what their calendar
    said last, to the entry of `answered_sequence`; after `email_bad_at` no mail is sent there.
    `code` is the keyed hash that a typed code is found by, `code_shown` the code itself, sealed.
    """

    __tablename__ = "invitee"

    id: Mapped[Id]
    appointment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointment.id"), index=True)
    role: Mapped[SessionRole] = mapped_column(sa.Text)
    account_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    serves_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("invitee.id"))
    letter_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("paper.id"))
    name: Mapped[bytes]
    phone: Mapped[bytes | None]
    email: Mapped[bytes | None]
    language: Mapped[str] = mapped_column(default="zh-CN")
    token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    link: Mapped[bytes | None]
    code: Mapped[bytes | None] = mapped_column(unique=True)
    code_shown: Mapped[bytes | None]
    present_address: Mapped[bytes | None]
    seen_by: Mapped[UUID | None]
    seen_at: Mapped[datetime | None]
    told_sequence: Mapped[int | None]
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    answered_sequence: Mapped[int | None]
    answered_stamp: Mapped[datetime | None]
    email_bad_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]


class CalendarAnswer(Base):
    """A reply or a counter-proposal that came by mail; without `invitee_id` nobody known sent it."""

    __tablename__ = "calendar_answer"

    id: Mapped[Id]
    appointment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointment.id"), index=True)
    invitee_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("invitee.id"))
    sender: Mapped[bytes]
    answer: Mapped[str]
    sequence: Mapped[int]
    stamp: Mapped[datetime]
    begins_at: Mapped[datetime | None]
    outcome: Mapped[str]
    received_at: Mapped[datetime]


class SitePass(Base):
    """A seat opened on a shared device by staff of a site; it ends with the session."""

    __tablename__ = "site_pass"

    id: Mapped[Id]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    invitee_id: Mapped[UUID] = mapped_column(sa.ForeignKey("invitee.id"), index=True)
    appointment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("appointment.id"), index=True)
    opened_by: Mapped[UUID] = mapped_column(sa.ForeignKey("account.id"))
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class CallKind(StrEnum):
    """Why somebody is to be phoned."""

    CALL_ME = "call_me"
    NO_SHOWS = "no_shows"
    UNDELIVERED = "undelivered"
    DAY_CANCELLED = "day_cancelled"
    LEADER_MISSED = "leader_missed"
    UNREVIEWED = "unreviewed"
    REVIEW_OVERDUE = "review_overdue"
    CALENDAR_DECLINED = "calendar_declined"
    CALENDAR_COUNTER = "calendar_counter"
    WISH_OPEN = "wish_open"
    WISH_OVERDUE = "wish_overdue"
    CHOICE_BY_PHONE = "choice_by_phone"
    DRAW_PLACE = "draw_place"
    NO_SHOW_APPEAL = "no_show_appeal"
    TELL_BY_PHONE = "tell_by_phone"
    TAKE_MATTER = "take_matter"
    OTHER_SITE = "other_site"
    JOINT_ASK = "joint_ask"
    JOINT_UNANSWERED = "joint_unanswered"
    JOINT_OFFICE = "joint_office"
    JOINT_STUCK = "joint_stuck"
    ON_DAY_OFF = "on_day_off"


class CallTask(Versioned, Base):
    """Somebody is to be phoned; `choice_id` is what they are to be asked. Personal values are sealed.

    `wish_id`: the wish for which the desk is to find times.

    `case_id`: the matter that it is about, where nothing else of these leads to it, or that is to
    be told.
    Of what stands on a day off, `day_id` or else `appointment_id`, whoever works for the leader.
    """

    __tablename__ = "call_task"

    id: Mapped[Id]
    kind: Mapped[CallKind] = mapped_column(sa.Text)
    reference: Mapped[str] = mapped_column(unique=True)
    unit_id: Mapped[UUID] = mapped_column(sa.ForeignKey("unit.id"))
    name: Mapped[bytes | None]
    phone: Mapped[bytes | None]
    words: Mapped[bytes | None]
    appointment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("appointment.id"))
    choice_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("choice.id"), index=True)
    case_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("case_file.id"))
    interview_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("joint_interview.id"))
    day_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("reception_day.id"), index=True)
    wish_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("wish.id"), index=True)
    key: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    taken_by: Mapped[UUID | None]
    done_at: Mapped[datetime | None]
    note: Mapped[bytes | None]


class MediationState(StrEnum):
    ASKING = "asking"
    AGREED = "agreed"
    SCHEDULED = "scheduled"
    REFUSED = "refused"
    REASSIGNED = "reassigned"
    ENDED = "ended"


class Mediation(Versioned, Base):
    """A mediation on a case, from asking the other side to its session."""

    __tablename__ = "mediation"

    id: Mapped[Id]
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case_file.id"), index=True)
    mediator_id: Mapped[UUID] = mapped_column(sa.ForeignKey("account.id"), index=True)
    state: Mapped[MediationState] = mapped_column(sa.Text)
    other_party_id: Mapped[UUID] = mapped_column(sa.ForeignKey("party.id"))
    token_hash: Mapped[bytes | None] = mapped_column(unique=True)
    link: Mapped[bytes | None]
    asked_at: Mapped[datetime]
    answer_due_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    words: Mapped[bytes | None]
    appointment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("appointment.id"), index=True)

    __table_args__ = (
        sa.Index(
            "uq_mediation_one_open", "case_id", unique=True,
            postgresql_where=sa.text("state NOT IN ('refused', 'ended')"),
        ),
    )  # fmt: skip


class Replay(Base):
    """What was answered to an Idempotency-Key; a repeat gets the same answer."""

    __tablename__ = "replay"

    actor_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    action: Mapped[str]
    result_id: Mapped[UUID]
    at: Mapped[datetime]
