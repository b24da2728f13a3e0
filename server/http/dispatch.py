"""From an aiohttp request to an endpoint and back: identity, policy, limits, answers."""

import hashlib
import json
import logging
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import quote

from aiohttp import BodyPartReader, web

from scheduling import links
from server.bootstrap.services import Services
from server.http import problems
from server.http.context import Context, Cookies, Download, Playable, Upload
from server.http.draining import DRAINING, Draining
from server.http.endpoints import Endpoint, Given
from server.identity.permissions import allows
from server.kernel.actor import ANYONE, Actor, ActorKind
from server.kernel.errors import (
    Broken,
    DomainError,
    Forbidden,
    Invalid,
    NotFound,
    NotSignedIn,
    TooLarge,
    Unavailable,
)
from server.kernel.sealing import token_hash
from server.kernel.texts import LANGUAGES, SOURCE

log = logging.getLogger("yuntiao.http")
SERVICES = web.AppKey("services", Services)
DEMO = web.AppKey("demo", bool)
"""Set by the demo command alone."""

WRITE_HEADER = "X-Yuntiao"
MAX_BODY = 256 << 10
FLOW_COOKIE = "yuntiao-flow"
SIGN_IN_COOKIE = "yuntiao-session"
Wire = Callable[[web.Request], Awaitable[web.StreamResponse]]


def add_endpoints(app: web.Application, endpoints: Iterable[Endpoint]) -> None:
    if DRAINING not in app:
        app[DRAINING] = Draining()
    for endpoint in endpoints:
        app.router.add_route(endpoint.method, endpoint.path, _wire(endpoint))


def _wire(endpoint: Endpoint) -> Wire:
    async def handle(request: web.Request) -> web.StreamResponse:
        services = request.app[SERVICES]
        request_id, began = secrets.token_hex(8), time.monotonic()
        language = language_of(request)
        try:
            response = await _answer(endpoint, request, services=services, language=language)
        except DomainError as error:
            response = problems.respond(
                error, texts=services.texts, language=language, request_id=request_id
            )
        except Exception:
            log.exception("request_failed", extra=_named(endpoint, request_id))
            response = problems.respond(
                Broken("internal"), texts=services.texts, language=language, request_id=request_id
            )
        spent = round((time.monotonic() - began) * 1000)
        answered = {**_named(endpoint, request_id), "code": response.status, "ms": spent}
        log.info("request", extra=answered)
        response.headers["X-Request-Id"] = request_id
        response.headers["X-Yuntiao-Now"] = services.clock.now().isoformat()
        return response

    return handle


def _named(endpoint: Endpoint, request_id: str) -> dict[str, object]:
    """The route as it is written, so that no id and no query stands in a log."""
    return {"request_id": request_id, "method": endpoint.method, "route": endpoint.path}


async def _answer(
    endpoint: Endpoint, request: web.Request, *, services: Services, language: str
) -> web.StreamResponse:
    if endpoint.method != "GET":
        if request.app[DRAINING].is_on:
            raise Unavailable("restarting")
        check_same_origin(request, services)
    actor = await identify(request, services)
    if not allows(actor, endpoint.permission):
        raise NotSignedIn("not_signed_in") if actor.kind is ActorKind.ANYONE else NotFound
    ctx = Context(
        services=services,
        actor=actor,
        language=language,
        origin=origin_of(request, services),
        address=_address(request, services),
        flow=request.cookies.get(cookie_name(FLOW_COOKIE, request), "")
        or secrets.token_urlsafe(16),
        idempotency_key=_idempotency_key(request),
        ask=request.headers.get("X-Ask"),
        demo=request.app.get(DEMO, False),
    )
    try:
        given = await _given(endpoint, request, services)
    except ConnectionError:  # whoever asked has gone, and nobody reads this
        raise Invalid("cut_off") from None
    answer = await endpoint.call(ctx, places=dict(request.match_info), given=given)
    response = _response(endpoint, answer)
    _set_cookies(request, response, ctx=ctx)
    return response


async def identify(request: web.Request, services: Services) -> Actor:
    """Who asks: by the sign-in cookie, or by a personal link's token in the header."""
    token = request.cookies.get(cookie_name(SIGN_IN_COOKIE, request))
    link = request.headers.get("X-Invitation")
    if not token and not link:
        return ANYONE
    if link:
        async with services.uow.begin(ANYONE) as tx:
            return await links.actor_of_link(tx, link)
    return await services.sign_ins.get(token_hash(token or "")) or ANYONE


def check_same_origin(request: web.Request, services: Services) -> None:
    """Writes come from our own pages: a header no form can set, and our Origin when one is sent."""
    origin = request.headers.get("Origin")
    if request.headers.get(WRITE_HEADER) != "1":
        raise Forbidden("cross_site")
    if origin is not None and origin != origin_of(request, services):
        raise Forbidden("cross_site")


def origin_of(request: web.Request, services: Services) -> str:
    """The address people see: configured, else as asked for."""
    return services.config.server.public_url or f"{request.scheme}://{request.host}"


def language_of(request: web.Request) -> str:
    wanted = request.headers.get("Accept-Language", "")[:100]
    tags = (part.split(";")[0].strip() for part in wanted.split(","))
    for tag in tags:
        for language in LANGUAGES:
            if tag and language.split("-")[0] == tag.split("-")[0]:
                return language
    return SOURCE


def cookie_name(name: str, request: web.Request) -> str:
    return f"__Host-{name}" if is_secure(request) else name


def is_secure(request: web.Request) -> bool:
    """Whether people came by https, as the configured address says even where no proxy does."""
    public = request.app[SERVICES].config.server.public_url or ""
    return request.secure or public.startswith("https://")


def _address(request: web.Request, services: Services) -> str:
    return services.sealer.index(request.remote or "", purpose="address").hex()


def _idempotency_key(request: web.Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (8 <= len(key) <= 64 and key.isascii()):
        raise Invalid("bad_idempotency_key")
    return key


async def _given(endpoint: Endpoint, request: web.Request, services: Services) -> Given:
    query = dict(request.query)
    if endpoint.upload:
        limit = services.config.server.max_upload_bytes
        return Given(query=query, upload=await _upload(request, limit=limit))
    if endpoint.body is None:
        return Given(query=query)
    try:
        return Given(query=query, body=json.loads(await _bounded(request)))
    except (ValueError, RecursionError):
        raise Invalid("not_json") from None


async def _bounded(request: web.Request) -> bytes:
    """The body whole; of one that does not say its length no more is read than is allowed."""
    data = bytearray()
    if (request.content_length or 0) <= MAX_BODY:
        async for chunk in request.content.iter_chunked(1 << 16):
            data += chunk
            if len(data) > MAX_BODY:
                break
        else:
            return bytes(data)
    raise TooLarge("body_too_large")


async def _upload(request: web.Request, *, limit: int) -> Upload:
    if not request.content_type.startswith("multipart/"):
        raise Invalid("not_multipart")
    async for part in await request.multipart():
        if isinstance(part, BodyPartReader) and part.filename:
            return await _file(part, limit=limit)
    raise Invalid("no_file")


async def _file(part: BodyPartReader, *, limit: int) -> Upload:
    data = bytearray()
    while chunk := await part.read_chunk(1 << 16):
        data += chunk
        if len(data) > limit:
            raise TooLarge("file_too_large", megabytes=limit >> 20)
    media_type = part.headers.get("Content-Type", "")
    return Upload(name=str(part.filename)[:200], media_type=media_type, data=bytes(data))


def _response(endpoint: Endpoint, answer: Any) -> web.StreamResponse:
    headers = {"Cache-Control": "no-store"}
    match answer:
        case None:
            return web.Response(status=204, headers=headers)
        case Download():
            return _download(answer)
        case Playable():
            return _playable(answer)
        case _:
            data = endpoint.told.dump_json(answer)
    return web.Response(
        body=data, content_type="application/json", charset="utf-8", headers=headers
    )


def _download(file: Download) -> web.Response:
    how = "inline" if file.inline else "attachment"
    headers = {
        "Content-Disposition": f"{how}; filename*=UTF-8''{quote(file.name)}",
        "Cache-Control": "no-store",
        "ETag": f'"{hashlib.sha256(file.data).hexdigest()[:32]}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return web.Response(body=file.data, content_type=file.media_type, headers=headers)


def _playable(file: Playable) -> web.FileResponse:
    if not file.path.is_file():
        raise NotFound
    headers = {
        "Content-Type": file.media_type,
        "Content-Disposition": "inline",
        "Cache-Control": "no-store",
        "Content-Security-Policy": "sandbox; default-src 'none'; media-src 'self'",
    }
    return web.FileResponse(file.path, headers=headers)


def _set_cookies(request: web.Request, response: web.StreamResponse, *, ctx: Context) -> None:
    def keep(name: str, value: str, seconds: int) -> None:
        response.set_cookie(
            cookie_name(name, request), value, max_age=seconds, path="/",
            httponly=True, samesite="Lax", secure=is_secure(request),
        )  # fmt: skip

    cookies: Cookies = ctx.cookies
    if cookie_name(FLOW_COOKIE, request) not in request.cookies:
        keep(FLOW_COOKIE, ctx.flow, 86_400)
    if cookies.sign_out:
        # browsers let nobody touch a __Host- cookie without Secure, not even to clear it
        response.del_cookie(
            cookie_name(SIGN_IN_COOKIE, request), path="/", secure=is_secure(request)
        )
    if cookies.sign_in and cookies.expires_at:
        seconds = int((cookies.expires_at - ctx.services.clock.now()).total_seconds())
        keep(SIGN_IN_COOKIE, cookies.sign_in, max(seconds, 1))
