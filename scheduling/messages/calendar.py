"""Calendar entries as text: iTIP (RFC 5546) for mail, a file of one's own, by icalendar.

Every message holds one recipient and the organizer: parties never see each other's addresses.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from icalendar import (
    Alarm,
    Calendar,
    Event,
    Timezone,
    TimezoneStandard,
    vCalAddress,
    vDuration,
    vText,
    vUri,
)

from server.kernel.clock import local

PRODID = "-//Yuntiao//Yuntiao//ZH"
ZONE = "Asia/Shanghai"
OFFSET = timedelta(hours=8)
ALARM = timedelta(minutes=30)


class Method(StrEnum):
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    PUBLISH = "PUBLISH"


class AttendeeRole(StrEnum):
    CHAIR = "CHAIR"
    REQUIRED = "REQ-PARTICIPANT"
    ROOM = "NON-PARTICIPANT"


@dataclass(frozen=True)
class Mailbox:
    name: str
    address: str


@dataclass(frozen=True)
class Attendee:
    mailbox: Mailbox
    role: AttendeeRole = AttendeeRole.REQUIRED


@dataclass(frozen=True)
class Entry:
    """One appointment as one person's calendar holds it. `stamp` is new in every message.

    `summary` stays neutral; what it is about lies behind `link`, which is this person's own.
    `place` where it is not the link: a video reception point, the centre.
    """

    uid: str
    sequence: int
    stamp: datetime
    begins_at: datetime
    ends_at: datetime
    summary: str
    description: str
    link: str
    organizer: Mailbox
    alarm: str
    place: str | None = None


def request(entry: Entry, to: Attendee) -> bytes:
    """Invite, or tell of a change: same UID, higher SEQUENCE."""
    event = _event(entry)
    event.add("STATUS", "CONFIRMED")
    event.add("ATTENDEE", _attendee(to))
    _lead(event, entry)
    event.add_component(_alarm(entry))
    return _text(Method.REQUEST, event)


def cancel(entry: Entry, to: Attendee, *, is_off: bool) -> bytes:
    """Take the entry away; `is_off`: for everybody, not only for this recipient."""
    event = _event(entry)
    if is_off:
        event.add("STATUS", "CANCELLED")
    event.add("ATTENDEE", _attendee(to))
    return _text(Method.CANCEL, event)


def own_file(entry: Entry) -> bytes:
    """For one's own calendar, by download: nobody is asked for an answer."""
    event = _event(entry)
    event.add("STATUS", "CONFIRMED")
    _lead(event, entry)
    event.add_component(_alarm(entry))
    return _text(Method.PUBLISH, event)


def _event(entry: Entry) -> Event:
    event = Event()
    event.add("UID", entry.uid)
    event.add("SEQUENCE", entry.sequence)
    event.add("DTSTAMP", entry.stamp)
    event.add("DTSTART", local(entry.begins_at))
    event.add("DTEND", local(entry.ends_at))
    event.add("SUMMARY", entry.summary)
    event.add("CLASS", "PRIVATE")
    event.add("TRANSP", "OPAQUE")
    event.add("ORGANIZER", _address(entry.organizer))
    return event


def _lead(event: Event, entry: Entry) -> None:
    """How to get there: calendars differ in which of these they show as a link."""
    event.add("LOCATION", entry.place or entry.link)
    event.add("DESCRIPTION", entry.description)
    event.add("URL", vUri(entry.link))
    conference = vUri(entry.link)
    conference.params["VALUE"] = "URI"
    conference.params["FEATURE"] = ["AUDIO", "VIDEO"]
    conference.params["LABEL"] = _quotable(entry.summary)
    event.add("CONFERENCE", conference, encode=False)


def _address(mailbox: Mailbox) -> vCalAddress:
    address = vCalAddress(f"mailto:{_one_line(mailbox.address)}")
    address.params["CN"] = vText(_quotable(mailbox.name))
    return address


def _attendee(to: Attendee) -> vCalAddress:
    address = _address(to.mailbox)
    is_room = to.role is AttendeeRole.ROOM
    address.params["CUTYPE"] = "ROOM" if is_room else "INDIVIDUAL"
    address.params["ROLE"] = str(to.role)
    address.params["PARTSTAT"] = "NEEDS-ACTION"
    address.params["RSVP"] = "TRUE"
    return address


def _alarm(entry: Entry) -> Alarm:
    alarm = Alarm()
    alarm.add("ACTION", "DISPLAY")
    alarm.add("DESCRIPTION", entry.alarm)
    alarm.add("TRIGGER", vDuration(-ALARM))
    return alarm


def zone() -> Timezone:
    """One STANDARD: the library's own would add the summer times of 1986 to 1991."""
    standard = TimezoneStandard()
    standard.add("DTSTART", datetime(1970, 1, 1))  # noqa: DTZ001  (local by definition)
    standard.add("TZOFFSETFROM", OFFSET)
    standard.add("TZOFFSETTO", OFFSET)
    standard.add("TZNAME", "CST")
    zone = Timezone()
    zone.add("TZID", ZONE)
    zone.add_component(standard)
    return zone


def _text(method: Method, event: Event) -> bytes:
    calendar = Calendar()
    calendar.add("PRODID", PRODID)
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("METHOD", str(method))
    calendar.add_component(zone())
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _one_line(text: str) -> str:
    if "\r" in text or "\n" in text:
        raise ValueError("an address of two lines")
    return text


def _quotable(text: str) -> str:
    """Parameter values can hold neither quotes nor control characters (RFC 5545, 3.2)."""
    return "".join(c for c in text if c != '"' and c.isprintable())
