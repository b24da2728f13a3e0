"""A mediation from the case to both sides in one room, with a private talk in between.

The mediator is at 1440 px, the other side at 390 px in Firefox; the applicant and the recorder are
callers that count what reaches them. All but the mediator come by the link of their SMS.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from scheduling.tables import Appointment, Invitee, Mediation, SessionRole
from server.cases.tables import Case, CaseState
from server.kernel.actor import SYSTEM, Role
from tests.browser.accessible import no_violations
from tests.browser.callers import Caller, link_to
from tests.browser.district import District
from tests.browser.legs.booking import calendar_mail
from tests.browser.people import Guest, Staff
from tests.browser.stage import Stage

OTHER, OTHER_PHONE, OTHER_EMAIL = "测试厂", "13900000088", "factory@example.com"
RECORDER, RECORDER_PHONE = "测试记", "13900000089"


@dataclass
class Table:
    """Everybody at one mediation."""

    appointment: Appointment
    mediator: Staff
    mediator_name: str
    other: Guest
    applicant: Caller
    applicant_name: str
    recorder: Caller


async def from_asking_to_the_end(stage: Stage) -> None:
    mediator, other = await stage.desk("mediator"), await stage.guest_in_firefox("other")
    case_id = await open_case(stage.district)
    await mediator_asks(mediator, case_id)
    await other_side_agrees(other)
    await mediator_invites(mediator)
    table = await lay_the_table(stage, mediator, other)
    await all_take_their_seats(table)
    await one_side_talks_apart(table)
    await both_are_back(table)
    await mediator_ends(table, case_id)
    await stage.goes(mediator)
    await stage.goes(other)


async def mediator_asks(mediator: Staff, case_id: str) -> None:
    await mediator.sign_in("mediator1")
    await mediator.go(f"/staff/cases/{case_id}")
    await mediator.press("发起调解")
    await mediator.page.get_by_text("另填一位").click()
    await mediator.write("对方姓名或单位", OTHER)
    await mediator.write("对方手机号", OTHER_PHONE)
    await mediator.press("发出征询")
    await mediator.page.wait_for_url(re.compile("/staff/mediations/"))
    await mediator.reads(f"正在等 {OTHER} 答复")


async def other_side_agrees(other: Guest) -> None:
    sms = await other.district.message(OTHER_PHONE, saying="/ask/")
    await other.go(re.search(r"/ask/[\w-]+", sms.text)[0])
    await other.reads("您愿不愿意")
    await no_violations(other.page)
    await other.page.get_by_text("愿意谈", exact=True).click()
    await other.press("就这样回答")
    await other.reads("好，记下了")


async def mediator_invites(mediator: Staff) -> None:
    """Both sides and a recorder by phone number; a calendar mail where there is an address."""
    await mediator.page.reload()
    await mediator.reads(f"{OTHER} 同意调解")
    await mediator.page.locator("label.chip.free input").first.check(force=True)
    page = mediator.page
    await page.get_by_label("姓名").last.fill(RECORDER)
    await page.get_by_label("手机号").last.fill(RECORDER_PHONE)
    guests = page.get_by_role("listitem").filter(has=page.get_by_label("手机号"))
    for guest in await guests.all():
        if await guest.get_by_label("手机号").input_value() == OTHER_PHONE:
            await guest.get_by_label("邮箱").fill(OTHER_EMAIL)
    await mediator.press("定下并发出邀请")
    await mediator.reads("时间已定")


async def all_are_told(district: District, appointment: Appointment, phones: Sequence[str]) -> None:
    """A link of one's own by SMS; where there is an address, the time comes by mail too."""
    links = [await link_to(district, phone) for phone in phones]
    assert len({*links}) == len(phones) == 3
    event = await calendar_mail(district, method="REQUEST", sequence=0, to=OTHER_EMAIL)
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (appointment.begins_at, appointment.ends_at)
    assert str(event["ATTENDEE"]) == f"mailto:{OTHER_EMAIL}"
    assert await link_to(district, OTHER_PHONE) in str(event["URL"])


async def lay_the_table(stage: Stage, mediator: Staff, other: Guest) -> Table:
    """A quarter of an hour before: everybody comes by the link that was sent to them."""
    district = stage.district
    async with district.services.uow.begin(SYSTEM) as tx:
        appointment = await latest_mediation(tx)
        query = sa.select(Invitee).where(
            Invitee.appointment_id == appointment.id, Invitee.role == SessionRole.APPLICANT
        )
        applicant = (await tx.session.scalars(query)).one()
    open_text = district.services.sealer.open
    phone = open_text(applicant.phone, purpose="phone")
    await all_are_told(district, appointment, [OTHER_PHONE, phone, RECORDER_PHONE])
    district.clock.move_to(appointment.begins_at - timedelta(minutes=15))
    return Table(
        appointment, mediator, district.people.worker(Role.MEDIATOR).name, other,
        applicant=stage.caller(await link_to(district, phone)),
        applicant_name=open_text(applicant.name, purpose="name"),
        recorder=stage.caller(await link_to(district, RECORDER_PHONE)),
    )  # fmt: skip


async def latest_mediation(tx) -> Appointment:
    query = (
        sa.select(Appointment)
        .join(Mediation, Mediation.appointment_id == Appointment.id)
        .order_by(Appointment.created_at.desc())
    )
    return (await tx.session.scalars(query)).first()


async def all_take_their_seats(table: Table) -> None:
    mediator, other = table.mediator, table.other
    await other.arrive(await link_to(other.district, OTHER_PHONE), at="练市镇工业路 3 号")
    await other.reads("准备好后请您进去")
    for caller in (table.applicant, table.recorder):
        await caller.wait_outside()
        await caller.is_kept_outside()
    await mediator.sign_in("mediator1")
    await mediator.go(f"/staff/room/{table.appointment.id}")
    await mediator.press("开始")
    for name in (OTHER, table.applicant_name, RECORDER):
        await let_in(mediator, name)
    await table.applicant.go_in()
    await table.recorder.go_in()
    await mediator.sees(OTHER, table.applicant_name, RECORDER)
    await mediator.hears(3)
    await other.sees(table.mediator_name, table.applicant_name, RECORDER)
    await other.hears(3)
    await table.applicant.hears(table.mediator_name, OTHER, RECORDER)
    await mediator.picture("mediation")


async def let_in(mediator: Staff, name: str) -> None:
    card = mediator.page.get_by_role("listitem").filter(has_text=name)
    await card.get_by_role("button", name="请进").click()
    await card.get_by_role("button", name="请进").wait_for(state="detached")


async def one_side_talks_apart(table: Table) -> None:
    """Back to back: what the two say and show reaches nobody else, while those go on talking."""
    mediator, other = table.mediator, table.other
    count = table.applicant.counter(table.mediator_name, OTHER)
    card = mediator.page.get_by_role("listitem").filter(has_text=OTHER)
    await card.get_by_role("button", name="单独谈").click()
    await other.press("好，去谈谈")
    await other.reads("单独谈话。")
    await other.sees(table.mediator_name)
    await table.applicant.hears(RECORDER)
    before = count()
    assert before > 0
    await other.hears(1)
    await mediator.sees(OTHER)
    await mediator.hears(1)
    await table.applicant.hears(RECORDER)
    assert count() == before
    await other.picture("caucus")


async def both_are_back(table: Table) -> None:
    """The proof that there was something to hear: in the main room it arrives again."""
    await table.mediator.press("结束单独谈话，都回主会场")
    await table.other.reads_no_more("单独谈话。")
    await table.applicant.hears(table.mediator_name, OTHER)
    await table.other.sees(table.applicant_name)


async def mediator_ends(table: Table, case_id: str) -> None:
    mediator = table.mediator
    await mediator.page.get_by_role("tab", name="结束").click()
    await mediator.press("结束，大家离开")
    await table.other.reads("会见结束了")
    await mediator.go(f"/staff/cases/{case_id}")
    await mediator.finds_after_a_while("会见归档")
    record = mediator.page.locator("details.record").first
    await record.locator("summary").click()
    text = await record.inner_text()
    for fact in (OTHER, RECORDER, "进入单独谈话室", "单独谈话室关闭"):
        assert fact in text, f"{fact} is missing in {text}"


async def open_case(district: District) -> str:
    """A dispute that nobody mediates yet, and about which nobody meets."""
    query = (
        sa.select(Case.id)
        .where(Case.state.in_([CaseState.ACCEPTED, CaseState.REGISTERED, CaseState.ASSIGNED]))
        .where(~sa.exists().where(Mediation.case_id == Case.id))
        .where(~sa.exists().where(Appointment.case_id == Case.id))
        .order_by(Case.number)
    )
    async with district.services.uow.begin(SYSTEM) as tx:
        return str((await tx.session.scalars(query)).first())
