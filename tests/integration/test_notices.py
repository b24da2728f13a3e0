"""Who is told what, when and how often, through the whole flow of a booking."""

from datetime import datetime, timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa

from scheduling import access, calls, changes, codes, invitees, links, reviews
from scheduling.events import AppointmentExpired
from scheduling.tables import Appointment, AppointmentState, AttendBy, CallKind, CallTask, Invitee
from server.cases import commands
from server.cases.states import CaseAction
from server.cases.tables import Case
from server.kernel.actor import SYSTEM, Role
from server.kernel.outside import NotDelivered
from server.kernel.tasks import Task
from server.kernel.texts import load_texts
from server.notices import deliver
from server.notices.outgoing import BODY
from server.notices.tables import Delivery, DeliveryState
from server.notices.wording import Wording
from tests.cases import INSTRUCTION, REPLY, decide, register
from tests.identity import add_staff, enter
from tests.reception import (
    add_centre,
    add_leader,
    add_resident,
    at,
    book,
    clerk,
    publish_day,
    slots_of,
)
from tests.units import add_unit


@pytest_asyncio.fixture
async def centre(services):
    return await add_centre(services)


@pytest_asyncio.fixture
async def reception(services, centre, runner, clock):
    """A leader's day next Monday, open for booking, and a resident."""
    leader = await add_leader(services, centre)
    day = await publish_day(services, leader)
    await runner.run_all_due()
    return {"leader": leader, "day": day, "slots": await slots_of(services, day)}


async def confirm(services, centre, appointment_id) -> None:
    async with services.uow.begin(clerk(centre)) as tx:
        appointment = await access.desk_appointment(tx, appointment_id)
        await reviews.confirm(tx, services.sealer, appointment)


async def deliveries(services, **where) -> list[Delivery]:
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(Delivery).filter_by(**where).order_by(Delivery.created_at, Delivery.key)
        return list((await tx.session.scalars(query)).all())


async def test_request_and_confirmation_are_told_by_sms_with_the_personal_link(
    services, runner, outbox, reception, centre
):
    made = await book(services, reception["slots"][0], await add_resident(services))
    await runner.run_all_due()
    receipt = outbox.sms[-1].text
    assert "11月30日 周一 上午 9:00" in receipt
    assert f"/my/appointments/{made}" in receipt
    await confirm(services, centre, made)
    await runner.run_all_due()
    assert len(outbox.sms) == 2
    text = outbox.sms[-1].text
    assert "已确认" in text
    assert text.endswith("咨询：12345")
    token = text.partition("/i/")[2].split()[0]
    async with services.uow.begin(SYSTEM) as tx:
        actor = await links.actor_of_link(tx, token)
        invitee = await tx.session.get_one(Invitee, actor.invitee_id)
    assert (invitee.appointment_id, invitee.role) == (made, "petitioner")


async def test_no_message_holds_a_word_of_the_matter(services, runner, outbox, reception, centre):
    words = {"sentence": "三个月工资被拖欠", "category": "labour"}
    made = await book(services, reception["slots"][0], await add_resident(services), **words)
    await confirm(services, centre, made)
    await runner.run_all_due()
    sent = " ".join(sms.text for sms in outbox.sms)
    assert sent
    assert not any(word in sent for word in ("工资", "labour", "Wages", "Resident 1"))


async def test_told_once_however_often_the_task_runs(services, runner, outbox, reception, centre):
    made = await book(services, reception["slots"][0], await add_resident(services))
    await confirm(services, centre, made)
    await runner.run_all_due()
    sent = len(outbox.sms)
    async with services.uow.begin(SYSTEM) as tx:  # as after a crash between sending and finishing
        await tx.connection.execute(
            sa.update(Task).values(done_at=None, owner=None, lease_until=None, attempt=0)
            .where(Task.kind.startswith("notice."))
        )  # fmt: skip
    await runner.run_all_due()
    assert len(outbox.sms) == sent


async def test_reminders_come_by_their_time_and_not_after_a_cancellation(
    services, runner, outbox, reception, centre, clock
):
    kept, gone = [
        await book(services, slot, await add_resident(services, n), phone=f"139000000{n:02d}")
        for n, slot in enumerate(reception["slots"][:2], start=1)
    ]
    for made in (kept, gone):
        await confirm(services, centre, made)
    async with services.uow.begin(SYSTEM) as tx:
        appointment = await tx.session.get_one(Appointment, gone)
        await changes.cancel(tx, appointment, reason=None)
    await runner.run_all_due()
    told = len(outbox.sms)
    for moment in ("2026-11-27T09:00", "2026-11-30T08:00"):
        clock.instant = at(moment)
        await runner.run_all_due()
    reminders = outbox.sms[told:]
    assert [sms.to for sms in reminders] == ["13900000001"] * 2
    assert ["提醒" in reminders[0].text, "现在可以准备" in reminders[1].text] == [True, True]


async def test_reminder_is_refused_after_the_start(
    services, runner, outbox, reception, centre, clock
):
    made = await book(services, reception["slots"][0], await add_resident(services))
    await confirm(services, centre, made)
    await runner.run_all_due()
    told = len(outbox.sms)
    clock.instant = at("2026-11-30T09:00")  # the process slept until the very start
    await runner.run_all_due()
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(Task.outcome).where(Task.kind == "reminder.due")
        outcomes = (await tx.session.scalars(query)).all()
    assert (len(outbox.sms), set(outcomes)) == (told, {"skipped"})


async def test_moving_makes_the_old_reminders_void(
    services, runner, outbox, reception, centre, clock
):
    made = await book(services, reception["slots"][0], await add_resident(services))
    await confirm(services, centre, made)
    await runner.run_all_due()
    async with services.uow.begin(clerk(centre)) as tx:
        appointment = await tx.session.get_one(Appointment, made)
        await changes.move(tx, appointment, reception["slots"][1], for_desk=True)
    await runner.run_all_due()
    assert "已改为 11月30日 周一 上午 9:30" in outbox.sms[-1].text
    told = len(outbox.sms)
    for moment in ("2026-11-30T08:00", "2026-11-30T08:30"):  # one hour before each
        clock.instant = at(moment)
        await runner.run_all_due()
    assert ["上午 9:30 开始" in sms.text for sms in outbox.sms[told:]] == [True]


async def test_reminder_that_the_server_slept_through_is_not_told_late(
    services, runner, outbox, reception, centre, clock
):
    made = await book(services, reception["slots"][0], await add_resident(services))
    await confirm(services, centre, made)
    await runner.run_all_due()
    told = len(outbox.sms)
    clock.instant = at("2026-11-28T09:00")  # the day before's was due on Friday morning
    await runner.run_all_due()
    assert len(outbox.sms) == told


async def test_site_visitors_are_told_the_place_and_the_code(
    services, runner, outbox, reception, centre
):
    async with services.uow.begin(SYSTEM) as tx:
        site = await tx.session.get_one(type(centre), centre.id)
        site.is_site = True
    resident = await add_resident(services)
    made = await book(
        services, reception["slots"][0], resident, attend_by=AttendBy.SITE, site_id=centre.id
    )
    await confirm(services, centre, made)
    await runner.run_all_due()
    async with services.uow.begin(SYSTEM) as tx:
        seat = await invitees.petitioner(tx, made)
        code = codes.shown(seat, services.sealer)
    assert f"请到 ZX，报接访码 {code}" in outbox.sms[-1].text


async def test_evening_before_the_leader_has_the_list_without_names(
    services, runner, outbox, reception, centre, clock
):
    leader = reception["leader"].account
    async with services.uow.begin(SYSTEM) as tx:
        row = await tx.session.get_one(type(leader), leader.id)
        row.phone = services.sealer.seal("13800000001", purpose="phone")
    made = await book(services, reception["slots"][1], await add_resident(services))
    await confirm(services, centre, made)
    clock.instant = at("2026-11-29T18:00")
    await runner.run_all_due()
    told = [sms.text for sms in outbox.sms if sms.to == "13800000001"]
    assert len(told) == 1
    assert told[0].startswith("11月30日 周一 接访 1 场：9:30。")
    assert f"/staff/briefs/{reception['day'].id}" in told[0]


async def test_who_brought_a_matter_hears_that_it_is_accepted(services, runner, outbox, centre):
    async with services.uow.begin(SYSTEM) as tx:
        case = await register(services, tx, centre)
    await runner.run_all_due()
    assert not outbox.sms
    for action in (CaseAction.ACCEPT, CaseAction.ASSIGN):
        async with services.uow.begin(SYSTEM) as tx:
            case = await tx.session.get_one(Case, case.id)
            await commands.move(tx, services.sealer, case, action)
        await runner.run_all_due()
    [sms] = outbox.sms
    assert (sms.to, case.number in sms.text, "张测试" in sms.text) == ("13900000001", True, False)


async def test_sms_that_cannot_be_delivered_becomes_a_call_once(
    services, runner, outbox, reception, centre
):
    outbox.refuse = NotDelivered("sms 400", for_good=True)
    made = await book(services, reception["slots"][0], await add_resident(services))
    await runner.run_all_due()
    await confirm(services, centre, made)
    await runner.run_all_due()
    async with services.uow.begin(SYSTEM) as tx:
        tasks = (await tx.session.scalars(sa.select(CallTask))).all()
    assert [(t.kind, t.appointment_id) for t in tasks] == [("undelivered", made)]
    assert services.sealer.open(tasks[0].phone, purpose="phone") == "13900000001"
    failed = await deliveries(services, state=DeliveryState.FAILED)
    told = {(d.template, d.error) for d in failed}
    assert told == {("submitted", "sms 400"), ("confirmed", "sms 400")}


async def test_gateway_that_is_away_for_an_hour_loses_nothing(
    services, runner, outbox, reception, centre, clock
):
    outbox.refuse = NotDelivered("away")
    await book(services, reception["slots"][0], await add_resident(services))
    for _ in range(60):
        await runner.run_all_due()
        clock.move(timedelta(minutes=1))
    assert outbox.sms == []
    outbox.refuse = None
    clock.move(timedelta(hours=1))
    await runner.run_all_due()
    assert len(outbox.sms) == 1
    assert [d.state for d in await deliveries(services)] == [DeliveryState.SENT]


async def test_gateway_that_is_away_for_days_ends_in_a_dead_letter_and_a_call(
    services, runner, outbox, reception, centre, clock
):
    outbox.refuse = NotDelivered("away")
    await book(services, reception["slots"][0], await add_resident(services))
    for _ in range(60):
        await runner.run_all_due()
        clock.move(timedelta(hours=1))
    assert [(d.state, d.error) for d in await deliveries(services)] == [("failed", "away")]
    async with services.uow.begin(SYSTEM) as tx:
        assert await tx.session.scalar(sa.select(CallTask.kind)) == "undelivered"


async def undelivered_calls(services) -> list[CallTask]:
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(CallTask).where(CallTask.kind == CallKind.UNDELIVERED)
        return list((await tx.session.scalars(query)).all())


@pytest.mark.parametrize(("came", "calls_made"), [(False, 1), (True, 0)])
async def test_message_that_came_too_late_becomes_a_call_unless_they_came(
    services, runner, outbox, reception, centre, clock, came, calls_made
):
    made = await book(services, reception["slots"][0], await add_resident(services))
    await runner.run_all_due()
    await confirm(services, centre, made)
    outbox.refuse = NotDelivered("away")
    await runner.run_all_due()
    async with services.uow.begin(SYSTEM) as tx:
        appointment = await tx.session.get_one(Appointment, made)
        begins_at = appointment.begins_at
        appointment.state = AppointmentState.COMPLETED if came else appointment.state
    assert await undelivered_calls(services) == []
    clock.instant = begins_at
    await runner.run_all_due()
    failed = await deliveries(services, state=DeliveryState.FAILED)
    assert ("confirmed", "too_late") in {(d.template, d.error) for d in failed}
    assert len(await undelivered_calls(services)) == calls_made


async def test_reminder_that_did_not_go_out_is_phoned_before_the_time(
    services, runner, outbox, reception, centre, clock
):
    made = await book(services, reception["slots"][0], await add_resident(services))
    await confirm(services, centre, made)
    await runner.run_all_due()
    async with services.uow.begin(SYSTEM) as tx:
        begins_at = (await tx.session.get_one(Appointment, made)).begins_at
    outbox.refuse = NotDelivered("sms 400", for_good=True)
    clock.instant = begins_at - timedelta(hours=1)
    await runner.run_all_due()
    assert [call.due_at for call in await undelivered_calls(services)] == [begins_at]


async def test_who_was_to_answer_is_phoned_while_an_answer_counts(
    services, runner, outbox, reception
):
    await book(services, reception["slots"][0], await add_resident(services))
    await runner.run_all_due()
    async with services.uow.begin(SYSTEM) as tx:
        delivery = (await tx.session.scalars(sa.select(Delivery))).one()
        delivery.template, delivery.invitee_id = "mediation_asked", None
        delivery.until = tx.now + timedelta(hours=3)
        await deliver.have_them_called(tx, services.sealer, delivery)
    assert [call.due_at for call in await undelivered_calls(services)] == [delivery.until]


@pytest.mark.parametrize(
    "template",
    ["choice_day_cancelled", "choice_place_freed", "waitlist_lapsed", "draw_lost", "wish_declined"],
)
async def test_who_has_no_seat_is_phoned_with_the_same_words(
    services, runner, outbox, reception, template
):
    await book(services, reception["slots"][0], await add_resident(services))
    await runner.run_all_due()
    async with services.uow.begin(SYSTEM) as tx:
        delivery = (await tx.session.scalars(sa.select(Delivery))).one()
        delivery.template, delivery.invitee_id = template, None
        text = "A place is free, choose: https://centre.example/choose/secret by 17:00."
        delivery.body = services.sealer.seal(text, purpose=BODY)
        await deliver.have_them_called(tx, services.sealer, delivery)
    [call] = await undelivered_calls(services)
    words = services.sealer.open(call.words, purpose="text")
    assert words == "A place is free, choose: by 17:00."


async def test_reminder_that_fails_after_a_call_was_made_is_phoned_as_well(
    services, runner, outbox, reception, centre, clock
):
    outbox.refuse = NotDelivered("sms 400", for_good=True)
    made = await book(services, reception["slots"][0], await add_resident(services))
    await confirm(services, centre, made)
    await runner.run_all_due()
    [first] = await undelivered_calls(services)
    async with services.uow.begin(SYSTEM) as tx:
        begins_at = (await tx.session.get_one(Appointment, made)).begins_at
        await calls.settle(tx, first.key)
    clock.instant = begins_at - timedelta(hours=1)
    await runner.run_all_due()
    assert [call.done_at is None for call in await undelivered_calls(services)].count(True) == 1


async def test_message_whose_last_try_broke_unforeseen_is_given_up_and_called(
    services, runner, outbox, reception
):
    outbox.refuse = RuntimeError("nobody thought of this")
    await book(services, reception["slots"][0], await add_resident(services))
    await runner.run_all_due()
    async with services.uow.begin(SYSTEM) as tx:
        assert await deliver.bury(tx, services.sealer) == 0  # the control: it is tried again
        last = sa.update(Task).where(Task.key.startswith("deliver:"))
        await tx.session.execute(last.values(attempt=Task.max_attempt))
    async with services.uow.begin(SYSTEM) as tx:
        assert await deliver.bury(tx, services.sealer) == 1
    assert [(d.state, d.error) for d in await deliveries(services)] == [("failed", "RuntimeError")]
    assert len(await undelivered_calls(services)) == 1
    async with services.uow.begin(SYSTEM) as tx:
        assert await deliver.bury(tx, services.sealer) == 0


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_notice_has_its_text_in_both_languages(language):
    mine, source = (load_texts().catalogues[x] for x in (language, "zh-CN"))
    keys = {key for key in source if key.startswith("notice.")}
    assert len(keys) > 20
    assert {key for key in mine if key.startswith("notice.")} == keys


async def test_decision_of_the_desk_is_told_with_the_way_on(
    services, runner, outbox, reception, centre
):
    ways = []
    for n, slot in enumerate(reception["slots"][:3], start=1):
        resident = await add_resident(services, n)
        ways.append(await book(services, slot, resident, phone=f"139000000{n:02d}"))
    await runner.run_all_due()
    told = len(outbox.sms)
    async with services.uow.begin(clerk(centre)) as tx:
        declined, diverted, cancelled = [await tx.session.get_one(Appointment, a) for a in ways]
        await reviews.decline(tx, declined, reason="涉诉", right_route="法院")
        await reviews.divert(
            tx, services.sealer, diverted, reception["slots"][3], reason="另一时间"
        )
        await changes.cancel(tx, cancelled, reason="x")
    await runner.run_all_due()
    by_phone = {sms.to: sms.text for sms in outbox.sms[told:]}
    assert len(outbox.sms[told:]) == 3
    assert "未能安排" in by_phone["13900000001"]
    assert "法院" not in by_phone["13900000001"]
    assert "已改由 Leader 1 接待：11月30日 周一 上午 10:30" in by_phone["13900000002"]
    assert "已取消" in by_phone["13900000003"]


async def test_request_nobody_reviewed_is_told_to_have_lapsed(services, runner, outbox, reception):
    made = await book(services, reception["slots"][0], await add_resident(services))
    await runner.run_all_due()
    async with services.uow.begin(SYSTEM) as tx:
        tx.emit(AppointmentExpired(appointment_id=made))
    await runner.run_all_due()
    assert "未能及时确认" in outbox.sms[-1].text


async def test_who_asked_to_be_phoned_is_told_until_when(client, services, runner, outbox, centre):
    body = {"name": "王测试", "phone": "13900000009", "words": "不会用手机"}
    assert (await client.post("/api/call-me", json=body)).status == 200
    await runner.run_all_due()
    [sms] = outbox.sms
    assert (sms.to, "11月24日" in sms.text) == ("13900000009", True), sms.text
    assert "王测试" not in sms.text


@pytest.mark.parametrize(("phone", "messages"), [("0572-2012345", 0), ("138 0013 8000", 1)])
async def test_a_landline_that_asked_to_be_phoned_gets_no_message(
    client, services, runner, outbox, centre, phone, messages
):
    body = {"name": "Old Zhang", "phone": phone, "words": "About the wall"}
    asked = await (await client.post("/api/call-me", json=body)).json()
    await runner.run_all_due()
    assert len(outbox.sms) == messages
    assert all(f"登记号 {asked['reference']}" in sms.text for sms in outbox.sms)


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2026-11-29T20:59:00Z", "11月30日 周一 凌晨 4:59"),
        ("2026-11-29T21:00:00Z", "11月30日 周一 上午 5:00"),
        ("2026-11-30T04:30:00Z", "11月30日 周一 中午 12:30"),
        ("2026-11-30T05:00:00Z", "11月30日 周一 下午 1:00"),
        ("2026-11-30T12:40:00Z", "11月30日 周一 晚上 8:40"),
    ],
)
def test_messages_name_the_part_of_the_day_as_the_pages_do(at, words):
    wording = Wording(load_texts(), "https://x.example", "12345", "Centre")
    assert wording.when("zh-CN", datetime.fromisoformat(at)) == words


async def test_released_reply_is_told_without_its_words(
    services, runner, outbox, reception, centre
):
    made = await book(services, reception["slots"][0], await add_resident(services))
    await confirm(services, centre, made)
    await runner.run_all_due()
    async with services.uow.begin(SYSTEM) as tx:
        appointment = await tx.session.get_one(Appointment, made)
        case = await tx.session.get_one(Case, appointment.case_id)
        await decide(services, tx, case, centre, appointment_id=made, release=True)
    await runner.run_all_due()
    text = outbox.sms[-1].text
    assert f"/my/cases/{case.id}" in text
    assert not any(words in text for words in (REPLY, INSTRUCTION))


async def test_desk_sees_dead_letters_of_its_units_only(
    services, client, runner, outbox, reception, centre
):
    outbox.refuse = NotDelivered("sms 400", for_good=True)
    await book(services, reception["slots"][0], await add_resident(services))
    await runner.run_all_due()
    outbox.refuse = None
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    [dead] = await (await client.get("/api/desk/deliveries?state=failed")).json()
    assert (dead["template"], dead["to_masked"], dead["error"]) == (
        "submitted", "139****0001", "sms 400",
    )  # fmt: skip
    async with services.uow.begin(SYSTEM) as tx:
        other = await add_unit(tx, "QT")
    client.session.cookie_jar.clear()
    stranger = await add_staff(services, other, Role.CLERK, login="other")
    await enter(client, services, stranger)
    assert await (await client.get("/api/desk/deliveries")).json() == []
