"""The part of RFC 5545's repeating rules that reception plans use, expanded period by period.

A rule may be legal and yet never give a date (the 31st Monday of a month): an open expansion
looks for it for thousands of years. Here the work is bounded by the time that is asked for.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
NUMBER = r"-?([1-9]|[12][0-9]|3[01])"
PARTS = {
    "FREQ": re.compile("WEEKLY|MONTHLY"),
    "INTERVAL": re.compile(r"[1-9][0-9]?"),  # 0 would give the same date for ever
    "BYDAY": re.compile(r"(-?[1-5])?(MO|TU|WE|TH|FR|SA|SU)(,(-?[1-5])?(MO|TU|WE|TH|FR|SA|SU))*"),
    "BYMONTHDAY": re.compile(f"{NUMBER}(,{NUMBER})*"),
    "BYSETPOS": re.compile(f"{NUMBER}(,{NUMBER})*"),
    "WKST": re.compile("MO|SU"),
}


@dataclass(frozen=True)
class Rule:
    """`weekdays` as (ordinal within the month, or None for each; 0 for Monday)."""

    is_weekly: bool
    interval: int
    weekdays: frozenset[tuple[int | None, int]]
    month_days: frozenset[int]
    positions: frozenset[int]
    week_start: int


def parse(text: str) -> Rule:
    """Raises ValueError for what is no rule of ours."""
    pairs = [part.partition("=")[::2] for part in text.upper().split(";")]
    parts = dict(pairs)
    if len(parts) < len(pairs) or "FREQ" not in parts:
        raise ValueError(text)
    if not all(name in PARTS and PARTS[name].fullmatch(value) for name, value in pairs):
        raise ValueError(text)
    rule = Rule(
        is_weekly=parts["FREQ"] == "WEEKLY",
        interval=int(parts.get("INTERVAL", "1")),
        weekdays=frozenset(_weekday(one) for one in _list(parts, "BYDAY")),
        month_days=frozenset(int(one) for one in _list(parts, "BYMONTHDAY")),
        positions=frozenset(int(one) for one in _list(parts, "BYSETPOS")),
        week_start=WEEKDAYS.index(parts.get("WKST", "MO")),
    )
    if rule.is_weekly and (rule.month_days or any(nth for nth, _ in rule.weekdays)):
        raise ValueError(text)  # RFC 5545, 3.3.10: neither may stand in a weekly rule
    return rule


def _list(parts: dict[str, str], name: str) -> list[str]:
    return parts[name].split(",") if name in parts else []


def _weekday(text: str) -> tuple[int | None, int]:
    return int(text[:-2]) if len(text) > 2 else None, WEEKDAYS.index(text[-2:])


def expand(rule: Rule, *, starts_on: date, until: date) -> Iterator[date]:
    """The dates of the rule from its start until a day, both included."""
    for first, length in _periods(rule, starts_on, until):
        days = [first + timedelta(days=n) for n in range(length)]
        for day in _at_positions(rule, [d for d in days if _fits(rule, d, starts_on)]):
            if starts_on <= day <= until:
                yield day


def _periods(rule: Rule, starts_on: date, until: date) -> Iterator[tuple[date, int]]:
    """The first day and the length of each week or month that the rule looks at."""
    if rule.is_weekly:
        first = starts_on - timedelta(days=(starts_on.weekday() - rule.week_start) % 7)
        while first <= until:
            yield first, 7
            first += timedelta(weeks=rule.interval)
        return
    months = starts_on.year * 12 + starts_on.month - 1
    while (first := date(months // 12, months % 12 + 1, 1)) <= until:
        yield first, monthrange(first.year, first.month)[1]
        months += rule.interval


def _fits(rule: Rule, day: date, starts_on: date) -> bool:
    if not rule.weekdays and not rule.month_days:
        return day.weekday() == starts_on.weekday() if rule.is_weekly else day.day == starts_on.day
    length = monthrange(day.year, day.month)[1]
    nth, nth_last = (day.day - 1) // 7 + 1, -((length - day.day) // 7 + 1)
    on_weekday = {(None, day.weekday()), (nth, day.weekday()), (nth_last, day.weekday())}
    on_date = {day.day, day.day - length - 1}
    return (not rule.weekdays or bool(rule.weekdays & on_weekday)) and (
        not rule.month_days or bool(rule.month_days & on_date)
    )


def _at_positions(rule: Rule, days: list[date]) -> list[date]:
    if not rule.positions:
        return days
    count = len(days)
    return [d for n, d in enumerate(days) if rule.positions & {n + 1, n - count}]
