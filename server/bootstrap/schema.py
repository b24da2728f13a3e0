"""The database's shape: all tables, migrations, and the role that cannot rewrite history."""

from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from asyncpg.exceptions import InsufficientPrivilegeError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

import recordings.tables
import scheduling.choices.tables
import scheduling.draws.tables
import scheduling.joint.tables
import scheduling.rosters.tables
import scheduling.tables
import server.cases.tables
import server.identity.tables
import server.kernel.audit
import server.kernel.tasks
import server.kernel.throttle
import server.notices.tables
import server.units.tables
import signaling.tables
from server.kernel.database import Base

TABLES = (  # importing them fills the metadata
    server.units.tables,
    server.identity.tables,
    server.cases.tables,
    scheduling.tables,
    scheduling.rosters.tables,
    scheduling.draws.tables,
    scheduling.joint.tables,
    scheduling.choices.tables,
    signaling.tables,
    recordings.tables,
    server.notices.tables,
    server.kernel.audit,
    server.kernel.tasks,
    server.kernel.throttle,
)
metadata = Base.metadata
FOLDER = Path(__file__).parent / "migrations"
OLDEST = 15
APPEND_ONLY = ("audit_line", "audit_seal", "timeline_entry", "session_log")


class UnfitDatabase(Exception):
    """One line for whoever runs the database: what it lacks."""


async def migrate(engine: AsyncEngine, *, role: str, target: str = "head") -> None:
    """Bring the tables to `target` and give `role` its rights. Raises UnfitDatabase."""
    async with engine.begin() as connection:
        version = int(await connection.scalar(sa.text("SHOW server_version_num")) or 0)
        if version < OLDEST * 10_000:
            raise UnfitDatabase(f"PostgreSQL {version // 10_000} is too old, {OLDEST} is needed")
        await connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS btree_gist"))
    await _alembic(engine, lambda config: command.upgrade(config, target))
    async with engine.begin() as connection:
        await _grant(connection, role)


async def downgrade(engine: AsyncEngine, *, target: str) -> None:
    await _alembic(engine, lambda config: command.downgrade(config, target))


async def check(engine: AsyncEngine) -> None:
    """Raises when the tables in code and in the migrations differ."""
    await _alembic(engine, command.check)


async def revise(engine: AsyncEngine, message: str) -> None:
    """Write a new migration from what differs."""

    def write(config: AlembicConfig) -> None:
        command.revision(config, message, autogenerate=True)

    await _alembic(engine, write)


async def level(connection: AsyncConnection) -> str | None:
    return await connection.run_sync(lambda c: MigrationContext.configure(c).get_current_revision())


def newest() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> AlembicConfig:
    config = AlembicConfig()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


async def _alembic(engine: AsyncEngine, action: Callable[[AlembicConfig], None]) -> None:
    def run(connection: sa.Connection) -> None:
        config = _config()
        config.attributes["connection"] = connection
        action(config)

    async with engine.begin() as connection:
        await connection.run_sync(run)


GRANTS = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') THEN
    CREATE ROLE {role} NOLOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$ BEGIN
  -- Whoever made a role may not act as it yet; one that was given to us beforehand need not be.
  GRANT {role} TO CURRENT_USER;
EXCEPTION WHEN insufficient_privilege THEN NULL;
END $$;
SET LOCAL ROLE {role};
RESET ROLE;
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role};
REVOKE UPDATE, DELETE ON {append_only} FROM {role};
GRANT UPDATE (personal) ON timeline_entry TO {role}
"""


async def _grant(connection: AsyncConnection, role: str) -> None:
    sql = GRANTS.format(name=role, role=f'"{role}"', append_only=", ".join(APPEND_ONLY))
    await connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('yuntiao.grant'))"))
    raw = await connection.get_raw_connection()
    try:
        await raw.driver_connection.execute(sql)  # type: ignore[union-attr]  # asyncpg takes several statements at once
    except InsufficientPrivilegeError as error:
        raise UnfitDatabase(
            f"its user may neither make nor act as the role {role}: give it CREATEROLE, or have"
            f' it made: CREATE ROLE "{role}"; GRANT "{role}" TO the user'
        ) from error
