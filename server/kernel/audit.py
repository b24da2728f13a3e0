"""The audit trail: who did what to which thing, and why. Append-only.

Lines are inserted unchained: a chain inside the transaction would be one lock for everybody.
The sealer chains committed lines afterwards, in a table of its own.
"""

import hashlib
import json
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, Json

GENESIS = "0" * 64
BATCH = 500


NAMES_SLOT = sa.text("facts ->> 'slot' IS NOT NULL")


class AuditLine(Base):
    __tablename__ = "audit_line"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    transaction: Mapped[int] = mapped_column(
        sa.BigInteger, server_default=sa.text("(pg_current_xact_id()::text)::bigint")
    )
    at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_id: Mapped[UUID | None]
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[str]
    reason: Mapped[str | None]
    facts: Mapped[Json]

    __table_args__ = (
        sa.Index(None, "subject_kind", "subject_id"),
        sa.Index(None, "at", postgresql_using="brin"),  # lines come in the order of time
        sa.Index("ix_audit_line_slot", sa.text("(facts ->> 'slot')"), postgresql_where=NAMES_SLOT),
    )


class AuditSeal(Base):
    __tablename__ = "audit_seal"

    height: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    line_id: Mapped[int] = mapped_column(sa.ForeignKey("audit_line.id"), unique=True)
    hash: Mapped[str]


def canonical(value: Json) -> bytes:
    """One way to write a value: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def link(previous: str, value: Json) -> str:
    """The hash that binds `value` to everything before it."""
    return hashlib.sha256(previous.encode() + canonical(value)).hexdigest()


def _content(line: AuditLine) -> Json:
    return {
        "id": line.id,
        "at": line.at.isoformat(),
        "actor_kind": line.actor_kind,
        "actor_id": str(line.actor_id),
        "action": line.action,
        "subject": [line.subject_kind, line.subject_id],
        "reason": line.reason,
        "facts": line.facts,
    }


UNSEALED = sa.text(
    """
    SELECT l.id FROM audit_line l LEFT JOIN audit_seal s ON s.line_id = l.id
    WHERE s.line_id IS NULL
      AND l.transaction < (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint
    ORDER BY l.id LIMIT :most
    """
)


async def seal(connection: AsyncConnection, *, most: int = 1000) -> int:
    """Chain committed lines that no running transaction can precede; answers how many."""
    await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext("audit"))))
    ids = (await connection.execute(UNSEALED, {"most": most})).scalars().all()
    if not ids:
        return 0
    height, previous = await _top(connection)
    seals = []
    for line in await _lines(connection, list(ids)):
        height, previous = height + 1, link(previous, _content(line))
        seals.append({"height": height, "line_id": line.id, "hash": previous})
    await connection.execute(sa.insert(AuditSeal), seals)
    return len(seals)


async def verify(connection: AsyncConnection, *, above: int = 0) -> int | None:
    """The id of the first line over height `above` that does not fit the chain, None if all do."""
    previous = await _hash_at(connection, above) if above else GENESIS
    while seals := await _seals(connection, above=above):
        lines = await _lines(connection, [seal.line_id for seal in seals])
        known = {line.id: line for line in lines}
        for seal in seals:
            line = known.get(seal.line_id)
            previous = link(previous, _content(line)) if line else GENESIS
            if previous != seal.hash:
                return seal.line_id
        above = seals[-1].height
    return None


async def height(connection: AsyncConnection) -> int:
    """How many lines the chain holds."""
    return (await _top(connection))[0]


async def _hash_at(connection: AsyncConnection, height: int) -> str:
    query = sa.select(AuditSeal.hash).where(AuditSeal.height == height)
    return await connection.scalar(query) or GENESIS


async def _seals(connection: AsyncConnection, *, above: int) -> list[AuditSeal]:
    query = (
        sa.select(AuditSeal.__table__)
        .where(AuditSeal.height > above)
        .order_by(AuditSeal.height)
        .limit(BATCH)
    )
    return [AuditSeal(**row._mapping) for row in await connection.execute(query)]


async def _top(connection: AsyncConnection) -> tuple[int, str]:
    query = sa.select(AuditSeal.height, AuditSeal.hash).order_by(AuditSeal.height.desc()).limit(1)
    row = (await connection.execute(query)).one_or_none()
    return (row.height, row.hash) if row else (0, GENESIS)


async def _lines(connection: AsyncConnection, ids: list[int]) -> list[AuditLine]:
    query = sa.select(AuditLine.__table__).where(AuditLine.id.in_(ids)).order_by(AuditLine.id)
    return [AuditLine(**row._mapping) for row in await connection.execute(query)]
