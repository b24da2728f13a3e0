"""A screen that is shown: large at the other end, larger on a press, gone when it ends."""

import os
import signal
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, Playwright, expect

from server.kernel.actor import SYSTEM
from signaling.tables import SessionLog
from tests.browser.accessible import no_violations
from tests.browser.district import District, eventually
from tests.browser.test_room_pages import fits, in_the_room
from tests.media.browsers import UNASKED, chromium

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browsers"), pytest.mark.timeout(600)]

DRAWN = """async (selector) => {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [32, 18];
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  const video = document.querySelector(selector);
  if (!video || video.videoWidth === 0) return null;
  pen.drawImage(video, 0, 0, 32, 18);
  const dots = pen.getImageData(0, 0, 32, 18).data;
  const lit = dots.some((value, at) => at % 4 !== 3 && value > 24);
  return lit ? [video.videoWidth, video.videoHeight, video.clientWidth] : null;
}"""


STREAM = "() => document.querySelector('figure.screen .view video')?.srcObject?.id ?? null"


async def sees_screen(page: Page, selector: str = "figure.screen .view video") -> list[int]:
    """A picture of it is drawn; answers its size, and how wide it stands on the page."""
    return list(await eventually(partial(page.evaluate, DRAWN, selector)))


async def sees_no_screen(page: Page) -> None:
    await expect(page.locator("figure.screen")).to_have_count(0)


async def said(district: District) -> list[tuple[str, object]]:
    """What the session's log has of it, and why each ended."""
    async with district.services.uow.begin(SYSTEM) as tx:
        query = sa.select(SessionLog).where(SessionLog.kind.like("share.%")).order_by(SessionLog.id)
        return [(line.kind, line.facts.get("why")) for line in await tx.session.scalars(query)]


def kill_media() -> None:
    """Every media process of the server that this test runs."""
    pid = os.getpid()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    workers = [c for c in children if b"signaling.media" in Path(f"/proc/{c}/cmdline").read_bytes()]
    assert workers
    for worker in workers:
        os.kill(int(worker), signal.SIGKILL)


async def test_leaders_screen_is_large_on_the_phone_and_gone_afterwards(
    district: District, playwright: Playwright
) -> None:
    async with (
        chromium(playwright, UNASKED) as browser,
        in_the_room(browser, district) as (guest, leader),
    ):
        await leader.page.keyboard.press("s")
        await guest.reads("正在共享屏幕")
        width, height, shown = await sees_screen(guest.page)
        assert (width >= 640, height >= 360) == (True, True)
        tiles = guest.page.locator(".strip .tile video")
        assert shown > 2 * (await tiles.first.bounding_box())["width"]
        await leader.reads("您正在共享屏幕")
        await sees_no_screen(leader.page)
        await no_violations(leader.page)
        await guest.sees_somebody()
        await fits(guest.page)
        await enlarges(guest.page)
        await leader.page.keyboard.press("s")
        await sees_no_screen(guest.page)
        await guest.sees_somebody()
        assert await said(district) == [("share.started", None), ("share.ended", None)]


async def enlarges(page: Page) -> None:
    await page.get_by_role("button", name="放大看", exact=False).press("Enter")
    _, _, whole = await sees_screen(page, "dialog.viewer video")
    await fits(page)
    for _ in range(3):
        await page.get_by_role("button", name="放大", exact=True).click()
    _, _, large = await sees_screen(page, "dialog.viewer video")
    assert large > 3 * whole
    await page.keyboard.press("-")
    _, _, less = await sees_screen(page, "dialog.viewer video")
    assert whole < less < large
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog[open]")).to_have_count(0)


async def test_reload_of_the_sharer_ends_it_and_it_can_be_begun_again(
    district: District, playwright: Playwright
) -> None:
    async with (
        chromium(playwright, UNASKED) as browser,
        in_the_room(browser, district) as (guest, leader),
    ):
        await leader.press("共享屏幕", exact=False)
        await sees_screen(guest.page)
        await leader.page.reload()
        await sees_no_screen(guest.page)
        await guest.sees_somebody()
        await leader.sees_somebody()
        await leader.press("共享屏幕", exact=False)
        await sees_screen(guest.page)
        await leader.press("停止共享")
        await sees_no_screen(guest.page)
        first, second = [why for kind, why in await said(district) if kind == "share.ended"]
        assert first in {"began_anew", "line_lost"}  # a slow page is missed before it is back
        assert second is None


async def test_resident_shares_when_asked_to_and_the_host_ends_it(
    district: District, playwright: Playwright
) -> None:
    async with (
        chromium(playwright, UNASKED) as browser,
        in_the_room(browser, district) as (guest, leader),
    ):
        await expect(guest.page.get_by_role("button", name="共享")).to_have_count(0)
        await leader.press("更多操作", exact=False)
        await leader.press("请对方共享屏幕")
        await guest.reads("主持人请您共享屏幕")
        await fits(guest.page)
        await guest.press("开始共享")
        await guest.reads("您正在共享屏幕")
        await fits(guest.page)
        await sees_screen(leader.page)
        await no_violations(leader.page)
        faces = await leader.page.locator("figure.tile").all()
        assert [(await face.bounding_box())["height"] > 60 for face in faces] == [True, True]
        await leader.press("请对方停止共享")
        await sees_no_screen(leader.page)
        await guest.reads_no_more("您正在共享屏幕")
        await leader.sees_somebody()


async def test_screen_goes_on_by_itself_when_the_media_process_dies(
    district: District, playwright: Playwright
) -> None:
    async with (
        chromium(playwright, UNASKED) as browser,
        in_the_room(browser, district) as (guest, leader),
    ):
        await leader.page.keyboard.press("s")
        await sees_screen(guest.page)
        before = await guest.page.evaluate(STREAM)
        kill_media()
        await guest.page.wait_for_function(
            f"(before) => ![null, before].includes(({STREAM})())", arg=before
        )
        await sees_screen(guest.page)
        await guest.sees_somebody()
        await leader.sees_somebody()
        await leader.reads("您正在共享屏幕")
        assert await said(district) == [("share.started", None)]


async def test_device_that_cannot_share_is_told_what_else_to_do(
    district: District, playwright: Playwright
) -> None:
    async with (
        chromium(playwright, UNASKED) as browser,
        in_the_room(browser, district) as (guest, leader),
    ):
        cannot = (
            "Object.defineProperty(MediaDevices.prototype, 'getDisplayMedia', {value: undefined})"
        )
        for page in (guest.page, leader.page):
            await page.add_init_script(cannot)
            await page.reload()
        await guest.sees_somebody()
        await leader.sees_somebody()
        await expect(leader.page.get_by_role("button", name="共享屏幕", exact=False)).to_have_count(
            0
        )
        await leader.press("更多操作", exact=False)
        await leader.press("请对方共享屏幕")
        await guest.reads("这台设备不支持")
        await fits(guest.page)
        await expect(guest.page.get_by_role("button", name="开始共享")).to_have_count(0)


async def test_choice_that_was_refused_is_explained_and_may_be_made_again(
    district: District, playwright: Playwright
) -> None:
    async with (
        chromium(playwright, UNASKED) as browser,
        in_the_room(browser, district) as (guest, leader),
    ):
        await leader.page.evaluate(
            """() => {
              const ask = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices);
              let times = 0;
              navigator.mediaDevices.getDisplayMedia = (wish) =>
                times++ ? ask(wish) : Promise.reject(new DOMException('', 'NotAllowedError'));
            }"""
        )
        await leader.page.keyboard.press("s")
        await leader.reads("没有选窗口")
        await no_violations(leader.page)
        await sees_no_screen(guest.page)
        assert await said(district) == []
        await leader.press("再试一次")
        await sees_screen(guest.page)
        await leader.reads_no_more("没有选窗口")
