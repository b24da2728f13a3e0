"""Answers of other people's calendars (iTIP REPLY and COUNTER), read with care: pure, bounded."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from scheduling.messages import calendar_lines
from scheduling.messages.calendar_lines import Bounds, Event, Unreadable, instant, words

BOUNDS = Bounds(size=64 << 10, lines=1_000, components=20)


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


def read(data: bytes) -> Reply:
    """The one answer in an iTIP object. Raises Unreadable."""
    try:
        method, events = calendar_lines.read(data, bounds=BOUNDS)
        if len(events) > 1:
            raise Unreadable("several_events")
        return _reply(method, events[0])
    except (ValueError, KeyError, IndexError, OverflowError, OSError) as error:
        raise Unreadable("calendar_malformed") from error


def _reply(method: str, event: Event) -> Reply:
    if method not in {"REPLY", "COUNTER"}:
        raise Unreadable("other_method")
    [attendee] = event["ATTENDEE"]
    sequence = int(_first(event, "SEQUENCE") or 0)
    if not 0 <= sequence < 1 << 31:
        raise Unreadable("calendar_malformed")
    stamp = instant(event["DTSTAMP"][0])
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
        instance=instant(event["RECURRENCE-ID"][0]) if "RECURRENCE-ID" in event else None,
        words=words(_first(event, "COMMENT")),
        counter=_proposal(event) if counter else None,
    )


def _proposal(event: Event) -> Proposal:
    begins, ends = (
        instant(event[name][0]) if name in event else None for name in ("DTSTART", "DTEND")
    )
    return Proposal(begins, ends)


def _first(event: Event, name: str) -> str:
    return event[name][0].text if name in event else ""


def _address(text: str) -> str:
    scheme, _, address = text.partition(":")
    if scheme.lower() != "mailto" or "@" not in address or len(address) > 254:
        raise Unreadable("calendar_malformed")
    return address.strip().lower()
