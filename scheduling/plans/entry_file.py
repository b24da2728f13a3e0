"""An arrangement as entries of a calendar (ICS): a row for each, in the columns of a spreadsheet."""

from collections.abc import Mapping
from datetime import datetime

from scheduling.messages import calendar_lines
from scheduling.messages.calendar_file import MINUTES
from scheduling.messages.calendar_lines import Bounds, Event, Unreadable, instant, words
from scheduling.plans.spreadsheet import MOST_BYTES, MOST_ROWS, Cell, Table
from server.kernel.clock import local
from server.kernel.errors import Invalid

BEGINS = b"BEGIN:VCALENDAR"
MARK = b"\xef\xbb\xbf"
BOUNDS = Bounds(size=MOST_BYTES, lines=60 * MOST_ROWS, components=4 * MOST_ROWS)


def is_one(data: bytes) -> bool:
    return data.removeprefix(MARK).lstrip()[: len(BEGINS)].upper() == BEGINS


def read(data: bytes, *, headings: Mapping[str, str]) -> Table:
    """`headings`: what the columns are called, by field. A cancelled entry is left out.

    Raises Invalid for a file that cannot be read or holds an entry that repeats itself.
    """
    try:
        _, found = calendar_lines.read(data.removeprefix(MARK), bounds=BOUNDS)
    except (Unreadable, ValueError, KeyError, IndexError) as error:
        too_large = isinstance(error, Unreadable) and error.code == "calendar_too_large"
        raise Invalid(
            "sheet_too_large" if too_large else "sheet_broken", megabytes=MOST_BYTES >> 20
        ) from None
    standing = [one for one in found if _text(one, "STATUS").upper() != "CANCELLED"]
    if len(standing) > MOST_ROWS:
        raise Invalid("sheet_too_long", most=MOST_ROWS)
    if not standing:
        raise Invalid("sheet_empty")
    rows = [_row(number, event) for number, event in enumerate(standing, 1)]
    said = [Cell("", headings[field]) for field in rows[0]]
    return Table(said, [list(row.values()) for row in rows], first=1, in_words=True)


def _row(number: int, event: Event) -> dict[str, Cell]:
    if "RRULE" in event or "RDATE" in event:
        raise Invalid("sheet_repeats", row=number, name=words(_text(event, "SUMMARY")))
    begins, ends = _at(event, "DTSTART"), _at(event, "DTEND")
    same_day = begins and ends and begins.date() == ends.date()
    return {
        "leader": Cell("SUMMARY", words(_text(event, "SUMMARY")) or None),
        "date": Cell("DTSTART", begins.date() if begins else None),
        "begins": Cell("DTSTART", begins.time() if begins else None),
        "ends": Cell("DTEND", ends.time() if ends and same_day else None),
        "minutes": Cell(MINUTES, _text(event, MINUTES) or None),
    }


def _at(event: Event, name: str) -> datetime | None:
    try:
        value = instant(event[name][0]) if name in event else None
        return local(value) if value else None
    except (ValueError, OverflowError):
        return None


def _text(event: Event, name: str) -> str:
    return event[name][0].text if name in event else ""
