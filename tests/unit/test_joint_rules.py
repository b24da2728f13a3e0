"""Rules of joint interviews: the ladder of questions, contradictions in wishes, the state table."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from scheduling.joint import ladder as joint_ladder
from scheduling.joint import wishes as joint_wishes
from scheduling.joint.interviews import TABLE
from scheduling.joint.tables import JointState
from scheduling.joint.wishes import Group, Wishes
from server.kernel import state
from server.kernel.errors import Conflict, Invalid
from server.units.calendar import announced
from tests.reception import at

A, B, C = (UUID(int=n) for n in (1, 2, 3))
CALENDAR = announced()


@pytest.mark.parametrize(
    ("now", "begins", "due"),
    [
        ("2026-11-23T09:00", "2026-11-27T09:00", "2026-11-23T11:00"),  # two hours at the most
        ("2026-11-23T16:30", "2026-11-27T09:00", "2026-11-24T08:30"),  # not in the evening
        ("2026-11-27T16:30", "2026-12-03T09:00", "2026-11-30T08:30"),  # nor at a weekend
        ("2026-11-23T09:00", "2026-11-23T10:00", "2026-11-23T09:06"),  # a tenth of what is left
        ("2026-11-23T20:00", "2026-11-24T08:00", "2026-11-23T21:12"),  # no morning is left
        ("2026-11-23T09:58", "2026-11-23T10:00", "2026-11-23T10:00"),  # never after it begins
    ],
)
def test_next_rung_comes_by_day_and_before_the_meeting(now, begins, due):
    assert joint_ladder.due(at(now), at(begins), calendar=CALENDAR) == at(due)


def test_ladder_ends_before_the_meeting_begins():
    now, begins = at("2026-11-23T09:00"), at("2026-11-23T11:00")
    for _ in joint_ladder.AFTER:
        now = joint_ladder.due(now, begins, calendar=CALENDAR)
    assert now < begins - timedelta(minutes=30)


@pytest.mark.parametrize(
    ("wishes", "fields"),
    [
        (Wishes(fixed=(A,)), set()),
        (Wishes(), {"fixed"}),
        (Wishes(fixed=(A, A)), {"fixed"}),
        (Wishes(fixed=(A,), groups=(Group((A, B)),)), {"fixed"}),
        (Wishes(groups=(Group((A, B), 3),)), {"groups.0.needed"}),
        (Wishes(fixed=tuple(UUID(int=n) for n in range(7))), {"fixed"}),
        (Wishes(fixed=(A,), preferred_leader=B), {"preferred_leader"}),
        (Wishes(fixed=(A,), since=date(2026, 12, 2), until=date(2026, 12, 1)), {"until"}),
    ],
)
def test_wishes_that_contradict_themselves_are_named(wishes, fields):
    assert named(wishes) == fields


def named(wishes: Wishes) -> set[str]:
    try:
        joint_wishes.check(wishes)
    except Invalid as error:
        return {one.field for one in error.fields}
    return set()


def test_wishes_come_back_as_they_were_written():
    wishes = Wishes(
        fixed=(A,), groups=(Group((B, C), 1),), leaders=(C,), preferred_leader=C,
        until=date(2026, 12, 1),
    )  # fmt: skip
    assert joint_wishes.of(wishes.plain()) == wishes


@pytest.mark.parametrize("before", JointState)
@pytest.mark.parametrize(
    "action", ["propose", "withdraw", "book", "call_off", "adjourn", "hold", "end"]
)
def test_state_table_is_walked_whole(before, action):
    allowed = {
        ("open", "book"): "booked", ("open", "end"): "ended", ("booked", "call_off"): "open",
        ("open", "propose"): "proposed", ("proposed", "withdraw"): "open",
        ("proposed", "book"): "booked", ("proposed", "end"): "ended",
        ("booked", "adjourn"): "open", ("booked", "hold"): "held",
    }  # fmt: skip
    if (before, action) in allowed:
        assert state.after(TABLE, before, action) == allowed[before, action]
    else:
        with pytest.raises(Conflict):
            state.after(TABLE, before, action)
