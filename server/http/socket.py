"""The socket of a live session: who may open it, how much may pass, when it is cut."""

import asyncio
import json
import logging
import secrets
import time
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web
from pydantic import ValidationError

from server.bootstrap.services import Services
from server.http import problems
from server.http.dispatch import SERVICES, language_of, origin_of
from server.http.gate import FullError, Gate, Room, Visit
from server.http.outlet import Outlet
from server.kernel.actor import ANYONE
from server.kernel.errors import Broken, DomainError, Invalid, NotSignedIn, Throttled
from signaling import tickets
from signaling.live import Sitting
from signaling.protocol import CLIENT, Close, Problem, Refused
from signaling.requests import Asked, Hello

log = logging.getLogger("yuntiao.socket")
PATH = "/api/live/socket"
MALFORMED_ALLOWED = 5
TRY_AGAIN = {"Retry-After": "5"}
SMALL_WRITES = 16 << 10


@dataclass(frozen=True)
class Limits:
    """What one socket may do; made once for the application."""

    hello_seconds: float = 10.0
    frame_bytes: int = 64 << 10
    per_second: float = 20.0
    burst: int = 60
    queue_bytes: int = 1 << 20
    write_seconds: float = 6.0
    own_pages_only: bool = True
    room: Room = field(default_factory=Room)


LIMITS = web.AppKey("socket_limits", Limits)
GATE = web.AppKey("socket_gate", Gate)


def add(app: web.Application, limits: Limits | None = None) -> None:
    app[LIMITS] = limits or Limits()
    app[GATE] = Gate(app[LIMITS].room)
    app.router.add_get(PATH, open_socket)
    app.on_shutdown.append(_drain)


async def _drain(app: web.Application) -> None:
    """Everybody is told to come back; aiohttp then waits for the sockets to end."""
    app[SERVICES].desk.drain()


async def open_socket(request: web.Request) -> web.StreamResponse:
    services, limits = request.app[SERVICES], request.app[LIMITS]
    if limits.own_pages_only and request.headers.get("Origin") != origin_of(request, services):
        raise web.HTTPForbidden
    try:
        with request.app[GATE].visit(request.remote or "") as visit:
            return await _converse(request, visit)
    except FullError as full:
        kind = web.HTTPTooManyRequests if full.address_alone else web.HTTPServiceUnavailable
        raise kind(headers=TRY_AGAIN) from full


async def _converse(request: web.Request, visit: Visit) -> web.StreamResponse:
    services, limits = request.app[SERVICES], request.app[LIMITS]
    socket = web.WebSocketResponse(
        timeout=1.0, compress=False, max_msg_size=limits.frame_bytes, writer_limit=SMALL_WRITES
    )
    await socket.prepare(request)
    outlet = Outlet(
        socket,
        request.transport,
        queue_bytes=limits.queue_bytes,
        write_seconds=limits.write_seconds,
    )
    talk = Talk(services, limits, socket, outlet, language=language_of(request), visit=visit)
    async with outlet.running():
        await talk.run()
    return socket


@dataclass
class Bucket:
    """So many at once, so many a second."""

    per_second: float
    burst: int
    level: float = 0.0
    seen_at: float = field(default_factory=time.monotonic)

    def takes(self, now: float) -> bool:
        self.level = max(self.level - (now - self.seen_at) * self.per_second, 0.0) + 1
        self.seen_at = now
        return self.level <= self.burst


class Talk:
    """One client from hello to the end."""

    def __init__(
        self, services: Services, limits: Limits, socket: web.WebSocketResponse, outlet: Outlet,
        *, language: str, visit: Visit,
    ) -> None:  # fmt: skip
        self._visit = visit
        self._services, self._limits = services, limits
        self._socket, self._outlet = socket, outlet
        self._language = language
        self._bucket = Bucket(limits.per_second, limits.burst)
        self._malformed = 0

    async def run(self) -> None:
        try:
            async with asyncio.timeout(self._limits.hello_seconds):
                first = await self._next()
        except TimeoutError:
            self._outlet.close(Close.TOO_LATE)
            return
        sitting = await self._seat(first) if first is not None else None
        if sitting is None:
            return
        try:
            while (message := await self._next()) is not None:
                if isinstance(message, Hello):
                    self._refuse(Invalid("malformed_message"), ref=None)
                else:
                    await self._answer(sitting, message)
        finally:
            self._services.desk.detach(sitting)

    async def _seat(self, first: Hello | Asked) -> Sitting | None:
        """Redeem the ticket and sit down; None when the socket was closed instead."""
        services = self._services
        try:
            if not isinstance(first, Hello):
                raise NotSignedIn("bad_ticket")
            async with services.uow.begin(ANYONE) as tx:
                ticket = await tickets.redeem(tx, first.ticket, config=services.config.identity)
            if not self._visit.name(ticket.actor.account_id or ticket.invitee_id):
                raise Throttled("too_often", retry_after=60)
            return await services.desk.attach(
                ticket.appointment_id, ticket.invitee_id, self._outlet,
                actor=ticket.actor, fresh=first.fresh,
            )  # fmt: skip
        except DomainError as error:
            self._refuse(error, ref=None)
            self._outlet.close(_code_of(error))
        except Exception:
            log.exception("a seat could not be taken")
            self._refuse(Broken("internal"), ref=None)
            self._outlet.close(Close.BROKEN)
        return None

    async def _answer(self, sitting: Sitting, message: Asked) -> None:
        try:
            await self._services.desk.receive(sitting, message)
        except DomainError as error:
            self._refuse(error, ref=message.ref)
        except Exception:
            log.exception("%s failed", message.type)
            self._refuse(Broken("internal"), ref=message.ref)

    async def _next(self) -> Hello | Asked | None:
        """The next message; None when the talk is over, one way or the other."""
        while True:
            frame = await self._socket.receive()
            if frame.type is not WSMsgType.TEXT:
                if frame.type is WSMsgType.BINARY:
                    self._outlet.close(Close.MALFORMED)
                return None
            if not self._bucket.takes(time.monotonic()):
                self._outlet.close(Close.TOO_MANY)
                return None
            try:
                return CLIENT.validate_json(frame.data)
            except ValidationError:
                self._malformed += 1
                self._refuse(Invalid("malformed_message"), ref=_ref_in(frame.data))
            if self._malformed >= MALFORMED_ALLOWED:
                self._outlet.close(Close.MALFORMED)
                return None

    def _refuse(self, error: DomainError, *, ref: int | None) -> None:
        body = problems.problem(
            error, texts=self._services.texts, language=self._language,
            request_id=secrets.token_hex(8),
        )  # fmt: skip
        refused = Refused(ref=ref, problem=Problem.model_validate(body))
        self._outlet.send(refused.model_dump_json())


def _code_of(error: DomainError) -> Close:
    """Somebody without a seat stays out; when it is our fault they may try again."""
    match error:
        case NotSignedIn():
            return Close.BAD_TICKET
        case Throttled():
            return Close.TOO_MANY
        case _:
            return Close.BROKEN if error.status >= 500 else Close.OVER


def _ref_in(text: str) -> int | None:
    """The ref of a message that is otherwise unreadable, when there is one."""
    try:
        ref = json.loads(text).get("ref")
    except (ValueError, AttributeError, RecursionError):
        return None
    return ref if isinstance(ref, int) and not isinstance(ref, bool) else None
