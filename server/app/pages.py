"""The built client: one page for every address, assets that never change under their name."""

import re
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

PLAIN_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}")
DIST = Path(__file__).parents[2] / "web" / "dist"
POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "connect-src 'self' wss://{host}",  # Safari 15 does not count wss as its own
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
# The home page's one answer is asked for while its script is still on the way.
HOME = {"Link": "</api/home>; rel=preload; as=fetch; crossorigin=anonymous"}
UNSNIFFED = ("X-Content-Type-Options", "nosniff")
# What a document is told binds its scripts and styles; on them it is dead weight on a thin line.
NO_DOCUMENT = re.compile(r"/assets/[^/]+\.(?:js|css)")
HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def add(app: web.Application) -> None:
    app.router.add_get("/assets/{name}", asset)
    app.router.add_get("/{path:(?!api/).*}", page)


@web.middleware
async def security_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        response = await handler(request)
    except web.HTTPException as refusal:
        _add_headers(refusal, host=request.host)
        raise
    if response.prepared:
        return response
    if response.status == 200 and NO_DOCUMENT.fullmatch(request.path):
        response.headers.setdefault(*UNSNIFFED)
    else:
        _add_headers(response, host=request.host)
    return response


def _add_headers(response: web.StreamResponse, *, host: str) -> None:
    policy = POLICY.format(host=host if PLAIN_HOST.fullmatch(host) else "invalid")
    for name, value in (*HEADERS.items(), UNSNIFFED, ("Content-Security-Policy", policy)):
        response.headers.setdefault(name, value)


async def asset(request: web.Request) -> web.StreamResponse:
    """A built file; its name holds its hash, so it may be kept for ever."""
    path = DIST / "assets" / request.match_info["name"]
    if not path.resolve().is_relative_to(DIST / "assets") or not path.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(path, headers={"Cache-Control": "public, max-age=31536000, immutable"})


async def page(request: web.Request) -> web.StreamResponse:
    """A file at the root of the build, else the one page that knows all addresses."""
    name = request.match_info["path"]
    file = DIST / name if name and "/" not in name and (DIST / name).is_file() else None
    headers = {"Cache-Control": "no-cache", **(HOME if not name else {})}
    return web.FileResponse(file or DIST / "index.html", headers=headers)
