"""Who may receive in a leader's stead, with which day one can be swapped, and why others cannot."""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

from scheduling import access, complained_of
from scheduling.tables import (
    OPEN_STATES,
    Appointment,
    Claim,
    ClaimReason,
    DayState,
    ReceptionDay,
)
from server.identity.tables import Official
from server.kernel.uow import Tx
from server.units.tables import Unit

CHANGEABLE = (DayState.PUBLISHED, DayState.BOOKING_OPEN, DayState.BOOKING_CLOSED)
REACH = timedelta(days=60)
"""How far ahead a day to swap with is looked for."""
MOST_DAYS = 40
"""So many are shown, after all were judged."""


class Unfit(StrEnum):
    SAME_LEADER = "same_leader"
    TOO_LATE = "too_late"
    LOWER_RANK = "lower_rank"
    RECEIVES_THEN = "receives_then"
    AWAY_THEN = "away_then"
    BUSY_THEN = "busy_then"
    KEEPS_OUT = "keeps_out"


@dataclass(frozen=True)
class StandIn:
    leader: Official
    why: Unfit | None


@dataclass(frozen=True)
class OtherDay:
    """`why` is None when the two days can be swapped."""

    day: ReceptionDay
    leader: Official
    why: Unfit | None


async def why_not(tx: Tx, day: ReceptionDay, leader: Official) -> Unfit | None:
    """Why this leader cannot receive on that day."""
    absent = await tx.session.get_one(Official, day.leader_id)
    leaders = [leader.account_id]
    busy, out = await _busy(tx, [day], leaders), await _kept_out(tx, [day], leaders)
    return _why(tx, day, absent, leader, busy) or _out(day, leader.account_id, out)


async def why_not_swap(tx: Tx, one: ReceptionDay, other: ReceptionDay) -> Unfit | None:
    """Why these two days cannot be swapped; rank is no matter, since both are published."""
    leaders = [one.leader_id, other.leader_id]
    busy = await _busy(tx, [one, other], leaders)
    out = await _kept_out(tx, [one, other], leaders)
    return _why_swap(tx, one, other, busy, out)


async def candidates(tx: Tx, day: ReceptionDay) -> list[StandIn]:
    """Every other leader in official order, those who can first."""
    absent = await tx.session.get_one(Official, day.leader_id)
    query = sa.select(Official).where(Official.account_id != day.leader_id)
    officials = (await tx.session.scalars(query.order_by(Official.rank))).all()
    ids = [one.account_id for one in officials]
    busy, out = await _busy(tx, [day], ids), await _kept_out(tx, [day], ids)
    found = [
        StandIn(one, _why(tx, day, absent, one, busy) or _out(day, one.account_id, out))
        for one in officials
    ]
    return sorted(found, key=lambda one: one.why is not None)


async def days_to_swap(tx: Tx, day: ReceptionDay) -> list[OtherDay]:
    """Published days of other leaders within the actor's reach, those that can be swapped first,
    then the soonest.
    """
    query = (
        sa.select(ReceptionDay, Official)
        .join(Official, Official.account_id == ReceptionDay.leader_id)
        .join(Unit, Unit.id == ReceptionDay.unit_id)
        .where(
            access.within_reach(tx.actor, *access.DESK, *access.OFFICE),
            ReceptionDay.leader_id != day.leader_id,
            ReceptionDay.state.in_(CHANGEABLE),
            ReceptionDay.begins_at.between(tx.now, tx.now + REACH),
        )
    )
    rows = [(other, leader) for other, leader in (await tx.session.execute(query)).all()]
    others = [other for other, _ in rows]
    leaders = [day.leader_id, *(other.leader_id for other in others)]
    busy = await _busy(tx, [day, *others], leaders)
    out = await _kept_out(tx, [day, *others], leaders)
    found = [
        OtherDay(other, leader, _why_swap(tx, day, other, busy, out)) for other, leader in rows
    ]
    found.sort(key=lambda one: (one.why is not None, one.day.begins_at))
    return found[:MOST_DAYS]


@dataclass(frozen=True)
class Span:
    """What keeps a leader for a time; `day_id` where it is a reception day of their own."""

    during: pg.Range[datetime]
    why: Unfit
    day_id: UUID | None = None


Busy = Mapping[UUID, Sequence[Span]]
KeptOut = Set[tuple[UUID, UUID]]
"""Pairs of day and leader: of a matter that is booked on the day the leader keeps out."""


async def _busy(tx: Tx, days: Sequence[ReceptionDay], leaders: Iterable[UUID]) -> Busy:
    """By leader, what keeps them at the time of any of these days."""
    first, last = min(d.begins_at for d in days), max(d.ends_at for d in days)
    ids, found = set(leaders), dict[UUID, list[Span]]()
    theirs = sa.select(ReceptionDay).where(
        ReceptionDay.leader_id.in_(ids), ReceptionDay.begins_at < last,
        ReceptionDay.ends_at > first, ReceptionDay.state.in_((*CHANGEABLE, DayState.IN_PROGRESS)),
    )  # fmt: skip
    for day in await tx.session.scalars(theirs):
        during = pg.Range(day.begins_at, day.ends_at)
        found.setdefault(day.leader_id, []).append(Span(during, Unfit.RECEIVES_THEN, day.id))
    over = pg.Range(first, last)
    claimed = sa.select(Claim.resource, Claim.during, Claim.reason).where(
        Claim.resource.in_(ids), Claim.during.overlaps(over),
        sa.or_(Claim.expires_at.is_(None), Claim.expires_at > tx.now),
    )  # fmt: skip
    for resource, during, reason in (await tx.session.execute(claimed)).all():
        why = Unfit.AWAY_THEN if reason == ClaimReason.LEAVE else Unfit.BUSY_THEN
        found.setdefault(resource, []).append(Span(during, why))
    return found


async def _kept_out(tx: Tx, days: Sequence[ReceptionDay], leaders: Collection[UUID]) -> KeptOut:
    query = sa.select(Appointment.day_id, Appointment.case_id).where(
        Appointment.day_id.in_([day.id for day in days]), Appointment.state.in_(OPEN_STATES),
    )  # fmt: skip
    booked = [(day_id, case_id) for day_id, case_id in await tx.session.execute(query) if case_id]
    pairs = await complained_of.barred(tx, {case_id for _, case_id in booked}, leaders)
    return {
        (day_id, leader_id) for day_id, case_id in booked if day_id
        for barred, leader_id in pairs if barred == case_id
    }  # fmt: skip


def _why(tx: Tx, day: ReceptionDay, absent: Official, leader: Official, busy: Busy) -> Unfit | None:
    if leader.account_id == absent.account_id:
        return Unfit.SAME_LEADER
    if day.state not in CHANGEABLE or day.begins_at <= tx.now:
        return Unfit.TOO_LATE
    if leader.rank > absent.rank and leader.post != absent.post:
        return Unfit.LOWER_RANK
    return _kept(busy.get(leader.account_id, ()), day)


def _out(day: ReceptionDay, leader_id: UUID, out: KeptOut) -> Unfit | None:
    return Unfit.KEEPS_OUT if (day.id, leader_id) in out else None


def _why_swap(
    tx: Tx, one: ReceptionDay, other: ReceptionDay, busy: Busy, out: KeptOut
) -> Unfit | None:
    if one.leader_id == other.leader_id:
        return Unfit.SAME_LEADER
    if any(day.state not in CHANGEABLE or day.begins_at <= tx.now for day in (one, other)):
        return Unfit.TOO_LATE
    if one.begins_at < other.ends_at and other.begins_at < one.ends_at:
        return Unfit.RECEIVES_THEN
    kept = _kept(_without(busy, one), other) or _kept(_without(busy, other), one)
    return kept or _out(one, other.leader_id, out) or _out(other, one.leader_id, out)


def _without(busy: Busy, own: ReceptionDay) -> list[Span]:
    """What keeps a leader but for the day that they give away, and who is booked on it."""
    given = pg.Range(own.begins_at, own.ends_at)
    return [
        span for span in busy.get(own.leader_id, ())
        if span.day_id != own.id and not (span.why is Unfit.BUSY_THEN and _meet(span.during, given))
    ]  # fmt: skip


def _kept(spans: Iterable[Span], day: ReceptionDay) -> Unfit | None:
    during = pg.Range(day.begins_at, day.ends_at)
    return next((span.why for span in spans if _meet(span.during, during)), None)


def _meet(one: pg.Range[datetime], other: pg.Range[datetime]) -> bool:
    return bool(one.overlaps(other))
