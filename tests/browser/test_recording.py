"""A session that is recorded: everybody sees it, and whoever may read the case plays it."""

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, Playwright, expect

from recordings.tables import RecordingFile
from scheduling.tables import Appointment
from server.kernel.actor import SYSTEM
from signaling.tables import LiveSession
from tests.browser.accessible import no_violations
from tests.browser.district import District, eventually
from tests.browser.test_room_pages import fits, in_the_room
from tests.media.browsers import headless

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browsers"), pytest.mark.timeout(600)]

ON = "正在录音录像"
PLAYS = "() => (document.querySelector('video')?.currentTime ?? 0) > 0.3"


async def case_of(district: District) -> str:
    """Of the session that was recorded; there is one."""

    async def found() -> str | None:
        async with district.services.uow.begin(SYSTEM) as tx:
            query = (
                sa.select(Appointment.case_id)
                .join(LiveSession, LiveSession.appointment_id == Appointment.id)
                .join(RecordingFile, RecordingFile.session_id == LiveSession.id)
            )
            case_id = await tx.session.scalar(query)
            return str(case_id) if case_id else None

    return await eventually(found)


async def written(district: District) -> None:
    """Something of both is on the disk."""

    async def grown() -> bool | None:
        files = district.services.config.recordings_folder.glob("*/*.webm")
        return sum(file.stat().st_size > 30_000 for file in files) >= 2 or None

    await eventually(grown)


async def test_both_see_that_it_is_recorded_and_the_case_plays_it(
    district: District, playwright: Playwright
) -> None:
    async with (
        headless(playwright) as browser,
        in_the_room(browser, district) as (guest, leader),
    ):
        await leader.press("开始录音录像")
        await guest.reads(ON)
        await leader.reads(ON)
        await no_violations(guest.page)
        await no_violations(leader.page)
        await fits(guest.page)
        await written(district)
        await leader.press("停止录音录像")
        await guest.reads_no_more(ON)
        await leader.go(f"/staff/cases/{await case_of(district)}")
        await plays(leader.page)


async def plays(page: Page) -> None:
    await expect(page.get_by_text("录音录像归档")).to_be_visible()
    await page.get_by_role("button", name="播放").first.click()
    await page.wait_for_function(PLAYS)
    await no_violations(page)
