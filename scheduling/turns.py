"""Whose turn a place is at the desk, and what only a reason in writing overrules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from scheduling import access, alternatives
from scheduling.slots import Reason, Seat, SlotFacts, look_up, look_up_all, refusal
from scheduling.tables import Appointment, BookingChannel, DayState, Slot
from server.kernel.errors import NotFound
from server.kernel.uow import Tx
from server.units.tables import Unit

OUT_OF_ORDER = frozenset({Reason.RESERVED, Reason.WAITED_FOR, Reason.NOT_OPEN_YET, Reason.RESTING})


@dataclass(frozen=True)
class Given:
    """Places that may be had, and whose turn was passed over for it."""

    facts: SlotFacts
    seats: Sequence[Seat]
    overruled: Reason | None = None


@dataclass(frozen=True)
class Time:
    """A time of a day as the desk may give it. `kept_for` is whose share its first place is of,
    `rests_until` when it comes back to the page, which only a clerk is told.
    """

    slot_id: UUID
    begins_at: datetime
    ends_at: datetime
    reason: Reason | None
    may_overrule: bool
    kept_for: BookingChannel | None
    rests_until: datetime | None


def why_not(
    facts: SlotFacts, *, channel: BookingChannel, now: datetime, for_desk: bool
) -> Reason | None:  # fmt: skip
    """Why it is not the turn of somebody who comes this way.

    Clerks are not bound to the hour at which booking closes. General places before booking opens,
    while somebody waits for them, or while they rest are the others'; who walks in has what rests.
    """
    reason = refusal(facts, now=now, for_desk=for_desk, channel=channel)
    if reason is not None or not for_desk or facts.open_to(channel)[0].kept_for is not None:
        return reason
    if facts.waited_for:
        return Reason.WAITED_FOR
    if channel is not BookingChannel.WALK_IN and facts.open_to(channel)[0].rests_until is not None:
        return Reason.RESTING
    early = facts.day_state is DayState.PUBLISHED and not facts.invited_only
    return Reason.NOT_OPEN_YET if early else None


async def give(
    tx: Tx, slot_id: UUID, *, channel: BookingChannel, urgency: str | None, for_desk: bool,
    returning: UUID | None = None,
) -> Given:  # fmt: skip
    """The places of a slot for the desk to choose from; they must be locked. Raises Conflict.

    `returning`: the appointment that wants it, as of `slots.look_up`.
    """
    quick = await tx.driver()
    facts = await look_up(quick, slot_id, now=tx.now, returning=returning)
    if facts is None:
        raise NotFound
    reason = why_not(facts, channel=channel, now=tx.now, for_desk=for_desk)
    if reason is None:
        return Given(facts, facts.open_to(channel))
    if for_desk and urgency and reason in OUT_OF_ORDER:
        return Given(facts, facts.untaken(channel), reason)
    leader_id = facts.leader.account_id
    raise await alternatives.refused(quick, reason, leader_id=leader_id, now=tx.now)


def note(tx: Tx, appointment: Appointment, given: Given, *, urgency: str | None) -> None:
    """Whose turn was passed over, and why, stays on the appointment and is audited."""
    if given.overruled is None:
        return
    appointment.urgency = urgency
    tx.audit(
        "out_of_order", "appointment", appointment.id, reason=urgency, overruled=given.overruled
    )


async def times(tx: Tx, day_id: UUID, *, channel: BookingChannel) -> list[Time]:
    """The times of a day that was published, each with the reason why it is not this one's turn."""
    query = sa.select(Slot.id).where(Slot.day_id == day_id)
    ids = (await tx.session.scalars(query)).all()
    found = await look_up_all(await tx.driver(), ids, now=tx.now)
    by_start = {facts.begins_at: facts for facts in found.values()}
    if not by_start:
        raise NotFound
    for_desk = await is_desk(tx, next(iter(by_start.values())).unit_id)
    return [
        _time(by_start[at], channel=channel, now=tx.now, for_desk=for_desk)
        for at in sorted(by_start)
    ]


async def is_desk(tx: Tx, unit_id: UUID) -> bool:
    """Whether the actor is a clerk for this unit, and not only a worker elsewhere."""
    unit = await tx.session.get_one(Unit, unit_id)
    return tx.actor.reaches(unit.path, *access.DESK)


def _time(facts: SlotFacts, *, channel: BookingChannel, now: datetime, for_desk: bool) -> Time:
    reason = why_not(facts, channel=channel, now=now, for_desk=for_desk)
    first = (*facts.untaken(channel), *facts.seats)[0]
    return Time(
        slot_id=first.slot_id, begins_at=facts.begins_at, ends_at=facts.ends_at, reason=reason,
        may_overrule=for_desk and reason in OUT_OF_ORDER,
        kept_for=first.kept_for if first.taken_by is None else None,
        rests_until=first.rests_until if for_desk and first.taken_by is None else None,
    )  # fmt: skip
