"""A clerk asks on the phone and writes down what was said: on the call, and on the wish for a reception."""

import re

import pytest
from playwright.async_api import Locator, Playwright, expect

from scheduling.choices import answering, questions
from scheduling.choices.tables import Choice, ChoiceKind
from server.kernel.actor import SYSTEM
from tests.browser.desks import at_a_desk, shown_well
from tests.browser.district import District
from tests.browser.people import Staff

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browsers"), pytest.mark.timeout(600)]
REPLACE = """async () => {
  const headers = { 'Content-Type': 'application/json', 'X-Yuntiao': '1' };
  const days = await (await fetch('/api/reception-days')).json();
  const tomorrow = new Date(days[0].begins_at).getTime() + 12 * 3_600_000;
  for (const { id } of days.filter((day) => day.booked > 1 && new Date(day.begins_at) > tomorrow)) {
    const found = await (await fetch(`/api/reception-days/${id}/stand-ins`)).json();
    const leader = found.leaders.find((one) => one.why === null)?.leader;
    if (!found.short_notice || leader === undefined) continue;
    const body = JSON.stringify({ leader_id: leader.id, reason: '市里开会' });
    const said = await fetch(`/api/reception-days/${id}/substitution`, { method: 'POST', headers, body });
    if (said.ok) return leader.name;
  }
}"""

CALLER = "13900000001"


async def test_clerk_writes_down_on_the_call_what_was_chosen(
    district: District, playwright: Playwright
) -> None:
    async with at_a_desk(district, playwright) as clerk:
        await clerk.sign_in("clerk1")
        leader = await clerk.page.evaluate(REPLACE)
        await clerk.go("/staff/calls?kind=day_cancelled")
        first = await taken_call(clerk)
        await clerk.reads(f"现在由{leader}接访，时间不变")
        await first.get_by_role("button", name="记下答复").click()
        await expect(first.get_by_text("请选一项")).to_be_visible()
        await shown_well(clerk, "answer-by-phone")
        await first.get_by_role("radio", name=f"留下，见{leader}").focus()
        await clerk.page.keyboard.press("Space")
        await first.get_by_role("button", name="记下答复").focus()
        await clerk.page.keyboard.press("Enter")
        await expect(first.get_by_role("status")).to_have_text(
            re.compile(f"已答复：留下.*{leader}")
        )
        await expect(first.get_by_label("通话记录")).to_have_value(re.compile("已答复：留下"))
        await shown_well(clerk, "answered-by-phone")
        await first.get_by_role("button", name="办结").click()
        await clerk.reads("已办结")

        second = await taken_call(clerk)
        await second.get_by_role("radio", name="取消这个预约").check()
        await everybody_stays(district)
        await second.get_by_role("button", name="记下答复").click()
        await expect(second.get_by_text("已经答复过了")).to_be_visible()
        await expect(second.get_by_text("已答复：留下")).to_be_visible()
        await shown_well(clerk, "answered-meanwhile")


async def test_clerk_writes_down_which_proposed_time_was_picked(
    district: District, playwright: Playwright
) -> None:
    async with at_a_desk(district, playwright) as clerk:
        await clerk.sign_in("clerk1")
        await clerk.go("/staff/wishes")
        name = await clerk.page.locator("article .name").inner_text()
        times = clerk.page.locator("button.time")
        await times.nth(0).click()
        await times.nth(1).click()
        await clerk.press("提出这 2 个时间")
        await clerk.reads("给对方找到了 2 个时间")
        await shown_well(clerk, "wish-by-phone")
        await clerk.page.get_by_role("radio").first.check()
        await clerk.press("记下答复")
        await clerk.reads("已答复：选了")
        listed = clerk.page.get_by_role("list", name="预约接访申请")
        await expect(listed.get_by_text(name)).to_have_count(0)


async def test_caller_is_found_by_the_number_and_answered_for(
    district: District, playwright: Playwright
) -> None:
    async with at_a_desk(district, playwright) as clerk:
        await clerk.sign_in("clerk1")
        await clerk.go("/staff/calls")
        await clerk.write("有人打来：输入对方手机号", CALLER)
        await clerk.reads("给对方找到了 3 个时间")
        for part in ("申请了接访", "在候补", "有预约"):
            await clerk.reads(part)
        await shown_well(clerk, "caller")
        question = clerk.page.locator("section.answer", has_text="时间不变")
        await question.get_by_role("radio", name="留下").check()
        await question.get_by_role("button", name="记下答复").click()
        await clerk.reads("已答复：留下")
        await expect(question).to_have_count(0)
        await clerk.press("退出候补")
        await clerk.reads("已退出候补")
        await clerk.reads_no_more("在候补")
        await clerk.write("有人打来：输入对方手机号", "13911111111")
        await clerk.reads("没有找到这个号码")


async def test_clerk_asks_for_a_time_for_a_caller_whom_no_day_suits(
    district: District, playwright: Playwright
) -> None:
    async with at_a_desk(district, playwright) as clerk:
        await clerk.sign_in("clerk1")
        await clerk.go("/staff/book")
        await clerk.page.get_by_text("哪天都不合适").click()
        await clerk.press("替他申请，由窗口找时间")
        await clerk.reads("请填写姓名")
        await clerk.write("姓名", "罗老汉")
        await clerk.write("手机号", "13922222222")
        await clerk.write("一句话说清楚什么事", "村口的路去年挖开后一直没修好")
        await shown_well(clerk, "book-no-day-suits")
        await clerk.press("替他申请，由窗口找时间")
        await clerk.reads("已替罗老汉申请")
        await shown_well(clerk, "asked-on-behalf")
        await clerk.go("/staff/wishes")
        listed = clerk.page.get_by_role("list", name="预约接访申请")
        await expect(listed.get_by_text("罗老汉")).to_be_visible()


async def taken_call(clerk: Staff) -> Locator:
    """The card of a call that the clerk makes now."""
    cards = clerk.page.locator("li.call")
    free = cards.filter(has=clerk.page.get_by_role("button", name="我来打")).first
    name = await free.get_by_role("heading").inner_text()
    await free.get_by_role("button", name="我来打").click()
    card = cards.filter(has_text=name)
    await expect(card.get_by_role("radio").first).to_be_visible()
    return card


async def everybody_stays(district: District) -> None:
    async with district.services.uow.begin(SYSTEM) as tx:
        for choice in await questions.open_of(tx, Choice.kind == ChoiceKind.REPLACED):
            await answering.keep(tx, choice.id)
