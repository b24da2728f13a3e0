"""Whoever would rather be called: a clerk books for them; later they call it off by themselves."""

import re
from uuid import UUID

from playwright.async_api import Locator, expect

from scheduling.tables import Appointment
from server.demo.people import Resident as Known
from server.kernel.clock import local
from tests.browser.legs.booking import calendar_mail
from tests.browser.legs.matter import LEADER, appointment_now
from tests.browser.people import Resident, Staff
from tests.browser.stage import Stage

APPOINTMENT = re.compile(r"/my/appointments/([\w-]+)")
EMAIL = "caller@example.com"
WORDS = "村口的路去年挖开后一直没修好。"


async def is_called_booked_and_cancels(stage: Stage, clerk: Staff) -> None:
    resident, caller = await stage.resident("caller"), stage.district.people.residents[-1]
    await asks_for_a_call(resident, caller)
    await clerk_books(clerk, caller)
    await clerk_writes_down_the_call(clerk, caller)
    was = await cancels(resident, caller)
    await time_rests(resident, was)
    await stage.goes(resident)


async def asks_for_a_call(resident: Resident, caller: Known) -> None:
    """The first choice on the page; name and phone are enough."""
    await resident.go("/")
    first = resident.page.get_by_role("main").get_by_role("link").first
    await expect(first).to_contain_text("请打电话给我")
    await first.click()
    await resident.write("怎么称呼您", caller.name)
    await resident.write("打哪个号码", caller.phone)
    await resident.write("想说的事", WORDS)
    await resident.page.reload()
    await resident.has_written("想说的事", WORDS)
    await resident.press("请打给我")
    await resident.reads("记下了，等我们的电话")
    await resident.reads("最晚")
    await resident.district.message(caller.phone, saying="给您打电话")


async def clerk_books(clerk: Staff, caller: Known) -> None:
    """With a leader whom everybody may see; the card's number says who this is, whatever the phone."""
    await clerk.sign_in("clerk1")
    await clerk.go("/staff/calls")
    call = clerk.page.get_by_role("listitem").filter(has_text=WORDS)
    await call.get_by_role("button", name="我来打").click()
    await call.get_by_role("link", name="替 TA 预约").click()
    await clerk.has_written("姓名", caller.name)
    await clerk.has_written("手机号", caller.phone)
    await clerk.write("身份证号", caller.id_number)
    await clerk.write("电子邮箱", EMAIL)
    await clerk.write("一句话说清楚什么事", WORDS)
    days = clerk.page.locator(".picker label").filter(has_text=LEADER).filter(has_text="余")
    await days.locator("input[type=radio]").first.check(force=True)
    await clerk.page.locator("label.chip.free input").first.check(force=True)
    await clerk.press("确认预约")
    await clerk.reads("已约好")
    await clerk.district.message(caller.phone, saying="/i/")


async def clerk_writes_down_the_call(clerk: Staff, caller: Known) -> None:
    await clerk.go("/staff/calls")
    call = clerk.page.get_by_role("listitem").filter(has_text=WORDS)
    await call.get_by_label("通话记录").fill("已在电话里约好时间。")
    await call.get_by_role("button", name="办结").click()
    await clerk.reads(f"已办结 {caller.name} 的回电")


async def cancels(resident: Resident, caller: Known) -> Appointment:
    """On their own phone; the entry goes from the calendar."""
    district = resident.district
    asked = await calendar_mail(resident.district, method="REQUEST", sequence=0, to=EMAIL)
    await resident.go("/my")
    await resident.sign_in(caller.phone)
    await resident.follow(LEADER)
    await resident.page.wait_for_url(APPOINTMENT)
    booked = await appointment_now(district, UUID(APPOINTMENT.search(resident.page.url)[1]))
    await expect(await free_time(resident, booked)).to_have_count(0)
    await resident.page.go_back()
    await resident.press("取消这个预约")
    await resident.press("取消预约")
    await resident.reads("已经取消，时间让出来了")
    off = await calendar_mail(resident.district, method="CANCEL", sequence=1, to=EMAIL)
    assert (off["UID"], off["STATUS"]) == (asked["UID"], "CANCELLED")
    await resident.district.message(caller.phone, saying="已取消")
    return booked


async def time_rests(resident: Resident, was: Appointment) -> None:
    """Taken before, as was seen; given back it is on the page later, when nobody can foresee."""
    await expect(await free_time(resident, was)).to_have_count(0)
    resting = re.compile(rf"^{hour_of(was)} 晚些时候再开放$")
    await resident.page.get_by_role("button", name=resting).click()
    await resident.reads("过一会儿（最长两小时）会重新开放")


async def free_time(resident: Resident, appointment: Appointment) -> Locator:
    """The appointment's time on the public page of its day, if it is to be had."""
    await resident.go(f"/book/day/{appointment.day_id}")
    await resident.page.get_by_role("group", name="选时间").wait_for()
    spoken = re.compile(rf"(?<!\d){hour_of(appointment)}$")
    return resident.page.get_by_role("radio", name=spoken)


def hour_of(appointment: Appointment) -> str:
    when = local(appointment.begins_at)
    return f"{(when.hour - 1) % 12 + 1}:{when:%M}"
