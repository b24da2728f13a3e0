"""From a day's hours to its slots and its booking window: arithmetic only."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from server.kernel.clock import LOCAL


@dataclass(frozen=True)
class Window:
    """When residents may book, and until when."""

    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True)
class Times:
    begins_at: datetime
    ends_at: datetime


def instant(day: date, at: time) -> datetime:
    """A wall-clock time in the district as an instant."""
    return datetime.combine(day, at, LOCAL).astimezone(UTC)


def cut(begins_at: datetime, ends_at: datetime, *, minutes: int, rest: int) -> list[Times]:
    """Whole slots of `minutes` with `rest` minutes between them."""
    length, step = timedelta(minutes=minutes), timedelta(minutes=minutes + rest)
    slots = []
    while begins_at + length <= ends_at:
        slots.append(Times(begins_at, begins_at + length))
        begins_at += step
    return slots


def window(
    held: date, begins_at: datetime, *, days_before: int, opens_at: time, hours_before: int
) -> Window:
    opening = instant(held - timedelta(days=days_before), opens_at)
    return Window(opening, begins_at - timedelta(hours=hours_before))
