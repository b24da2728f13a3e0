"""The reception itself: waiting, the card at the door, the room, the alarm, the end, the next."""

from dataclasses import dataclass
from datetime import timedelta

from playwright.async_api import expect

from scheduling.tables import Appointment
from server.kernel.actor import Role
from tests.browser.accessible import no_violations
from tests.browser.callers import Caller, link_to
from tests.browser.district import District
from tests.browser.legs import line
from tests.browser.legs.matter import (
    HELPER,
    HELPER_PHONE,
    INSTRUCTION,
    LEADER,
    LEADER_LOGIN,
    NAME,
    PHONE_NUMBER,
    PRESENT_ADDRESS,
    REPLY,
    Booked,
)
from tests.browser.people import Resident, Staff
from tests.browser.stage import Stage


@dataclass
class Meeting:
    """Everybody of one reception."""

    stage: Stage
    appointment: Appointment
    resident: Resident
    leader: Staff
    clerk: Staff
    handler: Staff
    helper: Caller
    next_in_line: Caller
    next_name: str
    handler_name: str

    @property
    def district(self) -> District:
        return self.stage.district


async def gather(
    stage: Stage, appointment: Appointment, resident: Resident, clerk: Staff, leader: Staff
) -> Meeting:
    """Who else comes: the next in line, a helper by link, a department's handler."""
    district = stage.district
    other = line.next_resident(district)
    return Meeting(
        stage, appointment, resident, leader, clerk,
        handler=await stage.desk_in_firefox("handler"),
        helper=stage.caller(await link_to(district, HELPER_PHONE)),
        next_in_line=stage.caller(await link_to(district, other.phone)),
        next_name=other.name,
        handler_name=district.people.worker(Role.HANDLER).name,
    )  # fmt: skip


async def clerk_invites(clerk: Staff, booked: Booked) -> None:
    """A department's handler, who has an account, and a helper, who gets a link by SMS."""
    handler = clerk.district.people.worker(Role.HANDLER)
    await clerk.go(f"/staff/appointments?q={booked.reference}")
    await clerk.reads(NAME)
    await clerk.press("详情")
    await clerk.press("请人参加")
    await clerk.choose("再请一位", "部门承办人")
    await clerk.choose("哪个部门", f"{handler.unit.name} · {handler.name}")
    await clerk.press("发出邀请")
    await clerk.reads(f"已邀请 {handler.name}")
    await clerk.choose("再请一位", "陪同人")
    sheet = clerk.page.get_by_role("dialog", name="谁来参加")
    await sheet.get_by_label("姓名", exact=True).fill(HELPER)
    await sheet.get_by_label("手机号", exact=True).fill(HELPER_PHONE)
    await clerk.press("发出邀请")
    await clerk.reads(f"已邀请 {HELPER}")
    await clerk.picture("company")
    await clerk.district.message(HELPER_PHONE, saying="/i/")


async def resident_waits(meeting: Meeting) -> None:
    """By one tap on the link; the next in line, whose door is open too, sees one before."""
    meeting.district.clock.move_to(meeting.appointment.begins_at + timedelta(minutes=1))
    await meeting.resident.arrive(await link_to(meeting.district, PHONE_NUMBER), at=PRESENT_ADDRESS)
    await meeting.resident.reads("下一位就是您")
    await meeting.resident.reads("现在谁也看不到您")
    await no_violations(meeting.resident.page)
    await meeting.next_in_line.wait_outside()
    await meeting.next_in_line.comes_after(1)


async def clerk_compares_the_card(meeting: Meeting) -> None:
    """On camera, at the door: the two see each other, nobody else sees them."""
    clerk, resident = meeting.clerk, meeting.resident
    await clerk.sign_in("clerk1")
    await clerk.go("/staff/door")
    row = clerk.page.get_by_role("listitem").filter(has_text=NAME)
    await row.get_by_role("link", name="核对身份证").click()
    await clerk.press("核对身份证")
    await clerk.sees(NAME)
    await resident.reads("核对身份。")
    await resident.sees(clerk_name(meeting.district))
    await meeting.next_in_line.is_kept_outside()
    await clerk.press("是本人，已核对")
    await resident.reads("下一位就是您")
    await resident.sees_and_hears_nobody()
    await clerk.go("/staff")


def clerk_name(district: District) -> str:
    return district.people.worker(Role.CLERK).name


async def leader_admits(meeting: Meeting) -> None:
    """The resident first; the handler comes by right once it is live, the helper is let in."""
    leader = meeting.leader
    await leader.sign_in(LEADER_LOGIN)
    await leader.go("/staff/desk")
    await leader.reads("已核对身份证")
    await leader.press("请进", exact=False)
    await meeting.resident.sees(LEADER)
    await meeting.handler.sign_in("handler1")
    await meeting.handler.go("/staff")
    await meeting.handler.follow("进入")
    await meeting.helper.wait_outside()
    await meeting.helper.is_kept_outside()
    await leader.press("请进", exact=False)
    await meeting.helper.go_in()


async def all_see_and_hear_each_other(meeting: Meeting) -> None:
    names = {NAME, LEADER, HELPER, meeting.handler_name}
    pages = {
        NAME: meeting.resident,
        LEADER: meeting.leader,
        meeting.handler_name: meeting.handler,
    }
    for name, person in pages.items():
        await person.sees(*(names - {name}))
        await person.hears(len(names) - 1)
    await meeting.helper.hears(*(names - {HELPER}))
    await meeting.leader.notices_speaking(HELPER)
    await meeting.leader.picture("desk")
    await meeting.resident.picture("room")


async def resident_is_muted_and_back(meeting: Meeting) -> None:
    """Her sound ends for the others, her picture goes on; a reload costs three seconds at most."""
    leader, helper = meeting.leader, meeting.helper
    tile = leader.page.locator("figure.tile").filter(has_text=NAME)
    await meeting.resident.press("静音")
    await expect(tile.get_by_label("话筒已关")).to_be_visible()
    await helper.hears_no_more(NAME)
    await leader.sees(NAME)
    await meeting.resident.press("开话筒")
    await expect(tile.get_by_label("话筒已关")).to_have_count(0)
    await helper.hears(NAME)
    await leader.hears(3)
    await meeting.resident.is_back_after_reload(LEADER)
    await meeting.handler.is_back_after_reload(LEADER, NAME)


async def who_waits_hears_nothing(meeting: Meeting) -> None:
    """While those in the room hear each other, as many packets as you like."""
    await meeting.next_in_line.is_kept_outside()
    await meeting.helper.hears(NAME, LEADER)
    await meeting.next_in_line.is_kept_outside()


async def leader_raises_the_alarm(meeting: Meeting, duty: Staff) -> None:
    """One key, silent to the resident; the duty officer sees where help is to go."""
    await duty.sign_in("duty_officer1")
    await duty.go("/staff/duty")
    await duty.reads("现在没有警报")
    await meeting.leader.page.keyboard.press("F8")
    await meeting.leader.reads("已通知")
    await duty.reads(PRESENT_ADDRESS)
    await duty.press("我来处理")
    await duty.reads("您在处理")
    for words in ("警报", "值守"):
        await meeting.resident.does_not_read(words)


async def leader_closes(meeting: Meeting) -> None:
    """With a result, an instruction to a department and a reply that is released."""
    leader = meeting.leader
    await leader.page.keyboard.press("2")
    await leader.write("交办意见", INSTRUCTION)
    await leader.choose("交给哪个单位", "区人力社保局")
    await leader.press("天内", exact=False)
    await leader.write("答复内容", REPLY)
    release = leader.page.get_by_role("switch", name="结束后马上公开")
    await release.click()
    await expect(release).to_be_checked()
    await leader.picture("decision")
    await leader.press("结束会见，保存决定")
    await leader.reads("已记入事项")
    await meeting.resident.reads("会见结束了")
    await meeting.resident.reads("答复已经出来，现在就能看")
