"""What the desk judges of an application while it may still be handed in: urgency, and real needs."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from scheduling import access
from scheduling.draws import points
from scheduling.draws.tables import Draw, DrawEntry, DrawState
from server.cases import access as cases
from server.cases.tables import Case
from server.identity.tables import Person
from server.kernel.errors import Conflict, NotFound
from server.kernel.uow import Tx


@dataclass(frozen=True)
class Applied:
    """An application with whose it is and what it is about, both sealed."""

    entry: DrawEntry
    name: bytes
    sentence: bytes


async def applications(tx: Tx, draw_id: UUID) -> list[Applied]:
    """Those that stand, by number, but for matters that the desk is shut out of."""
    draw = await tx.session.get(Draw, draw_id)
    if draw is None:
        raise NotFound
    await access.demand_reach(tx, draw.unit_id, *access.DESK)
    rows = (await tx.session.execute(_standing(tx, draw_id).order_by(DrawEntry.number))).all()
    await tx.audit_reading("draw", draw_id)
    return [Applied(*row) for row in rows]


async def judge(
    tx: Tx, draw_id: UUID, entry_id: UUID, *, urgent: bool, needs: bool, reason: str
) -> None:
    """Points by judgement, as long as applying is open: the list is published as it closes."""
    draw = await tx.session.get(Draw, draw_id, with_for_update=True)
    if draw is None:
        raise NotFound
    await access.demand_reach(tx, draw.unit_id, *access.DESK)
    found = (await tx.session.execute(_standing(tx, draw_id, entry_id))).first()
    if found is None:
        raise NotFound
    if draw.state != DrawState.ANNOUNCED or tx.now >= draw.closes_at:
        raise Conflict("draw_not_open")
    entry = found[0]
    entry.points = points.judged(entry.points, urgent=urgent, needs=needs)
    entry.judged_at = tx.now
    tx.audit(
        "judge", "draw", draw_id, reason=reason, number=entry.number, points=entry.total,
        urgent=urgent, needs=needs,
    )  # fmt: skip


def _standing(
    tx: Tx, draw_id: UUID, entry_id: UUID | None = None
) -> sa.Select[DrawEntry, bytes, bytes]:
    query = (
        sa.select(DrawEntry, Person.name, Case.sentence)
        .join(Person, Person.id == DrawEntry.person_id)
        .join(Case, Case.id == DrawEntry.case_id)
        .where(DrawEntry.draw_id == draw_id, DrawEntry.ended_at.is_(None))
        .where(cases.impartial(tx.actor))
    )
    return query.where(DrawEntry.id == entry_id) if entry_id else query
