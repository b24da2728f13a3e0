"""Holds: a slot kept while a resident fills in the form. One a person; it ends by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from scheduling import alternatives, claims, resting
from scheduling.claims import Wanted
from scheduling.references import marks
from scheduling.slots import (
    LATELY,
    NOBODY,
    Leader,
    Reason,
    Seat,
    SlotFacts,
    leader,
    look_up,
    refusal,
)
from scheduling.states import APPOINTMENT, Action
from scheduling.tables import (
    Appointment,
    AppointmentState,
    AttendBy,
    ClaimReason,
    SessionKind,
)
from server.kernel import state
from server.kernel.config import Scheduling
from server.kernel.driver import Driver
from server.kernel.errors import Conflict, Gone, NotFound, Throttled
from server.kernel.uow import Tx

LONGEST = timedelta(hours=1)
"""However active somebody is, a slot is not kept longer than this without being asked for."""
HOLDS_A_MINUTE = 10
BRIEFLY = timedelta(minutes=5)
"""Who gives up a slot so soon merely picks another: it need not rest."""
UNSWEPT = timedelta(minutes=1)
"""A place that was offered is nobody else's until it is swept, and rests; at most so long."""

MINE = """
    SELECT a.id, a.slot_id, a.day_id, a.begins_at, a.ends_at, a.held_until, a.hold_extended,
           u.name AS unit_name, o.account_id AS leader_id, o.name, o.post, o.division, o.rank
    FROM appointment a
    JOIN unit u ON u.id = a.unit_id JOIN official o ON o.account_id = a.host_id
    WHERE a.account_id = $1 AND a.state = 'on_hold' AND a.held_until > $2
    """
GIVEN_UP, OVER = (
    state.after(APPOINTMENT, AppointmentState.ON_HOLD, action)
    for action in (Action.CANCEL, Action.EXPIRE)
)
GIVE_UP = f"""
    UPDATE appointment SET state = '{GIVEN_UP}', version = version + 1
    WHERE account_id = $1 AND state = 'on_hold' RETURNING id, slot_id, created_at, held_until, hold_extended
    """  # noqa: S608  (our own words)
SWEEP = f"""
    WITH over AS MATERIALIZED (
        SELECT id FROM appointment WHERE state = 'on_hold' AND held_until <= $1
        LIMIT $2 FOR UPDATE SKIP LOCKED)
    UPDATE appointment a SET state = '{OVER}', version = version + 1
    FROM over WHERE a.id = over.id RETURNING a.id, a.slot_id, a.account_id
    """  # noqa: S608  (our own words)


@dataclass(frozen=True)
class Hold:
    """A slot that is kept, with what its page shows."""

    appointment_id: UUID
    slot_id: UUID
    day_id: UUID
    begins_at: datetime
    ends_at: datetime
    leader: Leader
    unit_name: str
    expires_at: datetime
    extended: bool


async def hold(tx: Tx, slot_id: UUID, *, config: Scheduling) -> Hold:
    """Keep a free slot for the signed-in resident; a hold they had elsewhere is given up.

    Raises Conflict with the reason and the next three alternatives.
    """
    account_id = tx.actor.account_id
    seen = await look(await tx.driver(), slot_id, account_id=account_id, now=tx.now)
    return await hold_seen(tx, slot_id, seen, config=config)


async def look(
    driver: Driver, slot_id: UUID, *, account_id: UUID | None, now: datetime
) -> SlotFacts:
    """The slot if it may be had, as far as can be seen without a lock. Raises Conflict.

    When a day opens nearly everybody is refused here, for the price of a glance.
    """
    facts = await look_up(driver, slot_id, now=now, account_id=account_id)
    if facts is None:
        raise NotFound
    if reason := refusal(facts, now=now, for_desk=False, asker=account_id):
        raise await refused(driver, facts, reason, now=now)
    return facts


async def hold_seen(tx: Tx, slot_id: UUID, seen: SlotFacts, *, config: Scheduling) -> Hold:
    """Keep a slot that was just seen to be free: locked, looked at again, claimed."""
    quick, account_id = await tx.driver(), tx.actor.account_id
    if account_id is None:
        raise NotFound
    await claims.lock(quick, [account_id, seen.leader.account_id])
    facts = await _bookable(tx, slot_id)
    if facts.is_held_for(account_id) and (mine := await own_hold(tx, account_id)):
        return mine
    if facts.own_hold:
        await give_up(tx, account_id)
    if facts.held_lately >= HOLDS_A_MINUTE:  # slot after slot: a script, not a person
        raise Throttled("too_often", retry_after=int(LATELY.total_seconds()))
    made = await keep(
        tx, facts, account_id=account_id, until=tx.now + config.hold_lifetime, seats=facts.at_once
    )
    tx.audit("hold", "appointment", made.appointment_id, slot=made.slot_id)
    await tx.flush()
    return made


async def _bookable(tx: Tx, slot_id: UUID) -> SlotFacts:
    """The slot as it stands, once its leader is locked. Raises Conflict when it is not free."""
    quick = await tx.driver()
    asker = tx.actor.account_id
    facts = await look_up(quick, slot_id, now=tx.now, account_id=asker)
    if facts is None:
        raise NotFound
    if reason := refusal(facts, now=tx.now, for_desk=False, asker=asker):
        raise await refused(quick, facts, reason, now=tx.now)
    return facts


async def own_hold(tx: Tx, account_id: UUID) -> Hold | None:
    """The hold this account has now."""
    row = await (await tx.driver()).fetchrow(MINE, account_id, tx.now)
    if row is None:
        return None
    return Hold(
        appointment_id=row["id"],
        slot_id=row["slot_id"],
        day_id=row["day_id"],
        begins_at=row["begins_at"],
        ends_at=row["ends_at"],
        leader=leader(row),
        unit_name=row["unit_name"],
        expires_at=row["held_until"],
        extended=row["hold_extended"],
    )


async def keep(
    tx: Tx, facts: SlotFacts, *, account_id: UUID | None, until: datetime,
    seats: Sequence[Seat] | None = None,
) -> Hold:  # fmt: skip
    """Claim the first of the seats, the free ones, until then; its leader must be locked.

    The appointment is written with the next flush.
    """
    appointment_id = uuid4()
    seat = await take_seat(
        tx, facts, facts.free if seats is None else seats, appointment_id=appointment_id,
        reason=ClaimReason.HOLD, expires_at=until if account_id is not None else until + UNSWEPT,
    )  # fmt: skip
    row = appointment_row(tx, facts, appointment_id=appointment_id, slot_id=seat.slot_id)
    kept = {"state": AppointmentState.ON_HOLD, "account_id": account_id, "held_until": until}
    tx.write(Appointment, {**row, **kept})
    return Hold(
        appointment_id=appointment_id,
        slot_id=seat.slot_id,
        day_id=facts.day_id,
        begins_at=facts.begins_at,
        ends_at=facts.ends_at,
        leader=facts.leader,
        unit_name=facts.unit_name,
        expires_at=until,
        extended=False,
    )


async def take_seat(
    tx: Tx,
    facts: SlotFacts,
    seats: Sequence[Seat],
    *,
    appointment_id: UUID,
    reason: ClaimReason,
    expires_at: datetime | None,
) -> Seat:
    """Claim the first of the seats that can be had; the leader must be locked. Raises Conflict."""
    quick, leader_id = await tx.driver(), facts.leader.account_id
    for seat in seats:
        wanted = Wanted(leader_id, facts.begins_at, facts.ends_at, seat.number)
        if await claims.take(
            quick, [wanted], appointment_id=appointment_id, reason=reason,
            expires_at=expires_at, now=tx.now,
        ):  # fmt: skip
            return seat
    raise await refused(quick, facts, Reason.TAKEN, now=tx.now)


async def give_up(tx: Tx, account_id: UUID) -> None:
    """End the hold of this account, if there is one; what was kept for long rests."""
    quick = await tx.driver()
    ended = await quick.fetch(GIVE_UP, account_id)
    if ended:
        await claims.release(quick, *(row["id"] for row in ended))
        kept_long = [
            row for row in ended if row["held_until"] > tx.now
            and (row["hold_extended"] or tx.now - row["created_at"] >= BRIEFLY)
        ]  # fmt: skip
        await resting.begin_all(tx, [(row["slot_id"], row["id"]) for row in kept_long])


async def drop(tx: Tx, appointment: Appointment) -> None:
    """End one hold whose slot is not to be had any more."""
    appointment.state = state.after(APPOINTMENT, AppointmentState(appointment.state), Action.CANCEL)
    await claims.release(await tx.driver(), appointment.id)


async def extend(tx: Tx, hold_id: UUID, *, renewing: bool, config: Scheduling) -> Hold:
    """Keep the slot longer: once, or again and again while somebody is active (`renewing`)."""
    account_id = tx.actor.account_id
    appointment = await tx.session.get(Appointment, hold_id, with_for_update=True)
    if appointment is None or account_id is None or appointment.account_id != account_id:
        raise NotFound
    check_alive(AppointmentState(appointment.state), appointment.held_until, now=tx.now)
    if appointment.hold_extended and not renewing:
        raise Conflict("hold_extended_already")
    held_until = appointment.held_until or tx.now
    latest = appointment.created_at + LONGEST
    start = tx.now if renewing else held_until
    until = max(min(start + config.hold_extension, latest), held_until)
    appointment.held_until, appointment.hold_extended = until, True
    kept = await own_hold(tx, account_id)
    if kept is None or not await claims.prolong(await tx.driver(), hold_id, until=until):
        raise Gone("hold_expired")
    return kept


def check_alive(now_is: AppointmentState, held_until: datetime | None, *, now: datetime) -> None:
    """Raises Gone for a hold that ran out, Conflict for one that became something else."""
    if now_is in {AppointmentState.EXPIRED, AppointmentState.CANCELLED}:
        raise Gone("hold_expired")
    if now_is is not AppointmentState.ON_HOLD:
        raise Conflict("wrong_state")
    if held_until is None or held_until <= now:
        raise Gone("hold_expired")


async def sweep(tx: Tx, *, most: int = 200) -> int:
    """End the holds that ran out; claims of theirs that still stand go with them.

    What was offered and not taken rests. Who was merely slow with the form may have the time again.
    """
    quick = await tx.driver()
    ended = await quick.fetch(SWEEP, tx.now, most)
    if ended:
        await claims.release(quick, *(row["id"] for row in ended))
        offered = [row for row in ended if row["account_id"] is None]
        await resting.begin_all(tx, [(row["slot_id"], row["id"]) for row in offered])
    return len(ended)


def appointment_row(
    tx: Tx, facts: SlotFacts, *, appointment_id: UUID, slot_id: UUID
) -> dict[str, object]:
    """What every appointment at a slot has in common."""
    return {
        **marks(appointment_id, now=tx.now),
        "session_kind": SessionKind.RECEPTION,
        "day_id": facts.day_id,
        "slot_id": slot_id,
        "host_id": facts.leader.account_id,
        "unit_id": facts.unit_id,
        "booked_by": tx.actor.account_id or NOBODY,
        "begins_at": facts.begins_at,
        "ends_at": facts.ends_at,
        "attend_by": AttendBy.OWN_DEVICE,
        "needs": {},
        "sequence": 0,
    }


async def refused(quick: Driver, facts: SlotFacts, reason: Reason, *, now: datetime) -> Conflict:
    leader_id = facts.leader.account_id
    return await alternatives.refused(quick, reason, leader_id=leader_id, now=now)
