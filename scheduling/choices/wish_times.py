"""Times for a wish: free places on published days, the resident's own time, and why others fail."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from scheduling import complained_of
from scheduling.choices.tables import OPEN_ENTRIES, WaitlistEntry, Wish
from scheduling.plans.stand_ins import CHANGEABLE
from scheduling.tables import ReceptionDay, Slot
from scheduling.timetable import taken
from scheduling.timetable.free import Closed, Hours, Why, look
from scheduling.timetable.horizon import CELL, Horizon, cells_of, each
from server.cases.tables import Case
from server.identity.tables import Official
from server.kernel.uow import Tx
from server.units.calendar import day_of

DAYS = 60
NOTICE = timedelta(days=1)
"""Nobody is asked to choose a time before tomorrow's."""
EACH = 6
"""Times shown of one leader."""


@dataclass(frozen=True)
class Time:
    slot_id: UUID
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class LeaderTimes:
    """`fits`: in charge of what the matter is about, or with a day for it. `missing` counts why other times fail."""

    leader: Official
    wished: bool
    fits: bool
    times: tuple[Time, ...]
    missing: Mapping[Why, int]


@dataclass(frozen=True)
class Place:
    """A seat of a bookable time, with its leader, and what the day is for."""

    slot: Slot
    leader: Official
    topics: Sequence[str]


@dataclass(frozen=True)
class Asker:
    """The resident's own time over the horizon, and by seat what is taken of everybody's."""

    horizon: Horizon
    closed: Mapping[int, Mapping[UUID, tuple[Closed, ...]]]
    own: Hours


async def find(tx: Tx, wish: Wish) -> list[LeaderTimes]:
    """By leader: the wished one first, then who is in charge, then in official order."""
    horizon = Horizon(day_of(tx.now), DAYS)
    places = await _places(tx, wish.case_id)
    case = await tx.session.get_one(Case, wish.case_id)
    leaders = list({place.slot.resource for place in places})
    closed = {
        seat: await taken.read(tx, horizon, leaders, seat=seat)
        for seat in {place.slot.seat for place in places}
    }
    own = await taken.read(tx, horizon, [wish.person_id])
    whole = horizon.touching(horizon.at(0), horizon.at(horizon.size))
    asker = Asker(horizon, closed, Hours(whole, own.get(wish.person_id, ())))
    by_leader: dict[UUID, list[Place]] = {}
    for place in places:
        by_leader.setdefault(place.leader.account_id, []).append(place)
    told = [_of(theirs, asker, wish=wish, topic=case.category) for theirs in by_leader.values()]
    return sorted(
        told, key=lambda one: (not one.times, not one.wished, not one.fits, one.leader.rank)
    )


def _of(places: Sequence[Place], asker: Asker, *, wish: Wish, topic: str | None) -> LeaderTimes:
    """The first times of one leader at which a seat and the resident are free."""
    times, missing = dict[datetime, Time](), Counter[Why]()
    for seat in {place.slot.seat for place in places}:
        theirs = [place.slot for place in places if place.slot.seat == seat]
        for slot in _free(theirs, asker, missing):
            times.setdefault(slot.begins_at, Time(slot.id, slot.begins_at, slot.ends_at))
    leader = places[0].leader
    return LeaderTimes(
        leader=leader, wished=leader.account_id == wish.leader_id, fits=any(topic in place.topics for place in places),
        times=tuple(times[at] for at in sorted(times))[:EACH], missing=missing,
    )  # fmt: skip


def _free(slots: Sequence[Slot], asker: Asker, missing: Counter[Why]) -> list[Slot]:
    """Of one seat's times those that can be had; why the others cannot is counted."""
    horizon = asker.horizon
    begins = {_cell(horizon, slot.begins_at): slot for slot in slots}
    cells = cells_of(max(slot.ends_at - slot.begins_at for slot in slots))
    offered, open_ = 0, 0
    for cell, slot in begins.items():
        offered |= 1 << cell
        open_ |= horizon.touching(slot.begins_at, slot.ends_at)
    hours = Hours(open_, asker.closed[slots[0].seat].get(slots[0].resource, ()))
    seat = look(hours, cells=cells, offered=offered)
    person = look(asker.own, cells=cells, offered=seat.starts)
    for free in (seat, person):
        missing.update({why: bits.bit_count() for why, bits in free.missing})
    return [begins[cell] for cell in each(person.starts)]


def _cell(horizon: Horizon, moment: datetime) -> int:
    return next(each(horizon.touching(moment, moment + CELL)))


async def _places(tx: Tx, case_id: UUID) -> list[Place]:
    """Times of published days from tomorrow on; where somebody waits, the line comes first.

    Not of leaders who keep out of the matter.
    """
    waited = sa.select(WaitlistEntry.day_id).where(WaitlistEntry.state.in_(OPEN_ENTRIES))
    query = (
        sa.select(Slot, Official, ReceptionDay.topics)
        .join(ReceptionDay, ReceptionDay.id == Slot.day_id)
        .join(Official, Official.account_id == ReceptionDay.leader_id)
        .where(
            ReceptionDay.state.in_(CHANGEABLE),
            Slot.begins_at.between(tx.now + NOTICE, tx.now + timedelta(days=DAYS - 1)),
            ReceptionDay.id.not_in(waited),
            sa.or_(Slot.kept_until.is_(None), Slot.kept_until <= tx.now),
        )
        .order_by(Slot.begins_at)
    )
    rows = (await tx.session.execute(query)).all()
    out = await complained_of.barred(tx, [case_id], {leader.account_id for _, leader, _ in rows})
    return [
        Place(slot, leader, topics or leader.topics)
        for slot, leader, topics in rows
        if (case_id, leader.account_id) not in out
    ]
