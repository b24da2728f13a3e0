"""A district with 22 departments, 14 sub-centres and 20 leaders, as large as one is."""

import random

from scheduling.rosters.turns.problem import HALVES, Person, Problem, Unit

WEEK = 5
LEADERS = 20
WHOLE, ROTATING, ON_CALL, SUB_CENTRES = 4, 7, 11, 14


def district(*, days: int, seed: int = 20261123) -> Problem:
    """Each unit has 3 to 6 people, with leave, and days on which they would rather not."""
    chance = random.Random(seed)
    halves = days * HALVES
    people: list[Person] = []

    def staff() -> tuple[int, ...]:
        first = len(people)
        people.extend(_person(chance, days) for _ in range(chance.randint(3, 6)))
        return tuple(range(first, len(people)))

    quota = (6,) * -(-days // WEEK)
    own_leader = [frozenset(chance.sample(range(halves), 6)) for _ in range(ROTATING)]
    units = (
        *(Unit(needed=2, all_day=True) for _ in range(WHOLE)),
        *(Unit(staff(), quota=quota, must=must) for must in own_leader),
        *(Unit(staff(), all_day=True) for _ in range(ON_CALL + SUB_CENTRES)),
    )
    return Problem(
        weeks=tuple(day // WEEK for day in range(days)), units=units, people=tuple(people),
        least=_least(halves), most=6,
        unpopular=frozenset(half for half in range(halves) if half % (WEEK * HALVES) == 9),
    )  # fmt: skip


def _person(chance: random.Random, days: int) -> Person:
    away: set[int] = set()
    for _ in range(chance.choice((0, 0, 1, 2))):
        first = chance.randrange(days)
        away.update(range(first * HALVES, min(days, first + chance.randint(1, 7)) * HALVES))
    weekday = chance.choice((None, None, None, *range(WEEK)))
    unwanted = frozenset(half for half in range(days * HALVES) if half // HALVES % WEEK == weekday)
    liked, ruled_out = chance.randrange(HALVES * WEEK * 4), chance.randrange(HALVES * WEEK * 8)
    return Person(
        frozenset(away), unwanted, chance.randrange(3), chance.randrange(4), in_a_row=5,
        wanted=_each_week(liked, days), cannot=_each_week(ruled_out, days),
    )  # fmt: skip


def _each_week(half: int, days: int) -> frozenset[int]:
    """That half day of every week; none beyond a week's."""
    return frozenset(range(half, days * HALVES, WEEK * HALVES) if half < WEEK * HALVES else ())


def _least(halves: int) -> tuple[int, ...]:
    """Every leader receives every other week: then more units are in the house."""
    receives = {
        week * WEEK * HALVES + leader % (WEEK * HALVES)
        for leader in range(LEADERS)
        for week in range(leader % 2, halves // (WEEK * HALVES) + 1, 2)
    }
    return tuple(4 if half in receives else 3 for half in range(halves))
