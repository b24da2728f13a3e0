"""Rosters made quickly, and by the solver, against the rules told slowly."""

import asyncio
import itertools
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from scheduling.rosters.turns import greedy, process
from scheduling.rosters.turns.check import Rule, breaches
from scheduling.rosters.turns.lines import Method
from scheduling.rosters.turns.problem import Person, Problem, Roster, Turn, Unit
from scheduling.rosters.turns.reasons import FORBIDS, Against, Clash, ask, clashes
from scheduling.rosters.turns.shares import shares
from scheduling.rosters.turns.value import changes, gaps, value
from tests.rosters.districts import district
from tests.rosters.problems import problems, with_present

FOLDER = Path("build/ortools")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def solver():
    """One process for all, since it takes long to start."""
    assert process.found(FOLDER), "OR-tools is missing: run `make solver`"
    async with process.started(FOLDER) as started:
        yield started


async def best(solver, problem):
    return await solver.solve(
        problem, method=Method.CP_SAT, seconds=20, tell=lambda _: None
    )  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(st.one_of(problems(), with_present()))
def test_quick_roster_keeps_every_rule(problem):
    assert breaches(problem, greedy.solve(problem)) == []


async def test_best_roster_keeps_every_rule_and_costs_what_it_says(solver):
    for problem in examples(st.one_of(problems(), with_present())):
        solved = await best(solver, problem)
        assert solved.optimal
        assert breaches(problem, solved.roster) == []
        assert value(problem, solved.roster).cost == solved.cost == solved.bound
        assert solved.cost <= value(problem, greedy.solve(problem)).cost


def examples(strategy, count=12):
    """Drawn once, so that one process can be asked about all of them."""
    found = []

    @settings(max_examples=count, deadline=None, database=None, derandomize=True,
              phases=[Phase.generate], suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(strategy)
    def draw(one):
        found.append(one)

    draw()
    return found


WEEK = frozenset(range(8))
THREE = (Person(), Person(), Person(unwanted=frozenset({0, 1})))


def small(*, present=None, people=THREE):
    """One unit with a person a day, four days."""
    return Problem(
        weeks=(0,) * 4, units=(Unit((0, 1, 2), all_day=True),), people=people,
        unpopular=frozenset({7}), present=present,
    )  # fmt: skip


def every_roster(problem):
    """All that keep the rules: nobody, or one of the three, on each day."""
    for chosen in itertools.product((None, 0, 1, 2), repeat=problem.days):
        turns = (Turn(0, day, one) for day, one in enumerate(chosen) if one is not None)
        roster = Roster(frozenset(turns))
        if not breaches(problem, roster):
            yield roster


@pytest.mark.parametrize("away", [{0, 1}, {2, 3, 4}, set(range(8))])
async def test_nothing_better_exists_and_a_changed_fact_changes_least(solver, away):
    people = (Person(in_a_row=2), Person(run=1, in_a_row=2, carried=1), Person(in_a_row=2))
    problem = small(people=people)
    first = await best(solver, problem)
    assert first.cost == min(value(problem, roster).cost for roster in every_roster(problem))
    changed = (replace(people[0], away=frozenset(away)), *people[1:])
    again = small(present=first.roster, people=changed)
    found, quick = (await best(solver, again)).roster, greedy.solve(again)
    filled = [one for one in every_roster(again) if not gaps(again, one)]
    fewest = min(len(changes(again, one)) for one in filled)
    assert (gaps(again, found), len(changes(again, found))) == ({}, fewest)
    assert breaches(again, quick) == []


@settings(max_examples=30, deadline=None)
@given(problems())
def test_nothing_changes_where_nothing_has_to(problem):
    was = greedy.solve(problem)
    again = replace(problem, present=was)
    assert changes(again, greedy.solve(again)) == frozenset()


@settings(max_examples=40, deadline=None)
@given(st.one_of(problems(), with_present()), st.data())
def test_answers_to_why_not_are_true(problem, data):
    roster = greedy.solve(problem)
    unit = data.draw(st.integers(0, 1))
    for block in problem.blocks(problem.units[unit]):
        for answer in ask(problem, roster, unit, block):
            if answer.is_there:
                continue
            gone = {Turn(unit, block, answer.replaces)} - {Turn(unit, block, None)}
            tried = replace(roster, turns=roster.turns - gone | {answer.turn})
            broken = {breach.rule for breach in breaches(problem, tried)}
            assert answer.possible == (not broken), (answer, broken)


def test_why_not_tells_of_shares_and_wishes():
    problem = small()
    roster = Roster(frozenset({Turn(0, 0, 0), Turn(0, 1, 2), Turn(0, 2, 2), Turn(0, 3, 0)}))
    [there, free, busy] = ask(problem, roster, 0, 0)
    assert (there.is_there, there.against) == (True, ())
    assert (free.against, free.replaces) == ((), 0)
    assert busy.against == (Against.OVER_SHARE, Against.UNWANTED)
    assert FORBIDS.isdisjoint(busy.against)
    picky = small(people=(Person(), Person(wanted=WEEK - {0, 1}), Person(cannot=frozenset({0}))))
    [_, other, cannot] = ask(picky, roster, 0, 0)
    assert (other.against, other.possible) == ((Against.LIKES_OTHER,), True)
    assert (cannot.against, cannot.possible) == ((Against.CANNOT,), False)


async def test_what_somebody_ruled_out_is_kept_and_what_they_would_like_is_followed(solver):
    """Of every roster that leaves nobody out, the ones found break no wish and follow the most."""
    people = (Person(cannot=frozenset({0, 1})), Person(wanted=frozenset({2, 3})), Person())
    problem = small(people=people)
    for roster in ((await best(solver, problem)).roster, greedy.solve(problem)):
        assert gaps(problem, roster) == {}
        assert not [turn for turn in roster.turns if turn.person == 0 and turn.block == 0]
        assert Turn(0, 1, 1) in roster.turns
    without = replace(problem, people=(Person(), *people[1:]))
    broken = [one for one in every_roster(without) if Turn(0, 0, 0) in one.turns]
    assert all(Rule.CANNOT in rules(problem, one) for one in broken)  # the control
    assert broken


async def test_where_all_rule_it_out_the_turn_stays_open_and_says_whose_wishes_clash(solver):
    people = (Person(cannot=WEEK), Person(cannot=frozenset({0, 1}), away=frozenset({2, 3})),
              Person(cannot=frozenset({0, 1})))  # fmt: skip
    problem = small(people=people)
    for roster in ((await best(solver, problem)).roster, greedy.solve(problem)):
        assert breaches(problem, roster) == []
        assert gaps(problem, roster) == {(0, 0): 1}
        assert clashes(problem, roster) == [Clash(0, 0, (0, 1, 2))]
    ill = replace(problem, people=tuple(Person(away=frozenset({0, 1})) for _ in people))
    assert clashes(ill, greedy.solve(ill)) == []  # nobody's wish, everybody is away


async def test_wishes_are_kept_wherever_that_is_possible(solver):
    """More turns are open than without what was ruled out only where whose wish it is is told."""
    for problem in examples(problems(), count=20):
        free = replace(
            problem, people=tuple(replace(p, cannot=frozenset()) for p in problem.people)
        )
        kept, loose = (await best(solver, problem)).roster, (await best(solver, free)).roster
        assert Rule.CANNOT not in rules(problem, kept)
        if not gaps(problem, loose) and Rule.CANNOT not in rules(problem, loose):
            assert not gaps(problem, kept)
        told = {(one.unit, one.block) for one in clashes(problem, kept)}
        for unit, block in gaps(problem, kept).keys() - told:
            assert not any(
                problem.has_ruled_out(Turn(unit, block, one)) for one in problem.units[unit].people
                if Turn(unit, block, one) not in kept.turns
            )  # fmt: skip


def test_what_somebody_ruled_out_makes_their_share_no_smaller():
    half = frozenset(range(6))
    people = (Person(cannot=half), Person())
    problem = Problem(weeks=(0,) * 6, units=(Unit((0, 1), all_day=True),), people=people)
    assert [shares(problem)[0, one].turns for one in (0, 1)] == [3, 3]
    away = replace(problem, people=(Person(away=half), Person()))
    assert [shares(away)[0, one].turns for one in (0, 1)] == [2, 4]  # on leave it does


@settings(max_examples=50, deadline=None)
@given(problems())
def test_shares_add_up_and_ask_nobody_for_more_than_they_can(problem):
    fair = shares(problem)
    for number, unit in enumerate(problem.units):
        total = sum(wanted for _, wanted in problem.quotas(unit)) * unit.needed
        could = {
            one: sum(problem.can(Turn(number, b, one)) for b in problem.blocks(unit))
            for one in unit.people
        }
        given_ = {one: fair[number, one].turns for one in unit.people}
        assert all(given_[one] <= could[one] for one in unit.people)
        assert sum(given_.values()) == min(total, sum(could.values()))


@settings(max_examples=40, deadline=None, phases=[Phase.generate])
@given(problems(), st.data())
def test_checker_finds_what_is_broken_on_purpose(problem, data):
    """The negative control: a checker that finds nothing proves nothing."""
    roster = greedy.solve(problem)
    if not roster.turns:
        return
    turn = data.draw(st.sampled_from(sorted(roster.turns)))
    outsider = next(one for one in range(5) if one not in problem.units[turn.unit].people)
    stranger = replace(roster, turns=roster.turns | {turn._replace(person=outsider)})
    away = list(problem.people)
    away[turn.person] = replace(away[turn.person], away=frozenset(range(12)))
    assert Rule.AWAY in rules(replace(problem, people=tuple(away)), roster)
    assert Rule.NOT_OF_UNIT in rules(problem, stranger)
    assert Rule.FIXED in rules(
        replace(problem, fixed=frozenset({turn})), replace(roster, turns=roster.turns - {turn})
    )


def rules(problem, roster):
    return {breach.rule for breach in breaches(problem, roster)}


async def test_search_is_stopped_with_the_best_so_far_and_ends_with_its_owner(solver):
    problem = district(days=20)
    told = []

    def hear(progress):
        told.append(progress)
        solver.stop()

    solved = await solver.solve(problem, method=Method.CP_SAT, seconds=20, tell=hear)
    assert told
    assert not solved.optimal
    assert breaches(problem, solved.roster) == []
    assert solved.bound <= solved.cost <= value(problem, greedy.solve(problem)).cost


async def test_solver_ends_when_its_input_does():
    async with process.started(FOLDER) as started:
        started.process.stdin.close()
        assert await asyncio.wait_for(started.process.wait(), 10) == 0


async def test_dead_solver_is_told():
    async with process.started(FOLDER) as started:
        started.process.kill()
        with pytest.raises(process.SolverGone):
            await started.solve(small(), method=Method.GREEDY, seconds=1, tell=print)


async def test_quick_method_needs_no_library(tmp_path):
    """The same process, told of a folder with nothing in it."""
    problem = small()
    async with process.started(tmp_path) as started:
        solved = await started.solve(problem, method=Method.GREEDY, seconds=1, tell=print)
    assert solved.roster == greedy.solve(problem)
    assert not process.found(tmp_path)
    assert process.found(FOLDER)
