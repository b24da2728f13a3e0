"""The issued arrangement of leaders' days as a table: read row by row, kept all or not at all."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range

from scheduling import access
from scheduling.plans import cutting, days, troubles
from scheduling.plans.cutting import instant
from scheduling.plans.recurrence import HolidayRule, PlannedDate
from scheduling.plans.spreadsheet import Cell, Table, Value
from scheduling.tables import DayState, ReceptionDay, ReceptionKind, ReceptionPlan
from server.identity.tables import Official
from server.kernel.actor import Role
from server.kernel.errors import Conflict, Invalid
from server.kernel.uow import Tx
from server.units.calendar import WorkingCalendar, day_of, load_calendar
from server.units.tables import DayKind, Unit

Headings = Mapping[str, frozenset[str]]
"""By field the words, in lower case, that its column may bear."""
Leaders = Mapping[str, Sequence[UUID]]
"""By name."""
Meant = tuple[str, Sequence[UUID]]
"""Whom a row names, and who that could be."""
FIELDS = ("leader", "date", "begins", "ends", "minutes")
NEEDED = ("leader", "date", "begins", "ends")
MINUTES = 30
AHEAD = timedelta(days=400)
DATE = re.compile(r"(20\d\d)\D(\d{1,2})\D(\d{1,2})\D?")
WORD = re.compile(r"\w+")
CLOCK = re.compile(r"([01]?\d|2[0-3])[:\uff1a]([0-5]\d)(:00)?")


@dataclass(frozen=True)
class Problem:
    """What is wrong, in which cell; `code` names the text."""

    place: str
    code: str


@dataclass(frozen=True)
class Row:
    """A day of the arrangement, as far as it could be read."""

    number: int
    name: str
    leader_id: UUID | None
    date: date | None
    begins: time | None
    ends: time | None
    minutes: int
    problems: tuple[Problem, ...] = ()
    places: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Approval:
    """Under which document the days are held, by whom and when it was approved."""

    document: str
    approver: str
    approved_on: date


@dataclass(frozen=True)
class Theirs:
    """What a leader has already, from and until when."""

    days: list[tuple[datetime, datetime]]
    away: list[tuple[datetime, datetime]]


async def read(tx: Tx, table: Table, *, words: Headings) -> list[Row]:
    """Every row with everything that is wrong with it. Raises Invalid for wrong headings."""
    columns = _columns(table.headings, words)
    leaders = await _leaders(tx)
    meant = _among_words if table.in_words else _by_name
    numbered = enumerate(table.rows, table.first)
    rows = [
        _row(number, cells, columns, partial(meant, leaders=leaders)) for number, cells in numbered
    ]
    calendar = await load_calendar(tx, around=day_of(tx.now), days=AHEAD.days)
    there = await _there(tx, rows)
    return [_checked(tx, row, rows, calendar, there) for row in rows]


async def keep(tx: Tx, rows: Sequence[Row], approval: Approval) -> int:
    """Write a plan for each leader and its days as drafts; not one when a row has a problem."""
    calendar = await load_calendar(tx, around=day_of(tx.now), days=AHEAD.days)
    there = await _there(tx, rows)
    checked = [_checked(tx, row, rows, calendar, there) for row in rows]
    if any(row.problems for row in checked):
        raise Conflict("arrangement_problems")
    by_leader: dict[UUID, list[Row]] = {}
    for row in checked:
        if row.leader_id:
            by_leader.setdefault(row.leader_id, []).append(row)
    for leader_id, own in by_leader.items():
        await _write(tx, leader_id, own, approval)
    return len(checked)


def _columns(headings: Sequence[Cell], words: Headings) -> dict[str, int]:
    said = [str(cell.value or "").strip().lower() for cell in headings]
    found = {
        name: place for name, known in words.items() for place, text in enumerate(said) if text in known
    }  # fmt: skip
    missing = [name for name in NEEDED if name not in found]
    if missing:
        raise Invalid(
            "sheet_headings", headings=" / ".join(str(cell.value or "") for cell in headings)[:80]
        )
    return found


def _row(
    number: int, cells: Sequence[Cell], columns: Mapping[str, int],
    meant: Callable[[str], Meant],
) -> Row:  # fmt: skip
    given = {name: cells[place] for name, place in columns.items() if place < len(cells)}
    blank = Cell(f"A{number}", None)
    at = {name: given.get(name, blank) for name in FIELDS}
    name, known = meant(str(at["leader"].value or ""))
    read: dict[str, tuple[Callable[[Value], object], str]] = {
        "date": (_date, "arrangement_date"), "begins": (_clock, "arrangement_time"),
        "ends": (_clock, "arrangement_time"), "minutes": (_minutes, "arrangement_minutes"),
    }  # fmt: skip
    values = {field: parse(at[field].value) for field, (parse, _) in read.items()}
    problems = [Problem(at[f].place, code) for f, (_, code) in read.items() if values[f] is None]
    if len(known) != 1:
        code = "arrangement_leader_twice" if known else "arrangement_leader"
        problems.insert(0, Problem(at["leader"].place, code))
    return Row(
        number=number, name=name, leader_id=known[0] if len(known) == 1 else None,
        problems=tuple(problems), places={field: cell.place for field, cell in at.items()},
        **values,  # type: ignore[arg-type]  # each parser gives its field's type or None
    )  # fmt: skip


def _by_name(said: str, leaders: Leaders) -> Meant:
    return said, leaders.get(said, ())


def _among_words(said: str, leaders: Leaders) -> Meant:
    """By the name alone, or by the only one that stands there and is no part of another word."""
    if said in leaders:
        return _by_name(said, leaders)
    spans = [word.span() for word in WORD.finditer(said)]
    ends = {end for _, end in spans}
    named = [
        name for name in leaders
        if name in said
        and any(said.startswith(name, at) and at + len(name) in ends for at, _ in spans)
    ]  # fmt: skip
    return _by_name(named[0] if len(named) == 1 else said, leaders)


def _date(value: Value) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    match = DATE.fullmatch(value) if isinstance(value, str) else None
    try:
        return date(*(int(part) for part in match.groups())) if match else None
    except ValueError:
        return None


def _clock(value: Value) -> time | None:
    if isinstance(value, datetime):
        return value.time()
    if isinstance(value, time):
        return value
    match = CLOCK.fullmatch(value) if isinstance(value, str) else None
    return time(int(match[1]), int(match[2])) if match else None


def _minutes(value: Value) -> int | None:
    if value is None:
        return MINUTES
    try:
        minutes = int(str(value))
    except ValueError:
        return None
    return minutes if 5 <= minutes <= 240 else None


def _checked(
    tx: Tx, row: Row, rows: Sequence[Row], calendar: WorkingCalendar,
    there: Mapping[UUID, Theirs],
) -> Row:  # fmt: skip
    """The rules, once the row could be read at all."""
    if row.problems or not (row.leader_id and row.date and row.begins and row.ends):
        return row
    places = row.places or {}
    wrong = [
        Problem(places.get(field, ""), code)
        for field, code in _broken(tx, row, rows, calendar, there[row.leader_id])
    ]
    return replace(row, problems=tuple(wrong))


def _broken(
    tx: Tx, row: Row, rows: Sequence[Row], calendar: WorkingCalendar,
    theirs: Theirs,
) -> list[tuple[str, str]]:  # fmt: skip
    begins, ends = _span(row)
    today = day_of(tx.now)
    wrong = []
    if not today < day_of(begins) < today + AHEAD:
        wrong.append(("date", "arrangement_date_far"))
    if calendar.days.get(day_of(begins)) is DayKind.HOLIDAY:
        wrong.append(("date", "arrangement_holiday"))
    if not cutting.cut(begins, ends, minutes=row.minutes, rest=0):
        wrong.append(("ends", "arrangement_too_short"))
    same = [
        one
        for one in rows
        if one is not row and one.number != row.number and one.leader_id == row.leader_id
    ]
    spans = [_span(one) for one in same if one.date and one.begins and one.ends]
    if any(begins < other_ends and ends > other_begins for other_begins, other_ends in spans):
        wrong.append(("date", "arrangement_twice"))
    taken, away = (
        any(begins < other_ends and ends > other_begins for other_begins, other_ends in spans)
        for spans in (theirs.days, theirs.away)
    )
    if taken:
        wrong.append(("date", "arrangement_taken"))
    if away:
        wrong.append(("date", "arrangement_away"))
    return wrong


def _span(row: Row) -> tuple[datetime, datetime]:
    assert row.date
    assert row.begins
    assert row.ends
    return instant(row.date, row.begins), instant(row.date, row.ends)


async def _leaders(tx: Tx) -> dict[str, list[UUID]]:
    """By name, those within the desk's reach."""
    query = (
        sa.select(Official.name, Official.account_id)
        .join(Unit, Unit.id == Official.unit_id)
        .where(access.within_reach(tx.actor, Role.CLERK))
    )
    found: dict[str, list[UUID]] = {}
    for name, account_id in (await tx.session.execute(query)).all():
        found.setdefault(name, []).append(account_id)
    return found


async def _there(tx: Tx, rows: Sequence[Row]) -> dict[UUID, Theirs]:
    """What each leader has already, and when they are on leave."""
    leaders = {row.leader_id for row in rows if row.leader_id}
    query = sa.select(ReceptionDay.leader_id, ReceptionDay.begins_at, ReceptionDay.ends_at).where(
        ReceptionDay.leader_id.in_(leaders),
        ReceptionDay.ends_at > tx.now,
        ReceptionDay.state.not_in((DayState.CANCELLED, DayState.SWAPPED)),
    )
    found = {leader: Theirs([], []) for leader in leaders}
    for leader_id, begins, ends in (await tx.session.execute(query)).all():
        found[leader_id].days.append((begins, ends))
    for one in await troubles.away(tx, leaders, tx.now, tx.now + AHEAD):
        found[one.leader_id].away.append((one.begins_at, one.ends_at))
    return found


async def _write(tx: Tx, leader_id: UUID, rows: Sequence[Row], approval: Approval) -> None:
    """The document is the plan; its rule gives the first date alone, the others stand by hand."""
    official = await tx.session.get_one(Official, leader_id)
    await access.demand_reach(tx, official.unit_id, Role.CLERK)
    own = sorted(rows, key=_span)
    first = own[0]
    assert first.date
    assert first.begins
    assert first.ends
    plan = ReceptionPlan(
        id=uuid4(), leader_id=leader_id, unit_id=official.unit_id, kind=ReceptionKind.SCHEDULED,
        rrule="FREQ=WEEKLY", starts_on=first.date, ends_on=first.date, begins=first.begins,
        ends=first.ends, slot_minutes=first.minutes, topics=[], opens_at=time(9),
        invited_only=official.invited_only, holiday_rule=HolidayRule.SKIP, opens_days_before=14,
        closes_hours_before=24, **vars(approval),
    )  # fmt: skip
    tx.session.add(plan)
    await tx.session.flush()
    seen: set[date | None] = set()
    for row in own:
        # of two on one date only one can be the plan's day for it
        tx.session.add(_day(plan, row, planned_for=None if row.date in seen else row.date))
        seen.add(row.date)
    await tx.session.flush()
    tx.audit("import", "reception_plan", plan.id, days=len(own))


def _day(plan: ReceptionPlan, row: Row, *, planned_for: date | None) -> ReceptionDay:
    assert row.date
    assert row.begins
    begins_at, ends_at = _span(row)
    values = days.day_row(plan, PlannedDate(row.date, row.date))
    shift = begins_at - instant(row.date, plan.begins)
    day = ReceptionDay(**values, by_hand=True)
    day.begins_at, day.ends_at, day.slot_minutes = begins_at, ends_at, row.minutes
    day.booking_closes_at += shift
    day.arranged = Range(begins_at, ends_at)
    day.planned_for = planned_for
    return day
