"""Whether the process lives, and whether it can serve: no version, no data."""

import asyncio

import sqlalchemy as sa
from aiohttp import web

from server.bootstrap import schema
from server.http.dispatch import SERVICES
from server.http.draining import DRAINING

PATIENCE = 3.0
"""Seconds; a database that does not answer in that time is away."""


def add(app: web.Application) -> None:
    app.router.add_get("/livez", live)
    app.router.add_get("/readyz", ready)


async def live(_request: web.Request) -> web.Response:
    return web.Response(text="ok\n")


async def ready(request: web.Request) -> web.Response:
    """The database answers, its tables are those of this program, and we are not on the way out."""
    if request.app[DRAINING].is_on:
        return web.Response(status=503, text="draining\n", headers={"Retry-After": "3"})
    engine = request.app[SERVICES].engine
    try:
        async with asyncio.timeout(PATIENCE), engine.connect() as connection:
            await connection.execute(sa.text("SELECT 1"))
            fits = await schema.level(connection) == schema.newest()
    except (sa.exc.SQLAlchemyError, OSError):
        return web.Response(status=503, text="database\n")
    return web.Response(text="ok\n") if fits else web.Response(status=503, text="migrations\n")
