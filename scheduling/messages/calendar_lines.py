"""Calendar data that others wrote (RFC 5545), read with care: pure, bounded.

Lines are read one by one. A whole calendar is never made of them: that would work out the rules
of time zones, and whoever writes to us would choose how long it takes. Nothing is ever fetched.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from icalendar.parser import Contentline, Contentlines, Parameters

from server.kernel.clock import LOCAL

MOST_WORDS = 300
OURS = frozenset({"china standard time", "asia/shanghai"})
ZONE_NAME = re.compile(r"[A-Za-z]{2,20}/[A-Za-z_]{2,30}")
INSTANT = re.compile(r"(\d{8}T\d{6})(Z?)")


class Unreadable(Exception):
    """Nothing that we take; the code says why, and holds nothing of what was sent."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Bounds:
    """How much is looked at: `size` in bytes."""

    size: int
    lines: int
    components: int


@dataclass(frozen=True)
class Value:
    text: str
    params: Parameters


Event = dict[str, list[Value]]
"""The own properties of a VEVENT by their names, in upper case."""


def read(data: bytes, *, bounds: Bounds) -> tuple[str, list[Event]]:
    """The method and the events, at least one. Raises Unreadable, or ValueError for what is no text."""
    if len(data) > bounds.size:
        raise Unreadable("calendar_too_large")
    return _collect(_lines(data.decode("utf-8"), bounds), bounds)


def _lines(text: str, bounds: Bounds) -> Iterator[Contentline]:
    lines: list[Contentline] = Contentlines.from_ical(text)  # type: ignore[no-untyped-call]
    if len(lines) > bounds.lines:
        raise Unreadable("calendar_too_large")
    return (line for line in lines if line)


def _collect(lines: Iterator[Contentline], bounds: Bounds) -> tuple[str, list[Event]]:
    path: list[str] = []
    method, begun = "", 0
    events: list[Event] = []
    for line in lines:
        name, params, value = line.parts()
        name = name.upper()
        if name == "BEGIN":
            begun += 1
            path.append(value.upper())
            if begun > bounds.components:
                raise Unreadable("calendar_too_large")
            if path == ["VCALENDAR", "VEVENT"]:
                events.append({})
        elif name == "END":
            if not path or path.pop() != value.upper():
                raise Unreadable("calendar_malformed")
        elif path == ["VCALENDAR"] and name == "METHOD":
            method = value.upper()
        elif path == ["VCALENDAR", "VEVENT"]:
            events[-1].setdefault(name, []).append(Value(value, params))
    if path or not events:
        raise Unreadable("calendar_malformed")
    return method, events


def words(text: str) -> str:
    """What somebody wrote, in one line."""
    plain = text.replace("\\n", " ").replace("\\N", " ").replace("\\", "")
    return " ".join("".join(c if c.isprintable() else " " for c in plain).split())[:MOST_WORDS]


def instant(value: Value) -> datetime | None:
    """An instant; None for a whole day, and for a zone that nobody knows by this name.

    Raises ValueError or OverflowError for a day that there is not.
    """
    found = INSTANT.fullmatch(value.text.strip())
    if found is None:
        return None
    naive = datetime.strptime(found[1], "%Y%m%dT%H%M%S")  # noqa: DTZ007  (its zone follows)
    if found[2]:
        return naive.replace(tzinfo=UTC)
    zone = _zone(str(value.params.get("TZID", "Asia/Shanghai")))
    return naive.replace(tzinfo=zone).astimezone(UTC) if zone else None


def _zone(name: str) -> ZoneInfo | None:
    if name.lower() in OURS:
        return LOCAL
    try:
        return ZoneInfo(name) if ZONE_NAME.fullmatch(name) else None
    except (KeyError, OSError):
        return None
