"""When one resource could be had, and of each time that it cannot, why not."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from scheduling.timetable.horizon import spoilt, starts

ALL = -1
"""Every cell is offered as a start."""


class Why(StrEnum):
    """Why a time within the hours cannot be had."""

    HOLIDAY = "holiday"
    LEAVE = "on_leave"
    TAKEN = "taken"
    HELD = "held"
    BUFFER = "buffer"
    TOO_SOON = "too_soon"
    TOO_LATE = "too_late"


Closed = tuple[Why, int]


@dataclass(frozen=True, slots=True)
class Hours:
    """A resource over the horizon: when it is there, and what keeps it, most telling first.

    `barred`: nothing may begin in these cells, whatever comes after; told before the others.
    """

    open: int
    closed: tuple[Closed, ...] = ()
    barred: tuple[Closed, ...] = ()


@dataclass(frozen=True, slots=True)
class Free:
    """The starts that can be had; every other one within the hours stands under one reason."""

    starts: int
    missing: tuple[Closed, ...]

    def why(self, cell: int) -> Why | None:
        """Why a meeting cannot begin here: None when it can, or outside the hours."""
        bit = 1 << cell
        return next((reason for reason, bits in self.missing if bits & bit), None)


def look(hours: Hours, *, cells: int, offered: int) -> Free:
    """Starts of a meeting of that many cells, among the cells that are `offered` as starts."""
    left = starts(hours.open, cells) & offered
    told = []
    for place, (reason, bits) in enumerate((*hours.barred, *hours.closed)):
        spoils = bits if place < len(hours.barred) else spoilt(bits, cells)
        hit = spoils & left
        if hit:
            told.append((reason, hit))
            left ^= hit
    return Free(left, tuple(told))


def together(frees: Sequence[Free], *, at_least: int) -> int:
    """Starts at which that many of them can be had."""
    if at_least == len(frees):
        found = -1
        for free in frees:
            found &= free.starts
        return found
    reached = [-1] + [0] * at_least
    for free in frees:
        for count in range(at_least, 0, -1):
            reached[count] |= reached[count - 1] & free.starts
    return reached[at_least]
