"""When a joint interview can be: ranked times, and of near misses who is missing, why, whom to ask."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from scheduling.joint.ground import Ground, PartKind, Those, Unit, horizon_of, load
from scheduling.rosters.presence import A_DAY, Member
from scheduling.timetable.free import Free, Why
from scheduling.timetable.horizon import DAY_CELLS, cells_of
from scheduling.timetable.joint import Answer, Lack, earliest, find_starts
from server.kernel.uow import Tx
from server.units.calendar import day_of
from server.units.tables import Presence

SHOWN, NEARLY_SHOWN = 12, 6
LOOKED_AT = 60
ASKED_MOST = 3


@dataclass(frozen=True)
class Comer:
    """A unit that would be there. `account_id`: who, where the roster says so by name."""

    unit_id: UUID
    presence: Presence
    account_id: UUID | None


@dataclass(frozen=True)
class Missing:
    """Who cannot be there; `why` is None when the roster does not have them there.

    `ask`: who of the unit could be asked to come all the same.
    """

    kind: PartKind
    id: UUID
    why: Why | None
    ask: tuple[UUID, ...] = ()


@dataclass(frozen=True)
class Need:
    """A part of the wishes that is not met: so many of these."""

    needed: int
    among: tuple[Missing, ...]


@dataclass(frozen=True)
class Time:
    """`absent` are optional units; `lacks` is empty where the time can be had at once."""

    begins_at: datetime
    ends_at: datetime
    leader_id: UUID | None
    room_unit_id: UUID | None
    comers: tuple[Comer, ...]
    absent: tuple[Missing, ...]
    lacks: tuple[Need, ...]


@dataclass(frozen=True)
class Found:
    """`first_with`: the first possible time with each leader who has one."""

    possible: tuple[Time, ...]
    nearly: tuple[Time, ...]
    first_with: dict[UUID, datetime]


async def find(tx: Tx, those: Those) -> Found:
    """Over all days until the deadline; none once it has gone by."""
    ground = await _ground(tx, those)
    return look_at(ground) if ground else Found((), (), {})


async def best(tx: Tx, those: Those, *, since: datetime, avoided: Collection[date]) -> Time | None:
    """The first in rank of all that begin no earlier and on none of these days."""
    ground = await _ground(tx, those)
    return best_at(ground, since=since, avoided=avoided) if ground else None


async def _ground(tx: Tx, those: Those) -> Ground | None:
    today = day_of(tx.now)
    if those.wishes.until is not None and those.wishes.until < today:
        return None
    return await load(tx, those, horizon_of(those.wishes, today=today))


def best_at(ground: Ground, *, since: datetime, avoided: Collection[date]) -> Time | None:
    horizon = ground.horizon
    days = ((day - horizon.first).days for day in avoided)
    barred = horizon.touching(horizon.at(0), since)
    barred |= horizon.days_of((day, A_DAY) for day in days if 0 <= day < horizon.days)
    found = find_starts(ground.parts, ground.frees, offered=ground.offered & ~barred, most=1)
    return next((_time(ground, found.answer(cell)) for cell in found.possible), None)


def look_at(ground: Ground) -> Found:
    found = find_starts(ground.parts, ground.frees, offered=ground.offered, most=LOOKED_AT)
    cells = cells_of(ground.length)

    def cannot_be_asked(cell: int) -> bool:
        return any(ground.kinds[part] is not PartKind.UNIT for part in found.lacking(cell))

    # a word to a colleague may help; a leader who does not receive that day cannot be asked
    nearly = sorted(found.nearly, key=cannot_be_asked)
    return Found(
        tuple(_time(ground, found.answer(one)) for one in _spread(found.possible, cells, SHOWN)),
        tuple(_time(ground, found.answer(one)) for one in _spread(nearly, cells, NEARLY_SHOWN)),
        _first_with(ground),
    )


def _spread(starts: Sequence[int], cells: int, most: int) -> list[int]:
    """The best, yet none that overlaps a better one: half an hour later is no other choice."""
    kept: list[int] = []
    for start in starts:
        if len(kept) < most and all(abs(start - other) >= cells for other in kept):
            kept.append(start)
    return kept


def _first_with(ground: Ground) -> dict[UUID, datetime]:
    if PartKind.LEADER not in ground.kinds:
        return {}
    place = ground.kinds.index(PartKind.LEADER)
    others = [part for number, part in enumerate(ground.parts) if number != place]
    leaders = ground.parts[place].among
    found = earliest(others, ground.frees, each_of=leaders, offered=ground.offered)
    return {one: ground.horizon.at(cell) for one, cell in found.items()}


def _time(ground: Ground, answer: Answer) -> Time:
    begins_at = ground.horizon.at(answer.cell)
    who = list(zip(ground.kinds, answer.who, strict=True))
    lacks = [(ground.parts[lack.part], lack) for lack in answer.lacks]
    return Time(
        begins_at=begins_at,
        ends_at=begins_at + ground.length,
        leader_id=_only(ids for kind, ids in who if kind is PartKind.LEADER),
        room_unit_id=ground.rooms.get(
            _only(ids for kind, ids in who if kind is PartKind.ROOM) or UUID(int=0)
        ),
        comers=tuple(
            _comer(ground, one, answer.cell)
            for kind, ids in who if kind is PartKind.UNIT for one in ids
        ),
        absent=tuple(
            _missing(ground, lack, answer.cell)[0] for part, lack in lacks if part.optional
        ),
        lacks=tuple(
            Need(part.needed, _missing(ground, lack, answer.cell))
            for part, lack in lacks if not part.optional
        ),
    )  # fmt: skip


def _only(found: Iterator[tuple[UUID, ...]]) -> UUID | None:
    return next((ids[0] for ids in found if ids), None)


def _comer(ground: Ground, unit_id: UUID, cell: int) -> Comer:
    member = member_at(ground.units[unit_id], cell)
    assert member is not None
    return Comer(unit_id, member.presence, member.account_id)


def member_at(unit: Unit, cell: int) -> Member | None:
    """What a meeting that begins here would claim of the unit: the first that can be had."""
    bit = 1 << cell
    return next((member for member, free in unit.members if free.starts & bit), None)


def _missing(ground: Ground, lack: Lack, cell: int) -> tuple[Missing, ...]:
    kind = ground.kinds[lack.part]
    return tuple(
        Missing(
            kind,
            ground.rooms.get(one, one),
            why,
            askable(ground, one, cell) if kind is PartKind.UNIT else (),
        )
        for one, why in lack.who
    )


def askable(ground: Ground, unit_id: UUID, cell: int) -> tuple[UUID, ...]:
    """Who could come for the unit: who is on call then, or else that day, before its other staff."""
    unit, bit = ground.units[unit_id], 1 << cell
    whole_day = ((1 << DAY_CELLS) - 1) << (cell // DAY_CELLS * DAY_CELLS)
    then, that_day = (
        [who for who, bits in unit.on_call if bits & asked] for asked in (bit, whole_day)
    )
    order = dict.fromkeys((*then, *that_day, *unit.staff))
    able = [one for one in order if _is_free(ground.people, one, bit)]
    return tuple(able[:ASKED_MOST])


def _is_free(people: Mapping[UUID, Free], one: UUID, bit: int) -> bool:
    return one in people and bool(people[one].starts & bit)
