"""A database that is given by its address: its owner is nobody special."""

import os

import asyncpg
import pytest
import pytest_asyncio
import sqlalchemy as sa

from server.bootstrap import schema
from server.bootstrap.schema import UnfitDatabase
from server.kernel.audit import AuditLine
from server.kernel.database import make_engine

ROLE = f"yuntiao_given_{os.getpid()}"  # a role belongs to the whole server, a process to us


@pytest_asyncio.fixture
async def give(request):
    """Makes a user with these rights and a database of theirs; answers its address."""
    host = request.config.sockets
    admin = await asyncpg.connect(host=host, user="postgres", database="postgres")
    made = []

    async def one(name: str, rights: str) -> str:
        name = f"{name}_{os.getpid()}"
        await admin.execute(f"CREATE ROLE {name} LOGIN {rights}")
        await admin.execute(f"CREATE DATABASE {name} OWNER {name}")
        made.append(name)
        return f"postgresql+asyncpg://{name}@/{name}?host={host}"

    one.admin = admin
    yield one
    for name in made:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.execute(f"DROP ROLE IF EXISTS {ROLE}")
    for name in made:
        await admin.execute(f"DROP ROLE {name}")
    await admin.close()


async def migrated(url: str) -> str:
    """Bring it up to date and connect as the program does; answers as whom."""
    for _ in range(2):  # a second start finds all of it there
        engine = make_engine(url, pool_size=2)
        try:
            await schema.migrate(engine, role=ROLE)
        finally:
            await engine.dispose()
    engine = make_engine(url, pool_size=2, role=ROLE)
    try:
        async with engine.connect() as connection:
            with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
                await connection.execute(sa.update(AuditLine).values(action="forged"))
            await connection.rollback()
            return await connection.scalar(sa.text("SELECT current_user"))
    finally:
        await engine.dispose()


async def test_owner_who_may_make_roles_needs_nothing_more(give):
    assert await migrated(await give("yt_owner", "CREATEROLE")) == ROLE


async def test_owner_to_whom_the_role_was_given_needs_nothing_more(give):
    url = await give("yt_plain", "")
    await give.admin.execute(f"CREATE ROLE {ROLE}; GRANT {ROLE} TO yt_plain_{os.getpid()}")
    assert await migrated(url) == ROLE


async def test_owner_without_the_role_is_told_what_to_do_in_one_line(give):
    with pytest.raises(UnfitDatabase, match="give it CREATEROLE") as caught:
        await migrated(await give("yt_weak", ""))
    assert "\n" not in str(caught.value)
