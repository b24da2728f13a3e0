"""The unit of work: one transaction with its time, its actor, its events, tasks and audit."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter
from typing import TypeVar
from uuid import UUID, uuid4

import asyncpg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession
from sqlalchemy.orm.exc import StaleDataError

from server.kernel import driver, faults, tasks
from server.kernel.actor import Actor
from server.kernel.audit import AuditLine
from server.kernel.clock import Clock
from server.kernel.config import Scheduling
from server.kernel.database import Base, Json
from server.kernel.driver import Driver, NewRow, NewRows
from server.kernel.errors import Conflict, Unavailable
from server.kernel.events import Event, Subscriptions
from server.kernel.tasks import NewTask, Task

log = logging.getLogger(__name__)

T = TypeVar("T")

READ_LATELY = timedelta(minutes=10)
LOST_RACE = "changed_meanwhile"
LOST_RACES = frozenset({"23505", "23P01", "40001", "40P01"})
"""Somebody else made the same thing, or took it, at the same moment; or both waited in a ring."""
TRIES = 4
"""Of work that somebody else was faster than; each begins from what is there then."""


@dataclass
class _Opened:
    """What was opened of a transaction; quick paths never open the session."""

    session: AsyncSession | None = None
    driver: Driver | None = None


@dataclass
class Tx:
    """What a command works with. Commit happens when the block ends without an error."""

    connection: AsyncConnection
    now: datetime
    actor: Actor
    subscriptions: Subscriptions
    rules: Scheduling
    _opened: _Opened = field(default_factory=_Opened)
    _tasks: list[NewTask] = field(default_factory=list)
    _audit: list[Json] = field(default_factory=list)
    _rows: dict[type[Base], list[NewRow]] = field(default_factory=dict)

    @property
    def session(self) -> AsyncSession:
        if self._opened.session is None:
            self._opened.session = AsyncSession(
                self.connection, expire_on_commit=False, autoflush=False,
                join_transaction_mode="rollback_only",
            )  # fmt: skip
        return self._opened.session

    def emit(self, event: Event) -> None:
        """Tell the followers: a task each, written with this transaction."""
        event_id = uuid4()
        for follower in self.subscriptions.followers(event):
            payload = {"event": event.name, **event.model_dump(mode="json")}
            self.schedule(follower, key=tasks.event_key(event_id, follower), payload=payload)

    def write(self, table: type[Base], *rows: NewRow) -> None:
        """Rows that nobody reads before `flush`, with which they are written."""
        self._rows.setdefault(table, []).extend(rows)

    def schedule(
        self,
        kind: str,
        *,
        key: str,
        payload: Json,
        due_at: datetime | None = None,
        max_attempt: int = tasks.MAX_ATTEMPT,
    ) -> None:
        """Have `kind` done at `due_at` (default: at once); a key that exists stays as it is."""
        self._tasks.append(NewTask(kind, key, due_at or self.now, payload, max_attempt))

    def audit(
        self,
        action: str,
        subject: str,
        subject_id: UUID | str,
        *,
        reason: str | None = None,
        **facts: object,
    ) -> None:
        """Add a line to the trail; facts are ids, states, numbers: never personal values."""
        self._audit.append(
            {
                "at": self.now,
                "actor_kind": self.actor.kind,
                "actor_id": self.actor.account_id or self.actor.invitee_id,
                "action": action,
                "subject_kind": subject,
                "subject_id": str(subject_id),
                "reason": reason,
                "facts": {key: _plain(value) for key, value in facts.items()},
            }
        )

    async def audit_reading(self, subject: str, *subject_ids: UUID | str) -> None:
        """A line for each thing that this actor has not read lately: open pages ask by themselves."""
        ids = {str(one) for one in subject_ids}
        query = sa.select(AuditLine.subject_id).where(
            AuditLine.subject_kind == subject,
            AuditLine.subject_id.in_(ids),
            AuditLine.action == "read",
            AuditLine.actor_id == (self.actor.account_id or self.actor.invitee_id),
            AuditLine.at > self.now - READ_LATELY,
        )
        for subject_id in sorted(ids - set((await self.session.scalars(query)).all())):
            self.audit("read", subject, subject_id)

    async def driver(self) -> Driver:
        """asyncpg itself, for quick paths; sees what the session had to write."""
        await self._write_session()
        if self._opened.driver is None:
            self._opened.driver = await driver.driver_of(self.connection)
        return self._opened.driver

    async def _write_session(self) -> None:
        session = self._opened.session
        if session and (session.new or session.dirty or session.deleted):
            await session.flush()

    async def close(self) -> None:
        if self._opened.session:
            await self._opened.session.close()

    async def flush(self) -> None:
        """Write what is pending: the session's objects first, then all the rows at once."""
        await self._write_session()
        rows: NewRows = {
            **self._rows,
            # what is told of several moments at once stands in their order
            AuditLine: sorted(self._audit, key=itemgetter("at")),
            Task: [vars(task) for task in self._tasks],
        }
        if any(rows.values()):
            self._rows.clear()
            self._audit.clear()
            self._tasks.clear()
            await driver.insert_together(await self.driver(), rows, unless_there={Task})


def _plain(value: object) -> object:
    match value:
        case None | bool() | int() | float():
            return value
        case datetime():
            return value.isoformat()
        case list() | tuple():
            return [_plain(item) for item in value]
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case _:
            return str(value)


@dataclass(frozen=True)
class UnitOfWork:
    engine: AsyncEngine
    clock: Clock
    subscriptions: Subscriptions
    rules: Scheduling

    @asynccontextmanager
    async def begin(self, actor: Actor, *, now: datetime | None = None) -> AsyncIterator[Tx]:
        """One READ COMMITTED transaction. A lost race is a Conflict, a lost database Unavailable."""
        with _told_by_who_must_act():
            async with self.engine.connect() as connection, connection.begin():
                tx = Tx(connection, now or self.clock.now(), actor, self.subscriptions, self.rules)
                try:
                    yield tx
                    await tx.flush()
                finally:
                    await tx.close()

    async def settle(self, actor: Actor, work: Callable[[Tx], Awaitable[T]]) -> T:
        """`work` in a transaction; anew from what is there then, when it lost a race.

        For work that means the same whatever somebody else changed meanwhile.
        """
        for _ in range(TRIES - 1):
            try:
                async with self.begin(actor) as tx:
                    return await work(tx)
            except Conflict as error:
                if error.code != LOST_RACE:
                    raise
        async with self.begin(actor) as tx:
            return await work(tx)

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[Driver]:
        """The driver without a transaction: each statement stands alone."""
        with _told_by_who_must_act():
            async with self.engine.connect() as connection:
                yield await driver.alone(connection)


@contextmanager
def _told_by_who_must_act() -> Iterator[None]:
    try:
        yield
    except StaleDataError as error:
        raise _lost(error) from error
    except (sa.exc.TimeoutError, OSError, asyncpg.InterfaceError) as error:
        raise Unavailable("database_away") from error
    except (DBAPIError, asyncpg.PostgresError) as error:
        if _is_away(error):
            raise Unavailable("database_away") from error
        if _state(error) in LOST_RACES:
            raise _lost(error) from error
        raise


def _lost(error: Exception) -> Conflict:
    log.info("lost_race", extra={"cause": faults.kind_of(error), "at": faults.places_of(error)})
    return Conflict(LOST_RACE)


def _is_away(error: DBAPIError | asyncpg.PostgresError) -> bool:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return _state(error).startswith("08") or _state(error) in {"57P01", "57P02", "57P03", "53300"}


def _state(error: DBAPIError | asyncpg.PostgresError) -> str:
    return str(getattr(getattr(error, "orig", error), "sqlstate", None))
