"""The database: engine, declarative base, column types."""

import time
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.engine.interfaces import AdaptedConnection, DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry

NAMING = {
    "pk": "pk_%(table_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}


class Instant(sa.TypeDecorator[datetime]):
    """timestamptz that refuses naive values and always answers in UTC."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a naive time has no place in the database")
        return value

    def process_result_value(self, value: datetime | None, _dialect: sa.Dialect) -> datetime | None:
        return value.astimezone(UTC) if value is not None else None


Json = dict[str, Any]


class Base(DeclarativeBase):
    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012  (SQLAlchemy reads it from the class)
        datetime: Instant,
        UUID: sa.Uuid,
        str: sa.Text,
        bytes: sa.LargeBinary,
        Json: pg.JSONB,
        list[str]: pg.ARRAY(sa.Text),
    }


Id = Annotated[UUID, mapped_column(primary_key=True, default=uuid4)]


class Versioned:
    """An aggregate: each write names the version it read."""

    version: Mapped[int] = mapped_column(default=1)

    @declared_attr.directive
    def __mapper_args__(cls) -> Json:  # noqa: N805
        return {"version_id_col": cls.version}


IDLE_SECONDS = 1.0
"""A connection that rested longer is asked whether it still lives before it is used."""


def make_engine(url: str, *, pool_size: int = 20, role: str | None = None) -> AsyncEngine:
    """With `role`, every connection acts as that role: it cannot alter what is append-only."""
    settings = {"timezone": "UTC", "jit": "off"} | ({"role": role} if role else {})
    engine = create_async_engine(
        url,
        hide_parameters=True,  # an error's text would hold what was to be stored
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        connect_args={"server_settings": settings},
    )
    _ping_after_rest(engine)
    return engine


def _ping_after_rest(engine: AsyncEngine) -> None:
    """`pool_pre_ping` asks three times over before each use: too dear for quick paths."""

    def used(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info["used"] = time.monotonic()

    def alive(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
        if time.monotonic() - record.info["used"] < IDLE_SECONDS:
            return
        assert isinstance(connection, AdaptedConnection)
        try:
            connection.run_async(lambda driver: driver.fetchrow(";"))
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise sa.exc.InvalidatePoolError from error

    for name, listener in (("connect", used), ("checkin", used), ("checkout", alive)):
        sa.event.listen(engine.sync_engine, name, listener)
