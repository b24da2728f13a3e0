"""The database's driver itself, for the few paths that must be quick.

SQLAlchemy costs four times what asyncpg costs for a small statement. What runs thousands of times
in a second, at the opening of a day, speaks to asyncpg within the same transaction.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, TypeVar

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import make_transient_to_detached

from server.kernel.database import Base, Json

Row = Mapping[str, Any]
T = TypeVar("T", bound=Base)


class Driver(Protocol):
    """What is used of an asyncpg connection."""

    def is_in_transaction(self) -> bool: ...
    async def fetch(self, query: str, *args: object) -> Sequence[Row]: ...
    async def fetchrow(self, query: str, *args: object) -> Row | None: ...
    async def fetchval(self, query: str, *args: object) -> Any: ...
    async def execute(self, query: str, *args: object) -> str: ...
    async def executemany(self, query: str, args: Iterable[Sequence[object]]) -> None: ...


async def driver_of(connection: AsyncConnection) -> Driver:
    """The driver's connection, in the transaction of `connection`."""
    driver = await alone(connection)
    if not driver.is_in_transaction():
        # SQLAlchemy begins with its first statement; a private name begins without one. The
        # version is locked.
        adapted = (await connection.get_raw_connection()).dbapi_connection
        await adapted._start_transaction()  # type: ignore[union-attr]
    return driver


async def alone(connection: AsyncConnection) -> Driver:
    """The driver's connection, in whatever transaction there is, or none."""
    raw = await connection.get_raw_connection()
    assert isinstance(raw.driver_connection, asyncpg.Connection)
    driver: Driver = raw.driver_connection
    return driver


def as_json(value: Json) -> str:
    """A value for a jsonb column."""
    return json.dumps(value)


def count(tag: str) -> int:
    """How many rows a command touched, from its tag: `INSERT 0 1`, `DELETE 3`."""
    return int(tag.rpartition(" ")[2])


async def insert(driver: Driver, table: type[Base], *rows: Mapping[str, object]) -> None:
    """Write rows of one table; a column's default stands where a row says nothing."""
    if rows:
        statement = _statement(table)
        await driver.executemany(statement.sql, [statement.values(row) for row in rows])


def filled(table: type[Base], row: Mapping[str, object]) -> dict[str, object]:
    """The row with the defaults that `insert` would write."""
    columns = _statement(table).columns
    return {c.name: row[c.name] if c.name in row else c.default() for c in columns}


def row_of(made: Base) -> dict[str, object]:
    """What was set on an object that no session knows."""
    return {name: value for name, value in vars(made).items() if not name.startswith("_sa_")}


def attach(session: AsyncSession, table: type[T], row: Mapping[str, object]) -> T:
    """A row that was written by `insert`, as the object that the session would have written."""
    made = table(**row)
    make_transient_to_detached(made)
    session.add(made)
    return made


@dataclass(frozen=True)
class _Column:
    name: str
    is_json: bool
    default: Callable[[], object]


@dataclass(frozen=True)
class _Insert:
    sql: str
    columns: tuple[_Column, ...]

    def values(self, row: Mapping[str, object]) -> list[object]:
        return [_value(column, row) for column in self.columns]


def _value(column: _Column, row: Mapping[str, object]) -> object:
    value = row[column.name] if column.name in row else column.default()
    return json.dumps(value) if column.is_json else value


@cache
def _statement(table: type[Base]) -> _Insert:
    """The statement of a table: all columns but those that the database makes."""
    made = table.__table__
    assert isinstance(made, sa.Table)
    columns = tuple(_column(c) for c in made.columns if c.identity is None and not _is_made(c))
    names = ", ".join(f'"{c.name}"' for c in columns)
    places = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    sql = f'INSERT INTO "{made.name}" ({names}) VALUES ({places})'  # noqa: S608  (our own names)
    return _Insert(sql, columns)


def _is_made(column: sa.Column[Any]) -> bool:
    return column.server_default is not None and column.default is None


def _column(column: sa.Column[Any]) -> _Column:
    is_json = isinstance(column.type, pg.JSONB)
    default = column.default
    if not isinstance(default, sa.ColumnDefault):
        return _Column(column.name, is_json, lambda: None)
    made = default.arg
    if default.is_callable:
        return _Column(column.name, is_json, lambda: made(None))
    return _Column(column.name, is_json, lambda: made)
