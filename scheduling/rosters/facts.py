"""What a roster of a period depends on, read of the database once."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

import sqlalchemy as sa

from scheduling.joint.ground import staff_of
from scheduling.joint.tables import JointSeat, SeatState
from scheduling.plans import quarter
from scheduling.plans.cutting import instant
from scheduling.rosters.period import SPANS, Leading
from scheduling.rosters.tables import RosterShift, RosterWish, WishKind
from scheduling.rosters.turns.problem import HALVES
from scheduling.tables import Appointment, Claim, ClaimReason
from server.identity.tables import Official
from server.kernel.clock import local
from server.kernel.uow import Tx
from server.units.calendar import load_calendar
from server.units.tables import Unit

LATELY = timedelta(days=28)


@dataclass(frozen=True)
class Facts:
    """What was read of the database."""

    days: tuple[date, ...]
    units: Sequence[Unit]
    staff: Mapping[UUID, tuple[UUID, ...]]
    shifts: Sequence[RosterShift]
    earlier: tuple[date, ...]
    before: Sequence[RosterShift]
    """Working days just before, and who was there on them."""
    booked: Collection[tuple[UUID, int]]
    """Units and halves that meetings count on."""
    leaves: Mapping[UUID, frozenset[int]]
    """When somebody is not there, or on the roster of a unit that is not planned."""
    wishes: Mapping[UUID, Mapping[WishKind, frozenset[int]]]
    leading: tuple[Leading, ...]
    own_leader: Mapping[UUID, frozenset[int]]
    """Halves in which a unit's own leader receives."""
    restless: frozenset[int]
    """The last halves before days off."""
    seen: str


async def read(tx: Tx, units: Sequence[Unit], first: date, last: date) -> Facts:
    """Everything about these units from the first to the last day."""
    calendar = await load_calendar(tx, around=first, days=(last - first).days + 30)
    span = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    days = tuple(day for day in span if calendar.is_working(day))
    ago = [first - timedelta(days=n) for n in range(LATELY.days, 0, -1)]
    ids = [unit.id for unit in units]
    staff = await staff_of(tx, ids)
    everybody = {one for of in staff.values() for one in of}
    shifts = await shifts_of(tx, ids, first, last)
    leading = await _leading(tx, first, last, days)
    leaves = await _leaves(tx, everybody, days)
    for one, halves in (await _elsewhere(tx, everybody, ids, days)).items():
        leaves[one] = leaves.get(one, frozenset()) | halves
    booked = await booked_of(tx, ids, days)
    return Facts(
        days=days, units=units, staff=staff, shifts=shifts,
        earlier=tuple(day for day in ago if calendar.is_working(day)),
        before=await shifts_of(tx, ids, ago[0], ago[-1]),
        booked=booked, leaves=leaves,
        wishes=await _wishes(tx, everybody, days), leading=leading,
        own_leader=await _own_leader(tx, ids, leading),
        restless=frozenset(
            number * HALVES + 1 for number, day in enumerate(days)
            if not calendar.is_working(day + timedelta(days=1))
        ),
        seen=_fingerprint(shifts, leaves, booked),
    )  # fmt: skip


async def shifts_of(
    tx: Tx, unit_ids: Collection[UUID], first: date, last: date
) -> Sequence[RosterShift]:
    query = sa.select(RosterShift).where(
        RosterShift.unit_id.in_(unit_ids), RosterShift.day.between(first, last)
    )
    order = (RosterShift.day, RosterShift.begins, RosterShift.id)
    return (await tx.session.scalars(query.order_by(*order))).all()


def _fingerprint(
    shifts: Iterable[RosterShift],
    leaves: Mapping[UUID, frozenset[int]],
    booked: Iterable[tuple[UUID, int]],
) -> str:
    told = [f"{row.id} {row.version}" for row in shifts]
    told += [f"{unit_id} {half}" for unit_id, half in booked]
    told += [f"{one} {sorted(away)}" for one, away in leaves.items()]
    return hashlib.sha256("\n".join(sorted(told)).encode()).hexdigest()


async def _leading(tx: Tx, first: date, last: date, days: Sequence[date]) -> tuple[Leading, ...]:
    """Reception days that are held, or will be by an approved plan."""
    grid = await quarter.read(tx, first, last)
    return tuple(
        sorted(
            {
                Leading(half, cell.leader_id)
                for cell in grid.cells
                for half in halves_in(days, cell.begins_at, cell.ends_at)
            },
            key=lambda one: (one.half, one.leader_id),
        )
    )


async def _own_leader(
    tx: Tx, unit_ids: Collection[UUID], leading: Sequence[Leading]
) -> dict[UUID, frozenset[int]]:
    query = sa.select(Official.account_id, Official.unit_id).where(Official.unit_id.in_(unit_ids))
    unit_of = {row.account_id: row.unit_id for row in await tx.connection.execute(query)}
    return {
        unit_id: frozenset(one.half for one in leading if unit_of.get(one.leader_id) == unit_id)
        for unit_id in set(unit_of.values())
    }


async def _leaves(
    tx: Tx, account_ids: Collection[UUID], days: Sequence[date]
) -> dict[UUID, frozenset[int]]:
    if not days:
        return {}
    begins, ends = instant(days[0], time()), instant(days[-1] + timedelta(days=1), time())
    lower, upper = sa.func.lower(Claim.during), sa.func.upper(Claim.during)
    query = sa.select(Claim.resource, lower, upper).where(
        Claim.resource.in_(account_ids), Claim.reason == ClaimReason.LEAVE,
        lower < ends, upper > begins,
    )  # fmt: skip
    found: dict[UUID, frozenset[int]] = {}
    for resource, since, until in await tx.connection.execute(query):
        found[resource] = found.get(resource, frozenset()).union(halves_in(days, since, until))
    return found


async def _wishes(
    tx: Tx, account_ids: Collection[UUID], days: Sequence[date]
) -> dict[UUID, dict[WishKind, frozenset[int]]]:
    query = sa.select(RosterWish).where(RosterWish.account_id.in_(account_ids))
    found: dict[UUID, dict[WishKind, frozenset[int]]] = {}
    for wish in await tx.session.scalars(query):
        halves = {
            number * HALVES + wish.half
            for number, day in enumerate(days) if day.weekday() == wish.weekday
        }  # fmt: skip
        theirs, kind = found.setdefault(wish.account_id, {}), WishKind(wish.kind)
        theirs[kind] = theirs.get(kind, frozenset()) | halves
    return found


async def _elsewhere(
    tx: Tx, account_ids: Collection[UUID], unit_ids: Collection[UUID], days: Sequence[date]
) -> dict[UUID, frozenset[int]]:
    if not days:
        return {}
    query = sa.select(RosterShift).where(
        RosterShift.account_id.in_(account_ids), RosterShift.unit_id.not_in(unit_ids),
        RosterShift.day.between(days[0], days[-1]),
    )  # fmt: skip
    found: dict[UUID, frozenset[int]] = {}
    for row in await tx.session.scalars(query):
        if row.account_id is not None:
            halves = halves_in(days, instant(row.day, row.begins), instant(row.day, row.ends))
            found[row.account_id] = found.get(row.account_id, frozenset()).union(halves)
    return found


async def booked_of(
    tx: Tx, unit_ids: Collection[UUID], days: Sequence[date], *, since: datetime | None = None
) -> frozenset[tuple[UUID, int]]:
    """Units and halves that meetings count on; `since`: those booked after that."""
    if not days:
        return frozenset()
    query = (
        sa.select(JointSeat.unit_id, Appointment.begins_at, Appointment.ends_at)
        .join(Appointment, Appointment.id == JointSeat.appointment_id)
        .where(
            JointSeat.unit_id.in_(unit_ids), JointSeat.state != SeatState.RELEASED,
            Appointment.begins_at >= instant(days[0], time()),
            Appointment.begins_at < instant(days[-1] + timedelta(days=1), time()),
        )
    )  # fmt: skip
    if since is not None:
        query = query.where(Appointment.created_at > since)
    return frozenset(
        (unit_id, half)
        for unit_id, begins_at, ends_at in await tx.connection.execute(query)
        for half in halves_in(days, begins_at, ends_at)
    )


def halves_in(days: Sequence[date], begins_at: datetime, ends_at: datetime) -> list[int]:
    """The halves of these days of which any part lies between the two."""
    begins, ends = local(begins_at), local(ends_at)
    return [
        number * HALVES + half
        for number, day in enumerate(days)
        if begins.date() <= day <= ends.date()
        for half, (opens, closes) in enumerate(SPANS)
        if begins_at < instant(day, closes) and ends_at > instant(day, opens)
    ]
