"""Units of the district and its working calendar."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, Id


class UnitKind(StrEnum):
    DISTRICT_CENTRE = "district_centre"
    SUB_CENTRE = "sub_centre"
    AREA = "area"
    VILLAGE = "village"
    GRID = "grid"
    DEPARTMENT = "department"
    COMMITTEE = "committee"
    STUDIO = "studio"
    TRIBUNAL = "tribunal"
    OFFICE = "office"
    CENTRE = "centre"
    SERVICE = "service"


class Presence(StrEnum):
    WHOLE = "whole"
    ROTATING = "rotating"
    ON_CALL = "on_call"


class Unit(Base):
    """`path` is `/<code>/<code>/`: a role held in a unit reaches every path that begins so."""

    __tablename__ = "unit"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[UnitKind] = mapped_column(sa.Text)
    name: Mapped[str]
    name_en: Mapped[str | None]
    parent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("unit.id"), index=True)
    path: Mapped[str] = mapped_column(unique=True)
    presence: Mapped[Presence | None] = mapped_column(sa.Text)
    is_site: Mapped[bool] = mapped_column(default=False)
    phone: Mapped[str | None]
    address: Mapped[str | None]


class DayKind(StrEnum):
    HOLIDAY = "holiday"
    MAKE_UP = "make_up"


class YearStatus(StrEnum):
    PROVISIONAL = "provisional"
    CONFIRMED = "confirmed"


class CalendarDay(Base):
    """A day that is not what its weekday says."""

    __tablename__ = "calendar_day"

    date: Mapped[date] = mapped_column(sa.Date, primary_key=True)
    kind: Mapped[DayKind] = mapped_column(sa.Text)
    source: Mapped[str]
    status: Mapped[YearStatus] = mapped_column(sa.Text)


class CalendarYear(Base):
    """A year whose holidays were entered here, from the notice that `document` names."""

    __tablename__ = "calendar_year"

    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    document: Mapped[str]
    entered_by: Mapped[UUID | None]
    entered_at: Mapped[datetime]
