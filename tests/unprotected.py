"""The control of every booking test: a database in which locks do nothing and claims overlap."""

from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol

import asyncpg
import pytest

from server.bootstrap import Services, build
from tests.ports import SilentEngine

TRIES = 20


class Played(Protocol):
    """Clients over one table of places, and whether one order explains what they were told."""

    async def play(self, seed: int) -> None: ...
    async def is_sound(self) -> bool: ...


async def demand_found_wrong(
    sockets: str, like: Services, prepared: Callable[[Services], Awaitable[Played]]
) -> None:
    """Without what protects it, the same clients must soon tell a history that cannot be."""
    for seed in range(TRIES):
        async with unprotected(sockets, like) as bare:
            table = await prepared(bare)
            await table.play(seed)
            if not await table.is_sound():
                return
    pytest.fail(f"{TRIES} histories without protection, and none was found wrong")


@asynccontextmanager
async def unprotected(sockets: str, like: Services):
    """Services over a fresh database in which locks do nothing and claims may overlap."""
    name = f"yuntiao_bare_{like.config.server.data_dir.name}".replace("-", "_")
    admin = await asyncpg.connect(host=sockets, user="postgres", database="postgres")
    await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE yuntiao_template")
    database = await asyncpg.connect(host=sockets, user="postgres", database=name)
    assert await database.fetchval("SELECT count(*) FROM account") == 0  # it is our own
    await database.execute(
        f"""
        ALTER TABLE claim DROP CONSTRAINT ex_claim_overlap;
        CREATE SCHEMA unlocked;
        GRANT USAGE ON SCHEMA unlocked TO PUBLIC;
        CREATE FUNCTION unlocked.pg_advisory_xact_lock(bigint) RETURNS void LANGUAGE sql AS '';
        ALTER DATABASE {name} SET search_path TO unlocked, public, pg_catalog;
        """
    )
    await database.close()
    try:
        async with build(
            like.config, database_url=f"postgresql+asyncpg://postgres@/{name}?host={sockets}",
            clock=like.clock, sms=like.sms, mailer=like.mailer, media=SilentEngine(),
        ) as made:  # fmt: skip
            yield made
    finally:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()
