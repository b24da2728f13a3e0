"""A quarter of all leaders' days in one screen: tried, undone, saved, taken back; a sheet comes in."""

import re
from io import BytesIO

import pytest
from openpyxl import Workbook
from playwright.async_api import FilePayload, Locator, Playwright, expect

from tests.browser.desks import at_a_desk, shown_well
from tests.browser.district import District
from tests.browser.people import Staff

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browsers"), pytest.mark.timeout(600)]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEAD = ("领导", "日期", "开始", "结束", "每批分钟")


async def planner(clerk: Staff) -> Locator:
    """The table of the quarter that runs; its last weeks nobody was told of yet."""
    await clerk.sign_in("clerk1")
    await clerk.go("/staff/planning")
    return clerk.page.get_by_role("table", name="2026 年第 4 季度")


async def test_a_quarter_is_tried_undone_saved_and_taken_back(
    district: District, playwright: Playwright
) -> None:
    async with at_a_desk(district, playwright) as clerk:
        days = (await planner(clerk)).locator("button.day:enabled")
        await expect(days.first).to_be_visible()
        count = await days.count()
        await days.first.click()
        await clerk.press("这次不安排")
        await clerk.reads("1 步改动还没有保存")
        await expect(days).to_have_count(count - 1)
        await clerk.press("撤销一步")
        await clerk.reads_no_more("步改动还没有保存")
        await expect(days).to_have_count(count)
        await days.first.click()
        await shown_well(clerk, "planning-day")
        await clerk.press("这次不安排")
        await clerk.press("一起保存")
        await clerk.reads("已保存，一分钟内可以撤销")
        await clerk.page.reload()
        await expect(days).to_have_count(count - 1)


async def test_a_quarter_is_published_at_once_but_for_what_is_wrong(
    district: District, playwright: Playwright
) -> None:
    async with at_a_desk(district, playwright) as clerk:
        days = (await planner(clerk)).locator("button.day:enabled")
        await expect(days.first).to_be_visible()
        count = await days.count()
        await clerk.press("公布整个季度")
        await clerk.reads("公布后群众就能看到")
        await shown_well(clerk, "planning-publish")
        await clerk.page.get_by_role("button", name=re.compile(r"^公布 \d+ 天$")).click()
        await clerk.reads("已公布")
        await shown_well(clerk, "planning-published")
        await clerk.page.get_by_role("dialog").get_by_role("button", name="关闭").last.click()
        await expect(days.nth(count - 1)).to_have_count(0)


async def test_an_arrangement_comes_as_a_sheet_all_of_it_or_nothing(
    district: District, playwright: Playwright
) -> None:
    async with at_a_desk(district, playwright) as clerk:
        name = (await planner(clerk)).locator("tbody button.leader").first
        leader = (await name.inner_text()).strip()
        good = (leader, "2027-03-02", "14:00", "16:30", 30)
        await clerk.press("导入安排")
        file = clerk.page.get_by_label("选文件")
        await file.set_input_files(sheet(good, ("查无此人", "2027-03-32", "14:00", "13:00", 30)))
        await clerk.reads("现在什么都没有写入")
        await expect(clerk.page.get_by_role("button", name="全部导入")).to_be_disabled()
        await shown_well(clerk, "planning-import")
        await file.set_input_files(sheet(good))
        await clerk.reads("1 行都没有问题")
        await clerk.write("文件名称或文号", "测信联〔2026〕9 号")
        await clerk.write("批准人", "测试批")
        await clerk.write("批准日期", "2026-11-20")
        await clerk.press("全部导入为待公布")
        await clerk.reads("已导入 1 天，公布后可以预约")


def sheet(*rows: tuple[object, ...]) -> FilePayload:
    book = Workbook()
    assert book.active is not None
    for row in (HEAD, *rows):
        book.active.append(row)
    data = BytesIO()
    book.save(data)
    return {"name": "安排.xlsx", "mimeType": XLSX, "buffer": data.getvalue()}
