"""Live sessions to attack."""

import asyncio

import pytest_asyncio

from tests.halls import hall, studio, table  # noqa: F401 - fixtures
from tests.security.three import Three


@pytest_asyncio.fixture
async def three(studio):  # noqa: F811 - a fixture
    host = await studio.host()
    wang, li = await studio.inside("Wang", host), await studio.inside("Li", host)
    made = Three(studio, host, wang, li)
    await asyncio.gather(*(voice.join() for voice in made.voices.values()))
    yield made
    for voice in made.voices.values():
        await voice.leave()
