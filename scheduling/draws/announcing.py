"""A day to be drawn is announced, with its seed promised; drawn when applying closes."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import sqlalchemy as sa

from scheduling import access, changes, claims
from scheduling.choices import questions
from scheduling.choices.tables import Choice, Chosen
from scheduling.claims import Wanted
from scheduling.draws import applying, lottery, passing_on
from scheduling.draws.tables import Draw, DrawEntry, DrawKind
from scheduling.draws.tables import DrawState as S
from scheduling.events import DrawOff
from scheduling.tables import Appointment, AppointmentState, Claim, ClaimReason
from server.identity.tables import Account, Membership, Official
from server.kernel import state
from server.kernel.actor import Role
from server.kernel.errors import Conflict, FieldError, Invalid, NotFound, RuleBroken
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from server.units.tables import Unit

TABLE: Mapping[tuple[S, str], S] = {
    (S.ANNOUNCED, "draw"): S.DRAWN,
    (S.ANNOUNCED, "cancel"): S.CANCELLED,
    (S.DRAWN, "cancel"): S.STOPPED,
}
CLOSE = "draw.close"
SEED = "seed"
HOSTS = (Role.MEDIATOR, Role.HANDLER)


@dataclass(frozen=True)
class NewDraw:
    host_id: UUID
    kind: DrawKind
    title: str
    begins_at: datetime
    minutes: int
    places: int
    opens_at: datetime
    closes_at: datetime


async def announce(tx: Tx, sealer: Sealer, new: NewDraw, *, seed: str) -> Draw:
    """Take the host's time and promise the seed. Never for a leader: their places are not drawn."""
    _check(tx, new)
    unit = await _unit_of(tx, new.host_id)
    draw = Draw(
        id=uuid4(), unit_id=unit.id, state=S.ANNOUNCED, **vars(new),
        commitment=lottery.commitment(seed), seed=sealer.seal(seed, purpose=SEED),
        announced_by=tx.actor.account_id, announced_at=tx.now,
    )  # fmt: skip
    quick = await tx.driver()
    await claims.lock(quick, [new.host_id])
    whole = [Wanted(new.host_id, draw.begins_at, draw.ends_at)]
    if not await claims.take(
        quick, whole, appointment_id=None, reason=ClaimReason.OUTSIDE, expires_at=None, now=tx.now
    ):
        raise Conflict("host_busy_then")
    tx.session.add(draw)
    await tx.session.flush()
    payload = {"draw_id": str(draw.id)}
    tx.schedule(CLOSE, key=f"{CLOSE}:{draw.id}", payload=payload, due_at=draw.closes_at)
    tx.audit("announce", "draw", draw.id, commitment=draw.commitment, places=draw.places)
    return draw


async def cancel(tx: Tx, draw: Draw, *, reason: str) -> None:
    """It is not held; whoever applied, or has a place, or waits for one, is told.

    Drawn, the result stays published, and nobody is given a place any more.
    """
    step(draw, "cancel")
    if draw.state == S.CANCELLED:
        await give_back(tx, draw)
        for entry in await applying.entries_of(tx, draw.id):
            tx.emit(DrawOff(entry_id=entry.id))
    else:
        await _stop(tx, draw, reason=reason)
    tx.audit("cancel", "draw", draw.id, reason=reason)


def step(draw: Draw, action: str) -> None:
    draw.state = state.after(TABLE, S(draw.state), action)


async def _stop(tx: Tx, draw: Draw, *, reason: str) -> None:
    if draw.begins_at <= tx.now:
        raise Conflict("wrong_state")
    draw.stopped_at = tx.now
    mine = sa.select(DrawEntry.id).where(DrawEntry.draw_id == draw.id)
    waiting = [entry.id for entry in await passing_on.line(tx, draw)]
    for choice in await questions.open_of(tx, Choice.draw_entry_id.in_(mine)):
        await questions.close(tx, choice, Chosen.WITHDRAWN)
        waiting += [choice.draw_entry_id] if choice.draw_entry_id else []
    for entry_id in waiting:
        tx.emit(DrawOff(entry_id=entry_id))
    given = sa.select(DrawEntry.appointment_id).where(DrawEntry.draw_id == draw.id)
    query = sa.select(Appointment).where(
        Appointment.id.in_(given), Appointment.state == AppointmentState.CONFIRMED
    )
    for appointment in (await tx.session.scalars(query.order_by(Appointment.begins_at))).all():
        await changes.call_off(tx, appointment, reason=reason)


async def give_back(tx: Tx, draw: Draw) -> None:
    """The host's time is not kept as a whole any more."""
    kept = sa.delete(Claim).where(
        Claim.resource == draw.host_id, Claim.reason == ClaimReason.OUTSIDE,
        Claim.appointment_id.is_(None), sa.func.lower(Claim.during) == draw.begins_at,
        sa.func.upper(Claim.during) == draw.ends_at,
    )  # fmt: skip
    await tx.session.execute(kept)


def new_seed() -> str:
    return secrets.token_hex(32)


async def hosts(tx: Tx) -> list[tuple[Account, Unit]]:
    """Who could hold such a day within the desk's reach: nobody who is a leader."""
    query = (
        sa.select(Account, Unit)
        .join(Membership, Membership.account_id == Account.id)
        .join(Unit, Unit.id == Membership.unit_id)
        .where(
            Membership.role.in_(HOSTS), Account.disabled_at.is_(None),
            Account.id.not_in(sa.select(Official.account_id)),
            access.within_reach(tx.actor, *access.DESK),
        )
        .order_by(Unit.path, Account.name)
    )  # fmt: skip
    rows = (await tx.session.execute(query)).all()
    return list({account.id: (account, unit) for account, unit in rows}.values())


async def _unit_of(tx: Tx, host_id: UUID) -> Unit:
    if await tx.session.get(Official, host_id) is not None:
        raise RuleBroken("draw_never_leader")
    for account, unit in await hosts(tx):
        if account.id == host_id:
            return unit
    raise NotFound


def _check(tx: Tx, new: NewDraw) -> None:
    errors = []
    if not tx.now <= new.opens_at < new.closes_at:
        errors.append(FieldError("closes_at", "field.before_begin"))
    if new.closes_at >= new.begins_at:
        errors.append(FieldError("begins_at", "field.before_begin"))
    if errors:
        raise Invalid("invalid", fields=tuple(errors))
