"""The staff's calendar as it is used: dragged, by key, on paper, on a leader's phone."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import pytest
from playwright.async_api import Page, Playwright, expect

from server.kernel.clock import local
from tests.browser.accessible import no_violations
from tests.browser.desks import STICKS_OUT
from tests.browser.district import District
from tests.browser.people import DESK, Staff
from tests.media.browsers import headless

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browsers"), pytest.mark.timeout(600)]
PHONE = {"width": 390, "height": 844}
BOOKED = """async (now) => {
  const from = new Date(now + 864e5 * 2).toISOString().slice(0, 10);
  const until = new Date(now + 864e5 * 20).toISOString().slice(0, 10);
  const view = await (await fetch(`/api/calendar?from=${from}&until=${until}`)).json();
  return view.sessions.find((one) => one.kind === 'reception' && one.actions.includes('move'));
}"""


@asynccontextmanager
async def at_a_desk(district: District, playwright: Playwright) -> AsyncIterator[Staff]:
    async with headless(playwright) as browser:
        context = await browser.new_context(viewport=DESK, locale="zh-CN")
        yield Staff(await context.new_page(), district)


async def begins_at(page: Page, session_id: str) -> str:
    path = f"/api/desk/appointments/{session_id}"
    return await page.evaluate(f"async () => (await (await fetch('{path}')).json()).begins_at")


async def test_appointment_is_dragged_seen_moved_and_taken_back(
    district: District, playwright: Playwright
) -> None:
    async with at_a_desk(district, playwright) as clerk:
        await clerk.sign_in("clerk1")
        await clerk.go("/staff")
        booked = await clerk.page.evaluate(BOOKED, district.clock.now().timestamp() * 1000)
        date = booked["begins_at"][:10]
        await clerk.go(f"/staff/calendar?view=day&date={date}")
        chip = clerk.page.locator(f"[data-thing='{booked['id']}']")
        await chip.hover(position={"x": 4, "y": 8})  # when nothing moves it any more
        box = await chip.bounding_box()
        assert box is not None
        await clerk.page.mouse.down()
        await clerk.page.mouse.move(box["x"] + 80, box["y"] + 10, steps=6)
        await clerk.page.mouse.up()
        drawer = clerk.page.get_by_role("dialog", name="改期")
        await expect(drawer.get_by_role("radio").first).to_be_attached()
        now = local(datetime.fromisoformat(booked["begins_at"])).strftime("%H:%M")
        free = drawer.locator("label.choice:not(.taken)").filter(has_not_text=now).first
        await free.locator("input").check(force=True)
        await clerk.reads("会告知 2 人")
        await no_violations(clerk.page)
        assert await begins_at(clerk.page, booked["id"]) == booked["begins_at"]
        await clerk.press("改期并告知")
        await clerk.reads("一分钟内可以撤销")
        assert await begins_at(clerk.page, booked["id"]) != booked["begins_at"]
        await clerk.page.get_by_role("button", name="撤销").click()
        await clerk.reads("已改回")
        assert await begins_at(clerk.page, booked["id"]) == booked["begins_at"]


async def test_day_is_moved_by_key_alone(district: District, playwright: Playwright) -> None:
    async with at_a_desk(district, playwright) as clerk:
        await clerk.sign_in("clerk1")
        await clerk.go("/staff/calendar")
        day = clerk.page.locator("td [data-thing]").first
        this_week = await day.get_attribute("data-thing")
        assert this_week is not None
        await clerk.page.keyboard.press("]")
        await expect(clerk.page).to_have_url(re.compile(r"date=20\d\d-"))
        await expect(day).not_to_have_attribute("data-thing", this_week)
        await day.focus()
        before = await day.get_attribute("data-thing")
        await clerk.page.keyboard.press("ArrowDown")
        held = clerk.page.locator("[data-thing]:focus")
        assert await held.get_attribute("data-thing") != before
        await clerk.page.keyboard.press("m")
        drawer = clerk.page.get_by_role("dialog", name="改期")
        await clerk.reads("选一个新的时间")
        await drawer.get_by_label("几点开始").fill("12:05")
        await clerk.reads("有空")
        await drawer.get_by_role("button", name="改期并告知").press("Enter")
        await clerk.reads("一分钟内可以撤销")
        await expect(clerk.page.locator("td").filter(has_text="12:05")).to_have_count(1)


async def test_each_view_is_kept_in_the_address_and_can_be_read(
    district: District, playwright: Playwright
) -> None:
    async with at_a_desk(district, playwright) as clerk:
        await clerk.sign_in("clerk1")
        for query in ("view=day", "view=week&by=unit", "view=week&by=room", "view=month"):
            await clerk.go(f"/staff/calendar?{query}")
            await expect(clerk.page.locator("[data-thing]").first).to_be_visible()
            await no_violations(clerk.page)
            assert await clerk.page.evaluate(STICKS_OUT) == 0
        await clerk.go("/staff/calendar?date=2040-01-02")
        await clerk.reads("这一周没有安排")


async def test_week_is_one_page_of_paper_across(district: District, playwright: Playwright) -> None:
    async with at_a_desk(district, playwright) as clerk:
        await clerk.sign_in("clerk1")
        await clerk.go("/staff/calendar")
        await expect(clerk.page.locator("[data-thing]").first).to_be_visible()
        paper = await clerk.page.pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page[^s]", paper)) == 1
        assert b"/MediaBox [0 0 841" in paper


async def test_leaders_phone_shows_today_and_the_week(
    district: District, playwright: Playwright
) -> None:
    async with headless(playwright) as browser:
        context = await browser.new_context(viewport=PHONE, is_mobile=True, locale="zh-CN")
        leader = Staff(await context.new_page(), district)
        await leader.sign_in("leader3")
        await leader.go("/staff/calendar")
        await expect(leader.page.get_by_role("heading", name=re.compile("^今天"))).to_be_visible()
        await expect(leader.page.locator("[data-thing]").first).to_be_visible()
        assert await leader.page.evaluate(STICKS_OUT) == 0
        await no_violations(leader.page)
