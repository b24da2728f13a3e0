"""The aiohttp application: endpoints, health, the built client."""

from aiohttp import web

from server.app import health, metrics, pages
from server.app.proxies import behind
from server.bootstrap.services import Services
from server.http import reference, socket
from server.http.dispatch import MAX_BODY, SERVICES, add_endpoints
from server.http.routes import endpoints


def application(services: Services) -> web.Application:
    """Everything `serve` has; the demo adds its own beside it."""
    size = max(MAX_BODY, services.config.server.max_upload_bytes + MAX_BODY)
    trusted = services.config.server.trusted_proxies
    chain = [*([behind(trusted)] if trusted else []), pages.security_headers]
    app = web.Application(client_max_size=size, middlewares=chain)
    app[SERVICES] = services
    add_endpoints(app, endpoints())
    socket.add(app)
    reference.add(app)
    health.add(app)
    metrics.add(app)
    pages.add(app)
    return app
