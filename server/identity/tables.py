"""Persons, accounts, sessions, codes and consents. Personal values are sealed."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.actor import Role
from server.kernel.database import Base, Id, Versioned


class IdentityLevel(StrEnum):
    """How sure we are who somebody is, weakest first."""

    PHONE = "phone"
    DECLARED = "declared"
    SEEN = "seen"
    VERIFIED = "verified"


class Person(Versioned, Base):
    """Keyed by identity, never by phone number."""

    __tablename__ = "person"

    id: Mapped[Id]
    name: Mapped[bytes]
    id_number: Mapped[bytes | None]
    id_number_index: Mapped[bytes | None] = mapped_column(unique=True)
    address: Mapped[bytes | None]
    level: Mapped[IdentityLevel] = mapped_column(sa.Text)
    seen_by: Mapped[UUID | None]
    seen_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class AccountKind(StrEnum):
    RESIDENT = "resident"
    STAFF = "staff"


class Account(Versioned, Base):
    """A way in: a phone (residents) or a login name with a password (staff)."""

    __tablename__ = "account"

    id: Mapped[Id]
    kind: Mapped[AccountKind] = mapped_column(sa.Text)
    phone: Mapped[bytes | None]
    phone_index: Mapped[bytes | None] = mapped_column(unique=True)
    email: Mapped[bytes | None]
    login: Mapped[str | None] = mapped_column(unique=True)
    password: Mapped[str | None]
    name: Mapped[str | None]
    language: Mapped[str] = mapped_column(default="zh-CN")
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class AccountPerson(Base):
    """For whom an account may act. `address` is what this account declared, shown to it only."""

    __tablename__ = "account_person"

    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    relation: Mapped[str]
    address: Mapped[bytes | None]
    created_at: Mapped[datetime]


class Membership(Base):
    """A system role held in a unit."""

    __tablename__ = "membership"

    id: Mapped[Id]
    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("account.id"), index=True)
    unit_id: Mapped[UUID] = mapped_column(sa.ForeignKey("unit.id"))
    role: Mapped[Role] = mapped_column(sa.Text)

    __table_args__ = (sa.UniqueConstraint("account_id", "unit_id", "role"),)


class Official(Base):
    """What the public may know of a leader; also whom leader_office and operator serve."""

    __tablename__ = "official"

    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    unit_id: Mapped[UUID] = mapped_column(sa.ForeignKey("unit.id"))
    name: Mapped[str]
    post: Mapped[str]
    division: Mapped[str]
    topics: Mapped[list[str]] = mapped_column(default=list)
    rank: Mapped[int] = mapped_column(unique=True)
    invited_only: Mapped[bool] = mapped_column(default=False)


class Service(Base):
    """A staff member who works for a leader: operator at the screen, or the leader's office."""

    __tablename__ = "service"

    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    leader_id: Mapped[UUID] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)


class Challenge(Base):
    """A one-time code on its way; the code itself is made by whoever sends it."""

    __tablename__ = "challenge"

    id: Mapped[Id]
    purpose: Mapped[str]
    flow: Mapped[bytes]
    phone: Mapped[bytes]
    phone_index: Mapped[bytes] = mapped_column(index=True)
    code: Mapped[bytes | None]
    tries_left: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class WebSession(Base):
    """A sign-in. `shared` marks a device of a site, which is wiped afterwards."""

    __tablename__ = "web_session"

    id: Mapped[Id]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    account_id: Mapped[UUID] = mapped_column(sa.ForeignKey("account.id"), index=True)
    shared: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class ConsentKind(StrEnum):
    JOIN = "join"
    RECORD = "record"


class Basis(StrEnum):
    NOTICE = "notice"
    CONSENT = "consent"


class Consent(Base):
    """Who agreed to what, which text was shown, when and how. Withdrawing adds a date."""

    __tablename__ = "consent"

    id: Mapped[Id]
    invitee_id: Mapped[UUID] = mapped_column(index=True)
    person_id: Mapped[UUID | None]
    appointment_id: Mapped[UUID] = mapped_column(index=True)
    kind: Mapped[ConsentKind] = mapped_column(sa.Text)
    given: Mapped[bool]
    basis: Mapped[Basis] = mapped_column(sa.Text)
    text_version: Mapped[str]
    how: Mapped[str]
    at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
