"""Passes to a TURN server: names and passwords for a while, which coturn checks by a shared secret."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from server.kernel.config import ConfigError, Turn
from signaling.protocol import Relay

SHORTEST_SECRET = 32


@dataclass(frozen=True, slots=True)
class Relays:
    """Each pass opens relays at all of the addresses, best path first."""

    urls: tuple[str, ...]
    secret: str = field(repr=False)
    lifetime: timedelta

    def pass_for(self, who: str, *, now: datetime) -> Relay:
        """As coturn's `use-auth-secret` reads it: what is before the colon is the end in seconds,
        what is behind it counts as one user."""
        username = f"{int((now + self.lifetime).timestamp())}:{who}"
        digest = hmac.digest(self.secret.encode(), username.encode(), hashlib.sha1)
        return Relay(
            urls=list(self.urls),
            username=username,
            credential=base64.b64encode(digest).decode(),
            expires_in=int(self.lifetime.total_seconds()),
        )


def relays_of(config: Turn) -> Relays | None:
    """What the settings name, if they do. Raises ConfigError."""
    if config.host is None:
        return None
    urls = (
        f"turn:{config.host}:{config.port}?transport=udp",
        f"turn:{config.host}:{config.port}?transport=tcp",
        f"turns:{config.host}:{config.tls_port}?transport=tcp",
    )
    return Relays(urls=urls, secret=secret_of(config), lifetime=config.lifetime)


def secret_of(config: Turn) -> str:
    """What we share with coturn. Raises ConfigError."""
    try:
        secret = config.secret_file.read_text().strip() if config.secret_file else ""
    except OSError as error:
        raise ConfigError(f"media.turn.secret_file: {error}") from error
    if len(secret) < SHORTEST_SECRET or not secret.isascii() or not secret.isprintable():
        raise ConfigError(
            f"media.turn.secret_file: {SHORTEST_SECRET} printable ASCII characters or more"
        )
    return secret
