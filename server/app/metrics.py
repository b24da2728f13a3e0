"""/metrics for Prometheus: for configured networks and for who has the token; for others it is not there."""

import hmac

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from server.app.proxies import is_trusted
from server.http.dispatch import SERVICES
from server.kernel.config import ConfigError, Metrics

SHORTEST_TOKEN = 32
OFFSET = """\
# HELP yuntiao_clock_offset_seconds This process ahead of the database's clock
# TYPE yuntiao_clock_offset_seconds gauge
yuntiao_clock_offset_seconds {seconds}
"""
TOKEN = web.AppKey("metrics_token", str)


def add(app: web.Application) -> None:
    app[TOKEN] = token_of(app[SERVICES].config.metrics)
    app.router.add_get("/metrics", read)


def token_of(config: Metrics) -> str:
    """Empty when there is none. Raises ConfigError for one that could be guessed."""
    if config.token_file is None:
        return ""
    try:
        token = config.token_file.read_text("utf-8").strip()
    except OSError as error:
        raise ConfigError(f"metrics.token_file: {error}") from error
    if len(token) < SHORTEST_TOKEN:
        raise ConfigError(f"metrics.token_file: {SHORTEST_TOKEN} characters or more")
    return token


async def read(request: web.Request) -> web.Response:
    services = request.app[SERVICES]
    networks = services.config.metrics.networks
    if not is_trusted(request.remote, networks) and not _has_token(request):
        raise web.HTTPNotFound
    carried = await services.media.carried()
    text = services.desk.meters.text(services.desk.lives.values(), carried)
    text += OFFSET.format(seconds=services.watch.seconds).encode()
    return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})


def _has_token(request: web.Request) -> bool:
    token = request.app[TOKEN]
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    is_given = hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())
    return bool(token) and kind.lower() == "bearer" and is_given
