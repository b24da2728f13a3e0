"""Counts the statements that reach the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine


@dataclass
class Count:
    statements: int = 0


@contextmanager
def counting(engine: AsyncEngine) -> Iterator[Count]:
    count = Count()

    def rise(*_: object) -> None:
        count.statements += 1

    sa.event.listen(engine.sync_engine, "before_cursor_execute", rise)
    try:
        yield count
    finally:
        sa.event.remove(engine.sync_engine, "before_cursor_execute", rise)
