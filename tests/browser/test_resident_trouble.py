"""What residents see when something is wrong: in words, all at once, and nothing typed is lost."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Playwright, Route, expect

from tests.browser.accessible import no_violations
from tests.browser.district import District
from tests.browser.people import PHONE, Resident
from tests.media.browsers import SPARING_DEVICES, UNASKED, chromium, headless

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browsers"), pytest.mark.timeout(600)]
ENTER = (
    """(role) => fetch(`/demo/enter/${role}`, { method: "POST", headers: { "X-Yuntiao": "1" } })"""
)
READ = "(url) => fetch(url).then((answer) => answer.status === 200 ? answer.json() : null)"
SENTENCE = "厂里欠了我三个月工资，去找过两次，没有结果。"
SENTENCE_LABEL = "用一两句话说说是什么事"
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
HEIC = b"\0\0\0\x18ftypheic" + b"\0" * 200
TOO_LARGE = PDF + b"\0" * (20 << 20)


@asynccontextmanager
async def on_a_phone(browser: Browser, district: District) -> AsyncIterator[Resident]:
    context = await browser.new_context(
        viewport=PHONE, is_mobile=True, has_touch=True, locale="zh-CN"
    )
    yield Resident(await context.new_page(), district)
    await context.close()


@asynccontextmanager
async def filling_in(district: District, playwright: Playwright) -> AsyncIterator[Resident]:
    """A resident with a time kept, at the first step of the form."""
    async with headless(playwright) as browser, on_a_phone(browser, district) as resident:
        await enter(resident, "neighbour")
        await resident.go(f"/book/form?slot={(await free_slots(resident.page))[0]}")
        await resident.reads("这是谁的事")
        yield resident


async def test_form_says_all_that_is_wrong_at_once(
    district: District, playwright: Playwright
) -> None:
    async with filling_in(district, playwright) as resident:
        await resident.press("添加一个人")
        await resident.write("身份证号码", "330502196001010011")
        await resident.page.get_by_label("到就近的接访点").check()
        await resident.press("换个号码")
        await resident.write("联系电话", "12345")
        await resident.press("下一步")
        for fault in (
            "请写姓名",
            "号码里有一位不对",
            "请写住址",
            "11 位数字",
            "请选一个接访点",
        ):
            await resident.reads(fault)
        await expect(resident.page.get_by_label("身份证号码")).to_have_value("330502196001010011")
        await expect(resident.page.get_by_label("联系电话")).to_have_value("12345")
        await expect(resident.page.get_by_label("姓名")).to_be_focused()
        await no_violations(resident.page)


async def test_call_me_says_all_that_is_wrong_at_once(
    district: District, playwright: Playwright
) -> None:
    async with headless(playwright) as browser, on_a_phone(browser, district) as resident:
        await resident.go("/call-me")
        await resident.write("打哪个号码", "12-34")
        await resident.press("请打给我")
        await resident.reads("请写两个字以上")
        await resident.reads("这不像一个电话号码")
        await expect(resident.page.get_by_label("打哪个号码")).to_have_value("12-34")
        await resident.go("/sign-in")
        await resident.write("您的手机号", "2390000000")
        await resident.press("发送验证码")
        await resident.reads("手机号要填 11 位数字")
        await expect(resident.page.get_by_label("您的手机号")).to_have_value("2390000000")


async def test_typed_things_outlive_back_reload_and_lost_network(
    district: District, playwright: Playwright
) -> None:
    async with filling_in(district, playwright) as resident:
        page = resident.page
        await resident.press("下一步")
        await resident.write(SENTENCE_LABEL, SENTENCE)
        await page.go_back()
        await resident.reads("这是谁的事")
        await page.go_forward()
        await expect(page.get_by_label(SENTENCE_LABEL)).to_have_value(SENTENCE)
        await page.reload()
        await expect(page.get_by_label(SENTENCE_LABEL)).to_have_value(SENTENCE)
        await page.context.set_offline(True)
        await resident.reads("网络断开了")
        await resident.press("下一步")
        await resident.press("下一步")
        await resident.press("交上去")
        await resident.reads("现在没有网络")
        await resident.reads(SENTENCE)
        await page.context.set_offline(False)
        await resident.write("电子邮箱", "a@b")
        await resident.press("交上去")
        await resident.reads("邮箱地址不对")
        await resident.has_written("电子邮箱", "a@b")
        await resident.write("电子邮箱", "")
        await resident.press("交上去")
        await resident.reads("预约号")


async def test_time_is_kept_longer_once_and_what_was_typed_outlives_it(
    district: District, playwright: Playwright
) -> None:
    async with filling_in(district, playwright) as resident:
        page = resident.page
        await resident.reads("还有 10 分钟")
        before = await kept_until(page)
        await resident.press("再留 10 分钟")
        await expect(page.get_by_role("button", name="再留 10 分钟")).to_have_count(0)
        assert await kept_until(page) > before
        await resident.press("下一步")
        await resident.write(SENTENCE_LABEL, SENTENCE)
        district.clock.move_to(await kept_until(page) + timedelta(seconds=1))
        await page.reload()
        await resident.reads("留的时间到了")
        await resident.reads("您填好的内容都在")
        await resident.press("还约这个时间")
        await expect(page.get_by_label(SENTENCE_LABEL)).to_have_value(SENTENCE)


async def test_elder_mode_shows_no_countdown_and_keeps_the_time_while_active(
    district: District, playwright: Playwright
) -> None:
    async with filling_in(district, playwright) as resident:
        page = resident.page
        await resident.press("大字版")
        await resident.reads("不着急，慢慢填")
        await resident.does_not_read("分钟")
        before = await kept_until(page)
        district.clock.move_to(before - timedelta(minutes=5))
        await page.reload()
        await resident.reads("这是谁的事")
        async with page.expect_response("**/extend") as renewed:
            await resident.press("下一步")
        assert (await renewed.value).ok
        assert await kept_until(page) > before


async def test_files_that_cannot_be_taken_are_told_one_by_one(
    district: District, playwright: Playwright, tmp_path: Path
) -> None:
    async with filling_in(district, playwright) as resident:
        await resident.press("下一步")
        await resident.write(SENTENCE_LABEL, SENTENCE)
        await resident.press("下一步")
        files = {"欠条.pdf": PDF, "合同.docx": b"PK", "录像.pdf": TOO_LARGE, "IMG_0023.HEIC": HEIC}
        for name, data in files.items():
            (tmp_path / name).write_bytes(data)
        chosen = [tmp_path / name for name in files]
        await resident.page.get_by_label("选文件").set_input_files(chosen)
        await resident.reads("“合同.docx”的格式打不开")
        await resident.reads("“录像.pdf”有 20 MB")
        await resident.reads("这是苹果手机的 HEIC 照片")
        await expect(resident.page.get_by_role("button", name="移除 欠条.pdf")).to_be_visible()
        await expect(resident.page.get_by_role("button", name="重试")).to_have_count(0)
        await no_violations(resident.page)


async def test_slot_just_taken_offers_the_next_three(
    district: District, playwright: Playwright
) -> None:
    async with headless(playwright) as browser, on_a_phone(browser, district) as second:
        async with on_a_phone(browser, district) as first:
            await enter(first, "neighbour")
            wanted = (await free_slots(first.page))[0]
            await first.go(f"/book/form?slot={wanted}")
            await first.reads("这是谁的事")
        await enter(second, "resident")
        await second.go(f"/book/form?slot={wanted}")
        await second.reads("下面是最近的空闲时段")
        others = second.page.get_by_role("button", name="换这个")
        await expect(others).to_have_count(3)
        await no_violations(second.page)
        await others.first.click()
        await second.reads("这是谁的事")


async def test_times_gone_by_and_closed_days_say_so(
    district: District, playwright: Playwright
) -> None:
    async with headless(playwright) as browser, on_a_phone(browser, district) as resident:
        await enter(resident, "neighbour")
        page = resident.page
        day = await open_day(page)
        slot = next(slot["id"] for slot in day["slots"] if slot["state"] == "free")
        days = await page.evaluate(READ, "/api/days")
        later = next(one for one in days if one["state"] == "published")
        await resident.go(f"/book/day/{later['id']}")
        await resident.reads("开始预约，到时候再来选时间")
        district.clock.move_to(
            datetime.fromisoformat(day["booking_closes_at"]) + timedelta(minutes=1)
        )
        await resident.go(f"/book/day/{day['id']}")
        await resident.reads("截止了")
        await expect(page.get_by_role("radio", disabled=False)).to_have_count(0)
        await no_violations(page)
        await resident.go(f"/book/form?slot={slot}")
        await resident.reads("预约已经截止，下面是最近的空闲时段")
        district.clock.move_to(datetime.fromisoformat(day["ends_at"]))
        await resident.go(f"/book/form?slot={slot}")
        await resident.reads("已经过去，下面是最近的空闲时段")
        await expect(page.get_by_role("button", name="换这个")).to_have_count(3)


async def test_foreign_addresses_have_a_screen_of_their_own(
    district: District, playwright: Playwright
) -> None:
    async with headless(playwright) as browser, on_a_phone(browser, district) as resident:
        await enter(resident, "neighbour")
        own = [one["id"] for one in await resident.page.evaluate(READ, "/api/appointments")]
        await resident.go(f"/my/appointments/{own[0]}")
        await resident.reads("预约内容")
        await enter(resident, "resident")
        for path, words in (
            (f"/my/appointments/{own[0]}", "打不开这个预约"),
            (f"/my/cases/{own[0]}", "打不开这个事项"),
            ("/i/AAAAAAAAAAAAAAAAAAAAAA", "这个链接打不开"),
            ("/ask/AAAAAAAAAAAAAAAAAAAAAA", "这个链接打不开了"),
            ("/nothing", "没有这个页面"),
        ):
            await resident.go(path)
            await expect(resident.page.get_by_role("heading", level=1)).to_have_text(words)


async def test_link_whose_time_is_over_says_so(district: District, playwright: Playwright) -> None:
    async with headless(playwright) as browser, on_a_phone(browser, district) as resident:
        link = await way_in(resident)
        await resident.go(link)
        await resident.reads("摄像头")  # the control
        district.clock.move(timedelta(days=1))
        await resident.finds_after_a_while("这次会见已经结束")
        await no_violations(resident.page)
        await expect(resident.page.get_by_role("link", name="看结果")).to_be_visible()


async def test_seat_whose_code_does_not_come_is_asked_for_again(
    district: District, playwright: Playwright
) -> None:
    lost = 0

    async def lose(route: Route) -> None:
        nonlocal lost
        lost += 1
        await (route.abort() if lost <= 2 else route.continue_())

    async with headless(playwright) as browser, on_a_phone(browser, district) as resident:
        link = await way_in(resident)
        await resident.page.route("**/LiveSeat-*.js", lose)
        await resident.arrive(link)
        await resident.reads("现在谁也看不到您")
    assert lost > 2


@pytest.mark.parametrize(
    ("flags", "without", "title"),
    [
        ((), (), "摄像头和话筒没打开"),
        ((UNASKED,), (SPARING_DEVICES,), "没有找到摄像头和话筒"),
    ],
    ids=["refused", "none"],
)
async def test_camera_that_cannot_be_had_says_what_to_do(
    district: District,
    playwright: Playwright,
    flags: tuple[str, ...],
    without: tuple[str, ...],
    title: str,
) -> None:
    started = chromium(playwright, *flags, without=without)
    async with started as browser, on_a_phone(browser, district) as resident:
        await resident.go(await way_in(resident))
        await resident.reads(title)
        await expect(resident.page.get_by_role("button", name="再试一次")).to_be_visible()
        await no_violations(resident.page)


async def test_old_browsers_are_told_to_update(district: District, playwright: Playwright) -> None:
    async with headless(playwright) as browser:
        async with on_a_phone(browser, district) as resident:
            path = await way_in(resident)
            await resident.page.add_init_script("delete window.RTCPeerConnection")
            await resident.go(path)
            await resident.reads("这个浏览器太旧了")
            await no_violations(resident.page)
        async with on_a_phone(browser, district) as resident:
            await resident.page.add_init_script("delete Object.hasOwn")
            await resident.go("/")
            await resident.reads("这个浏览器太旧，打不开视频接访")
            await no_violations(resident.page)


async def enter(resident: Resident, role: str) -> None:
    await resident.go("/nothing")
    await resident.page.evaluate(ENTER, role)


async def way_in(resident: Resident) -> str:
    """The link of somebody whose reception is due."""
    await resident.go("/nothing")
    due = await resident.page.evaluate(READ, "/demo/due")
    return next(way["path"] for way in due if way["role"] == "petitioner")


async def free_slots(page: Page) -> list[str]:
    """Of the first public day that has at least two."""
    return [slot["id"] for slot in (await open_day(page))["slots"] if slot["state"] == "free"]


async def open_day(page: Page) -> dict[str, Any]:
    for day in await page.evaluate(READ, "/api/days"):
        detail = await page.evaluate(READ, f"/api/days/{day['id']}")
        if sum(slot["state"] == "free" for slot in detail["slots"]) > 1:
            return detail
    raise AssertionError("no day has two free slots")


async def kept_until(page: Page) -> datetime:
    """When the time that is kept is given to others."""
    held = await page.evaluate(READ, "/api/holds/mine")
    return datetime.fromisoformat(held["expires_at"])
