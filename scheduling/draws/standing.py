"""Applications from which something may come still: for whom the desk has an answer when they ring."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from scheduling.choices.tables import Choice
from scheduling.draws.tables import Draw, DrawEntry, DrawState, DrawTurn
from server.identity.tables import Account
from server.kernel.uow import Tx


class Stand(StrEnum):
    """`applied`: not drawn yet; `waiting`: for a place that falls free; `offered`: one is kept."""

    APPLIED = "applied"
    WAITING = "waiting"
    OFFERED = "offered"


@dataclass(frozen=True)
class Applied:
    """An application with its day, and who holds it."""

    entry: DrawEntry
    draw: Draw
    host_name: str | None
    stand: Stand

    @property
    def turn(self) -> int | None:
        """How many places must fall free before one is theirs."""
        place = self.entry.place
        waits = self.stand is Stand.WAITING
        return place - self.draw.places if waits and place is not None else None


def stands(tx: Tx) -> sa.ColumnElement[bool]:
    """A condition on `DrawEntry` joined with `Draw`: neither taken back, booked, nor declined."""
    asked = sa.exists().where(DrawTurn.entry_id == DrawEntry.id, DrawTurn.choice_id == Choice.id)
    waits = sa.or_(
        sa.and_(DrawEntry.place > Draw.places, ~asked),
        asked.where(Choice.answered_at.is_(None)),
    )
    return sa.and_(
        DrawEntry.ended_at.is_(None), DrawEntry.appointment_id.is_(None), Draw.begins_at > tx.now,
        sa.or_(
            Draw.state == DrawState.ANNOUNCED, sa.and_(Draw.state == DrawState.DRAWN, waits)
        ),
    )  # fmt: skip


async def of(tx: Tx, entry_ids: Collection[UUID]) -> list[Applied]:
    """By day and number."""
    query = (
        sa.select(DrawEntry, Draw, Account.name)
        .join(Draw, Draw.id == DrawEntry.draw_id)
        .join(Account, Account.id == Draw.host_id)
        .where(DrawEntry.id.in_(entry_ids))
        .order_by(Draw.begins_at, DrawEntry.number)
    )
    asked = sa.select(Choice.draw_entry_id).where(
        Choice.draw_entry_id.in_(entry_ids), Choice.answered_at.is_(None)
    )
    offered = set((await tx.session.scalars(asked)).all())
    return [
        Applied(*row, stand=_stand(row[0], row[1], offered))
        for row in (await tx.session.execute(query)).all()
    ]


def _stand(entry: DrawEntry, draw: Draw, offered: Collection[UUID | None]) -> Stand:
    if draw.state == DrawState.ANNOUNCED:
        return Stand.APPLIED
    return Stand.OFFERED if entry.id in offered else Stand.WAITING
