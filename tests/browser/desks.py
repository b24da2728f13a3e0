"""A desk of the staff in a small browser, and whether what it shows fits and can be read."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Playwright

from tests.browser.accessible import no_violations
from tests.browser.district import District
from tests.browser.people import DESK, Staff
from tests.media.browsers import headless

SMALL = {"width": 360, "height": 800}
# Once a new size of the window or the letters has been drawn.
STICKS_OUT = """() => new Promise((tell) => {
  const { documentElement: page } = document;
  requestAnimationFrame(() => requestAnimationFrame(() => tell(page.scrollWidth - page.clientWidth)));
})"""
TWICE = "document.documentElement.style.fontSize = '200%'"
ONCE = "document.documentElement.style.fontSize = ''"


@asynccontextmanager
async def at_a_desk(district: District, playwright: Playwright) -> AsyncIterator[Staff]:
    async with headless(playwright) as browser:
        context = await browser.new_context(viewport=DESK, locale="zh-CN", reduced_motion="reduce")
        yield Staff(await context.new_page(), district)


async def shown_well(staff: Staff, what: str) -> None:
    """What stands open on the page, in both sizes."""
    await no_violations(staff.page)
    await staff.picture(f"{what}-wide")
    await staff.page.set_viewport_size(SMALL)
    assert await staff.page.evaluate(STICKS_OUT) <= 0, f"{what} is wider than a phone"
    await no_violations(staff.page)
    await staff.picture(f"{what}-narrow")
    await staff.page.evaluate(TWICE)
    assert await staff.page.evaluate(STICKS_OUT) <= 0, f"{what} breaks in large text"
    await staff.page.evaluate(ONCE)
    await staff.page.set_viewport_size(DESK)
