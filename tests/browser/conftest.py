"""Browsers and a district to open in them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest_asyncio
from playwright.async_api import Playwright, async_playwright, expect

from tests.browser.district import District, Seeded, fresh_database, open_district
from tests.browser.patience import PATIENCE
from tests.browser.stage import Stage, open_stage
from tests.netns import entered_by_loop, netns  # noqa: F401 - a fixture

expect.set_options(timeout=PATIENCE * 1000)

START = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)  # Monday, 08:30 in the district


@pytest_asyncio.fixture(scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    async with async_playwright() as started:
        yield started


@pytest_asyncio.fixture(scope="session")
async def seeded(request, worker_id, tmp_path_factory) -> AsyncIterator[Seeded]:
    """A district on a Monday morning, made once: the tests open copies of it."""
    folder = tmp_path_factory.mktemp("seeded")
    name, host = f"yuntiao_seeded_{worker_id}", request.config.sockets
    async with fresh_database(host, name) as url:
        async with open_district(folder, url=url, start=START):
            pass
        yield Seeded(folder, host=host, database=name, start=START)


@pytest_asyncio.fixture
async def district(seeded, worker_id, tmp_path) -> AsyncIterator[District]:
    """A seeded district of the test's own, on a Monday morning."""
    async with seeded.opened(tmp_path, worker_id) as opened:
        yield opened


@pytest_asyncio.fixture
async def stage(seeded, worker_id, tmp_path, netns) -> AsyncIterator[Stage]:  # noqa: F811
    """A district with browsers of both kinds, all of it in a namespace: Firefox needs one."""
    async with (
        entered_by_loop(netns),
        seeded.opened(tmp_path, worker_id, media=netns.address) as opened,
        async_playwright() as started,
        open_stage(opened, started) as made,
    ):
        yield made
