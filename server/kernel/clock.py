"""Business time: always given, never taken from the machine by a rule."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class MovableClock:
    """Runs like the machine's clock, shifted; tests and the browser journey move it."""

    shift: timedelta = timedelta()

    @classmethod
    def at(cls, instant: datetime) -> "MovableClock":
        return cls(instant - datetime.now(UTC))

    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def move(self, by: timedelta) -> None:
        self.shift += by

    def move_to(self, instant: datetime) -> None:
        self.shift = instant - datetime.now(UTC)


@dataclass
class FixedClock:
    """Stands still until told otherwise."""

    instant: datetime

    def now(self) -> datetime:
        return self.instant

    def move(self, by: timedelta) -> None:
        self.instant += by


def local(instant: datetime) -> datetime:
    """The same instant on the wall clock of the district."""
    return instant.astimezone(LOCAL)
