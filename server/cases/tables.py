"""The case and everything archived onto it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, Id, Json, Versioned


class CaseKind(StrEnum):
    PETITION = "petition"
    DISPUTE = "dispute"


class PetitionClass(StrEnum):
    """Art. 29 of the petition regulations: each goes its own way."""

    SUGGESTION = "suggestion"
    ACCUSATION = "accusation"
    APPEAL = "appeal"


class CaseState(StrEnum):
    DRAFT = "draft"
    REGISTERED = "registered"
    ACCEPTED = "accepted"
    ASSIGNED = "assigned"
    IN_MEDIATION = "in_mediation"
    IN_HANDLING = "in_handling"
    CONCLUDED = "concluded"
    ARCHIVED = "archived"
    NOT_ACCEPTED = "not_accepted"
    SENT_ELSEWHERE = "sent_elsewhere"
    WITHDRAWN = "withdrawn"
    TO_COURT = "to_court"
    NO_LONGER_ACCEPTED = "no_longer_accepted"


class Level(StrEnum):
    WINDOW = "window"
    DEPARTMENT = "department"
    JOINT = "joint"
    CENTRE = "centre"
    LEADER = "leader"


class Case(Versioned, Base):
    """`subject_unit_id` is the unit complained of: its staff are shut out.

    An accusation is confided to one clerk and to the unit of discipline inspection, to nobody else.
    """

    __tablename__ = "case_file"

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[CaseKind] = mapped_column(sa.Text)
    state: Mapped[CaseState] = mapped_column(sa.Text)
    level: Mapped[Level] = mapped_column(sa.Text, default=Level.WINDOW)
    category: Mapped[str | None]
    sentence: Mapped[bytes]
    people: Mapped[int] = mapped_column(default=1)
    channel: Mapped[str]
    place_unit_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("unit.id"))
    first_receiver_id: Mapped[UUID] = mapped_column(sa.ForeignKey("unit.id"))
    lead_unit_id: Mapped[UUID] = mapped_column(sa.ForeignKey("unit.id"), index=True)
    subject_unit_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("unit.id"))
    petition_class: Mapped[PetitionClass | None] = mapped_column(sa.Text)
    confided_to: Mapped[UUID | None]
    inspection_unit_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("unit.id"))
    opened_by: Mapped[UUID | None] = mapped_column(index=True)
    registered_at: Mapped[datetime]


class CaseNumber(Base):
    """The last number given in a unit and year."""

    __tablename__ = "case_number"

    unit_code: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class PartyRole(StrEnum):
    PETITIONER = "petitioner"
    APPLICANT = "applicant"
    RESPONDENT = "respondent"
    CONCERNED = "concerned"


class Party(Base):
    """`person_id` is absent for somebody who is only named."""

    __tablename__ = "party"

    id: Mapped[Id]
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case_file.id"), index=True)
    role: Mapped[PartyRole] = mapped_column(sa.Text)
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    name: Mapped[bytes]
    name_index: Mapped[bytes] = mapped_column(index=True)
    phone: Mapped[bytes | None]
    phone_index: Mapped[bytes | None] = mapped_column(index=True)
    position: Mapped[int] = mapped_column(default=0)


class Paper(Base):
    """An uploaded or made document; the bytes lie sealed under their hash."""

    __tablename__ = "paper"

    id: Mapped[Id]
    case_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("case_file.id"), index=True)
    account_id: Mapped[UUID | None]
    name: Mapped[bytes]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    added_at: Mapped[datetime]


class TimelineEntry(Base):
    """A chained fact of the case. The chain holds ids and hashes; `personal` lies beside it."""

    __tablename__ = "timeline_entry"

    id: Mapped[Id]
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case_file.id"))
    position: Mapped[int]
    key: Mapped[str] = mapped_column(unique=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    for_resident: Mapped[bool]
    actor_id: Mapped[UUID | None]
    facts: Mapped[Json]
    personal: Mapped[bytes | None]
    personal_hash: Mapped[str | None]
    previous: Mapped[str]
    hash: Mapped[str]

    __table_args__ = (sa.UniqueConstraint("case_id", "position"),)


class Decision(Versioned, Base):
    """Two texts that never mix: `instruction` for staff, `reply` for the resident once released."""

    __tablename__ = "decision"

    id: Mapped[Id]
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case_file.id"), index=True)
    appointment_id: Mapped[UUID] = mapped_column(unique=True)
    result: Mapped[str]
    instruction: Mapped[bytes | None]
    instruction_unit_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("unit.id"))
    deadline: Mapped[datetime | None]
    reply: Mapped[bytes | None]
    reply_released_at: Mapped[datetime | None]
    decided_by: Mapped[UUID]
    recorded_by: Mapped[UUID]
    decided_at: Mapped[datetime]


class RatingSubject(StrEnum):
    OFFICE = "office"
    UNIT = "unit"


class Rating(Base):
    """Addresses the petition office and the responsible unit, never the leader."""

    __tablename__ = "rating"

    id: Mapped[Id]
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case_file.id"), index=True)
    appointment_id: Mapped[UUID]
    subject: Mapped[RatingSubject] = mapped_column(sa.Text)
    unit_id: Mapped[UUID] = mapped_column(sa.ForeignKey("unit.id"))
    stars: Mapped[int]
    words: Mapped[bytes | None]
    at: Mapped[datetime]

    __table_args__ = (
        sa.UniqueConstraint("appointment_id", "subject"),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
    )


class CaseClock(Base):
    """A legal or promised time limit running on the case."""

    __tablename__ = "case_clock"

    id: Mapped[Id]
    case_id: Mapped[UUID] = mapped_column(sa.ForeignKey("case_file.id"), index=True)
    kind: Mapped[str]
    source: Mapped[str]
    started_at: Mapped[datetime]
    due_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (sa.UniqueConstraint("case_id", "kind", "started_at"),)
