"""From what stands in the database to a problem, and from its answer to shifts."""

from datetime import date, time, timedelta
from uuid import UUID

from scheduling.rosters.facts import Facts
from scheduling.rosters.outcome import outcome
from scheduling.rosters.period import PERIOD, Settings
from scheduling.rosters.posing import pose
from scheduling.rosters.tables import RosterShift
from scheduling.rosters.turns import greedy
from scheduling.rosters.turns.check import breaches
from server.units.tables import Presence, Unit, UnitKind

MONDAY = date(2026, 11, 23)
DAYS = tuple(MONDAY + timedelta(days=n) for n in range(5))
CALLED, TURNING, WHOLE = (UUID(int=n) for n in (1, 2, 3))
A, B, C, D = (UUID(int=n) for n in range(10, 14))
MORNING, AFTERNOON = (time(9), time(11, 30)), (time(13, 30), time(17))


def unit(unit_id, presence):
    return Unit(id=unit_id, kind=UnitKind.DEPARTMENT, presence=presence)


UNITS = [
    unit(CALLED, Presence.ON_CALL), unit(TURNING, Presence.ROTATING), unit(WHOLE, Presence.WHOLE),
]  # fmt: skip


def shift(number, unit_id, day, hours, person=None, seats=1):
    return RosterShift(
        id=UUID(int=100 + number), unit_id=unit_id, day=DAYS[day], begins=hours[0], ends=hours[1],
        presence=Presence.WHOLE, seats=seats, account_id=person, version=1,
    )  # fmt: skip


def facts(*shifts, **more):
    known = {
        "days": DAYS, "units": UNITS, "staff": {CALLED: (A, B), TURNING: (C, D)}, "shifts": shifts, "earlier": (),
        "before": (), "booked": frozenset(), "leaves": {}, "wishes": {}, "leading": (), "own_leader": {},
        "restless": frozenset({9}), "seen": "",
    }  # fmt: skip
    return Facts(**{**known, **more})


def planned(known, **settings):
    period = pose(known, Settings(**settings))
    assert PERIOD.validate_json(PERIOD.dump_json(period)) == period
    roster = greedy.solve(period.problem)
    assert breaches(period.problem, roster) == []
    return outcome(period, roster)


def test_whoever_a_meeting_counts_on_stays_where_they_are():
    own = (time(9, 30), time(11))
    rows = [shift(n, CALLED, n, own, A) for n in range(5)]
    free = planned(facts(*rows))
    assert sum(row.person == A for row in free.kept) < len(rows)
    booked = planned(facts(*rows, booked=frozenset((CALLED, half) for half in range(0, 10, 2))))
    assert {row.id for row in booked.kept} == {row.id for row in rows}
    assert not booked.removed


def test_unit_that_takes_turns_is_there_when_its_leader_receives():
    made = planned(facts(own_leader={TURNING: frozenset({9})}), halves_a_week=1)
    assert [(row.day, row.begins) for row in made.added if row.unit == 1] == [
        (DAYS[4], AFTERNOON[0])
    ]  # fmt: skip


def test_fewest_changes_touch_only_who_fell_out():
    rows = [
        *(shift(n, CALLED, n, AFTERNOON, A) for n in range(5)),
        shift(5, TURNING, 0, MORNING, C), shift(6, WHOLE, 0, MORNING, seats=3),
    ]  # fmt: skip
    same = planned(facts(*rows), fewest_changes=True)
    assert (same.removed, same.added) == ((), ())
    ill = planned(facts(*rows, leaves={A: frozenset({2, 3})}), fewest_changes=True)
    assert [row.id for row in ill.removed] == [rows[1].id]
    assert [(row.day, row.begins, row.person) for row in ill.added] == [
        (DAYS[1], AFTERNOON[0], B)
    ]  # fmt: skip


def test_whoever_is_the_only_one_works_every_day_and_leaves_a_gap_when_away():
    alone = {CALLED: (A,), TURNING: (C, D)}
    made = planned(facts(staff=alone, leaves={A: frozenset({0, 1})}))
    called = [(row.day, row.person) for row in made.added if row.unit == 0]
    assert called == [(DAYS[0], None)] * 2 + [(day, A) for day in DAYS[1:] for _ in range(2)]


def test_turns_of_the_weeks_before_count():
    before = [shift(n, CALLED, n, MORNING, A) for n in range(3)]
    for row in before:
        row.day -= timedelta(days=7)
    made = planned(facts(before=before))
    days = [row.person for row in made.added if row.unit == 0 and row.begins == MORNING[0]]
    assert (days.count(A), days.count(B)) == (1, 4)
