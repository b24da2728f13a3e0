"""Every staff page in both sizes: nothing sticks out, axe has nothing to say; the desk by key."""

import re

import pytest
from playwright.async_api import Page, Playwright, expect

from tests.browser.accessible import no_violations
from tests.browser.desks import SMALL, STICKS_OUT, TWICE, at_a_desk, shown_well
from tests.browser.district import District
from tests.browser.people import DESK, Staff

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browsers"), pytest.mark.timeout(600)]
NOBODYS = "/staff/cases/00000000-0000-4000-8000-000000000000"
PAGES = {
    "clerk1": (
        "/staff", "/staff/reviews", "/staff/calls", "/staff/book", "/staff/appointments",
        "/staff/days", "/staff/plans", "/staff/plans/new", "/staff/cases", "CASE", "/staff/door", NOBODYS,
    ),
    "leader3": ("/staff", "BRIEFS"),
    "mediator1": ("/staff", "/staff/mediations", "MEDIATION"),
    "village_worker1": ("/staff", "/staff/site", "/staff/book"),
    "duty_officer1": ("/staff", "/staff/duty"),
    "auditor1": ("/staff", "/staff/audit"),
}  # fmt: skip
SCHEDULING = {
    "clerk1": (
        "/staff/wishes", "/staff/calendar", "/staff/holidays", "/staff/draws", "/staff/planning",
        "/staff/joint", "JOINT", "/staff/roster", "/staff/figures",
    ),
    "leader_office1": ("/staff", "/staff/days", "/staff/plans", "/staff/planning"),
    "supervisor1": ("/staff", "/staff/calendar", "/staff/figures"),
}  # fmt: skip
TABLET = {"width": 768, "height": 1024}
FOUND_BY = {
    "PETITION": ("/api/cases?state=registered", "items", "/staff/cases/"),
    "CASE": ("/api/cases?state=in_handling", "items", "/staff/cases/"),
    "MEDIATION": ("/api/mediations", None, "/staff/mediations/"),
    "JOINT": ("/api/joint-interviews", None, "/staff/joint/"),
    "BRIEFS": ("/api/line/today", "day", "/staff/briefs/"),
}
GUEST, GUEST_PHONE = "测试陪", "13900000066"
OPEN_TO_COMPANY = """async () => {
  const listed = await (await fetch('/api/desk/appointments')).json();
  return listed.items.find((one) => one.actions.includes('invite'));
}"""
ABOVE_THE_BAR = """(() => {
  const edgeOf = (what, side) => document.querySelector(what).getBoundingClientRect()[side];
  return edgeOf('.toast', 'bottom') <= edgeOf('header nav', 'top');
})()"""
CUT = """[...document.body.querySelectorAll('*')]
  .filter((one) => one.innerText && getComputedStyle(one).textOverflow === 'ellipsis')
  .filter((one) => one.scrollWidth > one.clientWidth + 1)
  .map((one) => one.innerText)"""


async def test_pages_before_the_sign_in_fit_and_can_be_read(
    district: District, playwright: Playwright
) -> None:
    async with at_a_desk(district, playwright) as staff:
        for path in ("/staff/sign-in", "/demo"):
            await fits(staff, path)


@pytest.mark.parametrize("pages", [PAGES, SCHEDULING], ids=["receptions", "scheduling"])
async def test_staff_pages_fit_and_can_be_read(
    district: District, playwright: Playwright, pages: dict[str, tuple[str, ...]]
) -> None:
    async with at_a_desk(district, playwright) as staff:
        for login, paths in pages.items():
            await staff.sign_in(login)
            for path in paths:
                await fits(staff, await address_of(staff, path))


async def test_clerk_answers_a_request_by_key(district: District, playwright: Playwright) -> None:
    async with at_a_desk(district, playwright) as clerk:
        await clerk.sign_in("clerk1")
        await clerk.go("/staff/reviews")
        requests = clerk.page.get_by_role("list", name="待审核的预约").get_by_role("button")
        await expect(requests.first).to_have_attribute("aria-pressed", "true")
        before = await requests.count()
        await clerk.page.keyboard.press("j")
        await expect(requests.nth(1)).to_have_attribute("aria-pressed", "true")
        await clerk.page.keyboard.press("d")
        await clerk.reads("不安排接访，书面告知")
        await clerk.press("发出告知")
        await clerk.reads("请写明理由，对方会看到")
        await clerk.page.keyboard.press("Escape")
        await expect(clerk.page.locator("body")).to_be_focused()
        await clerk.page.keyboard.press("c")
        await clerk.reads("短信已排队发出")
        await clerk.page.set_viewport_size(SMALL)
        await clerk.page.wait_for_function(ABOVE_THE_BAR)
        await clerk.page.set_viewport_size(DESK)
        await expect(requests).to_have_count(before - 1)


async def test_caller_gets_a_time_and_a_slip(district: District, playwright: Playwright) -> None:
    async with at_a_desk(district, playwright) as clerk:
        await clerk.sign_in("clerk1")
        await clerk.go("/staff/calls")
        await clerk.press("我来打")
        await clerk.follow("替 TA 预约")
        await expect(clerk.page.get_by_label("手机号")).not_to_have_value("")
        await clerk.press("确认预约")
        await clerk.reads("请选一个时间")
        await clerk.write("一句话说清楚什么事", "老房漏雨，没有人管")
        day = clerk.page.get_by_role("group", name="选接访日")
        await day.get_by_role("radio", disabled=False).first.check(force=True)
        time = clerk.page.get_by_role("group", name="选时间")
        await time.get_by_role("radio").first.check(force=True)
        await clerk.press("确认预约")
        await clerk.reads("预约单")
        assert re.search(r"\b\d{6}\b", await clerk.page.inner_text("article"))
        await no_violations(clerk.page)
        await clerk.follow("回到回电")
        await expect(clerk.page.get_by_label("通话记录")).to_have_value(re.compile("已约 "))
        await clerk.press("办结")
        await clerk.reads("已办结")


async def test_accusation_is_confided(district: District, playwright: Playwright) -> None:
    async with at_a_desk(district, playwright) as clerk:
        await clerk.sign_in("clerk1")
        case = await address_of(clerk, "PETITION")
        await clerk.go(case)
        await clerk.press("分类与回避")
        await clerk.choose("信访类别", "检举控告")
        await clerk.press("保存")
        await clerk.reads("检举控告要选核查的部门")
        await no_violations(clerk.page)
        department = clerk.page.get_by_label("交给哪个部门核查")
        await department.select_option(index=1)
        await clerk.press("保存")
        await clerk.reads("已保存")
        await clerk.reads("检举控告")
        assert await status_of(clerk, case) == 200
        await clerk.sign_in("supervisor1")
        assert await status_of(clerk, case) == 404


async def test_helper_is_asked_in_and_left_out(district: District, playwright: Playwright) -> None:
    async with at_a_desk(district, playwright) as clerk:
        await clerk.sign_in("clerk1")
        row = await clerk.page.evaluate(OPEN_TO_COMPANY)
        await clerk.go(f"/staff/appointments?q={row['reference']}&open={row['id']}")
        await clerk.press("请人参加")
        sheet = clerk.page.get_by_role("dialog", name="谁来参加")
        await clerk.choose("再请一位", "陪同人")
        await sheet.get_by_label("姓名", exact=True).fill(GUEST)
        await sheet.get_by_label("手机号", exact=True).fill(GUEST_PHONE)
        await clerk.press("发出邀请")
        person = sheet.get_by_role("listitem").filter(has_text=GUEST)
        await person.get_by_role("button", name=f"取消邀请 {GUEST}").click()
        await shown_well(clerk, "company")
        await person.get_by_role("button", name="确定取消邀请").click()
        await clerk.reads(f"已取消对 {GUEST} 的邀请")
        await expect(person).to_have_count(0)
        await district.message(GUEST_PHONE, saying="不用您参加")


@pytest.mark.parametrize(
    ("login", "path", "title"),
    [
        ("handler1", "**/api/joint-asks/mine", "请您到场的联合接访"),
        ("leader_office1", "**/api/joint-proposals/mine", "请确认领导时间"),
    ],
)
async def test_card_that_cannot_be_read_says_so_and_is_tried_again(
    district: District, playwright: Playwright, login: str, path: str, title: str
) -> None:
    async with at_a_desk(district, playwright) as staff:
        await staff.device.route(path, lambda route: route.abort())
        await staff.sign_in(login)
        card = staff.page.locator("section").filter(
            has=staff.page.get_by_role("heading", name=title)
        )
        await expect(card.get_by_role("button", name="再试一次")).to_be_visible()
        await no_violations(staff.page)
        await staff.device.unroute(path)
        await card.get_by_role("button", name="再试一次").click()
        await expect(card.get_by_role("button", name="再试一次")).to_have_count(0)


async def status_of(staff: Staff, page: str) -> int:
    """What the case behind a page answers to whoever is signed in."""
    url = page.replace("/staff/cases/", "/api/cases/")
    return await staff.page.evaluate("(url) => fetch(url).then((r) => r.status)", url)


async def fits(staff: Staff, path: str) -> None:
    """At a desk by day and night, on a tablet, and on a narrow phone in text twice as large."""
    await staff.page.set_viewport_size(DESK)
    await staff.go(path)
    await settled(staff.page)
    await no_violations(staff.page)
    assert await staff.page.evaluate(CUT) == [], f"{path} cuts what is to be read"
    await is_readable_at_night(staff.page)
    await staff.page.set_viewport_size(TABLET)
    assert await staff.page.evaluate(STICKS_OUT) <= 0, f"{path} is wider than a tablet"
    await staff.page.set_viewport_size(SMALL)
    assert await staff.page.evaluate(STICKS_OUT) <= 0, f"{path} is wider than a phone"
    await no_violations(staff.page)
    await staff.page.evaluate(TWICE)
    assert await staff.page.evaluate(STICKS_OUT) <= 0, f"{path} breaks in large text"


async def is_readable_at_night(page: Page) -> None:
    """The open page follows a system that turns dark, and back."""
    for scheme in ("dark", "light"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await expect(page.locator("html")).to_have_attribute("data-theme", scheme)
        if scheme == "dark":
            await no_violations(page)


async def settled(page: Page) -> None:
    """The heading is there, and nothing is being fetched any more."""
    await expect(page.get_by_role("heading", level=1).first).to_be_visible()
    await expect(page.get_by_text("正在读取")).to_have_count(0)


async def address_of(staff: Staff, path: str) -> str:
    """Where a page of one thing is: the first thing of its kind."""
    if path not in FOUND_BY:
        return path
    listed, part, below = FOUND_BY[path]
    answer = await staff.page.evaluate("(url) => fetch(url).then((r) => r.json())", listed)
    found = answer[part] if part else answer
    return below + (found[0] if isinstance(found, list) else found)["id"]
