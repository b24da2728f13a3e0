"""One process from start to end: database, services, site, and an orderly stop."""

import asyncio
import ctypes
import gc
import os
import signal
import ssl
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import sqlalchemy as sa
import uvloop
from aiohttp import web
from sqlalchemy import make_url

from scheduling.clock import Ticker
from scheduling.runner import Runner
from server.app import logs
from server.app.application import application
from server.bootstrap import Services, build, schema
from server.bootstrap.handlers import handlers, mailbox
from server.bootstrap.jobs import add_jobs
from server.bootstrap.ports import Ports
from server.http.draining import DRAINING
from server.kernel.clock import Clock, SystemClock
from server.kernel.config import Config
from server.kernel.database import make_engine
from server.kernel.postgres import Postgres, PostgresError
from server.notices.mailbox import listening
from signaling import engines

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Say = Callable[[str], None]


async def nothing_to_prepare(_services: Services, _say: Say) -> None:
    """A server for real use begins with what its database holds."""


def nothing_to_add(_app: web.Application) -> None:
    """A server for real use has no pages beside its own."""


LAST_REQUESTS = 10.0
"""Seconds that running requests have to end."""


@dataclass(frozen=True)
class Flavour:
    """What `serve` and `demo` differ in."""

    ports: Callable[[Config], AbstractAsyncContextManager[Ports]]
    prepare: Callable[[Services, Say], Awaitable[None]] = nothing_to_prepare
    extend: Callable[[web.Application], None] = nothing_to_add
    welcome: Callable[[str], str] = str
    tls: ssl.SSLContext | None = None


def run(config: Config, flavour: Flavour, *, tied: bool) -> int:
    """Run until a signal; the embedded database starts on this, the main thread."""
    if tied:
        _tie()
    for sign in SIGNALS:
        signal.signal(sign, lambda *_: sys.exit(130))
    began = time.monotonic()
    logs.set_up(config.log)
    say("starting the database")
    with Database(config) as database:
        return uvloop.run(_serve(config, flavour, url=database.url, began=began))


def say(line: str) -> None:
    print(line, flush=True)


async def migrated(config: Config, url: str, *, target: str = "head") -> None:
    """Bring the tables up to date; a database that does not answer ends the start in one line."""
    engine = make_engine(url, pool_size=2)
    try:
        async with engine.connect():
            pass
    except (sa.exc.DBAPIError, OSError) as error:
        await engine.dispose()
        shown = make_url(url).render_as_string(hide_password=True)
        raise SystemExit(f"database: {shown} does not answer: {_first_line(error)}") from None
    try:
        await schema.migrate(engine, role=config.database.role, target=target)
    except schema.UnfitDatabase as error:
        raise SystemExit(f"database: {error}") from None
    finally:
        await engine.dispose()


def _first_line(error: Exception) -> str:
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) and error.orig else error
    return str(cause).splitlines()[0] if str(cause) else type(cause).__name__


class Database:
    """The database; the embedded one is started and stopped around it.

    `join`: where a server runs on the data folder already, its database is used.
    """

    def __init__(self, config: Config, *, join: bool = False) -> None:
        self._given = config.database.url
        self._embedded = Postgres(config.server.data_dir.resolve() / "db")
        self._join = join

    @property
    def url(self) -> str:
        return self._given or self._embedded.url()

    @property
    def shown(self) -> str:
        """Where it is, without the password."""
        given = make_url(self._given).render_as_string(hide_password=True) if self._given else None
        return given or f"embedded, in {self._embedded.folder}"

    def __enter__(self) -> "Database":
        if self._given is None:
            self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._embedded.stop()

    def _start(self) -> None:
        try:
            self._embedded.start()
        except BlockingIOError as error:
            if not self._join:
                raise SystemExit("database: another server uses this data folder") from error
        except PostgresError as error:
            raise SystemExit(f"database: {error}") from error


async def _serve(config: Config, flavour: Flavour, *, url: str, began: float) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in SIGNALS:
        loop.add_signal_handler(sign, stop.set)
    say("bringing the tables up to date")
    await migrated(config, url)
    async with running(config, flavour, url=url, clock=SystemClock()) as address:
        settle()
        welcome = flavour.welcome(address)
        say(f"{welcome}\nready {address} after {time.monotonic() - began:.1f} s (Ctrl-C ends it)")
        await stop.wait()
        say("stopping")
    return 0


@asynccontextmanager
async def running(
    config: Config, flavour: Flavour, *, url: str, clock: Clock
) -> AsyncIterator[str]:
    """The whole server over a migrated database; yields its address."""
    async with AsyncExitStack() as stack:
        ports = await stack.enter_async_context(flavour.ports(config))
        media = await stack.enter_async_context(engines.running(config.media))
        services = await stack.enter_async_context(
            build(
                config,
                database_url=url,
                clock=clock,
                media=media,
                sms=ports.sms,
                mailer=ports.mailer,
            )
        )
        await flavour.prepare(services, say)
        await stack.enter_async_context(ticking(services))
        if config.mail.incoming:
            await stack.enter_async_context(listening(mailbox(services), config.mail.incoming))
        yield await stack.enter_async_context(_site(services, flavour))


def settle() -> None:
    """What is loaded by now stays for good: the search for cycles passes it over.

    A full search through all modules, models and routes stops the loop for a tenth of a second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@asynccontextmanager
async def ticking(services: Services) -> AsyncIterator[Runner]:
    """The clock over the services; what it began is let finish."""
    runner = Runner(services.uow, handlers(services))
    ticker = Ticker()
    add_jobs(ticker, services, runner)
    ticker.start()
    try:
        yield runner
    finally:
        ticker.pause()
        await runner.rest()
        ticker.shutdown(wait=False)


@asynccontextmanager
async def _site(services: Services, flavour: Flavour) -> AsyncIterator[str]:
    app = application(services)
    flavour.extend(app)
    server = services.config.server
    runner = web.AppRunner(
        app, handle_signals=False, shutdown_timeout=LAST_REQUESTS, access_log=None
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, server.host, server.port, ssl_context=flavour.tls)
        await site.start()
        port = runner.addresses[0][1]
        yield server.public_url or f"{'https' if flavour.tls else 'http'}://{server.host}:{port}"
    finally:
        app[DRAINING].is_on = True
        if server.trusted_proxies:  # the proxy sees that we are not ready before we do not answer
            await asyncio.sleep(server.drain.total_seconds())
        await runner.cleanup()


def _tie() -> None:
    """End when the program that started us ends, however it ends."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    if os.getppid() != parent or parent == 1:
        sys.exit(1)
