"""Bits against a slow and obvious model: sets of cells."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from scheduling.plans.cutting import instant
from scheduling.timetable.free import Free, Hours, Why, look, together
from scheduling.timetable.horizon import (
    CELL,
    DAY_CELLS,
    OPEN_CELLS,
    Horizon,
    cells_of,
    each,
    spoilt,
    starts,
)
from scheduling.timetable.joint import Part, earliest, search

SIZE = 60
FIRST = date(2026, 11, 23)
masks = st.integers(0, (1 << SIZE) - 1)
runs = st.lists(st.tuples(st.integers(0, SIZE), st.integers(0, 12)), max_size=6).map(
    lambda spans: sum({1 << cell for begin, n in spans for cell in range(begin, begin + n)})
)
hours = st.builds(
    Hours,
    open=runs,
    closed=st.lists(st.tuples(st.sampled_from(Why), runs), max_size=4).map(tuple),
    barred=st.lists(st.tuples(st.sampled_from(Why), runs), max_size=2).map(tuple),
)
lengths = st.integers(1, 14)


def cells(bits: int) -> set[int]:
    return set(each(bits))


@given(masks, lengths)
def test_starts_are_where_a_whole_run_is_free(free, length):
    model = {at for at in range(SIZE) if all(free >> at + n & 1 for n in range(length))}
    assert cells(starts(free, length)) == model


@given(masks, lengths)
def test_spoilt_is_where_a_run_would_meet_a_closed_cell(closed, length):
    model = {at for at in range(SIZE) if any(closed >> at + n & 1 for n in range(length))}
    assert cells(spoilt(closed, length)) == model


@given(hours, lengths, masks)
def test_every_start_is_free_or_has_the_first_reason_that_meets_it(there, length, offered):
    found = look(there, cells=length, offered=offered)
    for at in range(SIZE):
        run = {at + n for n in range(length)}
        if not run <= cells(there.open) or not offered >> at & 1:
            assert not found.starts >> at & 1
            assert found.why(at) is None
            continue
        reasons = [why for why, barred in there.barred if barred >> at & 1]
        reasons += [why for why, closed in there.closed if run & cells(closed)]
        assert (found.starts >> at & 1) == (not reasons)
        assert found.why(at) == (reasons[0] if reasons else None)


@given(st.lists(masks, min_size=1, max_size=5), st.data())
def test_so_many_of_some_are_counted_one_by_one(sets, data):
    needed = data.draw(st.integers(1, len(sets)))
    found = together([Free(bits, ()) for bits in sets], at_least=needed)
    model = {at for at in range(SIZE) if sum(bits >> at & 1 for bits in sets) >= needed}
    assert cells(found) == model


@st.composite
def questions(draw):
    """Parts of different resources, and when each is free."""
    frees, parts = {}, []
    for place in range(draw(st.integers(1, 4))):
        among = tuple(UUID(int=place * 10 + n) for n in range(draw(st.integers(1, 3))))
        frees |= {one: Free(draw(masks), ()) for one in among}
        parts.append(
            Part(
                among,
                needed=draw(st.integers(1, len(among))),
                optional=draw(st.booleans()),
                preferred=draw(st.sampled_from([None, *among])),
            )
        )
    return parts, frees


@given(questions(), masks)
def test_joint_times_are_those_of_trying_every_cell(question, offered):
    parts, frees = question

    def free(one: UUID, at: int) -> bool:
        return bool(frees[one].starts >> at & 1)

    def met(part: Part, at: int) -> bool:
        return sum(free(one, at) for one in part.among) >= part.needed

    def worth(at: int) -> tuple[int, int, int]:
        extra = sum(met(part, at) for part in parts if part.optional)
        liked = sum(free(part.preferred, at) for part in parts if part.preferred)
        return -extra, -liked, at

    def lacking(at: int) -> int:
        return sum(not met(part, at) for part in parts if not part.optional)

    answers = search(parts, frees, offered=offered, most=SIZE)
    for answers_of, missing in ((answers.possible, 0), (answers.nearly, 1)):
        model = sorted((at for at in cells(offered) if lacking(at) == missing), key=worth)
        assert [answer.cell for answer in answers_of] == model
        for answer in answers_of:
            assert {lack.part for lack in answer.lacks} == {
                place for place, part in enumerate(parts) if not met(part, answer.cell)
            }
            for part, who in zip(parts, answer.who, strict=True):
                can = [one for one in part.among if free(one, answer.cell)]
                assert who == tuple(can[: part.needed])


@given(questions(), masks)
def test_earliest_with_each_is_the_first_cell_where_all_needed_can(question, offered):
    parts, frees = question
    (*others, last) = parts
    found = earliest(others, frees, each_of=last.among, offered=offered)
    for one in last.among:
        with_one = [*others, Part((one,))]
        possible = search(with_one, frees, offered=offered, most=SIZE).possible
        assert found.get(one) == min((answer.cell for answer in possible), default=None)


@given(st.integers(-300, 4_000), st.integers(1, 3_000))
def test_open_hours_shrink_to_whole_cells_and_taken_ones_grow(begin, length):
    horizon = Horizon(FIRST, 3)
    midnight = instant(FIRST, time())
    begins_at = midnight + timedelta(minutes=begin)
    ends_at = begins_at + timedelta(minutes=length)
    real = [cell for cell in range(horizon.size) if cell % DAY_CELLS != OPEN_CELLS]
    within = {c for c in real if begins_at <= horizon.at(c) and horizon.at(c) + CELL <= ends_at}
    touched = {c for c in real if begins_at < horizon.at(c) + CELL and horizon.at(c) < ends_at}
    assert cells(horizon.within(begins_at, ends_at)) == within
    assert cells(horizon.touching(begins_at, ends_at)) & set(real) == touched


def test_cells_run_from_dawn_to_dusk_of_the_district_and_never_into_the_next_day():
    horizon = Horizon(FIRST, 2)
    assert horizon.at(0) == datetime(2026, 11, 22, 23, tzinfo=UTC)
    assert horizon.at(DAY_CELLS) - horizon.at(0) == timedelta(days=1)
    assert cells(horizon.every(timedelta(hours=7))) == {0, 84, DAY_CELLS, DAY_CELLS + 84}
    always = horizon.within(horizon.at(0), horizon.at(0) + timedelta(days=2))
    ends = {horizon.at(at) + timedelta(hours=1) for at in cells(starts(always, 12))}
    assert max(ends) == instant(FIRST, time(21)) + timedelta(days=1)
    assert instant(FIRST, time(21, 5)) not in ends


def test_a_meeting_takes_every_cell_that_it_begins():
    assert cells_of(timedelta(minutes=31)) == 7
