"""A joint interview from the case to its timeline: searched, booked, answered, held in one room.

The clerk, the leader and a department's handler are at 1440 px, the resident at 390 px.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, Playwright, ViewportSize

from scheduling.joint.tables import JointSeat, SeatState
from scheduling.tables import Appointment, Invitee, SessionRole
from server.identity.tables import Account
from server.kernel.actor import SYSTEM
from tests.browser import senses
from tests.browser.accessible import no_violations
from tests.browser.callers import link_to
from tests.browser.district import District
from tests.browser.legs.mediation import open_case
from tests.browser.people import DESK, PHONE, Guest, Staff
from tests.media.browsers import UNASKED, chromium

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browsers"), pytest.mark.timeout(600)]
DEPARTMENTS = ("区人力社保局", "区总工会")
REPLY = "两家单位已经当面核对了材料，十日内给您书面答复。"


@dataclass(frozen=True)
class Booked:
    """The appointment with who comes: logins, names, the resident's phone."""

    appointment: Appointment
    leader: Account
    handlers: list[Account]
    resident_name: str
    resident_phone: str


async def test_joint_interview_is_found_booked_and_held(
    district: District, playwright: Playwright
) -> None:
    async with chromium(playwright, UNASKED) as browser:

        async def page(viewport: ViewportSize, **device: bool) -> Page:
            context = await browser.new_context(viewport=viewport, locale="zh-CN", **device)
            await context.add_init_script(senses.EARS)
            return await context.new_page()

        async def desk() -> Staff:
            return Staff(await page(DESK), district)

        clerk = await desk()
        resident = Guest(await page(PHONE, is_mobile=True, has_touch=True), district)
        case_id = await open_case(district)
        await clerk_books(clerk, case_id)
        booked = await all_have_answered(await desk(), case_id)
        await comes(resident, booked)
        leader, handler = await desk(), await desk()
        await all_meet(booked, resident=resident, leader=leader, handler=handler)
        await leader_closes(leader, resident)
        await clerk.sign_in("clerk1")  # a day has gone by
        await clerk.go(f"/staff/cases/{case_id}")
        await clerk.finds_after_a_while("会见归档")
        record = clerk.page.locator("details.record").first
        await record.locator("summary").click()
        text = await record.inner_text()
        for name in (booked.resident_name, booked.leader.name, booked.handlers[0].name):
            assert name in text


async def clerk_books(clerk: Staff, case_id: str) -> None:
    """On the best time at which all are there."""
    await clerk.sign_in("clerk1")
    await clerk.go(f"/staff/cases/{case_id}")
    await clerk.press("部门联合接访")
    for name in DEPARTMENTS:
        await clerk.choose("添加单位", name)
    await clerk.choose("谁来接访", "任何一位领导")
    await no_violations(clerk.page)
    await clerk.press("查找时间")
    await clerk.reads("最合适")
    await clerk.picture("joint-times")
    best = clerk.page.get_by_role("listitem").filter(has_text="最合适")
    await best.get_by_role("button").click()
    await clerk.reads("各单位到场情况")
    await no_violations(clerk.page)
    await clerk.picture("joint-booked")


async def all_have_answered(clerk: Staff, case_id: str) -> Booked:
    """Whoever is asked says yes on their own page."""
    district = clerk.district
    while asked := await _asked(district):
        await clerk.device.clear_cookies()
        await clerk.sign_in(asked)
        await clerk.press("我能到")
        await clerk.reads("已确认，时间已为您占下")
    async with district.services.uow.begin(SYSTEM) as tx:
        query = sa.select(Appointment).where(Appointment.case_id == UUID(case_id))
        appointment = (await tx.session.scalars(query)).one()
        leader = await tx.session.get_one(Account, appointment.host_id)
        query = sa.select(Account).join(JointSeat, JointSeat.account_id == Account.id)
        handlers = (
            await tx.session.scalars(query.where(JointSeat.appointment_id == appointment.id))
        ).all()
        query = sa.select(Invitee).where(
            Invitee.appointment_id == appointment.id, Invitee.role == SessionRole.PETITIONER
        )
        petitioner = (await tx.session.scalars(query)).one()
    assert len(handlers) == len(DEPARTMENTS)
    open_text = district.services.sealer.open
    return Booked(
        appointment,
        leader,
        [*handlers],
        open_text(petitioner.name, purpose="name"),
        open_text(petitioner.phone, purpose="phone"),
    )


async def _asked(district: District) -> str | None:
    """The login of somebody who has not answered yet."""
    query = sa.select(Account.login).join(JointSeat, JointSeat.asked_id == Account.id)
    async with district.services.uow.begin(SYSTEM) as tx:
        return (await tx.session.scalars(query.where(JointSeat.state == SeatState.ASKED))).first()


async def comes(resident: Guest, booked: Booked) -> None:
    """By the link in the SMS, a quarter of an hour before."""
    resident.district.clock.move_to(booked.appointment.begins_at - timedelta(minutes=15))
    await resident.arrive(await link_to(resident.district, booked.resident_phone))
    await resident.reads("现在谁也看不到您")
    await resident.picture("joint-waiting")


async def all_meet(booked: Booked, *, resident: Guest, leader: Staff, handler: Staff) -> None:
    """The leader lets the resident in; the department comes by right."""
    await leader.sign_in(booked.leader.login)
    await leader.go(f"/staff/desk/{booked.appointment.id}")
    await leader.press("请进", exact=False)
    await leader.press("请进来")
    await resident.sees(booked.leader.name)
    await handler.sign_in(booked.handlers[0].login)
    await handler.go(f"/staff/room/{booked.appointment.id}")
    names = {booked.resident_name, booked.leader.name, booked.handlers[0].name}
    people = zip(
        (resident, leader, handler),
        (booked.resident_name, booked.leader.name, booked.handlers[0].name),
        strict=True,
    )
    for person, own in people:
        await person.sees(*(names - {own}))
        await person.hears(2)
    await leader.picture("joint-desk")
    await resident.picture("joint-room")


async def leader_closes(leader: Staff, resident: Guest) -> None:
    await leader.page.keyboard.press("2")
    await leader.write("答复内容", REPLY)
    await leader.press("结束会见，保存决定")
    await leader.reads("已记入事项")
    await resident.reads("会见结束了")
