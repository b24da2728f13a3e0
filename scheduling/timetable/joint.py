"""When several can be had together: fixed ones, any of some, some of many, and who is missing."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from scheduling.timetable.free import Free, Why, together
from scheduling.timetable.horizon import each


@dataclass(frozen=True, slots=True)
class Part:
    """What a meeting needs: so many of some, the first of them that can.

    `preferred`: a time is better with this one; `optional`: with any, and stands without them.
    """

    among: tuple[UUID, ...]
    needed: int = 1
    optional: bool = False
    preferred: UUID | None = None


@dataclass(frozen=True, slots=True)
class Lack:
    """Of a part that cannot be met at this time: who could not come, and why."""

    part: int
    who: tuple[tuple[UUID, Why | None], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A start, with those who would come for each part; parts are numbered as asked."""

    cell: int
    who: tuple[tuple[UUID, ...], ...]
    lacks: tuple[Lack, ...] = ()


@dataclass(frozen=True, slots=True)
class Answers:
    """`possible`: the best first. `nearly`: only one part is missing, that could be asked."""

    possible: tuple[Answer, ...]
    nearly: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Starts:
    """The cells found, as `Answers` has them; whoever needs few answers makes only these."""

    parts: Sequence[Part]
    frees: Mapping[UUID, Free]
    met: Sequence[int]
    possible: Sequence[int]
    nearly: Sequence[int]

    def lacking(self, cell: int) -> list[int]:
        """The needed parts that cannot be met here."""
        bit = 1 << cell
        return [
            place for place, (part, met) in enumerate(zip(self.parts, self.met, strict=True))
            if not part.optional and not met & bit
        ]  # fmt: skip

    def answer(self, cell: int) -> Answer:
        return _answer(cell, self.parts, self.met, self.frees)


def search(
    parts: Sequence[Part], frees: Mapping[UUID, Free], *, offered: int, most: int = 12
) -> Answers:
    """The best of the offered starts: more of the optional parts, then of the preferred ones, then the earliest.

    Parts name different resources.
    """
    found = find_starts(parts, frees, offered=offered, most=most)
    return Answers(tuple(map(found.answer, found.possible)), tuple(map(found.answer, found.nearly)))


def find_starts(
    parts: Sequence[Part], frees: Mapping[UUID, Free], *, offered: int, most: int
) -> Starts:
    """As `search`, without the answers."""
    met = [together([frees[one] for one in part.among], at_least=part.needed) for part in parts]
    needed = [place for place, part in enumerate(parts) if not part.optional]
    extra = [place for place, part in enumerate(parts) if part.optional]
    full, lacking = _met_but_one([met[place] for place in needed], offered=offered)
    preferred = [frees[part.preferred].starts for part in parts if part.preferred is not None]
    wishes = ([met[place] for place in extra], preferred)
    return Starts(
        parts, frees, met, _best(full, *wishes, most=most), _best(_any(lacking), *wishes, most=most)
    )


def earliest(
    parts: Sequence[Part], frees: Mapping[UUID, Free], *, each_of: Sequence[UUID], offered: int
) -> dict[UUID, int]:
    """The first time at which all that is needed can be had with each of these.

    `parts` are the others; who is never possible with them has no entry.
    """
    base = offered
    for part in parts:
        if not part.optional:
            base &= together([frees[one] for one in part.among], at_least=part.needed)
    firsts = ((one, next(each(base & frees[one].starts), None)) for one in each_of)
    return {one: cell for one, cell in firsts if cell is not None}


def _met_but_one(needed: Sequence[int], *, offered: int) -> tuple[int, list[int]]:
    """Where all are met; and for each, where it alone is not."""
    none, one = offered, 0
    for bits in needed:
        all_but = none & bits
        one = one & bits | none ^ all_but
        none = all_but
    return none, [one ^ one & bits for bits in needed]


def _any(sets: Sequence[int]) -> int:
    found = 0
    for bits in sets:
        found |= bits
    return found


def _best(bits: int, *wishes: Sequence[int], most: int) -> list[int]:
    """The cells that meet the most of the first wishes, of these the most of the next, …"""
    sets = [bits]
    for more in wishes:
        sets = [grade for one in sets for grade in _graded(one, more) if grade]
    return list(itertools.islice(itertools.chain.from_iterable(map(each, sets)), most))


def _graded(bits: int, wishes: Sequence[int]) -> list[int]:
    """The cells by how many of the wishes they meet, the most first."""
    grades = [bits, *([0] * len(wishes))]
    for wish in wishes:
        for grade in range(len(wishes), 0, -1):
            more = grades[grade - 1] & wish
            grades[grade] |= more
            grades[grade - 1] ^= more
    return grades[::-1]


def _answer(
    cell: int, parts: Sequence[Part], met: Sequence[int], frees: Mapping[UUID, Free]
) -> Answer:
    bit = 1 << cell
    who, lacks = [], []
    for place, part in enumerate(parts):
        can = tuple(one for one in part.among if frees[one].starts & bit)
        who.append(can[: part.needed])
        if not met[place] & bit:
            absent = (one for one in part.among if one not in can)
            lacks.append(Lack(place, tuple((one, frees[one].why(cell)) for one in absent)))
    return Answer(cell, tuple(who), tuple(lacks))
