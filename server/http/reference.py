"""The API describes itself. It takes a tenth of a second, so not before somebody asks."""

import asyncio
import functools
import json

from aiohttp import web

from server.http import openapi
from server.http.routes import endpoints


class Description:
    @functools.cached_property
    def text(self) -> str:
        return json.dumps(openapi.document(endpoints()))


DOCUMENT = web.AppKey("openapi", Description)


def add(app: web.Application) -> None:
    app[DOCUMENT] = Description()
    app.router.add_get("/api/openapi.json", describe)


async def describe(request: web.Request) -> web.Response:
    described = request.app[DOCUMENT]
    return web.json_response(text=await asyncio.to_thread(lambda: described.text))
