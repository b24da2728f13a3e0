"""What remains: the reply on the phone, the rating, the timeline, the exported record."""

import asyncio
from pathlib import Path

from recordings.verify import verify
from tests.browser.legs.matter import (
    HELPER,
    INSTRUCTION,
    LEADER,
    NAME,
    PAPER,
    PAPER_BYTES,
    PHONE_NUMBER,
    REPLY,
)
from tests.browser.people import Resident, Staff


async def reply_is_read_and_rated(resident: Resident) -> None:
    await resident.district.message(PHONE_NUMBER, saying="答复")
    await resident.go("/my")
    # The sentence stands on the appointment's row as well, which may come first.
    await resident.page.locator('a[href^="/my/cases/"]').first.click()
    await resident.reads(REPLY)
    await resident.does_not_read(INSTRUCTION)
    for star in await resident.page.get_by_label("很满意", exact=True).all():
        await star.check(force=True)
    await resident.press("交评价")
    await resident.reads("谢谢您的评价")
    await resident.picture("matter")


async def case_keeps_the_session(clerk: Staff, *, handler: str) -> None:
    """The timeline holds who was there and what happened; the exported record verifies."""
    await clerk.sign_in("clerk1")
    await clerk.go("/staff/cases")
    await clerk.follow("厂里欠了我")
    await clerk.finds_after_a_while("会见归档")
    await clerk.reads(INSTRUCTION)
    record = clerk.page.locator("details.record").first
    await record.locator("summary").click()
    text = await record.inner_text()
    for name in (NAME, LEADER, HELPER, handler):
        assert name in text
    for fact in ("报到", "请进会场", "核对证件", "连接情况", "录像 已告知", "等候室", "封存值"):
        assert fact in text, f"{fact} is missing in {text}"
    await clerk.picture("case")
    assert await opens_the_paper(clerk) == PAPER_BYTES
    async with clerk.page.expect_download() as waiting:
        await clerk.press("导出档案")
    exported = await (await waiting.value).path()
    verify(await asyncio.to_thread(Path(exported).read_bytes))


async def opens_the_paper(clerk: Staff) -> bytes:
    """As it was attached in booking."""
    link = clerk.page.get_by_role("link", name=PAPER).first
    answer = await clerk.device.request.get(
        f"{clerk.district.address}{await link.get_attribute('href')}"
    )
    assert answer.ok
    return await answer.body()
