"""Several entries of the staff's calendar in one file, for a calendar of one's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from icalendar import Calendar, Event

from scheduling.messages.calendar import PRODID, Method, zone
from server.kernel.clock import local

MINUTES = "X-YUNTIAO-MINUTES"


@dataclass(frozen=True)
class Line:
    """One thing, in words. `about` may be a resident: it stays out of calendars of one's own.

    `is_tentative`: nobody was promised it yet; `minutes`: how long one appointment of a day is.
    """

    key: str
    begins_at: datetime
    ends_at: datetime
    kind: str
    who: str
    about: str
    state: str
    booked: str
    is_tentative: bool
    minutes: int | None = None


def as_ics(lines: Sequence[Line], *, stamp: datetime) -> bytes:
    calendar = Calendar()
    calendar.add("PRODID", PRODID)
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("METHOD", str(Method.PUBLISH))
    calendar.add_component(zone())
    for line in lines:
        event = Event()
        event.add("UID", f"{line.key}@yuntiao")
        event.add("DTSTAMP", stamp)
        event.add("DTSTART", local(line.begins_at))
        event.add("DTEND", local(line.ends_at))
        event.add("SUMMARY", " ".join(word for word in (line.kind, line.who, line.booked) if word))
        event.add("STATUS", "TENTATIVE" if line.is_tentative else "CONFIRMED")
        event.add("CLASS", "PRIVATE")
        if line.minutes is not None:
            event.add(MINUTES, str(line.minutes))
        calendar.add_component(event)
    return bytes(calendar.to_ical())
