"""The database's driver itself, for the few paths that must be quick.

SQLAlchemy costs four times what asyncpg costs for a small statement. What runs thousands of times
in a second, at the opening of a day, speaks to asyncpg within the same transaction.
"""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain
from typing import Any, Protocol, TypeVar

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import make_transient_to_detached

from server.kernel.database import Base, Json

MOST_TOGETHER = 16
"""Rows in one statement over several tables: every number of them is a statement of its own."""

PLANNED_FOR = 10
"""How many values PostgreSQL expects in an array that it does not know."""

Row = Mapping[str, Any]
NewRow = Mapping[str, object]
NewRows = Mapping[type[Base], Sequence[NewRow]]
T = TypeVar("T", bound=Base)
V = TypeVar("V")


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


def planned_once(values: Collection[V]) -> list[V]:
    """The same values for an `= ANY($n)` whose statement is to keep its plan.

    PostgreSQL makes one plan for all when it is no dearer than those made for just these values. Of
    values that it does not know yet it expects ten: fewer look cheaper to it, and are planned for
    anew each time, which may take longer than to find them.
    """
    found = list(values)
    return found + found[:1] * (PLANNED_FOR - len(found))


async def insert(driver: Driver, table: type[Base], *rows: NewRow) -> None:
    """Write rows of one table; a column's default stands where a row says nothing."""
    if rows:
        statement = _statement(table)
        await driver.executemany(statement.sql(), [statement.values(row) for row in rows])


async def insert_together(
    driver: Driver,
    rows: NewRows,
    *,
    unless_there: Collection[type[Base]] = (),
) -> None:
    """Write rows of several tables by one statement, so that the database is asked once.

    A row may refer to one of a table before its own. In the tables of `unless_there` a row that
    stands in the way stays as it is.
    """
    shape = tuple(
        (table, len(of_it), table in unless_there) for table, of_it in rows.items() if of_it
    )
    if sum(number for _, number, _ in shape) > MOST_TOGETHER:
        for table, _, stays in shape:
            statement = _statement(table)
            values = [statement.values(row) for row in rows[table]]
            await driver.executemany(statement.sql(unless_there=stays), values)
    elif shape:
        values = [_statement(table).values(row) for table, _, _ in shape for row in rows[table]]
        await driver.execute(_together(shape), *chain.from_iterable(values))


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
    into: str
    columns: tuple[_Column, ...]

    def sql(self, rows: int = 1, *, first: int = 1, unless_there: bool = False) -> str:
        """The statement for so many rows, its parameters counted from `first`."""
        width = len(self.columns)
        places = ", ".join(
            f"({', '.join(f'${n}' for n in range(start, start + width))})"
            for start in range(first, first + rows * width, width)
        )
        return f"{self.into} VALUES {places}{' ON CONFLICT DO NOTHING' if unless_there else ''}"

    def values(self, row: NewRow) -> list[object]:
        return [_value(column, row) for column in self.columns]


def _value(column: _Column, row: NewRow) -> object:
    value = row[column.name] if column.name in row else column.default()
    return json.dumps(value) if column.is_json else value


@cache
def _statement(table: type[Base]) -> _Insert:
    """The statement of a table: all columns but those that the database makes."""
    made = table.__table__
    assert isinstance(made, sa.Table)
    columns = tuple(_column(c) for c in made.columns if c.identity is None and not _is_made(c))
    names = ", ".join(f'"{c.name}"' for c in columns)
    return _Insert(f'INSERT INTO "{made.name}" ({names})', columns)


@lru_cache(256)
def _together(shape: tuple[tuple[type[Base], int, bool], ...]) -> str:
    """One statement for tables with so many rows each; all but the last are written beside it."""
    parts, first = [], 1
    for table, rows, stays in shape:
        statement = _statement(table)
        parts.append(statement.sql(rows, first=first, unless_there=stays))
        first += rows * len(statement.columns)
    beside = ", ".join(f"w{n} AS ({part})" for n, part in enumerate(parts[:-1]))
    return f"WITH {beside} {parts[-1]}" if beside else parts[-1]


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
