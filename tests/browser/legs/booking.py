"""From a clerk's plan to the evening before: published, booked, confirmed, moved, reminded."""

from datetime import UTC, timedelta

from icalendar import Calendar, Event
from playwright.async_api import expect

from scheduling.tables import Appointment, DayState, ReceptionDay
from server.kernel.clock import local
from tests.browser.accessible import no_violations
from tests.browser.district import District, eventually
from tests.browser.legs.matter import (
    ADDRESS,
    EMAIL,
    ID_NUMBER,
    LEADER,
    LEADER_LOGIN,
    NAME,
    PAPER,
    PAPER_BYTES,
    PHONE_NUMBER,
    SELF,
    SELF_ID,
    SENTENCE,
    Booked,
    draft_day,
)
from tests.browser.people import Resident, Staff

SAYING = "用一两句话说说是什么事"


async def clerk_publishes_a_day(clerk: Staff) -> ReceptionDay:
    day = await draft_day(clerk.district, login=LEADER_LOGIN)
    await clerk.sign_in("clerk1")
    await clerk.go(f"/staff/days?week={local(day.begins_at).date()}")
    await clerk.page.get_by_role("button", name=LEADER).first.click()
    await clerk.press("公布")
    await clerk.reads("已公布")
    await clerk.district.day_is(day.id, DayState.PUBLISHED)
    return day


async def slots_appear_at_their_hour(resident: Resident, day: ReceptionDay) -> None:
    """The page knows the day before its hour, and offers its slots from then on."""
    district = resident.district
    await resident.go(f"/book/day/{day.id}")
    await resident.reads("开始预约")
    await expect(resident.page.get_by_role("button", name="就约这个时间")).to_have_count(0)
    district.clock.move_to(day.booking_opens_at + timedelta(seconds=5))
    await district.day_is(day.id, DayState.BOOKING_OPEN)
    await resident.go("/")
    await no_violations(resident.page)


async def resident_books(resident: Resident, day: ReceptionDay) -> Booked:
    """Through the four steps of the form to the reference number."""
    await resident.go(f"/book/day/{day.id}")
    slot = await resident.choose_slot(1)
    await resident.press("就约这个时间")
    await resident.sign_in(PHONE_NUMBER)
    await says_who(resident)
    await keeps_the_time(resident)
    await says_what(resident)
    await adds_a_paper(resident)
    await resident.press("下一步")
    await resident.reads(SENTENCE)
    await resident.reads(PAPER)
    await submits_over_a_lost_network(resident)
    await resident.write("把见面时间放进日历", EMAIL)
    await resident.press("发给我")
    await resident.reads("日历邀请会发到这个邮箱")
    reference = await resident.finds(r"(\d{4}\s?\d{4}\s?\d{4})")
    return Booked("".join(reference.split()), slot)


async def says_who(resident: Resident) -> None:
    """Writes down herself, over a reload; then adds her mother, whose matter it is."""
    await resident.describe_person(name=SELF, id_number=SELF_ID, address=ADDRESS)
    await resident.page.reload()
    await resident.has_written("姓名", SELF)
    await resident.has_written("身份证号码", SELF_ID)
    await resident.has_written("住址", ADDRESS)
    await resident.press("下一步")
    await resident.page.get_by_label(SAYING).wait_for()
    await resident.page.go_back()
    await resident.press("添加一个人")
    await resident.choose("这个人是", "我的家人")
    await resident.describe_person(name=NAME, id_number=ID_NUMBER, address=ADDRESS)
    await resident.press("保存这个人")
    await expect(resident.page.get_by_role("radio", name=NAME)).to_be_checked()
    await resident.press("下一步")


async def keeps_the_time(resident: Resident) -> None:
    """How long the slot is kept stands there, and may be made longer once."""
    left = int(await resident.finds(r"还有 (\d+) 分钟"))
    await resident.press("再留 10 分钟")
    await resident.reads_no_more("再留 10 分钟")
    assert int(await resident.finds(r"还有 (\d+) 分钟")) >= left + 9


async def says_what(resident: Resident) -> None:
    """Neither a reload nor the way back loses a word."""
    await resident.write(SAYING, SENTENCE)
    await resident.page.reload()
    await resident.has_written(SAYING, SENTENCE)
    await no_violations(resident.page)
    await resident.press("下一步")
    await resident.reads("有材料就放上来")
    await resident.page.go_back()
    await resident.has_written(SAYING, SENTENCE)
    await resident.press("下一步")


async def adds_a_paper(resident: Resident) -> None:
    """It is sent at once, and still there after a reload."""
    paper = {"name": PAPER, "mimeType": "application/pdf", "buffer": PAPER_BYTES}
    await resident.page.locator("input[type=file][multiple]").set_input_files(paper)
    await expect(resident.page.get_by_role("progressbar")).to_have_count(0)
    await resident.page.reload()
    await resident.reads(PAPER)


async def submits_over_a_lost_network(resident: Resident) -> None:
    """Without a network nothing goes, nothing is lost, and the next try is the first booking."""
    await resident.device.set_offline(True)
    await resident.press("交上去")
    await resident.reads("网络")
    await resident.reads(SENTENCE)
    await resident.device.set_offline(False)
    await resident.press("交上去")
    await resident.reads("交上去了")


async def clerk_confirms(clerk: Staff, booked: Booked) -> None:
    await clerk.sign_in("clerk1")
    await clerk.go("/staff/reviews")
    await clerk.press(NAME, exact=False)
    await clerk.reads(booked.reference)
    await clerk.press("确认预约")
    await clerk.reads("已确认")


async def resident_gets_link_and_entry(resident: Resident, day: ReceptionDay) -> Event:
    """An SMS with the link; the address that was added gets an invitation; the page has the file."""
    district = resident.district
    sms = await district.message(PHONE_NUMBER, saying="/i/")
    assert SENTENCE not in sms.text
    event = await calendar_mail(district, method="REQUEST", sequence=0)
    slot = day.begins_at + timedelta(minutes=day.slot_minutes + day.break_minutes)
    assert event["DTSTART"].dt == slot
    await resident.go("/my")
    await resident.follow(LEADER)
    await resident.reads("接访码")
    await no_violations(resident.page)
    async with resident.page.expect_download() as waiting:
        await resident.follow("加到日历")
    assert (await waiting.value).suggested_filename.endswith(".ics")
    return event


async def resident_moves(resident: Resident, day: ReceptionDay, was: Event, slot: str) -> None:
    """To the first time of the same day, which is the one that the page opens at: the entry follows, the time before rests."""
    district = resident.district
    await resident.go("/my")
    await resident.follow(LEADER)
    await resident.follow("改时间")
    when = local(day.begins_at)
    date = resident.page.get_by_role("radio", name=f"{when.month} 月 {when.day} 日")
    await expect(date).to_be_checked()
    await resident.choose_slot(0)
    await resident.press("改到这个时间")
    await resident.reads("改到了")
    event = await calendar_mail(district, method="REQUEST", sequence=1)
    assert event["UID"] == was["UID"]
    assert event["DTSTART"].dt == day.begins_at
    await district.message(PHONE_NUMBER, saying="时间已改为")
    await resident.go(f"/book/day/{day.id}")
    resting = f"{slot.rsplit(maxsplit=1)[-1]} 晚些时候再开放"
    await expect(resident.page.get_by_role("button", name=resting)).to_be_visible()


async def calendar_mail(
    district: District, *, method: str, sequence: int, to: str = EMAIL
) -> Event:
    """The only event of the mail with this method and number; waits for it."""

    async def found() -> Event | None:
        for message in await district.book.newest(500):
            if message.to != to or message.calendar is None:
                continue
            entry = Calendar.from_ical(message.calendar)
            [event] = entry.walk("VEVENT")
            if (entry["METHOD"], event["SEQUENCE"]) == (method, sequence):
                return event
        return None

    return await eventually(found)


async def reminders_go_out(resident: Resident, appointment: Appointment) -> None:
    """At seven days and at one day, none before its time."""
    district, begins = resident.district, appointment.begins_at
    for before, words in ((timedelta(days=7), "要改时间"), (timedelta(days=1), "提前试一下")):
        sent = [message.text for message in await district.book.newest(500)]
        assert not any(words in text for text in sent if "提醒" in text and _day(begins) in text)
        district.clock.move_to(begins - before + timedelta(seconds=5))
        await district.message(PHONE_NUMBER, saying=words)


def _day(begins_at) -> str:
    when = local(begins_at)
    return f"{when.month}月{when.day}日"


async def leader_has_the_brief_the_evening_before(leader: Staff, day: ReceptionDay) -> None:
    district = leader.district
    evening = local(day.begins_at) - timedelta(days=1)
    district.clock.move_to(evening.replace(hour=18, minute=0, second=5).astimezone(UTC))
    await leader.sign_in(LEADER_LOGIN)
    await leader.go(f"/staff/briefs/{day.id}")
    await leader.reads(SENTENCE)
    await leader.reads(NAME)


async def last_reminder_goes_out(resident: Resident, appointment: Appointment) -> None:
    district = resident.district
    district.clock.move_to(appointment.begins_at - timedelta(hours=1) + timedelta(seconds=5))
    await district.message(PHONE_NUMBER, saying="现在可以准备了")
