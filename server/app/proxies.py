"""Behind a proxy that we trust: who really asks, and how they came to it."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

Networks = Sequence[IPv4Network | IPv6Network]


def behind(trusted: Networks) -> Middleware:
    """Believe X-Forwarded-For and -Proto from these networks, and from nobody else."""

    @web.middleware
    async def unwrap(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_trusted(request.remote, trusted):
            return await handler(request)
        forwarded = request.headers.getall("X-Forwarded-For", [])
        asking = client_address(forwarded, trusted)
        said = items(request.headers.getall("X-Forwarded-Proto", []))
        scheme = client_scheme(said, ours=ours_in(forwarded, trusted)) or request.scheme
        if scheme not in {"http", "https"}:
            raise web.HTTPBadRequest
        return await handler(request.clone(remote=asking or request.remote or "", scheme=scheme))

    return unwrap


def client_address(forwarded: Sequence[str], trusted: Networks) -> str | None:
    """The last address before our own proxies: what stands left of it anyone may have written."""
    hops = items(forwarded)
    return hops[max(len(hops) - ours_in(forwarded, trusted) - 1, 0)] if hops else None


def client_scheme(said: Sequence[str], *, ours: int) -> str | None:
    """How the client came to the first of our proxies; `ours` stand between that one and us.

    Each may have added how it was asked, the nearest last; one that overwrites leaves a single word.
    """
    return said[-min(ours + 1, len(said))].lower() if said else None


def ours_in(forwarded: Sequence[str], trusted: Networks) -> int:
    """How many of our own proxies stand at the end of the list."""
    theirs = (not is_trusted(hop, trusted) for hop in reversed(items(forwarded)))
    return next((n for n, stop in enumerate(theirs) if stop), len(items(forwarded)))


def items(lines: Sequence[str]) -> list[str]:
    """A header's list, whether in one line or in several."""
    return [item.strip() for line in lines for item in line.split(",") if item.strip()]


def is_trusted(address: str | None, trusted: Networks) -> bool:
    try:
        plain = ip_address(address or "")
    except ValueError:
        return False
    return any(plain in network for network in trusted)
