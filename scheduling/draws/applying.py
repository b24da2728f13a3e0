"""Applying for a place that is drawn, taking it back, and what one's points are."""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from scheduling import claims, replays
from scheduling.choices import asking
from scheduling.draws import points
from scheduling.draws.tables import RESULTS, Draw, DrawEntry, DrawState
from scheduling.requests import Request, Who
from scheduling.tables import BookingChannel
from server.identity.tables import IdentityLevel, Person
from server.kernel.config import Config
from server.kernel.errors import Conflict, NotFound, RuleBroken
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from server.units.tables import Unit

ACTION = "draw.apply"
REMEMBERED = timedelta(days=365)
"""So long a draw in vain counts, and a place that was given."""


async def apply(
    tx: Tx, sealer: Sealer, draw: Draw, person_id: UUID, request: Request, *,
    config: Config, idempotency_key: str | None,
) -> UUID | None:  # fmt: skip
    """One application a person, with its points. None: a clerk calls instead.

    What the desk judged before it was taken back and handed in again is not asked of it anew.
    """
    quick, account_id = await tx.driver(), tx.actor.account_id
    if account_id is None:
        raise NotFound
    await claims.lock(quick, [account_id, person_id, draw.id])
    if done := await replays.found(quick, account_id, idempotency_key, action=ACTION):
        return done
    who = await asking.own_person(tx, person_id)
    await check(tx, sealer, draw, who, phone=request.phone, account_id=account_id)
    if not await asking.may_ask(tx, sealer, who, request, config=config):
        return None
    entry = await enter(tx, sealer, draw, who, request, account_id=account_id)
    replays.keep(tx, account_id, idempotency_key, action=ACTION, result_id=entry.id)
    return entry.id


async def check(
    tx: Tx, sealer: Sealer, draw: Draw, who: Who, *, phone: str, account_id: UUID | None
) -> None:
    """Applying is open, and they have not applied; the draw must be locked."""
    if draw.state != DrawState.ANNOUNCED or not draw.opens_at <= tx.now < draw.closes_at:
        raise Conflict("draw_not_open")
    if draw.host_id == account_id or await _stands(tx, sealer, draw.id, who, phone=phone):
        raise RuleBroken("draw_applied")


async def enter(
    tx: Tx, sealer: Sealer, draw: Draw, who: Who, request: Request, *,
    account_id: UUID | None, channel: BookingChannel = BookingChannel.ONLINE,
) -> DrawEntry:  # fmt: skip
    """Under the next number, with their points; draw and person must be locked."""
    unit = await tx.session.get_one(Unit, draw.unit_id)
    facts = await asking.columns(
        tx, sealer, who, request, unit=unit, host_id=draw.host_id, account_id=account_id,
        channel=channel,
    )  # fmt: skip
    given = await _points(tx, draw, who.person_id, request)
    before = await _judged(tx, draw.id, who.person_id)
    entry = DrawEntry(
        **facts, draw_id=draw.id, number=await _next(tx, draw.id),
        points=points.as_judged(given, before.points) if before else given,
    )  # fmt: skip
    tx.session.add(entry)
    await tx.session.flush()
    tx.audit("apply", "draw", draw.id, number=entry.number, points=entry.total)
    return entry


async def withdraw(tx: Tx, draw: Draw) -> None:
    """What the signed-in account applied for is not wanted any more."""
    query = sa.select(DrawEntry).where(
        DrawEntry.draw_id == draw.id, DrawEntry.account_id == tx.actor.account_id,
        DrawEntry.ended_at.is_(None),
    )  # fmt: skip
    found = (await tx.session.scalars(query)).all()
    if tx.actor.account_id is None or not found:
        raise NotFound
    for entry in found:
        take_back(tx, draw, entry)


def take_back(tx: Tx, draw: Draw, entry: DrawEntry) -> None:
    """As long as applying is open; the number is not given again."""
    if not can_take_back(draw, entry, now=tx.now):
        raise Conflict("draw_not_open")
    entry.ended_at = tx.now
    tx.audit("withdraw", "draw", draw.id, number=entry.number)


def can_take_back(draw: Draw, entry: DrawEntry, *, now: datetime) -> bool:
    """Later the list is published, and who does not want the place says so when asked."""
    is_open = draw.state == DrawState.ANNOUNCED and now < draw.closes_at
    return is_open and entry.ended_at is None


async def entries_of(tx: Tx, draw_id: UUID) -> list[DrawEntry]:
    """Those who applied and did not take it back, by their numbers."""
    query = sa.select(DrawEntry).where(DrawEntry.draw_id == draw_id, DrawEntry.ended_at.is_(None))
    return list((await tx.session.scalars(query.order_by(DrawEntry.number))).all())


async def _stands(tx: Tx, sealer: Sealer, draw_id: UUID, who: Who, *, phone: str) -> bool:
    """Whether they have applied; who was entered without a card is known by name and phone alone."""
    query = (
        sa.select(DrawEntry, Person.level)
        .join(Person, Person.id == DrawEntry.person_id)
        .where(DrawEntry.draw_id == draw_id, DrawEntry.ended_at.is_(None))
    )
    asks = (sealer.open(who.name, purpose="name"), phone)
    for entry, level in (await tx.session.execute(query)).all():
        if entry.person_id == who.person_id:
            return True
        if IdentityLevel.PHONE in {level, who.level} and _called(sealer, entry) == asks:
            return True
    return False


def _called(sealer: Sealer, entry: DrawEntry) -> tuple[str, str]:
    return sealer.open(entry.name, purpose="name"), sealer.open(entry.phone, purpose="phone")


async def _judged(tx: Tx, draw_id: UUID, person_id: UUID) -> DrawEntry | None:
    """Their last application here that the desk judged, taken back since."""
    query = sa.select(DrawEntry).where(
        DrawEntry.draw_id == draw_id, DrawEntry.person_id == person_id,
        DrawEntry.judged_at.is_not(None),
    )  # fmt: skip
    found: DrawEntry | None = await tx.session.scalar(
        query.order_by(DrawEntry.number.desc()).limit(1)
    )
    return found


async def _next(tx: Tx, draw_id: UUID) -> int:
    """The draw must be locked."""
    last = sa.select(sa.func.max(DrawEntry.number)).where(DrawEntry.draw_id == draw_id)
    return (await tx.session.scalar(last) or 0) + 1


async def _points(tx: Tx, draw: Draw, person_id: UUID, request: Request) -> dict[str, int]:
    query = (
        sa.select(DrawEntry.place <= Draw.places)
        .join(Draw, Draw.id == DrawEntry.draw_id)
        .where(
            DrawEntry.person_id == person_id, DrawEntry.ended_at.is_(None),
            Draw.state.in_(RESULTS), Draw.kind == draw.kind,
            Draw.drawn_at > tx.now - REMEMBERED,
        )
    )  # fmt: skip
    won = list((await tx.session.scalars(query)).all())
    return points.points(in_vain=won.count(False), needs=request.needs, given_before=any(won))
