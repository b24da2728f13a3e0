"""The demo for phones in the same network: HTTPS, and the certificate to trust."""

import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from aiohttp import web

from server.demo import certificates
from server.demo.certificates import Authority
from server.kernel.clock import Clock
from server.kernel.config import Config
from signaling.addresses import host_addresses

PAGE = Path(__file__).parent / "templates" / "phone.html"
CERTIFICATE = "application/x-x509-ca-cert"


@dataclass(frozen=True)
class Lan:
    """`address` is what people type; the server answers to it alone."""

    address: str
    authority: Authority
    context: ssl.SSLContext

    def add(self, app: web.Application) -> None:
        app.router.add_get("/demo/ca.crt", self.certificate)
        app.router.add_get("/demo/phone", self.page)

    async def certificate(self, _request: web.Request) -> web.Response:
        return web.Response(body=self.authority.der, content_type=CERTIFICATE)

    async def page(self, _request: web.Request) -> web.Response:
        text = PAGE.read_text("utf-8").replace("{address}", self.address)
        policy = "default-src 'none'; style-src 'unsafe-inline'"
        return web.Response(
            text=text, content_type="text/html", headers={"Content-Security-Policy": policy}
        )


def lan(config: Config, *, clock: Clock) -> tuple[Config, Lan]:
    """Settings that let the network in, and what it takes."""
    addresses = network_addresses()
    folder, now = config.server.data_dir / "lan", clock.now()
    authority = certificates.authority(folder, addresses, now=now)
    context = certificates.server_context(authority, folder, addresses, now=now)
    address = f"https://{addresses[0]}:{config.server.port}"
    server = config.server.model_copy(update={"host": "0.0.0.0", "public_url": address})  # noqa: S104  (asked for by --lan)
    media = config.media.model_copy(update={"addresses": config.media.addresses or addresses})
    changed = config.model_copy(update={"server": server, "media": media})
    return changed, Lan(address, authority, context)


def network_addresses() -> tuple[str, ...]:
    """This machine's IPv4 addresses that phones can reach, private ones first."""
    found = [ip_address(text) for text in host_addresses()]
    usable = [one for one in found if one.version == 4 and not one.is_loopback]
    if not usable:
        raise SystemExit("--lan: this machine has no address in a network")
    return tuple(str(one) for one in sorted(usable, key=lambda one: not one.is_private))
