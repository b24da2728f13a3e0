"""Answers of other people's calendars (iTIP REPLY and COUNTER), read with care: pure, bounded.

Lines are read one by one. A whole calendar is never made of them: that would work out the rules
of time zones, and whoever writes to us would choose how long it takes. Nothing is ever fetched.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from icalendar.parser import Contentline, Contentlines, Parameters

from server.kernel.clock import LOCAL

MOST_BYTES = 64 << 10
MOST_LINES = 1_000
MOST_COMPONENTS = 20
MOST_WORDS = 300
OURS = frozenset({"china standard time", "asia/shanghai"})
ZONE_NAME = re.compile(r"[A-Za-z]{2,20}/[A-Za-z_]{2,30}")
INSTANT = re.compile(r"(\d{8}T\d{6})(Z?)")


class Unreadable(Exception):
    """Not an answer that we take; the code says why, and holds nothing of what was sent."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Partstat(StrEnum):
    ACCEPTED = "accepted"
    DECLINED = "declined"
    TENTATIVE = "tentative"
    DELEGATED = "delegated"
    NEEDS_ACTION = "needs-action"


@dataclass(frozen=True)
class Proposal:
    """Another time that somebody would rather have; None where it cannot be made out."""

    begins_at: datetime | None
    ends_at: datetime | None


@dataclass(frozen=True)
class Reply:
    """What one attendee answers. `counter`: it is a COUNTER, with this proposal."""

    uid: str
    attendee: str
    partstat: Partstat
    sequence: int
    stamp: datetime
    instance: datetime | None
    words: str
    counter: Proposal | None = None


@dataclass(frozen=True)
class _Value:
    text: str
    params: Parameters


_Event = dict[str, list[_Value]]


def read(data: bytes) -> Reply:
    """The one answer in an iTIP object. Raises Unreadable."""
    if len(data) > MOST_BYTES:
        raise Unreadable("calendar_too_large")
    try:
        method, event = _collect(_lines(data.decode("utf-8")))
        return _reply(method, event)
    except (ValueError, KeyError, IndexError, OverflowError, OSError) as error:
        raise Unreadable("calendar_malformed") from error


def _lines(text: str) -> Iterator[Contentline]:
    lines: list[Contentline] = Contentlines.from_ical(text)  # type: ignore[no-untyped-call]
    if len(lines) > MOST_LINES:
        raise Unreadable("calendar_too_large")
    return (line for line in lines if line)


def _collect(lines: Iterator[Contentline]) -> tuple[str, _Event]:
    """The method, and the only event's own properties."""
    path: list[str] = []
    method, begun = "", 0
    event: _Event | None = None
    for line in lines:
        name, params, value = line.parts()
        name = name.upper()
        if name == "BEGIN":
            begun += 1
            path.append(value.upper())
            if begun > MOST_COMPONENTS:
                raise Unreadable("calendar_too_large")
            if path == ["VCALENDAR", "VEVENT"]:
                if event is not None:
                    raise Unreadable("several_events")
                event = {}
        elif name == "END":
            if not path or path.pop() != value.upper():
                raise Unreadable("calendar_malformed")
        elif path == ["VCALENDAR"] and name == "METHOD":
            method = value.upper()
        elif path == ["VCALENDAR", "VEVENT"] and event is not None:
            event.setdefault(name, []).append(_Value(value, params))
    if path or event is None:
        raise Unreadable("calendar_malformed")
    return method, event


def _reply(method: str, event: _Event) -> Reply:
    if method not in {"REPLY", "COUNTER"}:
        raise Unreadable("other_method")
    [attendee] = event["ATTENDEE"]
    sequence = int(_first(event, "SEQUENCE") or 0)
    if not 0 <= sequence < 1 << 31:
        raise Unreadable("calendar_malformed")
    stamp = _instant(event["DTSTAMP"][0])
    if stamp is None:
        raise Unreadable("calendar_malformed")
    counter = method == "COUNTER"
    partstat = Partstat(str(attendee.params.get("PARTSTAT", "NEEDS-ACTION")).lower())
    return Reply(
        uid=event["UID"][0].text[:200],
        attendee=_address(attendee.text),
        partstat=partstat,
        sequence=sequence,
        stamp=stamp,
        instance=_instant(event["RECURRENCE-ID"][0]) if "RECURRENCE-ID" in event else None,
        words=_words(_first(event, "COMMENT")),
        counter=_proposal(event) if counter else None,
    )


def _proposal(event: _Event) -> Proposal:
    begins, ends = (
        _instant(event[name][0]) if name in event else None for name in ("DTSTART", "DTEND")
    )
    return Proposal(begins, ends)


def _first(event: _Event, name: str) -> str:
    return event[name][0].text if name in event else ""


def _address(text: str) -> str:
    scheme, _, address = text.partition(":")
    if scheme.lower() != "mailto" or "@" not in address or len(address) > 254:
        raise Unreadable("calendar_malformed")
    return address.strip().lower()


def _words(text: str) -> str:
    """What somebody wrote with it, in one line."""
    plain = text.replace("\\n", " ").replace("\\N", " ").replace("\\", "")
    return " ".join("".join(c if c.isprintable() else " " for c in plain).split())[:MOST_WORDS]


def _instant(value: _Value) -> datetime | None:
    """An instant; None for a whole day, and for a zone that nobody knows by this name."""
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
    return ZoneInfo(name) if ZONE_NAME.fullmatch(name) else None
