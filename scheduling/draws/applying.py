"""Applying for a place that is drawn, taking it back, and what one's points are."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from scheduling import claims, replays
from scheduling.choices import asking
from scheduling.draws import points
from scheduling.draws.tables import RESULTS, Draw, DrawEntry, DrawState
from scheduling.requests import Request
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
    if draw.state != DrawState.ANNOUNCED or not draw.opens_at <= tx.now < draw.closes_at:
        raise Conflict("draw_not_open")
    who = await asking.own_person(tx, person_id)
    if draw.host_id == account_id or await _stands(tx, draw.id, person_id):
        raise RuleBroken("draw_applied")
    if not await asking.may_ask(tx, sealer, who, request, config=config):
        return None
    unit = await tx.session.get_one(Unit, draw.unit_id)
    facts = await asking.columns(
        tx, sealer, who, request, unit=unit, host_id=draw.host_id, account_id=account_id
    )
    given = await _points(tx, draw, person_id, request)
    before = await _judged(tx, draw.id, person_id)
    entry = DrawEntry(
        **facts, draw_id=draw.id, number=await _next(tx, draw.id),
        points=points.as_judged(given, before.points) if before else given,
    )  # fmt: skip
    tx.session.add(entry)
    await tx.session.flush()
    tx.audit("apply", "draw", draw.id, number=entry.number, points=entry.total)
    replays.keep(tx, account_id, idempotency_key, action=ACTION, result_id=entry.id)
    return entry.id


async def withdraw(tx: Tx, draw: Draw) -> None:
    """Not wanted any more, as long as applying is open; the number is not given again."""
    if draw.state != DrawState.ANNOUNCED or tx.now >= draw.closes_at:
        raise Conflict("draw_not_open")
    query = sa.select(DrawEntry).where(
        DrawEntry.draw_id == draw.id, DrawEntry.account_id == tx.actor.account_id,
        DrawEntry.ended_at.is_(None),
    )  # fmt: skip
    found = (await tx.session.scalars(query)).all()
    if tx.actor.account_id is None or not found:
        raise NotFound
    for entry in found:
        entry.ended_at = tx.now
        tx.audit("withdraw", "draw", draw.id, number=entry.number)


async def entries_of(tx: Tx, draw_id: UUID) -> list[DrawEntry]:
    """Those who applied and did not take it back, by their numbers."""
    query = sa.select(DrawEntry).where(DrawEntry.draw_id == draw_id, DrawEntry.ended_at.is_(None))
    return list((await tx.session.scalars(query.order_by(DrawEntry.number))).all())


async def _stands(tx: Tx, draw_id: UUID, person_id: UUID) -> bool:
    query = sa.select(DrawEntry.id).where(
        DrawEntry.draw_id == draw_id, DrawEntry.person_id == person_id,
        DrawEntry.ended_at.is_(None),
    )  # fmt: skip
    return await tx.session.scalar(query) is not None


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
