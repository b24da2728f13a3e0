"""The media engine that the configuration asks for: workers of our own, or Janus instances."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from server.kernel.config import Janus, Media
from signaling.addresses import host_addresses
from signaling.engine import MediaEngine
from signaling.janus.engine import Instance, JanusEngine
from signaling.media.settings import MediaSettings
from signaling.places import Engine
from signaling.pool import Pool
from signaling.supervisor import EmbeddedEngine

log = logging.getLogger(__name__)
DRAINING_SECONDS = 2.0


@asynccontextmanager
async def running(config: Media) -> AsyncIterator[MediaEngine]:
    """Started for the duration of a block. Raises MediaUnavailableError."""
    pool = Pool(_engines(config))
    await pool.start()
    file = config.draining_file
    draining = asyncio.create_task(_follow(file, pool)) if file is not None else None
    try:
        yield pool
    finally:
        if draining is not None:
            draining.cancel()
            await asyncio.gather(draining, return_exceptions=True)
        await pool.stop()


async def _follow(file: Path, pool: Pool) -> None:
    """The operator names there, one a line, what is to take no new rooms."""
    while True:
        try:
            pool.drain(await asyncio.to_thread(_names_in, file))
        except (OSError, ValueError) as fault:
            log.error("media.draining_file: %s", fault)
        await asyncio.sleep(DRAINING_SECONDS)


def _names_in(file: Path) -> frozenset[str]:
    """None where there is no such file."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except FileNotFoundError:
        lines = []
    return frozenset(line.strip() for line in lines)


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
