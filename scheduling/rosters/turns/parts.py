"""A problem falls into parts that have nothing to do with each other: each is solved by itself.

Units hang together where somebody works in both, or where both choose when to be in the house.
"""

from dataclasses import replace

from scheduling.rosters.turns.problem import Problem, Roster, Unit


def parts(problem: Problem) -> list[Problem]:
    """The problem part by part, small ones first; units of other parts are empty in each."""
    found = [_only(problem, numbers) for numbers in _groups(problem)]
    return sorted(found, key=lambda part: sum(len(unit.people) for unit in part.units))


def restricted(roster: Roster, part: Problem) -> Roster:
    """What the roster says of this part."""
    mine = {number for number, unit in enumerate(part.units) if unit != Unit()}
    return Roster(
        frozenset(turn for turn in roster.turns if turn.unit in mine),
        frozenset(place for place in roster.there if place.unit in mine),
    )


def _groups(problem: Problem) -> list[set[int]]:
    links = [set(units) for units in problem.units_of.values()]
    links.append({number for number, unit in enumerate(problem.units) if unit.quota is not None})
    groups: list[set[int]] = []
    for link in links:
        touched = [group for group in groups if group & link]
        groups = [group for group in groups if not group & link]
        groups.append(link.union(*touched))
    return [group for group in groups if group]


def _only(problem: Problem, numbers: set[int]) -> Problem:
    units = tuple(
        unit if number in numbers else Unit() for number, unit in enumerate(problem.units)
    )  # fmt: skip
    part = replace(problem, units=units)
    return replace(
        part,
        fixed=frozenset(turn for turn in problem.fixed if turn.unit in numbers),
        present=restricted(problem.present, part) if problem.present else None,
    )
