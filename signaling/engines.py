"""The media engine that the configuration asks for: workers of our own, or Janus instances."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from server.kernel.config import Janus, Media
from signaling.addresses import host_addresses
from signaling.engine import MediaEngine
from signaling.janus.engine import Instance, JanusEngine
from signaling.media.settings import MediaSettings
from signaling.pool import Engine, Pool
from signaling.supervisor import EmbeddedEngine


@asynccontextmanager
async def running(config: Media) -> AsyncIterator[MediaEngine]:
    """Started for the duration of a block. Raises MediaUnavailableError."""
    pool = Pool(_engines(config))
    await pool.start()
    try:
        yield pool
    finally:
        await pool.stop()


def _engines(config: Media) -> Sequence[Engine]:
    if config.janus:
        return [JanusEngine(_instance(one)) for one in config.janus]
    addresses = config.addresses or host_addresses()
    if config.workers == 0:
        alone = MediaSettings(addresses=addresses, port=config.port)
        return [EmbeddedEngine(alone, name="inside", inside=True)]
    # The first port is the configured one, the next workers take those after it.
    ports = [config.port + place if config.port else 0 for place in range(config.workers)]
    settings = [MediaSettings(addresses=addresses, port=port) for port in ports]
    return [EmbeddedEngine(one, name=f"worker {place}") for place, one in enumerate(settings, 1)]


def _instance(config: Janus) -> Instance:
    return Instance(
        config.url,
        api_secret=_read(config.api_secret_file),
        token_secret=_read(config.token_secret_file),
        admin_url=config.admin_url,
        admin_secret=_read(config.admin_secret_file),
    )


def _read(file: Path | None) -> str | None:
    return file.read_text().strip() if file is not None else None
