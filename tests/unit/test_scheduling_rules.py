"""The pure rules of scheduling: dates, slots, windows, deadlines, reminders, order of days."""

import itertools
from datetime import date, datetime, time, timedelta
from time import process_time as time_of_the_process
from uuid import uuid4

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from scheduling import limits, matching, reminders, review_time
from scheduling.alternatives import Alternative
from scheduling.choices.next_places import dealt
from scheduling.limits import Standing
from scheduling.plans import cutting, recurrence, rrule
from scheduling.plans.recurrence import HolidayRule
from scheduling.public_days import Card
from scheduling.slots import Leader
from scheduling.tables import DayState, ReceptionKind
from server.kernel.errors import Invalid, RuleBroken
from server.units.calendar import WorkingCalendar
from server.units.tables import DayKind, Unit
from tests.reception import at

PLAIN = WorkingCalendar()
GOLDEN_WEEK = WorkingCalendar(
    {date(2026, 10, day): DayKind.HOLIDAY for day in range(1, 8)}
    | {date(2026, 10, 10): DayKind.MAKE_UP}
)


def dates(rule: str, *, calendar=PLAIN, holidays=HolidayRule.AFTER, **changes):
    values = {
        "starts_on": date(2026, 9, 1), "ends_on": None,
        "since": date(2026, 9, 1), "until": date(2026, 10, 31),
    }  # fmt: skip
    return recurrence.dates(rule, holidays=holidays, calendar=calendar, **{**values, **changes})


def test_rule_gives_its_dates_within_plan_and_horizon():
    found = dates("FREQ=MONTHLY;BYDAY=1TU", ends_on=date(2026, 10, 31), until=date(2027, 1, 1))
    assert [d.held for d in found] == [date(2026, 9, 1), date(2026, 10, 6)]
    assert [d.held for d in dates("FREQ=WEEKLY;BYDAY=TU", since=date(2026, 10, 20))] == [
        date(2026, 10, 20), date(2026, 10, 27),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "held"),
    [
        (HolidayRule.AFTER, date(2026, 10, 8)),
        (HolidayRule.BEFORE, date(2026, 9, 30)),
        (HolidayRule.SKIP, None),
    ],
)
def test_holiday_moves_the_date_and_keeps_its_key(rule, held):
    found = dates("FREQ=MONTHLY;BYDAY=1TU", calendar=GOLDEN_WEEK, holidays=rule)
    october = [d for d in found if d.planned.month == 10]
    assert [(d.planned, d.held, d.was_moved) for d in october] == (
        [(date(2026, 10, 6), held, True)] if held else []
    )


def test_make_up_day_counts_as_a_working_day():
    thursday = dates(
        "FREQ=WEEKLY;BYDAY=FR", calendar=WorkingCalendar({
            date(2026, 10, 9): DayKind.HOLIDAY, date(2026, 10, 10): DayKind.MAKE_UP,
        }), since=date(2026, 10, 9), until=date(2026, 10, 9),
    )  # fmt: skip
    assert [d.held for d in thursday] == [date(2026, 10, 10)]


def test_two_dates_moved_onto_one_day_make_one_day():
    found = dates(
        "FREQ=WEEKLY;BYDAY=TH,FR", calendar=GOLDEN_WEEK,
        since=date(2026, 9, 30), until=date(2026, 10, 8),
    )  # fmt: skip
    assert [d.held for d in found] == [date(2026, 10, 8)]


def test_dates_moved_onto_one_day_stay_one_when_made_again_later():
    rule, wanted = "FREQ=WEEKLY;BYDAY=TH,FR", {"calendar": GOLDEN_WEEK, "until": date(2026, 10, 8)}
    planned = {d.planned for d in dates(rule, since=date(2026, 9, 30), **wanted)}
    again = {d.planned for d in dates(rule, since=date(2026, 10, 2), **wanted)}
    assert planned == {date(2026, 10, 1)}
    assert again <= planned


@pytest.mark.parametrize("rule", ["FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE", "FREQ=MONTHLY;BYDAY=-1FR"])
def test_rule_that_offices_use_is_taken(rule):
    recurrence.check_rule(rule)
    assert dates(rule)


@pytest.mark.parametrize(
    "rule",
    [
        "", "nonsense", "FREQ=SECONDLY", "FREQ=DAILY;COUNT=5", "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;UNTIL=20300101", "FREQ=MONTHLY;BYDAY=1TU;BYHOUR=3", "FREQ=WEEKLY;INTERVAL=x",
        "FREQ=WEEKLY\nFREQ=DAILY", "INTERVAL=2", "FREQ=MONTHLY;INTERVAL=0", "FREQ=WEEKLY;INTERVAL=-1",
        "FREQ=WEEKLY;INTERVAL=99999999999", "FREQ=MONTHLY;BYMONTHDAY=32", "FREQ=MONTHLY;BYDAY=+9MO",
        "FREQ=WEEKLY;BYDAY=MO\nRRULE:FREQ=SECONDLY",
        "FREQ=WEEKLY;BYDAY=1MO", "FREQ=WEEKLY;BYMONTHDAY=3", "FREQ=WEEKLY;FREQ=MONTHLY",
    ],
)  # fmt: skip
def test_rule_that_is_none_is_refused(rule):
    with pytest.raises(Invalid):
        recurrence.check_rule(rule)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=31", "FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2", "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31",
    ],
)  # fmt: skip
def test_rule_that_never_gives_a_date_ends_at_once(rule):
    recurrence.check_rule(rule)
    began = time_of_the_process()
    assert dates(rule, starts_on=date(2000, 2, 1), until=date(2027, 1, 1)) == []
    assert time_of_the_process() - began < 1.0


weekdays = st.lists(st.sampled_from(rrule.WEEKDAYS), min_size=1, max_size=4, unique=True)
positions = st.lists(st.sampled_from([1, 2, 3, -1, -2]), min_size=1, max_size=2, unique=True)
ordinals = st.sampled_from(["1", "2", "3", "4", "-1", "-2", ""])


@given(
    days=weekdays, at_positions=st.none() | positions, nth=ordinals, weekly=st.booleans(),
    interval=st.integers(1, 3), start=st.dates(date(2024, 1, 1), date(2027, 12, 31)),
)  # fmt: skip
def test_rule_gives_the_dates_that_dateutil_gives(days, at_positions, nth, weekly, interval, start):
    """Another hand's expansion as the measure, where a rule gives dates at all."""
    byday = ",".join(days if weekly else (nth + day for day in days))
    rule = f"FREQ={'WEEKLY' if weekly else 'MONTHLY'};INTERVAL={interval};BYDAY={byday}"
    if at_positions and not weekly:
        rule += f";BYSETPOS={','.join(map(str, at_positions))}"
    until = start + timedelta(days=200)
    if not (found := list(rrule.expand(rrule.parse(rule), starts_on=start, until=until))):
        return
    begins, ends = (datetime.combine(day, time()) for day in (start, until))
    theirs = rrulestr(rule, dtstart=begins).between(begins, ends, inc=True)
    assert found == [instant.date() for instant in theirs]


@given(
    begin=st.integers(0, 1200), length=st.integers(1, 600),
    minutes=st.integers(5, 240), rest=st.integers(0, 60),
)  # fmt: skip
def test_slots_fit_the_day_and_never_overlap(begin, length, minutes, rest):
    begins = at("2026-11-30T00:00") + timedelta(minutes=begin)
    ends = begins + timedelta(minutes=length)
    slots = cutting.cut(begins, ends, minutes=minutes, rest=rest)
    assert len(slots) == max(0, (length + rest) // (minutes + rest))
    assert all(begins <= s.begins_at and s.ends_at <= ends for s in slots)
    for first, second in itertools.pairwise(slots):
        assert second.begins_at - first.ends_at == timedelta(minutes=rest)


def test_booking_window_follows_the_plan():
    window = cutting.window(
        date(2026, 11, 30), at("2026-11-30T09:00"),
        days_before=14, opens_at=time(8, 30), hours_before=24,
    )  # fmt: skip
    assert (window.opens_at, window.closes_at) == (at("2026-11-16T08:30"), at("2026-11-29T09:00"))


@pytest.mark.parametrize(
    ("submitted", "begins", "due"),
    [
        ("2026-11-23T09:00", "2026-12-10T09:00", "2026-11-25T17:30"),  # two working days
        ("2026-11-27T16:00", "2026-12-10T09:00", "2026-12-01T17:30"),  # over a weekend
        ("2026-11-23T09:00", "2026-11-25T09:00", "2026-11-24T17:30"),  # the day before
        ("2026-11-24T20:00", "2026-11-25T09:00", "2026-11-24T21:00"),  # late: within the hour
        (
            "2026-11-25T08:40",
            "2026-11-25T09:00",
            "2026-11-25T09:00",
        ),  # before its time at the latest
        ("2026-09-30T09:00", "2026-11-25T09:00", "2026-10-09T17:30"),  # over the holidays
    ],
)
def test_review_is_due_within_two_working_days_and_the_day_before(submitted, begins, due):
    found = review_time.review_due(at(submitted), at(begins), working_days=2, calendar=GOLDEN_WEEK)
    assert found == at(due)


@pytest.mark.parametrize(
    ("asked", "since"),
    [
        ("2026-11-23T09:00", "2026-11-26T00:00"),
        ("2026-11-27T22:00", "2026-12-02T00:00"),  # over a weekend
    ],
)
def test_what_begins_after_the_working_days_promised_hurries_nobody(asked, since):
    rules = {"working_days": 2, "calendar": GOLDEN_WEEK}
    found = review_time.unhurried_from(at(asked), **rules)
    assert found == at(since)
    far_off = review_time.review_due(at(asked), found + timedelta(days=30), **rules)
    assert review_time.review_due(at(asked), found, **rules) == far_off


@pytest.mark.parametrize(
    ("due", "begins", "moved", "found"),
    [
        ("2026-11-25T17:30", "2026-12-10T09:00", "2026-11-23T10:00", "2026-11-25T17:30"),
        ("2026-11-25T17:30", "2026-11-25T09:00", "2026-11-23T10:00", "2026-11-24T17:30"),
        ("2026-11-25T17:30", "2026-11-25T09:00", "2026-11-24T20:00", "2026-11-24T21:00"),
        ("2026-11-20T17:30", "2026-12-10T09:00", "2026-11-23T10:00", "2026-11-20T17:30"),
        ("2026-11-25T17:30", "2026-11-25T09:00", "2026-11-25T08:40", "2026-11-25T09:00"),
    ],
)
def test_move_never_lets_a_review_come_later_than_the_day_before(due, begins, moved, found):
    after = review_time.review_due_after_move(at(due), at(begins), moved_at=at(moved))
    assert after == at(found)


def test_call_is_due_within_one_working_day():
    assert review_time.call_due(at("2026-11-27T23:00"), calendar=PLAIN) == at("2026-11-30T17:30")


@pytest.mark.parametrize(
    ("begins", "known", "due"),
    [
        (
            "2026-12-10T10:00", "2026-11-23T09:00",
            {"7d": "2026-12-03T10:00", "24h": "2026-12-09T10:00", "1h": "2026-12-10T09:00"},
        ),
        (  # Friday for Monday
            "2026-12-14T10:00", "2026-11-23T09:00",
            {"7d": "2026-12-07T10:00", "24h": "2026-12-11T10:00", "1h": "2026-12-14T09:00"},
        ),
        (  # booked inside the windows
            "2026-12-10T10:00", "2026-12-09T15:00", {"1h": "2026-12-10T09:00"},
        ),
        ("2026-12-10T10:00", "2026-12-10T09:30", {}),
        (  # nobody's phone rings early; the last hour is the exception
            "2026-12-10T08:00", "2026-12-08T09:00",
            {"24h": "2026-12-09T09:00", "1h": "2026-12-10T07:00"},
        ),
    ],
)  # fmt: skip
def test_reminders_come_a_week_a_day_and_an_hour_before(begins, known, due):
    found = reminders.times(at(begins), known_since=at(known), calendar=PLAIN)
    assert found == {kind: at(instant) for kind, instant in due.items()}


@pytest.mark.parametrize(
    ("standing", "code"),
    [
        (Standing(open=2, open_in_case=0, no_shows=0), "too_many_open_appointments"),
        (Standing(open=1, open_in_case=1, no_shows=0), "one_open_appointment_a_matter"),
    ],
)
def test_limits_of_a_person(standing, code):
    with pytest.raises(RuleBroken) as broken:
        limits.check(standing, most_open=2)
    assert broken.value.code == code
    limits.check(Standing(open=1, open_in_case=0, no_shows=9), most_open=2)


def card(name: str, *, topics=(), rank=1, begins="2026-11-30T09:00", path="/ZX/", free=1) -> Card:
    instant: datetime = at(begins)
    return Card(
        id=uuid4(),
        leader=Leader(uuid4(), name, post="", division="", rank=rank),
        division_topics=list(topics),
        unit_name=path,
        unit_path=path,
        kind=ReceptionKind.SCHEDULED,
        state=DayState.BOOKING_OPEN,
        begins_at=instant,
        ends_at=instant,
        booking_opens_at=instant,
        booking_closes_at=instant,
        topics=[],
        review=True,
        invited_only=False,
        free=free,
        total=4,
    )


def test_days_are_ordered_by_fit_room_place_time_and_rank():
    place = Unit(path="/ZX/ZL/")
    cards = [
        card("other topic", topics=["medical"]),
        card("full", topics=["labour"], free=0),
        card("later", topics=["labour"], begins="2026-12-01T09:00"),
        card("second rank", topics=["labour"], rank=2),
        card("first rank", topics=["labour"]),
        card("nearest", topics=["labour"], begins="2026-12-05T09:00", path="/ZX/ZL/"),
    ]
    found = matching.ranked(cards, topic="labour", place=place)
    assert [one.card.leader.name for one in found] == [
        "nearest", "first rank", "second rank", "later", "full", "other topic",
    ]  # fmt: skip
    assert [one.fits for one in found] == [True] * 5 + [False]


def free_place() -> Alternative:
    return Alternative(uuid4(), uuid4(), at("2026-08-04T09:00:00"), uuid4(), "Leader")


def test_places_are_dealt_one_to_each_before_a_second_to_anybody():
    a, b, c, d = (free_place() for _ in range(4))
    assert dealt([[a, b, c], [a, b], [d]], [2, 2, 0]) == [[a, c], [b], []]
    assert dealt([], []) == []
