"""The states of a case: every pair of state and action is walked."""

import itertools

import pytest

from server.cases.states import MOVES, CaseAction
from server.cases.tables import CaseState
from server.kernel import state
from server.kernel.errors import Conflict

PAIRS = list(itertools.product(CaseState, CaseAction))


@pytest.mark.parametrize(("begin", "action"), PAIRS)
def test_case_moves_as_the_table_says(begin, action):
    if (begin, action) in MOVES:
        assert state.after(MOVES, begin, action) is MOVES[begin, action]
        return
    with pytest.raises(Conflict, match="wrong_state"):
        state.after(MOVES, begin, action)


def test_every_state_can_be_reached_and_only_archived_is_an_end():
    reached = {CaseState.DRAFT} | set(MOVES.values())
    left = {begin for begin, _ in MOVES}
    assert reached == set(CaseState)
    assert set(CaseState) - left == {CaseState.ARCHIVED}
