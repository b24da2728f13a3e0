"""Every pair of state and action of days, appointments and drafts of rosters: as the tables say, or refused."""

import itertools

import pytest

from scheduling.rosters.drafts import DRAFT
from scheduling.rosters.tables import DraftState
from scheduling.states import APPOINTMENT, DAY, Action, DayAction
from scheduling.tables import AppointmentState, DayState
from server.kernel import state
from server.kernel.errors import Conflict

ALL = [
    *((APPOINTMENT, *pair) for pair in itertools.product(AppointmentState, Action)),
    *((DAY, *pair) for pair in itertools.product(DayState, DayAction)),
    *(
        (DRAFT, *pair)
        for pair in itertools.product(DraftState, sorted({action for _, action in DRAFT}))
    ),
]


@pytest.mark.parametrize(("table", "begin", "action"), ALL)
def test_each_pair_leads_on_or_is_refused(table, begin, action):
    if (begin, action) in table:
        assert state.after(table, begin, action) in type(begin)
        assert action in state.possible(table, begin)
        return
    with pytest.raises(Conflict) as refused:
        state.after(table, begin, action)
    assert refused.value.params == {"state": str(begin), "action": str(action)}


@pytest.mark.parametrize(
    ("table", "ends"),
    [
        (
            APPOINTMENT,
            {"completed", "diverted", "declined", "cancelled", "rescheduled", "no_show", "expired"},
        ),
        (DAY, {"archived", "cancelled", "swapped"}),
        (DRAFT, {"cancelled", "failed", "undone"}),
    ],
)
def test_only_these_states_are_final_and_all_are_reached(table, ends):
    kind = type(next(iter(table))[0])
    assert {s for s in kind if not state.possible(table, s)} == ends
    first = next(iter(kind))
    assert set(table.values()) | {first} == set(kind)


def test_expected_life_of_an_appointment():
    at = AppointmentState.ON_HOLD
    for action in (Action.SUBMIT, Action.CONFIRM, Action.CHECK_IN, Action.BEGIN, Action.COMPLETE):
        at = state.after(APPOINTMENT, at, action)
    assert at is AppointmentState.COMPLETED
