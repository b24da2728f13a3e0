"""The live sessions that tests sit down in, as fixtures; a folder takes those it needs."""

import pytest_asyncio

from scheduling.tables import SessionKind
from tests.hall import open_hall, open_studio, serving


@pytest_asyncio.fixture
async def hall(services):
    """A reception due now."""
    async with serving(services) as base, open_hall(services, base) as opened:
        yield opened


@pytest_asyncio.fixture
async def table(services):
    """A mediation due now."""
    mediation = SessionKind.MEDIATION
    async with serving(services) as base, open_hall(services, base, kind=mediation) as opened:
        yield opened


@pytest_asyncio.fixture
async def studio(config, database_url, clean, clock, outbox):
    """The same mediation over a media engine with a worker of its own."""
    ground = {"config": config, "database_url": database_url, "clock": clock}
    async with open_studio(**ground, sms=outbox, mailer=outbox) as opened:
        yield opened
