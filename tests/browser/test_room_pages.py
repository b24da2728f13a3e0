"""The way into a session and its room, on a narrow phone and at the leader's desk."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Locator, Page, Playwright, expect

from tests.browser import senses
from tests.browser.accessible import no_violations
from tests.browser.district import District
from tests.browser.people import DESK, Guest, Staff
from tests.media.browsers import DEVICES, SPARING_DEVICES, UNASKED, chromium, headless

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browsers"), pytest.mark.timeout(600)]
NARROW = {"width": 360, "height": 740}
STICKS_OUT = """() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const wide = [...document.body.querySelectorAll('*')];
  return wide.filter((one) => one.getBoundingClientRect().right > width + 0.5)
    .map((one) => one.outerHTML.slice(0, 120));
}"""
TEXT = "(size) => document.documentElement.style.setProperty('font-size', size, 'important')"
BAD_LINE = """(loss) => {
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (text) {
    const message = JSON.parse(text);
    send.call(this, message.type === 'beat' ? JSON.stringify({ ...message, loss }) : text);
  };
}"""
NOT_SEEN_HERE = "现在谁也看不到您"


@asynccontextmanager
async def on_a_phone(browser: Browser, district: District, **more: object) -> AsyncIterator[Guest]:
    phone = await browser.new_context(
        viewport=NARROW, is_mobile=True, has_touch=True, locale="zh-CN", **more
    )
    async with phone:
        yield Guest(await phone.new_page(), district)


@asynccontextmanager
async def in_the_room(browser: Browser, district: District) -> AsyncIterator[tuple[Guest, Staff]]:
    """The first of today's line and the leader, face to face."""
    desk = await browser.new_context(viewport=DESK, locale="zh-CN")
    async with desk, on_a_phone(browser, district) as guest:
        leader = Staff(await desk.new_page(), district)
        await guest.arrive(await link(guest.page, district))
        await guest.reads(NOT_SEEN_HERE)
        await leader.sign_in("leader3")
        await leader.go("/staff/desk")
        await expect(leader.page.get_by_role("button", name="请进", exact=False)).to_be_visible()
        await leader.page.keyboard.press("a")
        await leader.press("请进来")
        await guest.sees_somebody()
        await leader.sees_somebody()
        await expect(leader.page.get_by_role("dialog")).to_have_count(0)
        yield guest, leader


async def test_entrance_fits_a_narrow_phone(district: District, playwright: Playwright) -> None:
    async with (
        headless(playwright) as browser,
        on_a_phone(browser, district) as guest,
    ):
        await guest.go(await link(guest.page, district))
        await guest.reads("看得见您了")
        await fits(guest.page)
        await guest.press("下一步")
        await fits(guest.page)
        await guest.press("下一步")
        await guest.reads("请写现在的地址")
        await guest.write("现在的地址", "织里镇利济路 1 号")
        await guest.press("下一步")
        await expect(guest.page.get_by_role("switch")).to_have_count(2)
        await guest.press("进入等候室")
        await guest.reads("“我知道了，可以开始”还没有打开")
        await expect(guest.page.get_by_role("switch").first).to_be_focused()
        await guest.reads("不方便视频，可以到现场办")
        await fits(guest.page)
        for switch in await guest.page.get_by_role("switch").all():
            await switch.click()
        await guest.press("进入等候室")
        await guest.reads(NOT_SEEN_HERE)
        await fits(guest.page)


async def test_refused_camera_leads_on_with_sound_only(
    district: District, playwright: Playwright
) -> None:
    async with (
        chromium(playwright) as browser,
        on_a_phone(browser, district, permissions=["microphone"]) as guest,
    ):
        await guest.go(await link(guest.page, district))
        await guest.reads("没打开")
        await fits(guest.page)
        await goes_on_with_sound(guest)


async def test_missing_camera_leads_on_with_sound_only(
    district: District, playwright: Playwright
) -> None:
    none = f"{DEVICES}=device-count=0"
    async with (
        chromium(playwright, UNASKED, none, without=[SPARING_DEVICES]) as browser,
        on_a_phone(browser, district) as guest,
    ):
        await guest.go(await link(guest.page, district))
        await guest.reads("没有找到摄像头")
        await fits(guest.page)
        await goes_on_with_sound(guest)


async def test_back_button_asks_before_it_leaves(
    district: District, playwright: Playwright
) -> None:
    async with (
        headless(playwright) as browser,
        in_the_room(browser, district) as (guest, _leader),
    ):
        seat = guest.page.url
        await guest.page.go_back()
        await guest.reads("要离开会见吗")
        await no_violations(guest.page)
        await guest.press("留下")
        await guest.page.reload()
        await guest.sees_somebody()
        await guest.page.go_back()
        await guest.reads("要离开会见吗")
        assert guest.page.url == seat
        await guest.page.get_by_role("dialog").get_by_role("button", name="离开").click()
        await guest.reads("您离开了会见")
        await fits(guest.page)
        await guest.page.go_back()
        assert guest.page.url != seat, "once left, back leads out as everywhere"


async def test_room_keeps_its_keys_in_large_text(
    district: District, playwright: Playwright
) -> None:
    async with (
        headless(playwright) as browser,
        in_the_room(browser, district) as (guest, leader),
    ):
        await no_violations(leader.page)
        keys = guest.page.get_by_role("toolbar").get_by_role("button")
        await expect(keys).to_have_count(5)
        await fits(guest.page)
        for size in ("100%", "200%"):
            await guest.page.evaluate(TEXT, size)
            for key in await keys.all():
                await stands_in_sight(key)
        await guest.page.evaluate(TEXT, "")
        await guest.press("举手")
        await expect(leader.page.locator("figure").get_by_text("举手")).to_be_visible()
        await guest.press("放下手")
        await guest.press("材料")
        await guest.reads("给对方看材料")
        await fits(guest.page)


async def test_sound_only_spares_the_line_and_is_kept_over_a_reload(
    district: District, playwright: Playwright
) -> None:
    async with (
        headless(playwright) as browser,
        in_the_room(browser, district) as (guest, leader),
    ):
        await guest.press("网络好")
        await guest.reads("我的网络")
        await fits(guest.page)
        await guest.page.get_by_role("switch", name="只听声音", exact=False).click()
        await guest.page.get_by_role("dialog").get_by_role("button", name="关闭").last.click()
        await guest.sees_nobody()
        await guest.page.add_init_script(senses.EARS)
        await guest.page.reload()
        await guest.hears(1)
        await guest.sees_nobody()
        assert await senses.frames(guest.page) == 0
        await leader.sees_somebody()  # smaller, and it moves
        await guest.press("只听声音")
        await guest.page.get_by_role("switch", name="只听声音", exact=False).click()
        await guest.page.get_by_role("dialog").get_by_role("button", name="关闭").last.click()
        await guest.sees_somebody()
        assert await senses.frames(guest.page) > 0  # the counter does count


async def test_leader_reads_how_the_line_of_each_does_and_a_resident_only_their_own(
    district: District, playwright: Playwright
) -> None:
    async with (
        headless(playwright) as browser,
        in_the_room(browser, district) as (guest, leader),
    ):
        await network_of(leader.page, "网络好").press("Enter")
        details = leader.page.get_by_role("dialog")
        await expect(details).to_contain_text("几乎没有")  # a few heartbeats
        await expect(details).to_contain_text("毫秒")
        await expect(details).to_contain_text("最近一分钟")
        await no_violations(leader.page)
        await leader.page.keyboard.press("Escape")
        await expect(details).to_have_count(0)
        await guest.page.evaluate(BAD_LINE, 0.3)
        await network_of(leader.page, "网络差").click()
        await expect(details).to_contain_text("很多（30%）")
        await guest.press("网络差")
        await guest.reads("可以关掉画面，只听声音")
        await expect(guest.page.get_by_role("button", name="的网络")).to_have_count(0)
        assert re.findall("毫秒|千比特|30%", await guest.page.content()) == []
        await fits(guest.page)
        for login, path in (("duty_officer1", "/staff/duty"), ("clerk1", "/staff/door")):
            async with await browser.new_context(viewport=DESK, locale="zh-CN") as context:
                watcher = Staff(await context.new_page(), district)
                await watcher.sign_in(login)
                await watcher.go(path)
                await watcher.reads("收到时丢失 很多（30%）")
                await no_violations(watcher.page)


async def test_desk_works_by_key_and_its_alarm_is_silent(
    district: District, playwright: Playwright
) -> None:
    async with (
        headless(playwright) as browser,
        in_the_room(browser, district) as (guest, leader),
    ):
        await leader.page.keyboard.press("m")
        await expect(guest.page.locator("figure").get_by_label("话筒已关")).to_be_visible()
        await leader.page.keyboard.press("m")
        await expect(guest.page.locator("figure").get_by_label("话筒已关")).to_have_count(0)
        await expect(guest.page.get_by_text("轮到您了")).to_have_count(0)
        before = await words_of(guest.page)
        await leader.page.keyboard.press("F8")
        await expect(leader.page.get_by_role("button", name="已通知")).to_be_visible()
        assert await words_of(guest.page) == before
        await leader.page.keyboard.press("2")
        await leader.write("交办意见", "请核查")
        await leader.press("结束会见，保存决定")
        await leader.reads("请选择交给哪个单位")
        await leader.reads("请定一个办结期限")
        await no_violations(leader.page)
        await leader.write("交办意见", "")
        await leader.press("结束会见，保存决定")
        await leader.reads("请下一位")
        await guest.reads("会见结束了")
        await fits(guest.page)
        await leader.page.keyboard.press("n")
        await leader.reads("还没有到")


def network_of(page: Page, word: str) -> Locator:
    """The key beside the only other person in the room."""
    return page.locator("figure").get_by_role("button", name=f"的网络 · {word}")


async def goes_on_with_sound(guest: Guest) -> None:
    await guest.press("只用声音参加")
    await guest.reads("不用画面，只用声音")
    await fits(guest.page)
    await guest.press("下一步")
    await guest.reads("您现在在哪里")


async def fits(page: Page) -> None:
    """Nothing sticks out of the phone, also in text twice as large, and axe is silent."""
    for size in ("", "200%"):
        await page.evaluate(TEXT, size)
        assert await page.evaluate(STICKS_OUT) == [], f"too wide at {size or '100%'}"
        await no_violations(page)
    await page.evaluate(TEXT, "")


async def stands_in_sight(key: Locator) -> None:
    box = await key.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= NARROW["width"]
    assert box["y"] + box["height"] <= NARROW["height"]


async def words_of(page: Page) -> list[str]:
    """All that is to be read, but for the running time and how lines do."""
    words = (await page.inner_text("body")).splitlines()
    passing = re.compile("^已谈|网络|只听声音")
    return [word for word in words if word.strip() and not passing.search(word)]


async def link(page: Page, district: District) -> str:
    """The personal link of whoever is first in today's line."""
    answer = await page.request.get(f"{district.address}/demo/due")
    return next(way["path"] for way in await answer.json() if way["role"] == "petitioner")
