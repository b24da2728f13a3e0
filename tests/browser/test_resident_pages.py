"""Every resident page at 360 px: it fits, in text twice as large, in elder mode and in English."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, Playwright, expect

from tests.browser.accessible import no_violations
from tests.browser.desks import STICKS_OUT
from tests.browser.district import District
from tests.browser.people import Resident
from tests.media.browsers import headless

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browsers"), pytest.mark.timeout(600)]
SMALL = {"width": 360, "height": 740}
TORN = """(() => {
  const torn = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const topOf = (text, place) => {
    const range = document.createRange();
    range.setStart(text, place);
    range.setEnd(text, place + 1);
    return range.getBoundingClientRect().top;
  };
  while (texts.nextNode()) {
    const text = texts.currentNode;
    for (const { 0: word, index } of text.data.matchAll(/[上下中]\\u2060?午|晚\\u2060?上|凌\\u2060?晨/g))
      if (topOf(text, index) !== topOf(text, index + word.length - 1)) torn.push(text.data);
  }
  return torn;
})()"""
# Residents read 18 px where the browser says 16, so 36 px is twice as large.
TEXT = "(size) => { document.documentElement.style.fontSize = size }"
ENTER = (
    """(role) => fetch(`/demo/enter/${role}`, { method: "POST", headers: { "X-Yuntiao": "1" } })"""
)
READ = "(url) => fetch(url).then((answer) => answer.json())"
SEND = """([url, body]) => fetch(url, {
  method: "POST", headers: { "X-Yuntiao": "1", "Content-Type": "application/json" },
  body: JSON.stringify(body),
}).then((answer) => answer.ok)"""
ASKED = "13900000088"
WATCH_SHIFTS = """
globalThis.moved = 0;
globalThis.shifts = new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) if (!shift.hadRecentInput) globalThis.moved += shift.value;
});
shifts.observe({ type: "layout-shift", buffered: true });
"""
ALL_SHIFTS = """() => new Promise((done) => {
  const told = () => requestAnimationFrame(() => setTimeout(() => done(globalThis.moved)));
  requestAnimationFrame(told);
})"""
LARGEST_SHIFT = 0.02
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 2e5, "uploadThroughput": 1e5}
FOR_ALL = (
    "/", "/book", "/book/times", "/book/times?topic=labour", "/call-me", "/sign-in", "/code",
    "/no/such/page", "/ask/no-such-token", "/i/no-such-token",
)  # fmt: skip
OF_ONE = ("/", "/my", "/account")
SENTENCE = "厂里欠了我三个月工资，去找过两次，没有结果。"


@asynccontextmanager
async def on_a_phone(browser: Browser, district: District) -> AsyncIterator[Resident]:
    context = await browser.new_context(
        viewport=SMALL, is_mobile=True, has_touch=True, locale="zh-CN"
    )
    yield Resident(await context.new_page(), district)
    await context.close()


async def test_public_pages_fit_and_can_be_read(district: District, playwright: Playwright) -> None:
    async with headless(playwright) as browser, on_a_phone(browser, district) as anyone:
        for path in FOR_ALL:
            await anyone.go(path)
            await fits(anyone.page)
        days = await anyone.page.evaluate(READ, "/api/days")
        for state in ("booking_open", "published"):
            found = next(day for day in days if day["state"] == state)
            await anyone.go(f"/book/day/{found['id']}")
            await fits(anyone.page)


async def test_own_pages_fit_and_can_be_read(district: District, playwright: Playwright) -> None:
    async with headless(playwright) as browser, on_a_phone(browser, district) as resident:
        await enter(resident, "resident")
        for path in [*OF_ONE, *await pages_of_things(resident.page)]:
            await resident.go(path)
            await fits(resident.page)


async def test_steps_of_the_form_fit_and_can_be_read(
    district: District, playwright: Playwright
) -> None:
    async with headless(playwright) as browser, on_a_phone(browser, district) as resident:
        await enter(resident, "neighbour")
        await resident.go(f"/book/form?slot={(await free_slots(resident.page))[0]}")
        await resident.reads("这是谁的事")
        await fits(resident.page)
        await resident.press("下一步")
        await resident.write("用一两句话说说是什么事", SENTENCE)
        await resident.page.get_by_text("还有别人也是为这件事").click()
        await resident.press("写上另一个人")
        await fits(resident.page)
        await resident.press("去掉这个人")
        for step in ("有材料就放上来", "交上去以后"):
            await resident.press("下一步")
            await resident.reads(step)
            await fits(resident.page)
        await resident.press("交上去")
        await resident.reads("预约号")
        await fits(resident.page)


async def test_question_of_a_mediation_fits_and_can_be_answered(
    district: District, playwright: Playwright
) -> None:
    async with headless(playwright) as browser, on_a_phone(browser, district) as other:
        await other.go(await question(other))
        await fits(other.page)
        await other.reads("最晚 11 月 26 日 周四 回答")
        await other.press("就这样回答")
        await other.reads("请先选一个回答")
        await other.page.get_by_text("不愿意谈", exact=True).click()
        await other.press("就这样回答")
        await other.reads("记下了，您不愿意调解")
        await fits(other.page)


async def test_pages_keep_still_while_they_load(district: District, playwright: Playwright) -> None:
    async with headless(playwright) as browser, on_a_phone(browser, district) as resident:
        await enter(resident, "resident")
        slot = (await free_slots(resident.page))[0]
        await resident.page.add_init_script(WATCH_SHIFTS)
        device = await resident.device.new_cdp_session(resident.page)
        await device.send("Network.enable")
        await device.send("Network.emulateNetworkConditions", SLOW)
        for path in ("/my", "/book/times", f"/book/form?slot={slot}"):
            await resident.go(path)
            await settled(resident.page)
            # Two frames later all that moved has been told of.
            moved = await resident.page.evaluate(ALL_SHIFTS)
            assert moved <= LARGEST_SHIFT, f"{path} moves by {moved}"


async def question(other: Resident) -> str:
    """The link by which somebody is asked to a mediation."""
    await enter(other, "mediator")
    cases = await other.page.evaluate(READ, "/api/cases?state=in_mediation")
    for one in cases["items"]:
        case = await other.page.evaluate(READ, f"/api/cases/{one['id']}")
        party = next(party for party in case["parties"] if party["role"] == "respondent")
        body = {"other_party_id": party["id"], "phone": ASKED}
        if await other.page.evaluate(SEND, [f"/api/cases/{one['id']}/mediations", body]):
            break
    sms = await other.district.message(ASKED, saying="/ask/")
    await other.device.clear_cookies()
    found = re.search(r"/ask/[\w-]+", sms.text)
    assert found, sms.text
    return found[0]


async def enter(resident: Resident, role: str) -> None:
    await resident.go("/no/such/page")
    await resident.page.evaluate(ENTER, role)


async def pages_of_things(page: Page) -> list[str]:
    """Every appointment and matter of whoever is signed in, and the way to another time."""
    appointments = [one["id"] for one in await page.evaluate(READ, "/api/appointments")]
    matters = [one["id"] for one in await page.evaluate(READ, "/api/my/cases")]
    assert appointments
    assert matters
    return [
        *(f"/my/appointments/{id}" for id in appointments),
        f"/my/appointments/{appointments[0]}/move",
        f"/my/appointments/{matters[0]}",  # nobody's
        *(f"/my/cases/{id}" for id in matters),
    ]


async def free_slots(page: Page) -> list[str]:
    """Of the first public day that has at least two."""
    for day in await page.evaluate(READ, "/api/days"):
        detail = await page.evaluate(READ, f"/api/days/{day['id']}")
        free = [slot["id"] for slot in detail["slots"] if slot["state"] == "free"]
        if len(free) > 1:
            return free
    raise AssertionError("no day has two free slots")


async def fits(page: Page) -> None:
    """As it stands, in text twice as large, in elder mode, in English; then back to the first."""
    await settled(page)
    await stays_within(page)
    await no_violations(page)
    await page.evaluate(TEXT, "225%")
    await stays_within(page)
    await page.evaluate(TEXT, "")
    await switch(page, "大字版")
    await stays_within(page)
    await no_violations(page)
    await switch(page, "标准版")
    await switch(page, "English")
    await expect(page.get_by_role("button", name="中文")).to_be_visible()
    await stays_within(page)
    assert re.search(r"\w+\.\w+\.\w+", await page.inner_text("main")) is None, "a text is missing"
    await switch(page, "中文")


async def switch(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name).first.click()


async def settled(page: Page) -> None:
    """The heading is there, and nothing is being fetched any more."""
    await expect(page.get_by_role("heading", level=1).first).to_be_attached()
    await expect(page.get_by_text("正在读取")).to_have_count(0)


async def stays_within(page: Page) -> None:
    over = await page.evaluate(STICKS_OUT)
    assert over <= 0, f"{page.url} is {over} px wider than a phone"
    torn = await page.evaluate(TORN)
    assert torn == [], f"{page.url} breaks a half of the day"
