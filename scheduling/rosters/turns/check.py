"""The hard rules, slowly and plainly: what no roster may break, whoever made it."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from scheduling.rosters.turns.problem import Place, Problem, Roster, Turn


class Rule(StrEnum):
    NOT_OF_UNIT = "not_of_unit"
    AWAY = "away"
    CANNOT = "cannot"
    TWICE = "twice"
    NOT_THERE = "not_there"
    TOO_MANY = "too_many"
    QUOTA = "quota"
    MUST = "must"
    REST = "rest"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Breach:
    rule: Rule
    unit: int
    block: int
    person: int | None = None


def breaches(problem: Problem, roster: Roster) -> list[Breach]:
    """Everything that is broken, in no order."""
    found = [
        Breach(rule, *turn) for turn in roster.turns for rule in _of_turn(problem, roster, turn)
    ]
    found += _twice(problem, roster)
    found += _many(problem, roster)
    found += _places(problem, roster)
    found += _rest(problem, roster)
    return found + [Breach(Rule.FIXED, *turn) for turn in problem.fixed - roster.turns]


def _of_turn(problem: Problem, roster: Roster, turn: Turn) -> list[Rule]:
    unit = problem.units[turn.unit]
    found = []
    if turn.person not in unit.people:
        found.append(Rule.NOT_OF_UNIT)
    if problem.is_away(turn):
        found.append(Rule.AWAY)
    if problem.has_ruled_out(turn):
        found.append(Rule.CANNOT)
    if unit.quota is not None and Place(turn.unit, turn.block) not in roster.there:
        found.append(Rule.NOT_THERE)
    return found


def _twice(problem: Problem, roster: Roster) -> list[Breach]:
    busy = Counter(
        (turn.person, half)
        for turn in roster.turns
        for half in problem.units[turn.unit].halves(turn.block)
    )
    return [
        Breach(Rule.TWICE, *turn)
        for turn in roster.turns
        if any(busy[turn.person, half] > 1 for half in problem.units[turn.unit].halves(turn.block))
    ]


def _many(problem: Problem, roster: Roster) -> list[Breach]:
    many = Counter((turn.unit, turn.block) for turn in roster.turns)
    return [
        Breach(Rule.TOO_MANY, unit, block)
        for (unit, block), count in many.items()
        if count > seats(problem, unit, block)
    ]


def seats(problem: Problem, unit: int, block: int) -> int:
    """What is needed; what meetings count on may be more."""
    fixed = sum((turn.unit, turn.block) == (unit, block) for turn in problem.fixed)
    return max(problem.units[unit].needed, fixed)


def _places(problem: Problem, roster: Roster) -> list[Breach]:
    found = []
    for number, unit in enumerate(problem.units):
        there = {place.block for place in roster.there if place.unit == number}
        if unit.quota is None:
            continue
        found += [Breach(Rule.MUST, number, block) for block in unit.must - there]
        found += [
            Breach(Rule.QUOTA, number, blocks[0])
            for blocks, wanted in problem.quotas(unit)
            if len(there.intersection(blocks)) != wanted
        ]
    return found


def _rest(problem: Problem, roster: Roster) -> list[Breach]:
    days, fixed = problem.days_of(roster.turns), problem.days_of(problem.fixed)
    return [
        Breach(Rule.REST, problem.units_of[person][0], window[0], person)
        for person, there in days.items()
        if person in problem.units_of
        for window, most in problem.windows(person, fixed.get(person, ()))
        if sum(day in there for day in window) > most
    ]
