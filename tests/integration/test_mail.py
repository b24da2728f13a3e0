"""Mail by real SMTP dialogues: invitations that calendars follow, refusals, lost answers (F06)."""

import asyncio
from datetime import timedelta

import icalendar
import pytest
import pytest_asyncio
import sqlalchemy as sa

from scheduling import changes
from scheduling.runner import Runner
from scheduling.tables import Appointment, CallTask, Invitee
from server.bootstrap import build
from server.bootstrap.handlers import handlers
from server.kernel.actor import SYSTEM
from server.kernel.config import Mail
from server.notices.smtp import SmtpMailer
from server.notices.tables import Delivery
from tests.integration.test_notices import confirm
from tests.ports import SilentEngine
from tests.post_office import Mood, post_office
from tests.reception import (
    add_centre,
    add_leader,
    add_resident,
    book,
    clerk,
    publish_day,
    slots_of,
)

WANG = "wang@post.example"


@pytest_asyncio.fixture
async def office():
    async with post_office() as opened:
        yield opened


@pytest_asyncio.fixture
async def services(database_url, clean, clock, config, outbox, office):
    """As everywhere, but mail goes by SMTP to the post office."""
    mail = Mail(host="127.0.0.1", port=office.port, security="none", timeout=timedelta(seconds=8))
    async with build(
        config, database_url=database_url, clock=clock, sms=outbox, mailer=SmtpMailer(mail),
        media=SilentEngine(),
    ) as made:  # fmt: skip
        yield made


@pytest_asyncio.fixture
async def booked(services, clock):
    """A confirmed appointment of somebody with an address; nothing is sent yet."""
    centre = await add_centre(services)
    leader = await add_leader(services, centre)
    day = await publish_day(services, leader)
    await Runner(services.uow, handlers(services)).run_all_due()
    slots = await slots_of(services, day)
    made = await book(services, slots[0], await add_resident(services), email=WANG)
    await confirm(services, centre, made)
    return {"id": made, "slots": slots, "centre": centre, "leader": leader}


def entry(mail) -> icalendar.Calendar:
    [part] = [p for p in mail.walk() if p.get_content_type() == "text/calendar"]
    return icalendar.Calendar.from_ical(part.get_content())


async def outcomes(services) -> list[tuple[str, str, str | None]]:
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(Delivery).where(Delivery.channel == "mail").order_by(Delivery.created_at)
        return [(d.template, d.state, d.error) for d in await tx.session.scalars(query)]


async def test_entry_is_sent_changed_and_taken_back_under_one_uid(
    services, runner, office, booked, outbox
):
    await runner.run_all_due()
    async with services.uow.begin(clerk(booked["centre"])) as tx:
        appointment = await tx.session.get_one(Appointment, booked["id"])
        await changes.move(tx, appointment, booked["slots"][1], for_desk=True)
    await runner.run_all_due()
    async with services.uow.begin(clerk(booked["centre"])) as tx:
        appointment = await tx.session.get_one(Appointment, booked["id"])
        await changes.cancel(tx, appointment, reason="x")
    await runner.run_all_due()
    told = [entry(mail) for mail in office.mails]
    events = [calendar.walk("VEVENT")[0] for calendar in told]
    assert [calendar["METHOD"] for calendar in told] == ["REQUEST", "REQUEST", "CANCEL"]
    assert [event["SEQUENCE"] for event in events] == [0, 1, 2]
    assert {event["UID"] for event in events} == {appointment.uid}
    assert [event["DTSTART"].dt.strftime("%H:%M") for event in events] == [
        "09:00",
        "09:30",
        "09:30",
    ]
    assert len(office.ids) == 3
    assert all(mail["To"].addresses[0].addr_spec == WANG for mail in office.mails)


async def test_everybody_gets_a_message_that_names_nobody_else(services, runner, office, booked):
    async with services.uow.begin(SYSTEM) as tx:
        account = booked["leader"].account
        row = await tx.session.get_one(type(account), account.id)
        row.email = services.sealer.seal("leader@office.example", purpose="email")
    await runner.run_all_due()
    assert len(office.mails) == 2
    by_address = {mail["To"].addresses[0].addr_spec: mail for mail in office.mails}
    for address, other in ((WANG, "leader@"), ("leader@office.example", "wang@")):
        mail = by_address[address]
        everything = mail.as_string() + "".join(
            str(part.get_content()) for part in mail.walk() if not part.is_multipart()
        )
        assert address in str(entry(mail).walk("VEVENT")[0]["ATTENDEE"])
        assert other not in everything
        assert "Wages" not in everything


async def test_reports_come_to_the_address_that_answers_come_to(services, runner, office, booked):
    await runner.run_all_due()
    [mail], [sender] = office.mails, office.senders
    assert mail["Reply-To"].addresses[0].addr_spec == sender
    assert sender.startswith("calendar+")


async def test_refused_address_is_a_dead_letter_and_a_call(services, runner, office, booked):
    office.mood = Mood.REFUSING
    await runner.run_all_due()
    assert await outcomes(services) == [("calendar_request", "failed", "smtp 550")]
    async with services.uow.begin(SYSTEM) as tx:
        assert await tx.session.scalar(sa.select(CallTask.appointment_id)) == booked["id"]


async def test_busy_server_is_asked_again_later(services, runner, office, booked, clock):
    office.mood = Mood.BUSY
    await runner.run_all_due()
    assert (office.mails, await outcomes(services)) == ([], [("calendar_request", "waiting", None)])
    office.mood = Mood.KIND
    clock.move(timedelta(minutes=1))
    await runner.run_all_due()
    assert len(office.mails) == 1
    assert await outcomes(services) == [("calendar_request", "sent", None)]


async def test_answer_that_was_lost_leads_to_the_same_message_again(
    services, runner, office, booked, clock
):
    """Whether it arrived cannot be known; the same Message-ID lets the other side see one."""
    office.mood = Mood.DROPPING
    await runner.run_all_due()
    assert len(office.letters) == 1
    office.mood = Mood.KIND
    clock.move(timedelta(minutes=1))
    await runner.run_all_due()
    assert (len(office.letters), len(set(office.letters)), len(office.ids)) == (2, 1, 1)
    assert await outcomes(services) == [("calendar_request", "sent", None)]


async def test_silent_server_holds_nobody_up(services, runner, office, booked, outbox, clock):
    office.mood = Mood.SILENT
    async with asyncio.timeout(7):  # less than one dialogue's time-out
        while not outbox.sms:
            await runner.run_due()
            await asyncio.sleep(0)
    assert "已确认" in outbox.sms[-1].text
    await runner.rest()
    assert await outcomes(services) == [("calendar_request", "waiting", None)]
    office.mood = Mood.KIND
    clock.move(timedelta(minutes=1))
    await runner.run_all_due()
    assert len(office.ids) == 1


async def test_server_that_is_away_for_hours_loses_no_mail(services, runner, office, booked, clock):
    office.mood = Mood.BUSY
    for _ in range(20):
        await runner.run_all_due()
        clock.move(timedelta(hours=1))
    office.mood = Mood.KIND
    clock.move(timedelta(hours=1))
    await runner.run_all_due()
    assert len(office.mails) == 1


@pytest.mark.parametrize("name", ["Wang\r\nBcc: all@post.example", "Wang\nX: y"])
async def test_t30_line_breaks_in_a_name_reach_no_header(services, runner, office, booked, name):
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(Invitee).where(Invitee.email.is_not(None))
        invitee = (await tx.session.scalars(query)).one()
        invitee.name = services.sealer.seal(name, purpose="name")
    await runner.run_all_due()
    assert office.letters == []
