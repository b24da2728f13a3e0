"""A leader who cannot come: another receives on the day, or two days are swapped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from uuid import UUID, uuid4

import sqlalchemy as sa

from scheduling import calls, changes, claims
from scheduling.choices import displaced, questions, waiting
from scheduling.claims import Wanted
from scheduling.events import AppointmentRehosted
from scheduling.joint import fallen
from scheduling.plans import days, shares, stand_ins
from scheduling.slots import look_up
from scheduling.states import DAY, DayAction
from scheduling.tables import (
    NOT_BEGUN,
    Appointment,
    AppointmentState,
    BookingChannel,
    ClaimReason,
    DayState,
    ReceptionDay,
    Slot,
)
from server.identity.tables import Official
from server.kernel import state
from server.kernel.config import Scheduling
from server.kernel.errors import Conflict, NotFound, RuleBroken
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx

COPIED = (
    "unit_id", "kind", "begins_at", "ends_at", "slot_minutes", "break_minutes", "capacity",
    "topics", "review", "invited_only", "booking_opens_at", "booking_closes_at", "moved_because",
    "shares",
)  # fmt: skip


@dataclass(frozen=True)
class Handover:
    """A day, and who receives on it from now on."""

    day: ReceptionDay
    leader: Official


async def substitute(
    tx: Tx, sealer: Sealer, day: ReceptionDay, leader_id: UUID, *, reason: str, rules: Scheduling
) -> ReceptionDay:
    """Another leader receives on this day; everybody booked is asked whether they stay."""
    leader = await tx.session.get(Official, leader_id)
    if leader is None:
        raise NotFound
    why = await stand_ins.why_not(tx, day, leader)
    if why is not None:
        raise RuleBroken(f"stand_in_{why}")
    absent = day.leader_id
    [made] = await _hand_over(tx, sealer, [Handover(day, leader)], reason=reason, rules=rules)
    await _on_leave(tx, absent, made)
    await displaced.ask(tx, sealer, made, absent, rules=rules)
    return made


async def swap(
    tx: Tx, sealer: Sealer, one: ReceptionDay, other: ReceptionDay, *, reason: str,
    rules: Scheduling,
) -> tuple[ReceptionDay, ReceptionDay]:  # fmt: skip
    """Each receives on the other's day; whoever is booked stays, or follows their leader."""
    why = await stand_ins.why_not_swap(tx, one, other)
    if why is not None:
        raise RuleBroken(f"stand_in_{why}")
    first = await tx.session.get_one(Official, one.leader_id)
    second = await tx.session.get_one(Official, other.leader_id)
    pairs = [Handover(one, second), Handover(other, first)]
    made = await _hand_over(tx, sealer, pairs, reason=reason, rules=rules)
    for day, absent in zip(made, (first, second), strict=True):
        await displaced.ask(tx, sealer, day, absent.account_id, rules=rules)
    return made[0], made[1]


async def _hand_over(
    tx: Tx, sealer: Sealer, pairs: Sequence[Handover], *, reason: str, rules: Scheduling
) -> list[ReceptionDay]:
    await _lock(tx, pairs)
    for pair in pairs:
        await days.demand_nobody_received(tx, pair.day)
    booked = [await _booked(tx, pair.day) for pair in pairs]
    for appointment in (one for found in booked for one in found):
        await claims.release(await tx.driver(), appointment.id)
    for pair in pairs:
        await fallen.handed_over(tx, sealer, pair.day, pair.leader.account_id, reason=reason)
    made = []
    for pair, found in zip(pairs, booked, strict=True):
        await displaced.drop_holds(tx, sealer, pair.day)
        made.append(await _renewed(tx, pair, reason=reason, brief_at=rules.brief_at))
        await waiting.follow_day(tx, pair.day.id, made[-1].id)
        for appointment in found:
            await _bring(tx, sealer, appointment, made[-1], pair.leader)
    return made


async def _lock(tx: Tx, pairs: Sequence[Handover]) -> None:
    leaders = {one for pair in pairs for one in (pair.day.leader_id, pair.leader.account_id)}
    await claims.lock(await tx.driver(), leaders)


async def _booked(tx: Tx, day: ReceptionDay) -> list[Appointment]:
    query = sa.select(Appointment).where(
        Appointment.day_id == day.id, Appointment.state.in_(NOT_BEGUN)
    )
    fresh = query.order_by(Appointment.begins_at).execution_options(populate_existing=True)
    return list((await tx.session.scalars(fresh)).all())


async def _renewed(tx: Tx, pair: Handover, *, reason: str, brief_at: time) -> ReceptionDay:
    """The day anew under the other leader; what was told of the old one is kept."""
    old = pair.day
    facts = {name: getattr(old, name) for name in COPIED}
    made = ReceptionDay(
        **facts, id=uuid4(), leader_id=pair.leader.account_id, state=old.state, by_hand=True,
        replaces_id=old.id,
    )  # fmt: skip
    old.state = state.after(DAY, DayState(old.state), DayAction.SWAP)
    tx.session.add(made)
    await tx.session.flush()
    tx.session.add_all(days.cut_slots(made))
    await tx.session.flush()
    await shares.copy(tx, old.id, made.id)
    await calls.follow_day(tx, old.id, made.id)
    days.schedule_life(tx, made, brief_at=brief_at)
    tx.audit("replace", "reception_day", old.id, reason=reason, by=made.id)
    tx.audit("stand_in", "reception_day", made.id, reason=reason, instead_of=old.id)
    return made


async def _bring(
    tx: Tx, sealer: Sealer, appointment: Appointment, day: ReceptionDay, leader: Official
) -> None:
    """The same time with the other leader; the entry in people's calendars follows."""
    slot_id = await tx.session.scalar(
        sa.select(Slot.id).where(Slot.day_id == day.id, Slot.begins_at == appointment.begins_at)
    )
    facts = await look_up(await tx.driver(), slot_id, now=tx.now) if slot_id else None
    if facts is None:
        raise NotFound
    await changes.occupy(tx, appointment, facts, facts.untaken(BookingChannel(appointment.channel)))
    await changes.rehost(tx, sealer, appointment, leader.account_id)
    was_confirmed = appointment.state != AppointmentState.SUBMITTED
    appointment.sequence += 1
    await questions.withdraw_about(tx, appointment.id)  # only the last question stands
    await changes.renew_reminders(tx, appointment)
    tx.audit("rehost", "appointment", appointment.id, slot=appointment.slot_id)
    tx.emit(
        AppointmentRehosted(
            appointment_id=appointment.id, sequence=appointment.sequence,
            was_confirmed=was_confirmed,
        )
    )  # fmt: skip


async def _on_leave(tx: Tx, leader_id: UUID, day: ReceptionDay) -> None:
    """Who cannot come is not planned for anything at that time, besides what they have then."""
    away, quick = Wanted(leader_id, day.begins_at, day.ends_at), await tx.driver()
    if not await claims.take(
        quick, await claims.left_of(quick, away, now=tx.now), appointment_id=None,
        reason=ClaimReason.LEAVE, expires_at=None, now=tx.now,
    ):  # fmt: skip
        raise Conflict("leader_busy_then")
