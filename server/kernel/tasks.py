"""The task table: everything that is to happen later, or apart, is a row.

A row is written in the transaction that causes it. `due_at` is business time, leases are the
database's time. A finish is fenced by the owner, so a process that slept through its lease
changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, Json

MAX_ATTEMPT = 8
PORTION = 5_000


class Task(Base):
    __tablename__ = "task"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    kind: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    payload: Mapped[Json] = mapped_column(default=dict)
    due_at: Mapped[datetime]
    attempt: Mapped[int] = mapped_column(default=0, server_default="0")
    max_attempt: Mapped[int] = mapped_column(default=8, server_default="8")
    owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    last_error: Mapped[str | None]

    __table_args__ = (
        sa.Index("ix_task_due", "due_at", postgresql_where=sa.text("done_at IS NULL")),
    )


@dataclass(frozen=True)
class Due:
    """A leased task. `subject` ids live in the payload; it holds no personal value."""

    id: int
    kind: str
    key: str
    payload: Json
    due_at: datetime
    attempt: int
    max_attempt: int


@dataclass(frozen=True)
class NewTask:
    """A row of the table to be; one whose key exists is left as it is."""

    kind: str
    key: str
    due_at: datetime
    payload: Json
    max_attempt: int = MAX_ATTEMPT


async def drop(connection: AsyncConnection, *, key_prefix: str) -> None:
    """Take back tasks that have not begun, by the beginning of their key."""
    await connection.execute(
        sa.delete(Task).where(
            Task.key.startswith(key_prefix, autoescape=True),
            Task.done_at.is_(None),
            Task.owner.is_(None),
        )
    )


LEASE = sa.text(
    """
    WITH due AS MATERIALIZED (
        SELECT id FROM task
        WHERE done_at IS NULL AND due_at <= :now AND attempt < max_attempt
          AND kind <> ALL (CAST(:without AS text[]))
          AND (lease_until IS NULL OR lease_until < now())
        ORDER BY due_at, id LIMIT :batch FOR UPDATE SKIP LOCKED)
    UPDATE task SET owner = :owner, attempt = attempt + 1,
           lease_until = now() + make_interval(secs => :seconds)
    FROM due WHERE task.id = due.id
    RETURNING task.id, kind, key, payload, due_at, attempt, max_attempt
    """
).bindparams(sa.bindparam("now", type_=sa.DateTime(timezone=True)))
"""Materialized: as a sub-select it may be run for every row looked at, and take more each time."""


async def lease(
    connection: AsyncConnection,
    *,
    owner: str,
    now: datetime,
    batch: int = 40,
    seconds: float = 60,
    without: Sequence[str] = (),
) -> list[Due]:
    """Take up to `batch` due tasks for `seconds`; the attempt counts from here."""
    bounds = {"owner": owner, "now": now, "batch": batch, "seconds": seconds}
    rows = await connection.execute(LEASE, {**bounds, "without": list(without)})
    return sorted((Due(**row._mapping) for row in rows), key=lambda due: (due.due_at, due.id))


async def finish(connection: AsyncConnection, task_id: int, *, owner: str, outcome: str) -> bool:
    """False: the lease was lost; the caller must roll back."""
    done = await connection.execute(
        sa.update(Task)
        .where(Task.id == task_id, Task.owner == owner, Task.done_at.is_(None))
        .values(done_at=sa.func.now(), outcome=outcome, last_error=None)
    )
    return done.rowcount == 1


async def fail(
    connection: AsyncConnection, task_id: int, *, owner: str, error: str, again_at: datetime
) -> None:
    """Give the task back; it is tried again until `max_attempt`, then stays as a dead letter."""
    await connection.execute(
        sa.update(Task)
        .where(Task.id == task_id, Task.owner == owner, Task.done_at.is_(None))
        .values(owner=None, lease_until=None, last_error=error[:500], due_at=again_at)
    )


async def revive(connection: AsyncConnection, task_id: int, *, now: datetime) -> bool:
    """Have a task that waits, or was given up, tried again at once. False: there is none such."""
    query = sa.update(Task).where(Task.id == task_id, Task.done_at.is_(None))
    fresh = {"attempt": 0, "owner": None, "lease_until": None, "due_at": now}
    return (await connection.execute(query.values(fresh))).rowcount == 1


async def forget(connection: AsyncConnection, *, before: datetime) -> int:
    """Drop what was done and due before then, in portions; dead letters stay to be seen."""
    old = sa.select(Task.id).where(Task.done_at.is_not(None), Task.due_at < before).limit(PORTION)
    total = 0
    while dropped := (await connection.execute(sa.delete(Task).where(Task.id.in_(old)))).rowcount:
        total += dropped
    return total


def event_key(event_id: UUID, follower: str) -> str:
    return f"event:{event_id}:{follower}"
