"""All that a joint interview depends on over some days: rosters, days of leaders, rooms, claims."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property
from uuid import UUID

from scheduling.joint.wishes import Wishes
from scheduling.mediation.times import NOTICE, OFFICE_HOURS, main_room
from scheduling.rosters import presence
from scheduling.rosters.presence import A_DAY, Member, Shift, UnitPresence
from scheduling.tables import DayState
from scheduling.timetable import taken
from scheduling.timetable.free import Closed, Free, Hours, Why, look
from scheduling.timetable.horizon import Horizon, cells_of, day_cells, starts, steps_sql
from scheduling.timetable.joint import Part
from server.kernel.uow import Tx
from server.units.calendar import WorkingCalendar, day_of, load_calendar

STEP = timedelta(minutes=30)
BUFFER = timedelta(minutes=5)
LONGEST = 60
"""Days looked at; rosters are not made for later ones."""
RECEIVING = (DayState.PUBLISHED, DayState.BOOKING_OPEN, DayState.BOOKING_CLOSED)
_WHERE = {"origin": "$5", "steps": "$6"}
LEADERS = f"""
    SELECT leader_id, {steps_sql("begins_at", up=True, **_WHERE)} AS begins,
           {steps_sql("ends_at", up=False, **_WHERE)} AS ends
    FROM reception_day
    WHERE leader_id = ANY($1) AND state = ANY($2) AND begins_at BETWEEN $3 AND $4
    GROUP BY leader_id
    """  # noqa: S608  (our own words)
STAFF = """
    SELECT m.unit_id, m.account_id FROM membership m JOIN account a ON a.id = m.account_id
    WHERE m.unit_id = ANY($1) AND a.disabled_at IS NULL
    AND m.role IN ('handler', 'clerk', 'mediator')
    ORDER BY m.role <> 'handler', m.role, a.name, a.id
    """


class PartKind(StrEnum):
    """What a part of the meeting is."""

    UNIT = "unit"
    LEADER = "leader"
    ROOM = "room"
    CHAIR = "chair"
    PERSON = "person"


@dataclass(frozen=True)
class Those:
    """Who and what a joint interview is to bring together."""

    wishes: Wishes
    chair_id: UUID
    person_ids: tuple[UUID, ...] = ()

    @property
    def host_kind(self) -> PartKind:
        return PartKind.LEADER if self.wishes.leaders else PartKind.CHAIR


@dataclass(frozen=True)
class Unit:
    """A unit over the horizon. `staff`: who could be asked, the handlers first."""

    free: Free
    members: tuple[tuple[Member, Free], ...]
    on_call: tuple[tuple[UUID, int], ...]
    staff: tuple[UUID, ...]


@dataclass(frozen=True)
class Ground:
    """`parts` are numbered; `kinds` says what each is. Rooms stand by the resource of the room."""

    horizon: Horizon
    length: timedelta
    offered: int
    parts: tuple[Part, ...]
    kinds: tuple[PartKind, ...]
    frees: Mapping[UUID, Free]
    units: Mapping[UUID, Unit]
    people: Mapping[UUID, Free]
    rooms: Mapping[UUID, UUID]
    """The unit whose room it is, by resource."""


@dataclass(frozen=True)
class _Facts:
    """What was read of the database."""

    horizon: Horizon
    calendar: WorkingCalendar
    shifts: Mapping[UUID, Sequence[Shift]]
    staff: Mapping[UUID, tuple[UUID, ...]]
    leaders: Mapping[UUID, int]
    claimed: Mapping[UUID, tuple[Closed, ...]]
    soon: int
    cells: int

    @cached_property
    def working(self) -> int:
        return office_hours(self.horizon, self.calendar)

    @cached_property
    def barred(self) -> tuple[Closed, ...]:
        return ((Why.TOO_SOON, self.soon), (Why.HOLIDAY, self.resting))

    @cached_property
    def resting(self) -> int:
        """Days on which nobody works, whatever a roster says."""
        first = self.horizon.first
        return self.horizon.days_of(
            (n, A_DAY)
            for n in range(self.horizon.days)
            if not self.calendar.is_working(first + timedelta(days=n))
        )

    def free(self, resource: UUID, open_: int, offered: int) -> Free:
        hours = Hours(open_, self.claimed.get(resource, ()), self.barred)
        return look(hours, cells=self.cells, offered=offered)


def horizon_of(wishes: Wishes, *, today: date) -> Horizon:
    """From the first day asked for to the deadline, within what rosters are made for."""
    first = max(wishes.since or today, today)
    last = min(wishes.until or first + timedelta(days=LONGEST - 1), today + timedelta(days=LONGEST))
    return Horizon(first, max((last - first).days + 1, 1))


async def load(tx: Tx, those: Those, horizon: Horizon, *, step: timedelta = STEP) -> Ground:
    """Read everything once, and look at it."""
    facts = await _read(tx, those, horizon)
    offered = horizon.every(step)
    units = {one: _unit(facts, one, offered) for one in those.wishes.units}
    rooms = {main_room(unit_id): unit_id for unit_id in those.wishes.rooms}
    alone = {one: facts.free(one, facts.working, offered) for one in (*rooms, *those.person_ids)}
    leaders = {
        one: facts.free(one, facts.leaders.get(one, 0), offered) for one in those.wishes.leaders
    }
    chair = {those.chair_id: facts.free(those.chair_id, facts.working, offered)}
    everybody = {one for unit in units.values() for one in unit.staff}
    parts, kinds = _parts(those, tuple(rooms))
    return Ground(
        horizon=horizon,
        length=those.wishes.length,
        offered=offered,
        parts=parts,
        kinds=kinds,
        frees={one: unit.free for one, unit in units.items()} | alone | leaders | chair,
        units=units,
        people={one: facts.free(one, -1, offered) for one in everybody},
        rooms=rooms,
    )


def resources_of(those: Those, shifts: Mapping[UUID, Sequence[Shift]]) -> frozenset[UUID]:
    """Everything that a booking of these could claim."""
    seats = (presence.resources(unit_id, of) for unit_id, of in shifts.items())
    return _alone(those).union(*seats)


def _alone(those: Those) -> frozenset[UUID]:
    """What stands for itself, whatever the rosters say."""
    rooms = (main_room(unit_id) for unit_id in those.wishes.rooms)
    return frozenset((*those.wishes.leaders, *rooms, those.chair_id, *those.person_ids))


def office_hours(horizon: Horizon, calendar: WorkingCalendar) -> int:
    hours = sum(day_cells(opens, closes) for opens, closes in OFFICE_HOURS)
    days = ((n, horizon.first + timedelta(days=n)) for n in range(horizon.days))
    return horizon.days_of((n, hours) for n, day in days if calendar.is_working(day))


async def _read(tx: Tx, those: Those, horizon: Horizon) -> _Facts:
    wishes = those.wishes
    shifts = await presence.read(tx, wishes.units, horizon)
    staff = await staff_of(tx, wishes.units)
    seats = (presence.bookable(unit_id, of) for unit_id, of in shifts.items())
    resources = _alone(those).union(*seats, *staff.values())
    return _Facts(
        horizon=horizon,
        calendar=await load_calendar(tx, around=day_of(tx.now)),
        shifts=shifts,
        staff=staff,
        leaders=await _leaders(tx, wishes.leaders, horizon),
        claimed=await taken.read(tx, horizon, list(resources), buffer=BUFFER),
        soon=horizon.touching(horizon.at(0), tx.now + NOTICE),
        cells=cells_of(wishes.length),
    )


async def staff_of(tx: Tx, unit_ids: Sequence[UUID]) -> dict[UUID, tuple[UUID, ...]]:
    """Who works in these units and could come for them, the handlers first."""
    found: dict[UUID, tuple[UUID, ...]] = {}
    for row in await (await tx.driver()).fetch(STAFF, list(unit_ids)):
        known = found.get(row["unit_id"], ())
        if row["account_id"] not in known:
            found[row["unit_id"]] = (*known, row["account_id"])
    return found


async def _leaders(tx: Tx, leader_ids: Sequence[UUID], horizon: Horizon) -> dict[UUID, int]:
    """When they receive: on published days of an approved arrangement alone."""
    if not leader_ids:
        return {}
    begins_at, ends_at = horizon.at(0), horizon.at(horizon.size)
    rows = await (await tx.driver()).fetch(
        LEADERS,
        list(leader_ids),
        list(RECEIVING),
        begins_at,
        ends_at,
        horizon.origin,
        horizon.steps,
    )
    return {row["leader_id"]: horizon.filled(row["begins"], row["ends"]) for row in rows}


def _unit(facts: _Facts, unit_id: UUID, offered: int) -> Unit:
    shifts = facts.shifts.get(unit_id, ())
    named = {shift.account_id for shift in shifts if shift.account_id}
    leaves = {one: _leave(facts.claimed.get(one, ())) for one in named}
    there = presence.of_unit(unit_id, shifts, facts.horizon, leaves=leaves)
    members = tuple((one, facts.free(one.resource, one.open, offered)) for one in there.members)
    return Unit(
        free=_any_of(facts, there, [free for _, free in members], offered),
        members=members,
        on_call=there.on_call,
        staff=facts.staff.get(unit_id, ()),
    )


def _leave(closed: Sequence[Closed]) -> int:
    return sum(bits for why, bits in closed if why is Why.LEAVE)


def _any_of(facts: _Facts, there: UnitPresence, frees: Sequence[Free], offered: int) -> Free:
    """The unit can be had where any of its members can; else the most telling reason stands."""
    found = 0
    for free in frees:
        found |= free.starts
    told: list[Closed] = []
    left = ~found
    away = starts(there.away, facts.cells) & offered
    for why in Why:
        bits = away if why is Why.LEAVE else 0
        for free in frees:
            for reason, missing in free.missing:
                bits |= missing if reason is why else 0
        if bits & left:
            told.append((why, bits & left))
            left &= ~bits
    return Free(found, tuple(told))


def _parts(those: Those, rooms: tuple[UUID, ...]) -> tuple[tuple[Part, ...], tuple[PartKind, ...]]:
    wishes = those.wishes
    made: list[tuple[PartKind, Part]] = [(PartKind.UNIT, Part((one,))) for one in wishes.fixed]
    made += [(PartKind.UNIT, Part(group.units, needed=group.needed)) for group in wishes.groups]
    made += [(PartKind.UNIT, Part((one,), optional=True)) for one in wishes.optional]
    if wishes.leaders:
        leaders = Part(wishes.leaders, preferred=wishes.preferred_leader)
        made.append((PartKind.LEADER, _first(leaders, wishes.preferred_leader)))
    else:
        made.append((PartKind.CHAIR, Part((those.chair_id,))))
    if rooms:
        made.append((PartKind.ROOM, Part(rooms)))
    made += [(PartKind.PERSON, Part((one,))) for one in those.person_ids]
    return tuple(part for _, part in made), tuple(kind for kind, _ in made)


def _first(part: Part, preferred: UUID | None) -> Part:
    """Who is preferred stands first, since the first of them that can is taken."""
    if preferred is None:
        return part
    others = tuple(one for one in part.among if one != preferred)
    return replace(part, among=(preferred, *others))
