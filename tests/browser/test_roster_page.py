"""A clerk writes down a wish, has a roster planned, looks at it, keeps it whole, takes it back."""

import pytest
from playwright.async_api import Playwright, expect

from tests.browser.desks import at_a_desk, shown_well
from tests.browser.district import District

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browsers"), pytest.mark.timeout(600)]


async def test_clerk_has_a_roster_planned_keeps_it_and_takes_it_back(
    district: District, playwright: Playwright
) -> None:
    async with at_a_desk(district, playwright) as clerk:
        await clerk.sign_in("clerk1")
        await clerk.go("/staff/roster")
        await clerk.press("编排一段时间")
        await clerk.page.get_by_role("radio", name="快速").check(force=True)
        await clerk.press("开始编排")
        await clerk.reads("待确认")
        await shown_well(clerk, "roster-draft")
        await clerk.press("全部采用")
        await clerk.reads("排班已按方案更新")
        await clerk.press("撤回")
        await clerk.reads("排班已恢复原样")
        await clerk.go("/staff/roster")
        await clerk.reads("最近的方案")
        await clerk.reads("已撤回")


async def test_wish_of_a_department_s_person_is_written_down(
    district: District, playwright: Playwright
) -> None:
    async with at_a_desk(district, playwright) as clerk:
        await clerk.sign_in("clerk1")
        await clerk.go("/staff/roster")
        await clerk.press("登记意愿")
        sheet = clerk.page.get_by_role("dialog")
        await sheet.get_by_label("谁").select_option(index=1)
        await clerk.choose("周一 上午", "不能来")
        await clerk.choose("周五 下午", "希望来")
        await shown_well(clerk, "roster-wish")
        await sheet.get_by_role("button", name="保存").click()
        await clerk.reads("意愿已登记")
        await clerk.reads("不能来：周一 上午")
        await expect(clerk.page.get_by_text("希望来：周五 下午").first).to_be_visible()
