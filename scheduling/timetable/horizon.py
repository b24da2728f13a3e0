"""The days looked at as one whole number: a bit for each five minutes between dawn and dusk.

One cell after each dusk belongs to no time: nothing that begins in the evening goes on in the
morning. A district has no summer time, so that every day has the same cells.
"""

import sys
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

from scheduling.plans.cutting import instant

CELL = timedelta(minutes=5)
DAWN, DUSK = timedelta(hours=7), timedelta(hours=21)
"""Nobody is received at night."""
OPEN_CELLS = (DUSK - DAWN) // CELL
DAY_CELLS = OPEN_CELLS + 1
_A_DAY = timedelta(days=1) // CELL


@dataclass(frozen=True, slots=True)
class Horizon:
    """So many days, whose cells are numbered from 0."""

    first: date
    days: int

    @property
    def size(self) -> int:
        return self.days * DAY_CELLS

    def within(self, begins_at: datetime, ends_at: datetime) -> int:
        """The cells that lie wholly between the two: for what is open."""
        between = _between(self._cell(begins_at, up=True), self._cell(ends_at, up=False))
        return between & _days(self.days, 1, OPEN_CELLS)

    def touching(self, begins_at: datetime, ends_at: datetime) -> int:
        """The cells of which any part lies between the two: for what is taken."""
        return _between(self._cell(begins_at, up=False), self._cell(ends_at, up=True))

    def filled(self, begins: bytes, ends: bytes) -> int:
        """The cells of ranges between steps, as `steps_sql` tells them: for thousands at once."""
        place, size = _places(self.days), self.size // 8 + 1
        of_length = defaultdict[int, bytearray](lambda: bytearray(size))
        for first, last in zip(*(map(place, _steps(one)) for one in (begins, ends)), strict=True):
            of_length[last - first][first >> 3] |= 1 << (first & 7)
        found = 0
        for length, firsts in of_length.items():
            if length > 0:
                found |= _longer(int.from_bytes(firsts, "little"), length)
        return found & _days(self.days, 1, OPEN_CELLS)

    def days_of(self, bits: Iterable[tuple[int, int]]) -> int:
        """Days' own cells, each shifted to its day; most days have the same."""
        alike = defaultdict[int, int](int)
        for day, cells in bits:
            alike[cells] |= 1 << day * DAY_CELLS
        found = 0
        for cells, days in alike.items():
            found |= cells * days
        return found

    @property
    def steps(self) -> int:
        """How many fives of minutes there are, nights and all."""
        return self.days * _A_DAY

    @property
    def origin(self) -> int:
        """The first midnight, in seconds since 1970."""
        return int(self._midnight.timestamp())

    def at(self, cell: int) -> datetime:
        """When a cell begins."""
        day, place = divmod(cell, DAY_CELLS)
        return self._midnight + timedelta(days=day) + DAWN + place * CELL

    def every(self, step: timedelta) -> int:
        """The cells at which a step of each day begins, counted from dawn."""
        return _days(self.days, max(1, step // CELL), 1)

    @property
    def _midnight(self) -> datetime:
        return instant(self.first, time())

    def _cell(self, moment: datetime, *, up: bool) -> int:
        """The cell in which a moment lies or, `up`, the first that begins no earlier."""
        day, since = divmod(moment - self._midnight, timedelta(days=1))
        since = min(max(since, DAWN), DUSK) - DAWN
        place = -(-since // CELL) if up else since // CELL
        return min(max(day * DAY_CELLS + place, 0), self.size)


def steps_sql(instant: str, *, up: bool, origin: str, steps: str) -> str:
    """Of all rows of a group, for `Horizon.filled`: the steps in which an instant of them lies or,
    `up`, those that begin no earlier; a step is five minutes, drawn to the horizon's edge.

    In SQL, since arithmetic on thousands of instants is dear here; and little of it, since it is
    not cheap there. As bytes, since an array is read number by number.
    """
    seconds = CELL // timedelta(seconds=1)
    since = f"(date_part('epoch', {instant}) - {origin}::float8) / {seconds}"
    step = f"greatest(least({'ceil' if up else 'floor'}({since}), {steps}::float8), 0)::int"
    return f"string_agg(int4send({step}), '')"


def _steps(data: bytes) -> "array[int]":
    steps = array("i", data)
    if sys.byteorder == "little":
        steps.byteswap()
    return steps


def day_cells(begins: time, ends: time) -> int:
    """The cells of one day that lie wholly between two times of it."""
    dawn, step = DAWN // timedelta(minutes=1), CELL // timedelta(minutes=1)
    first = -(-max(begins.hour * 60 + begins.minute - dawn, 0) // step)
    last = min(max(ends.hour * 60 + ends.minute - dawn, 0) // step, OPEN_CELLS)
    return _between(first, last)


def widened(bits: int, cells: int) -> int:
    """So many cells more on either side."""
    for _ in range(cells):
        bits |= bits << 1 | bits >> 1
    return bits


def _between(begin: int, end: int) -> int:
    return (1 << end) - (1 << begin) if begin < end else 0


def _longer(bits: int, cells: int) -> int:
    """That many cells from each that is set."""
    done = 1
    while done < cells:
        step = min(done, cells - done)
        bits |= bits << step
        done += step
    return bits


@cache
def _places(days: int) -> Callable[[int], int]:
    """The cell of a step: what lies before dawn is drawn to it, and what after dusk."""
    dawn = DAWN // CELL
    one = [min(max(step - dawn, 0), OPEN_CELLS) for step in range(_A_DAY)]
    cells = (day * DAY_CELLS + place for day in range(days) for place in one)
    return (*cells, days * DAY_CELLS).__getitem__


@cache
def _days(days: int, step: int, run: int) -> int:
    """Each day's cells at every step, so many in a row; the last cell of a day never."""
    one = sum(
        _between(at, min(at + run, OPEN_CELLS)) for at in range(0, OPEN_CELLS, max(step, run))
    )
    return sum(one << day * DAY_CELLS for day in range(days))


def cells_of(length: timedelta) -> int:
    """How many cells a meeting of this length takes."""
    return max(1, -(-length // CELL))


def starts(free: int, cells: int) -> int:
    """Where that many cells in a row are free."""
    done = 1
    while done < cells:
        step = min(done, cells - done)
        free &= free >> step
        done += step
    return free


def spoilt(closed: int, cells: int) -> int:
    """Where a run of that many cells would meet a closed one."""
    done = 1
    while done < cells:
        step = min(done, cells - done)
        closed |= closed >> step
        done += step
    return closed


def each(bits: int) -> Iterator[int]:
    """The cells that are set, the earliest first."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
