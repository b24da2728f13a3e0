"""Seats of a unit against a slow obvious count; cells of ranges one by one."""

import struct
from datetime import date, time, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from scheduling.plans.cutting import instant
from scheduling.rosters.presence import Pool, Shift, bookable, of_unit, resources, seat
from scheduling.timetable.horizon import CELL, DAWN, DAY_CELLS, OPEN_CELLS, Horizon
from server.units.tables import Presence

UNIT = UUID(int=1)
HORIZON = Horizon(date(2026, 11, 23), 3)
PEOPLE = [UUID(int=n) for n in range(10, 13)]


@st.composite
def shifts(draw):
    begin = draw(st.integers(8, 19))
    presence = draw(st.sampled_from(Presence))
    person = draw(st.sampled_from([None, *PEOPLE]))
    return Shift(
        UNIT, time(begin), time(draw(st.integers(begin + 1, 20))), presence,
        1 if person else draw(st.integers(1, 3)), person,
        draw(st.lists(st.integers(0, 2), unique=True, min_size=1)),
    )  # fmt: skip


def covers(shift: Shift, cell: int) -> bool:
    at, days = HORIZON.at(cell), (HORIZON.first + timedelta(days=n) for n in shift.days)
    return any(instant(day, shift.begins) <= at < instant(day, shift.ends) for day in days)


@given(st.lists(shifts(), max_size=6))
def test_so_many_seats_are_open_as_shifts_say(rows):
    there = of_unit(UNIT, rows, HORIZON, leaves={})
    opened = {member.resource: member.open for member in there.members}
    unnamed = [r for r in rows if r.presence is not Presence.ON_CALL and r.account_id is None]
    called = [r for r in rows if r.presence is Presence.ON_CALL]
    for cell in range(0, HORIZON.size - 1, 4):
        for pool, of in ((Pool.STATIONED, unnamed), (Pool.ON_CALL, called)):
            count = sum(row.seats for row in of if covers(row, cell))
            seats = [opened.get(seat(UNIT, pool, n), 0) >> cell & 1 for n in range(20)]
            assert seats == [1] * count + [0] * (20 - count)
        for person in PEOPLE:
            by_name = [r for r in rows if r.account_id == person and r not in called]
            assert bool(opened.get(person, 0) >> cell & 1) == any(covers(r, cell) for r in by_name)


@given(st.lists(shifts(), min_size=1, max_size=4), st.data())
def test_leave_of_who_is_called_takes_their_seat_and_is_told(rows, data):
    away = data.draw(st.integers(0, (1 << HORIZON.size) - 1))
    there = of_unit(UNIT, rows, HORIZON, leaves={PEOPLE[0]: away})
    called = [r for r in rows if r.presence is Presence.ON_CALL]
    for cell in range(0, HORIZON.size - 1, 7):
        left = [
            r for r in called
            if covers(r, cell) and not (r.account_id == PEOPLE[0] and away >> cell & 1)
        ]  # fmt: skip
        first = next((m for m in there.members if m.resource == seat(UNIT, Pool.ON_CALL, 0)), None)
        assert bool(first and first.open >> cell & 1) == bool(left)
        lost = any(r.account_id == PEOPLE[0] and covers(r, cell) for r in rows)
        assert bool(there.away >> cell & 1) == bool(lost and away >> cell & 1)


@given(st.lists(st.tuples(st.integers(0, HORIZON.steps), st.integers(-3, 400)), max_size=12))
def test_ranges_are_filled_cell_by_cell_and_the_nights_left_out(pairs):
    ranges = [(a, min(max(a + length, 0), HORIZON.steps)) for a, length in pairs]
    begins, ends = (struct.pack(f">{len(ranges)}i", *(r[n] for r in ranges)) for n in (0, 1))
    dawn, a_day = DAWN // CELL, timedelta(days=1) // CELL
    model = {
        day * DAY_CELLS + place
        for day in range(HORIZON.days) for place in range(OPEN_CELLS)
        if any(first <= day * a_day + dawn + place < last for first, last in ranges)
    }  # fmt: skip
    found = HORIZON.filled(begins, ends)
    assert {cell for cell in range(HORIZON.size) if found >> cell & 1} == model
    assert found < 1 << HORIZON.size


@given(st.lists(shifts(), max_size=6))
def test_what_is_bookable_is_every_member_and_all_of_it_is_locked(rows):
    members = {one.resource for one in of_unit(UNIT, rows, HORIZON, leaves={}).members}
    assert members <= bookable(UNIT, rows) <= resources(UNIT, rows)
