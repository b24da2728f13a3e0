"""Those after the first: who they are, how they are let in, and how each is brought to an end."""

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa
from playwright.async_api import expect

from scheduling.booking import Request
from scheduling.tables import Appointment, AttendBy, Slot
from server.demo.bookings import Desk
from server.demo.people import Resident as Known
from server.kernel.actor import SYSTEM
from server.kernel.uow import Tx
from tests.browser.district import District
from tests.browser.legs.matter import LEADER, Booked, appointment_by
from tests.browser.people import Staff

if TYPE_CHECKING:
    from tests.browser.legs.meeting import Meeting

NEXT_MATTER = "楼上漏水半年,物业一直不修。"
LAST_MATTER = "屋后的沟去年堵了,下雨就淹。"
OPERATOR_LOGIN = "operator2"


def next_resident(district: District) -> Known:
    return district.people.residents[7]


def last_resident(district: District) -> Known:
    """Comes to the video reception point of a village."""
    return district.people.residents[8]


async def others_book_after(district: District, booked: Booked) -> None:
    """Two residents in the same line, the second of them at a staffed point."""
    first = await appointment_by(district, booked.reference)
    after, last = next_resident(district), last_resident(district)
    home = Request(phone=after.phone, sentence=NEXT_MATTER, category="other")
    site = Request(
        phone=last.phone, sentence=LAST_MATTER, category="other", attend_by=AttendBy.SITE,
        site_id=district.people.residents[0].village.id,
    )  # fmt: skip
    desk = Desk(district.services, district.people)
    async with district.services.uow.begin(SYSTEM) as tx:
        await _rest_is_over(tx, first.day_id)
        slots = await _slots_after(tx, first)
        for known, request, slot in zip((after, last), (home, site), slots, strict=False):
            made = await desk.book(tx, known, slot.id, request, when=tx.now)
            await desk.confirm(tx, made, when=tx.now)
    await district.message(after.phone, saying="/i/")
    await district.code(last.phone)


async def _rest_is_over(tx: Tx, day_id: UUID | None) -> None:
    """They come hours after a time was left, while the clock stands still for everybody else."""
    await tx.session.execute(
        sa.update(Slot).where(Slot.day_id == day_id).values(rests_until=None, left_by=None)
    )


async def _slots_after(tx: Tx, appointment: Appointment) -> list[Slot]:
    query = (
        sa.select(Slot)
        .where(Slot.day_id == appointment.day_id, Slot.begins_at > appointment.begins_at)
        .order_by(Slot.begins_at)
    )
    return list((await tx.session.scalars(query)).all())


async def operator_lets_the_next_in(meeting: "Meeting") -> None:
    """The leader goes on to the next; whoever works beside the leader opens the door."""
    leader, following = meeting.leader, meeting.next_in_line
    await leader.reads("已记入事项")
    await leader.press("请下一位", exact=False)
    operator = await meeting.stage.desk("operator")
    await operator.sign_in(OPERATOR_LOGIN)
    await operator.go("/staff/desk")
    await operator.reads(f"代{LEADER}操作")
    await following.is_kept_outside()
    await operator.press("请进", exact=False)
    await operator.press("请进来")
    await following.go_in()
    await asyncio.gather(following.hears(LEADER), leader.sees(meeting.next_name))
    await operator.sees(meeting.next_name, LEADER)
    await operator.picture("operator")
    await meeting.stage.goes(operator)


async def leader_ends_without_an_instruction(leader: Staff) -> None:
    await leader.page.keyboard.press("2")
    await expect(leader.page.get_by_label("交办意见").first).to_have_value("")
    await leader.press("结束会见，保存决定")
    await leader.reads("已记入事项")
