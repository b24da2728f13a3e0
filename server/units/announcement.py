"""Reads the State Council's notice on a year's holidays, as it is published, into days."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from server.units.tables import DayKind

FILE = Path(__file__).parent / "notice.toml"
LONGEST = 15
"""Days in a row; more is a misreading."""
PLAIN = re.compile(r"^\s*(\d{4})-(\d{2})-(\d{2})\s+(holiday|make_up)\s*$")


@dataclass(frozen=True)
class Problem:
    """`why`: weekday, not_a_date, other_year, too_long, twice, nothing."""

    words: str
    why: str


@dataclass(frozen=True)
class Announced:
    days: Mapping[date, DayKind]
    problems: Sequence[Problem]


@dataclass(frozen=True)
class _Words:
    """The patterns of the notice."""

    date: re.Pattern[str]
    span: re.Pattern[str]
    off: re.Pattern[str]
    on: re.Pattern[str]
    parted: re.Pattern[str]
    weekday: re.Pattern[str]
    weekdays: str


class _Unreadable(Exception):
    """Why a date of the notice cannot be."""


def read(text: str, *, year: int) -> Announced:
    """All days off and make-up days of the year; what does not fit is named, and left out."""
    words, days, problems = _words(), dict[date, DayKind](), list[Problem]()
    for part in words.parted.split(text):
        try:
            found = [*_plain(part), *_said(part, words, year)]
        except _Unreadable as problem:
            problems.append(Problem(part.strip(), str(problem)))
            continue
        for day, what in found:
            if day.year != year:
                problems.append(Problem(part.strip(), "other_year"))
            elif days.setdefault(day, what) is not what:
                problems.append(Problem(part.strip(), "twice"))
    if not days:
        problems.append(Problem("", "nothing"))
    return Announced(dict(sorted(days.items())), problems)


def _said(part: str, words: _Words, year: int) -> Iterator[tuple[date, DayKind]]:
    if words.off.search(part):
        yield from ((day, DayKind.HOLIDAY) for day in _days(part, words, year))
    elif words.on.search(part):
        yield from ((day, DayKind.MAKE_UP) for day in _days(part, words, year))


def _plain(part: str) -> Iterator[tuple[date, DayKind]]:
    """A line that says it in so many words: `2027-02-06 holiday`."""
    if found := PLAIN.match(part):
        year, month, day, kind = found.groups()
        yield _date(int(year), int(month), int(day)), DayKind(kind)


def _days(part: str, words: _Words, year: int) -> Iterator[date]:
    """Each date, and all days of each span of dates; the month is said once and carried on."""
    month, place = 0, 0
    while found := words.span.search(part, place):
        first, last = found.group("first"), found.group("last")
        begins, month = _one(first, words, year, month)
        ends = begins
        if last is not None:
            ends, month = _one(last, words, begins.year, month)
        if not 0 <= (ends - begins).days < LONGEST:
            raise _Unreadable("too_long")
        yield from (begins + timedelta(days=n) for n in range((ends - begins).days + 1))
        place = found.end()


def _one(written: str, words: _Words, year: int, month: int) -> tuple[date, int]:
    found = words.date.fullmatch(written.strip())
    if found is None:
        raise _Unreadable("not_a_date")
    month = int(found["month"] or month)
    day = _date(int(found["year"] or year), month, int(found["day"]))
    said = words.weekday.search(found["aside"] or "")
    # Sunday has two names, the last of the eight
    if said and min(words.weekdays.index(said["weekday"]), 6) != day.weekday():
        raise _Unreadable("weekday")
    return day, month


def _date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise _Unreadable("not_a_date") from None


@cache
def _words() -> _Words:
    data = tomllib.loads(FILE.read_text("utf-8"))
    bare = re.sub(r"\?P<\w+>", "?:", data["date"])
    span = f"(?P<first>{bare})(?:{data['until']}(?P<last>{bare}))?"
    return _Words(
        date=re.compile(data["date"]),
        span=re.compile(span),
        off=re.compile(data["off"]),
        on=re.compile(data["on"]),
        parted=re.compile(data["parted"]),
        weekday=re.compile(data["weekday"]),
        weekdays=data["weekdays"],
    )
