"""When a unit is there by its roster, as bits, and whom of it a booking would take.

A person who is there by name is what a booking claims; otherwise it claims a numbered seat of the
unit, and the person is bound later.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from scheduling.timetable.horizon import DAY_CELLS, Horizon, day_cells
from server.kernel.uow import Tx
from server.units.tables import Presence

READ = """
    SELECT unit_id, begins, ends, presence, seats, account_id, array_agg(day - $2) AS days
    FROM roster_shift WHERE unit_id = ANY($1) AND day BETWEEN $2 AND $3
    GROUP BY unit_id, begins, ends, presence, seats, account_id
    ORDER BY begins, ends, account_id, presence, seats
    """
A_DAY = (1 << DAY_CELLS) - 1


class Pool(StrEnum):
    """Numbered seats: of those who are in the house, and of those who are called."""

    STATIONED = "stationed"
    ON_CALL = "on_call"


_Cells = list[tuple[int, int]]
"""Days, each with cells of its own."""


@dataclass(frozen=True, slots=True)
class Shift:
    """`days` on which it is the same, counted from the first of the horizon."""

    unit_id: UUID
    begins: time
    ends: time
    presence: Presence
    seats: int
    account_id: UUID | None
    days: Sequence[int]

    def each_day(self) -> _Cells:
        cells = day_cells(self.begins, self.ends)
        return [(day, cells) for day in self.days]


@dataclass(frozen=True, slots=True)
class Member:
    """Something of a unit that can be had. `account_id`: who it is, where that is settled."""

    resource: UUID
    presence: Presence
    account_id: UUID | None
    open: int


@dataclass(frozen=True, slots=True)
class UnitPresence:
    """`members` are asked in this order. `away`: on the roster, but on leave.

    `on_call`: who is called, and when.
    """

    members: tuple[Member, ...]
    on_call: tuple[tuple[UUID, int], ...]
    away: int


def seat(unit_id: UUID, pool: Pool, number: int) -> UUID:
    """What stands for a numbered seat of a unit."""
    return uuid5(unit_id, f"{pool} {number}")


async def read(tx: Tx, unit_ids: Collection[UUID], horizon: Horizon) -> dict[UUID, list[Shift]]:
    """The shifts of these units, by unit."""
    last = horizon.first + timedelta(days=horizon.days - 1)
    rows = await (await tx.driver()).fetch(READ, list(unit_ids), horizon.first, last)
    found: dict[UUID, list[Shift]] = {unit_id: [] for unit_id in unit_ids}
    for row in rows:
        found[row["unit_id"]].append(Shift(**row))
    return found


def of_unit(
    unit_id: UUID, shifts: Sequence[Shift], horizon: Horizon, *, leaves: Mapping[UUID, int]
) -> UnitPresence:
    """`leaves`: when the people named are not there, by account."""
    in_house = [s for s in shifts if s.presence != Presence.ON_CALL]
    called = [s for s in shifts if s.presence == Presence.ON_CALL]
    by_name = [s for s in in_house if s.account_id]
    stationed = [(s, s.each_day()) for s in in_house if s.account_id is None]
    there = [(s, _without(s, leaves)) for s in called]
    away = [cells for s in (*by_name, *called) for cells in _lost(s, leaves)]
    kind = Presence(in_house[0].presence) if in_house else Presence.WHOLE
    members = (
        *_people(by_name, horizon),
        *_seats(unit_id, Pool.STATIONED, kind, stationed, horizon),
        *_seats(unit_id, Pool.ON_CALL, Presence.ON_CALL, there, horizon),
    )
    return UnitPresence(members, _on_call(there, horizon), horizon.days_of(away))


def resources(unit_id: UUID, shifts: Iterable[Shift]) -> frozenset[UUID]:
    """All that the shifts could make a booking claim, and the people they name.

    Of either pool, so that who locks them keeps out a change from one to the other.
    """
    shifts = list(shifts)
    seats = (seat(unit_id, pool, number) for pool in Pool for number in range(_at_most(shifts)))
    return frozenset((*seats, *(s.account_id for s in shifts if s.account_id)))


def bookable(unit_id: UUID, shifts: Iterable[Shift]) -> frozenset[UUID]:
    """The seats and the people that `of_unit` would make of these."""
    pools: dict[Pool, list[Shift]] = {pool: [] for pool in Pool}
    named = set()
    for shift in shifts:
        if shift.account_id:
            named.add(shift.account_id)
        if shift.presence == Presence.ON_CALL:
            pools[Pool.ON_CALL].append(shift)
        elif shift.account_id is None:
            pools[Pool.STATIONED].append(shift)
    seats = (seat(unit_id, p, number) for p, of in pools.items() for number in range(_at_most(of)))
    return frozenset((*named, *seats))


def _at_most(shifts: Iterable[Shift]) -> int:
    """No more seats than this at one time."""
    a_day = Counter[int]()
    for shift in shifts:
        for day in shift.days:
            a_day[day] += shift.seats
    return max(a_day.values(), default=0)


def _without(shift: Shift, leaves: Mapping[UUID, int]) -> _Cells:
    """When whoever is named is there."""
    return [(day, cells & ~_leave(shift, day, leaves)) for day, cells in shift.each_day()]


def _lost(shift: Shift, leaves: Mapping[UUID, int]) -> _Cells:
    """When whoever is named is away."""
    if not shift.account_id or not leaves.get(shift.account_id):
        return []
    return [(day, cells & _leave(shift, day, leaves)) for day, cells in shift.each_day()]


def _leave(shift: Shift, day: int, leaves: Mapping[UUID, int]) -> int:
    bits = leaves.get(shift.account_id, 0) if shift.account_id else 0
    return bits >> day * DAY_CELLS & A_DAY if bits else 0


def _people(shifts: Sequence[Shift], horizon: Horizon) -> list[Member]:
    by_person: dict[UUID, tuple[Presence, _Cells]] = {}
    for shift in shifts:
        assert shift.account_id is not None
        known = by_person.setdefault(shift.account_id, (Presence(shift.presence), []))
        known[1].extend(shift.each_day())
    return [
        Member(person, presence, person, horizon.days_of(cells))
        for person, (presence, cells) in by_person.items()
    ]


def _on_call(
    called: Sequence[tuple[Shift, _Cells]], horizon: Horizon
) -> tuple[tuple[UUID, int], ...]:
    by_person: dict[UUID, _Cells] = {}
    for shift, cells in called:
        if shift.account_id is not None:
            by_person.setdefault(shift.account_id, []).extend(cells)
    return tuple((person, horizon.days_of(cells)) for person, cells in by_person.items())


def _seats(
    unit_id: UUID, pool: Pool, presence: Presence, shifts: Sequence[tuple[Shift, _Cells]],
    horizon: Horizon,
) -> list[Member]:  # fmt: skip
    """A seat is open where at least so many are: the first wherever there is one at all."""
    by_day: dict[int, list[int]] = {}
    for shift, days in shifts:
        for day, cells in days:
            layers = by_day.setdefault(day, [])
            for _ in range(shift.seats):
                _lay(layers, cells)
    many = max(map(len, by_day.values()), default=0)
    return [
        Member(
            seat(unit_id, pool, number), presence, None,
            horizon.days_of(
                (day, layers[number]) for day, layers in by_day.items() if number < len(layers)
            ),
        )
        for number in range(many)
    ]  # fmt: skip


def _lay(layers: list[int], bits: int) -> None:
    for number, layer in enumerate(layers):
        layers[number], bits = layer | bits, layer & bits
        if not bits:
            return
    if bits:
        layers.append(bits)
