"""Every pair of state and action in scheduling: as the tables say, or refused."""

import ast
import itertools
import re
from pathlib import Path

import pytest

import scheduling
from scheduling.choices.states import ENTRY, WISH, EntryAction, WishAction
from scheduling.choices.tables import EntryState, WishState
from scheduling.draws import announcing
from scheduling.draws.tables import DrawState
from scheduling.joint import asks, interviews
from scheduling.joint.tables import JointState, SeatState
from scheduling.mediation import mediations
from scheduling.rosters.drafts import DRAFT
from scheduling.rosters.tables import DraftState
from scheduling.states import APPOINTMENT, DAY, Action, DayAction
from scheduling.tables import AppointmentState, DayState, MediationState
from server.kernel import state
from server.kernel.errors import Conflict


def of(table) -> list[str]:
    return sorted({action for _, action in table})


TABLES = [
    (APPOINTMENT, AppointmentState, list(Action)),
    (DAY, DayState, list(DayAction)),
    (DRAFT, DraftState, of(DRAFT)),
    (WISH, WishState, list(WishAction)),
    (ENTRY, EntryState, list(EntryAction)),
    (announcing.TABLE, DrawState, of(announcing.TABLE)),
    (interviews.TABLE, JointState, of(interviews.TABLE)),
    (asks.TABLE, SeatState, of(asks.TABLE)),
    (mediations.TABLE, MediationState, of(mediations.TABLE)),
]
ALL = [
    (table, *pair)
    for table, states, actions in TABLES
    for pair in itertools.product(states, actions)
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


ENDS = {
    AppointmentState: {
        "completed", "diverted", "declined", "cancelled", "rescheduled", "no_show", "expired",
    },
    DayState: {"archived", "cancelled", "swapped"},
    DraftState: {"cancelled", "failed", "undone"},
    WishState: {"booked", "declined", "withdrawn"},
    EntryState: {"booked", "lapsed", "left", "closed"},
    DrawState: {"cancelled", "stopped"},
    JointState: {"held", "ended"},
    SeatState: {"released"},
    MediationState: {"refused", "ended"},
}  # fmt: skip


@pytest.mark.parametrize(("table", "states", "actions"), TABLES)
def test_only_these_states_are_final_and_all_are_reached(table, states, actions):
    assert {one for one in states if not state.possible(table, one)} == ENDS[states]
    reached = {next(iter(states))}
    while more := {to for (at, _), to in table.items() if at in reached} - reached:
        reached |= more
    assert reached == set(states)
    assert of(table) == sorted(actions)


def test_expected_life_of_an_appointment():
    at = AppointmentState.ON_HOLD
    for action in (Action.SUBMIT, Action.CONFIRM, Action.CHECK_IN, Action.BEGIN, Action.COMPLETE):
        at = state.after(APPOINTMENT, at, action)
    assert at is AppointmentState.COMPLETED


def test_no_state_is_set_past_its_table():
    found = [
        f"{path}:{line}"
        for path in sorted(Path(scheduling.__file__).parent.rglob("*.py"))
        for line in set_freely(path.read_text("utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "written",
    [
        "one.state = WishState.ASKED",
        "one.state, one.due_at = WishState.ASKED, now",
        "one.state = 'asked'",
        "X = \"UPDATE wish SET state = 'asked'\"",
    ],
)
def test_what_is_set_freely_is_found(written):
    assert list(set_freely(written)) == [1]
    assert list(set_freely("one.state, one.due_at = after(one), now")) == []


def set_freely(source: str) -> list[int]:
    """Lines that give a state of their own instead of what a table answers."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.Assign) and any(map(is_named, values_of_state(node))))
        or (isinstance(node, ast.Constant) and re.search(r"SET state = '\w", str(node.value)))
    ]


def values_of_state(node: ast.Assign) -> list[ast.expr]:
    pairs = [(target, node.value) for target in node.targets]
    for target in node.targets:
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs += zip(target.elts, node.value.elts, strict=True)
    return [value for to, value in pairs if isinstance(to, ast.Attribute) and to.attr == "state"]


def is_named(value: ast.expr) -> bool:
    """A member of an enum, or its text."""
    return isinstance(value, ast.Constant) or (
        isinstance(value, ast.Attribute) and value.attr.isupper()
    )
