"""Every setting: typed, bounded, refused at start when wrong.

Precedence: defaults here < config.toml < environment (`YUNTIAO_SECTION__KEY`).
"""

import os
import tomllib
from collections.abc import Mapping
from datetime import time, timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

PREFIX = "YUNTIAO_"
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
INCOMING = r"^(/.+|(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):[0-9]{1,5})$"
HOST = r"^([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])$"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class ConfigError(Exception):
    """One line that names the wrong key."""


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class Server(Section):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8765
    data_dir: Path = Path(".data")
    public_url: Annotated[str, Field(pattern=r"^https?://[^/\s]+$")] | None = None
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    drain: Annotated[timedelta, Field(ge=timedelta(), le=5 * MINUTE)] = 5 * SECOND
    max_upload_bytes: Annotated[int, Field(ge=1 << 16, le=1 << 28)] = 20 << 20

    @property
    def address(self) -> str:
        """What links in messages begin with."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


class Database(Section):
    url: str | None = None
    pool_size: Annotated[int, Field(ge=2, le=200)] = 20
    role: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")] = "yuntiao_app"


class Secrets(Section):
    folder: Path | None = None


class Centre(Section):
    name: str = "Mediation Centre"
    phone: Annotated[str, Field(pattern=r"^[0-9+ -]{3,20}$")] = "12345"
    code: Annotated[str, Field(pattern=r"^[A-Z0-9]{2,12}$")] = "ZX"
    timezone: Literal["Asia/Shanghai"] = "Asia/Shanghai"


class Identity(Section):
    code_lifetime: Annotated[timedelta, Field(ge=MINUTE, le=15 * MINUTE)] = 5 * MINUTE
    code_tries: Annotated[int, Field(ge=1, le=10)] = 5
    codes_per_hour: Annotated[int, Field(ge=1, le=20)] = 5
    codes_per_day: Annotated[int, Field(ge=1, le=50)] = 10
    codes_per_address_hour: Annotated[int, Field(ge=1, le=10_000)] = 200
    resident_lifetime: Annotated[timedelta, Field(ge=HOUR, le=90 * DAY)] = 30 * DAY
    staff_idle: Annotated[timedelta, Field(ge=MINUTE, le=8 * HOUR)] = 30 * MINUTE
    staff_lifetime: Annotated[timedelta, Field(ge=HOUR, le=24 * HOUR)] = 12 * HOUR
    ticket_lifetime: Annotated[timedelta, Field(ge=SECOND, le=2 * MINUTE)] = 30 * SECOND


class Scheduling(Section):
    horizon_days: Annotated[int, Field(ge=7, le=366)] = 60
    hold_lifetime: timedelta = timedelta(minutes=10)
    hold_extension: timedelta = timedelta(minutes=10)
    open_appointments: Annotated[int, Field(ge=1, le=10)] = 2
    cancel_cooldown: Annotated[timedelta, Field(ge=timedelta(), le=30 * DAY)] = DAY
    doors_before: timedelta = timedelta(minutes=30)
    late_after: timedelta = timedelta(minutes=10)
    representatives: Annotated[int, Field(ge=1, le=5)] = 5
    review_working_days: Annotated[int, Field(ge=1, le=10)] = 2
    brief_at: time = time(18, 0)
    release_declined: Annotated[timedelta, Field(ge=HOUR, le=7 * DAY)] = DAY
    change_notice: Annotated[timedelta, Field(ge=timedelta(), le=30 * DAY)] = 5 * DAY
    choice_working_days: Annotated[int, Field(ge=1, le=10)] = 2
    wish_working_days: Annotated[int, Field(ge=1, le=10)] = 2
    draws: bool = False
    joint_by_clock: bool = True
    joint_veto: Annotated[timedelta, Field(ge=HOUR, le=7 * DAY)] = 4 * HOUR
    waitlist_offer: Annotated[timedelta, Field(ge=10 * MINUTE, le=2 * DAY)] = 2 * HOUR
    rest_least: Annotated[timedelta, Field(ge=timedelta(), le=DAY)] = timedelta(minutes=30)
    rest_most: Annotated[timedelta, Field(ge=timedelta(), le=DAY)] = timedelta(hours=2)
    solver: Path = Path("build/ortools")


class Mail(Section):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 25
    security: Literal["none", "starttls", "tls"] = "starttls"
    user: str | None = None
    password_file: Path | None = None
    sender: str = "calendar@centre.example"
    timeout: timedelta = timedelta(seconds=20)
    incoming: Annotated[str, Field(pattern=INCOMING)] | None = None


class Sms(Section):
    gateway: Literal["none", "http"] = "none"
    url: str | None = None
    token_file: Path | None = None
    signature: str = "Yuntiao"


class Janus(Section):
    """One instance that carries media instead of our own workers; secrets stand in files."""

    url: str
    api_secret_file: Path | None = None
    token_secret_file: Path | None = None
    admin_url: str | None = None
    admin_secret_file: Path | None = None


class Turn(Section):
    """A coturn that carries media where UDP to us is cut; `host` switches it on."""

    host: Annotated[str, Field(pattern=HOST)] | None = None
    port: Annotated[int, Field(ge=1, le=65535)] = 3478
    tls_port: Annotated[int, Field(ge=1, le=65535)] = 443
    secret_file: Path | None = None
    lifetime: Annotated[timedelta, Field(ge=MINUTE, le=DAY)] = 5 * MINUTE
    min_port: Annotated[int, Field(ge=1024, le=65535)] = 49160
    max_port: Annotated[int, Field(ge=1024, le=65535)] = 49999


class Media(Section):
    """`draining_file` names engines, one a line, that take no new rooms; it may change any time."""

    addresses: tuple[str, ...] = ()
    port: Annotated[int, Field(ge=0, le=65535)] = 0
    workers: Annotated[int, Field(ge=0, le=64)] = 1
    janus: tuple[Janus, ...] = ()
    draining_file: Path | None = None
    room_size: Annotated[int, Field(ge=2, le=25)] = 8
    turn: Turn = Turn()


class Recordings(Section):
    """`reserve`: megabytes that stay free on the disk; with less, nothing is recorded."""

    enabled: bool = True
    folder: Path | None = None
    reserve: Annotated[int, Field(ge=0, le=10_000_000)] = 2_000


class Log(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    file: Path | None = None


class Metrics(Section):
    """Who may read /metrics: nobody, unless named by network or by a bearer token."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    token_file: Path | None = None


class Config(Section):
    server: Server = Server()
    database: Database = Database()
    secrets: Secrets = Secrets()
    centre: Centre = Centre()
    identity: Identity = Identity()
    scheduling: Scheduling = Scheduling()
    mail: Mail = Mail()
    sms: Sms = Sms()
    media: Media = Media()
    recordings: Recordings = Recordings()
    log: Log = Log()
    metrics: Metrics = Metrics()

    @property
    def secrets_folder(self) -> Path:
        return self.secrets.folder or self.server.data_dir / "secrets"

    @property
    def recordings_folder(self) -> Path:
        return self.recordings.folder or self.server.data_dir / "recordings"


def load(path: Path | None, environment: Mapping[str, str] = os.environ) -> Config:
    """Read and check the settings. Raises ConfigError with one line."""
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values = tomllib.loads(path.read_text("utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as error:
            raise ConfigError(f"{path}: {error}") from error
    for name, text in environment.items():
        if name.startswith(PREFIX):
            *sections, key = name[len(PREFIX) :].lower().split("__")
            _section(values, sections)[key] = text
    return _checked(values)


def _section(values: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """The settings of a section within sections, made where there are none."""
    for name in names:
        values = values.setdefault(name, {})
        if not isinstance(values, dict):
            raise ConfigError(f"{name}: not a section")
    return values


def _checked(values: dict[str, Any]) -> Config:
    try:
        config = Config.model_validate(_split_lists(values))
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    if config.sms.gateway == "http" and not config.sms.url:
        raise ConfigError("sms.url: needed when sms.gateway is http")
    if config.scheduling.rest_most < config.scheduling.rest_least:
        raise ConfigError("scheduling.rest_most: below scheduling.rest_least")
    turn = config.media.turn
    if turn.host and not turn.secret_file:
        raise ConfigError("media.turn.secret_file: needed when media.turn.host is set")
    if turn.min_port > turn.max_port:
        raise ConfigError("media.turn.max_port: below media.turn.min_port")
    return config


def _split_lists(values: dict[str, Any]) -> dict[str, Any]:
    """Lists come from the environment as comma-separated text."""
    lists = {("media", "addresses"), ("server", "trusted_proxies"), ("metrics", "networks")}
    for section, key in lists:
        text = values.get(section, {}).get(key)
        if isinstance(text, str):
            values[section][key] = tuple(part.strip() for part in text.split(",") if part.strip())
    return values
