"""The problem as OR-tools sees it: the same rules as in `check`, the same cost as in `value`."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from ortools.sat.python import cp_model
from ortools.sat.python.cp_model import CpModel, IntVar, LinearExprT

from scheduling.rosters.turns import value as worth
from scheduling.rosters.turns.problem import Place, Problem, Roster, Turn, Unit
from scheduling.rosters.turns.shares import is_unpopular, shares


@dataclass
class Model:
    """Its variables are the roster; `cost` is what is made small."""

    problem: Problem
    model: CpModel = field(default_factory=CpModel)
    turns: dict[Turn, IntVar] = field(default_factory=dict)
    there: dict[Place, IntVar] = field(default_factory=dict)
    cost: list[LinearExprT] = field(default_factory=list)

    def hint(self, roster: Roster) -> None:
        """Where to begin."""
        for turn, chosen in self.turns.items():
            self.model.add_hint(chosen, turn in roster.turns)
        for place, chosen in self.there.items():
            self.model.add_hint(chosen, place in roster.there)

    def roster(self, solver: cp_model.CpSolver) -> Roster:
        turns = (turn for turn, chosen in self.turns.items() if solver.boolean_value(chosen))
        there = (place for place, chosen in self.there.items() if solver.boolean_value(chosen))
        return Roster(frozenset(turns), frozenset(there))


def build(problem: Problem) -> Model:
    made = Model(problem)
    for number, unit in enumerate(problem.units):
        if unit.quota is not None:
            _places(made, number, unit)
        _turns(made, number, unit)
    _one_at_a_time(made)
    _rest(made)
    _house(made)
    _fairness(made)
    _wishes(made)
    _changes(made)
    made.model.minimize(cp_model.LinearExpr.sum(made.cost))
    return made


def _places(made: Model, number: int, unit: Unit) -> None:
    model = made.model
    for block in made.problem.blocks(unit):
        made.there[Place(number, block)] = model.new_bool_var("")
        if block in unit.must:
            model.add(made.there[Place(number, block)] == 1)
    for blocks, wanted in made.problem.quotas(unit):
        model.add(sum(made.there[Place(number, block)] for block in blocks) == wanted)


def _turns(made: Model, number: int, unit: Unit) -> None:
    """Who could be there; what nobody can take is a gap."""
    problem, model = made.problem, made.model
    fixed = Counter(turn.block for turn in problem.fixed if turn.unit == number)
    for block in problem.blocks(unit) if unit.people else ():
        able = [Turn(number, block, person) for person in unit.people]
        able = [turn for turn in able if problem.can(turn)]
        for turn in able:
            made.turns[turn] = model.new_bool_var("")
            if turn in problem.fixed:
                model.add(made.turns[turn] == 1)
        there = made.there.get(Place(number, block), 1)
        seats = max(unit.needed, fixed[block])
        gap = model.new_int_var(0, unit.needed, "")
        many = sum(made.turns[turn] for turn in able)
        model.add(many + gap >= unit.needed * there)
        model.add(many <= seats * there)
        made.cost.append(worth.GAP * gap)


def _one_at_a_time(made: Model) -> None:
    """Only whoever works in several units could be in two places."""
    by_half: defaultdict[tuple[int, int], list[IntVar]] = defaultdict(list)
    for turn, chosen in made.turns.items():
        if len(made.problem.units_of[turn.person]) > 1:
            for half in made.problem.units[turn.unit].halves(turn.block):
                by_half[turn.person, half].append(chosen)
    for choices in by_half.values():
        made.model.add_at_most_one(choices)


def _rest(made: Model) -> None:
    by_day: defaultdict[tuple[int, int], list[IntVar]] = defaultdict(list)
    for turn, chosen in made.turns.items():
        day = made.problem.units[turn.unit].halves(turn.block)[0] // 2
        by_day[turn.person, day].append(chosen)
    fixed = made.problem.days_of(made.problem.fixed)
    days: dict[tuple[int, int], IntVar] = {}
    for person in made.problem.units_of:
        for window, most in made.problem.windows(person, fixed.get(person, ())):
            some = [(person, day) for day in window if (person, day) in by_day]
            if len(some) > most:
                made.model.add(sum(_on_day(made, days, by_day, one) for one in some) <= most)


def _on_day(
    made: Model, days: dict[tuple[int, int], IntVar],
    by_day: dict[tuple[int, int], list[IntVar]], one: tuple[int, int],
) -> IntVar:  # fmt: skip
    """Whether the person is there on the day at all."""
    choices = by_day[one]
    if len(choices) == 1:
        return choices[0]
    if one not in days:
        days[one] = made.model.new_bool_var("")
        for chosen in choices:
            made.model.add_implication(chosen, days[one])
    return days[one]


def _house(made: Model) -> None:
    problem, model = made.problem, made.model
    by_half: defaultdict[int, list[IntVar]] = defaultdict(list)
    for place, chosen in made.there.items():
        for half in problem.units[place.unit].halves(place.block):
            by_half[half].append(chosen)
    for half, in_house in by_half.items():
        least = problem.least[half] if problem.least else 0
        if least:
            short = model.new_int_var(0, least, "")
            model.add(sum(in_house) + short >= least)
            made.cost.append(worth.SHORT * short)
        if len(in_house) > problem.most:
            crowded = model.new_int_var(0, len(in_house), "")
            model.add(sum(in_house) - crowded <= problem.most)
            made.cost.append(worth.CROWDED * crowded)


def _fairness(made: Model) -> None:
    problem = made.problem
    has: defaultdict[tuple[int, int], list[IntVar]] = defaultdict(list)
    bad: defaultdict[tuple[int, int], list[IntVar]] = defaultdict(list)
    for turn, chosen in made.turns.items():
        has[turn.unit, turn.person].append(chosen)
        if is_unpopular(problem, problem.units[turn.unit], turn.block):
            bad[turn.unit, turn.person].append(chosen)
    for one, share in shares(problem).items():
        _above(made, has[one], share.turns, weight=worth.OVER)
        _above(made, bad[one], share.unpopular, weight=worth.UNPOPULAR)


def _above(made: Model, choices: list[IntVar], most: int, *, weight: int) -> None:
    if len(choices) > most:
        above = made.model.new_int_var(0, len(choices), "")
        made.model.add(sum(choices) - above <= most)
        made.cost.append(weight * above)


def _wishes(made: Model) -> None:
    for turn, chosen in made.turns.items():
        if worth.is_unwanted(made.problem, turn):
            made.cost.append(worth.UNWANTED * chosen)
        if worth.is_elsewhere(made.problem, turn):
            made.cost.append(worth.ELSEWHERE * chosen)


def _changes(made: Model) -> None:
    was = made.problem.present
    if was is None:
        return
    gone = sum(turn not in made.turns for turn in was.turns)
    for turn, chosen in made.turns.items():
        made.cost.append(worth.CHANGE * (1 - chosen if turn in was.turns else chosen))
    for place, chosen in made.there.items():
        if not made.problem.units[place.unit].people:
            made.cost.append(worth.CHANGE * (1 - chosen if place in was.there else chosen))
    made.cost.append(worth.CHANGE * gone)
