"""Small problems of every kind, for the rules to be tried on."""

from dataclasses import replace

from hypothesis import strategies as st

from scheduling.rosters.turns import greedy
from scheduling.rosters.turns.problem import Person, Problem, Unit

DAYS = 6
WEEKS = (0, 0, 0, 1, 1, 1)
HALVES = DAYS * 2


@st.composite
def people(draw):
    halves = st.frozensets(st.integers(0, HALVES - 1), max_size=4)
    return Person(
        away=draw(halves), unwanted=draw(halves), carried=draw(st.integers(0, 2)),
        run=draw(st.integers(0, 3)), in_a_row=draw(st.sampled_from([2, 3, 99])),
        cannot=draw(halves), wanted=draw(halves),
    )  # fmt: skip


@st.composite
def units(draw, staff):
    all_day = draw(st.booleans())
    blocks = DAYS if all_day else HALVES
    chooses = draw(st.booleans())
    must = st.frozensets(st.integers(0, blocks - 1), max_size=2)
    closed = st.frozensets(st.integers(0, blocks - 1), max_size=2)
    unit = Unit(
        people=staff, needed=draw(st.integers(1, 2)), all_day=all_day,
        quota=(draw(st.integers(0, 3)), draw(st.integers(0, 3))) if chooses else None,
        must=draw(must) if chooses else frozenset(),
    )  # fmt: skip
    return unit if chooses else Unit(staff, unit.needed, all_day, closed=draw(closed))


@st.composite
def problems(draw):
    """The last person works in the first two units; one unit names nobody."""
    staff = tuple(draw(st.lists(people(), min_size=5, max_size=5)))
    made = (draw(units((0, 1, 4))), draw(units((2, 3, 4))), draw(units(())))
    least = tuple(draw(st.lists(st.integers(0, 2), min_size=HALVES, max_size=HALVES)))
    return Problem(
        weeks=WEEKS, units=made, people=staff, least=least, most=draw(st.integers(1, 3)),
        unpopular=frozenset({5, 11}),
    )  # fmt: skip


@st.composite
def with_present(draw):
    """A problem, the roster of before, and somebody who is away by now."""
    problem = draw(problems())
    was = greedy.solve(problem)
    who = draw(st.integers(0, 4))
    gone = draw(st.frozensets(st.integers(0, HALVES - 1), min_size=1, max_size=4))
    changed = list(problem.people)
    one = changed[who]
    changed[who] = replace(one, away=one.away | gone)
    return Problem(
        problem.weeks, problem.units, tuple(changed), problem.least, problem.most,
        problem.unpopular, present=was,
    )  # fmt: skip
