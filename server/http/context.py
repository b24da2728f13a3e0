"""What every handler is given: who asks, and with what."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from server.bootstrap.services import Services
from server.kernel.actor import Actor


@dataclass
class Cookies:
    """Sign-in cookies to set or clear with the answer."""

    sign_in: str | None = None
    expires_at: datetime | None = None
    sign_out: bool = False


@dataclass(frozen=True)
class Upload:
    """A file of a multipart body, read whole, bounded by `server.max_upload_bytes`."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True)
class Download:
    """Bytes to save under `name`, or to show in the page when `inline`."""

    data: bytes
    media_type: str
    name: str
    inline: bool = False


@dataclass(frozen=True)
class Playable:
    """A file on the disk that is played in the page, in parts as the player asks for them."""

    path: Path
    media_type: str


@dataclass(frozen=True)
class Context:
    """`flow` ties codes to one browser; `address` is a keyed hash, never the address itself.

    `ask` is the token of a mediation's question; `demo` says that the demo's pages are served beside the real ones.
    """

    services: Services
    actor: Actor
    language: str
    origin: str
    address: str
    flow: str
    idempotency_key: str | None
    ask: str | None = None
    demo: bool = False
    cookies: Cookies = field(default_factory=Cookies)
