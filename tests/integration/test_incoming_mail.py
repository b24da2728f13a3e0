"""Answers of calendars and reports of mail servers, by real LMTP dialogues."""

import asyncio
import logging
import smtplib
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP

import icalendar
import pytest
import pytest_asyncio
import sqlalchemy as sa

from scheduling import changes, company
from scheduling.invitees import NewInvitee
from scheduling.tables import (
    Appointment,
    AppointmentState,
    CalendarAnswer,
    CallTask,
    Invitee,
    SessionRole,
)
from server.bootstrap.handlers import mailbox
from server.identity.tables import Account
from server.kernel.actor import SYSTEM, Role
from server.notices.mailbox import MOST_BYTES, listening
from server.notices.tables import Delivery
from tests.identity import add_staff, enter
from tests.integration.test_notices import confirm
from tests.reception import (
    add_centre,
    add_leader,
    add_resident,
    book,
    clerk,
    publish_day,
    slots_of,
)

WANG, EVE = "wang@post.example", "eve@post.example"
ORGANIZER = "calendar@centre.example"


class Post:
    """A mail server that delivers to us."""

    def __init__(self, port: int, outbox) -> None:
        self.port, self.outbox = port, outbox

    async def deliver(self, mail: EmailMessage | bytes, *, to=ORGANIZER, by=WANG) -> int:
        """The code that the mail was answered with."""
        return await asyncio.to_thread(self._deliver, mail, to, by)

    def _deliver(self, mail, to: str, by: str) -> int:
        data = mail if isinstance(mail, bytes) else mail.as_bytes(policy=SMTP)
        with smtplib.LMTP("127.0.0.1", self.port, timeout=10) as line:
            try:
                line.sendmail(by, [to], data)
            except smtplib.SMTPRecipientsRefused as error:
                return error.recipients[to][0]
            except (smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as error:
                return error.smtp_code
        return 250

    @property
    def invitation(self) -> EmailMessage:
        return [mail for to, mail in self.outbox.mails if to == WANG][-1]

    @property
    def event(self) -> icalendar.Event:
        [part] = [p for p in self.invitation.walk() if p.get_content_type() == "text/calendar"]
        return icalendar.Calendar.from_ical(part.get_content()).walk("VEVENT")[0]

    def answer(self, partstat: str, *, attendee=WANG, sender=WANG, **changes) -> EmailMessage:
        """As Exchange answers: without ORGANIZER."""
        event = {
            "UID": str(self.event["UID"]), "SEQUENCE": str(self.event["SEQUENCE"]),
            "DTSTAMP": "20261123T010000Z", "ATTENDEE": f"mailto:{attendee}", **changes,
        }  # fmt: skip
        method = event.pop("METHOD", "REPLY")
        who = event.pop("ATTENDEE")
        lines = [f"{name}:{value}" for name, value in event.items() if value is not None]
        text = "\r\n".join(
            ["BEGIN:VCALENDAR", "VERSION:2.0", f"METHOD:{method}", "BEGIN:VEVENT", *lines,
             f"ATTENDEE;PARTSTAT={partstat}:{who}", "END:VEVENT", "END:VCALENDAR", ""]
        )  # fmt: skip
        return letter(sender, text)


def letter(sender: str, calendar: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, ORGANIZER, "Re: 视频预约"
    mail.set_content("see the calendar")
    mail.add_alternative(calendar.encode(), maintype="text", subtype="calendar")
    return mail


def report(message_id: str, *, recipient=WANG, status="5.1.1", action="failed") -> bytes:
    """What a mail server sends back (RFC 3464)."""
    return f"""From: MAILER-DAEMON@post.example
To: {ORGANIZER}
Subject: Undelivered
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

It was not delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; post.example

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}

--b
Content-Type: text/rfc822-headers

Message-ID: {message_id}
Subject: x

--b--
""".replace("\n", "\r\n").encode()


@pytest_asyncio.fixture
async def booked(services, runner):
    """A confirmed appointment of somebody who was sent an invitation."""
    centre = await add_centre(services)
    leader = await add_leader(services, centre)
    day = await publish_day(services, leader)
    await runner.run_all_due()
    slots = await slots_of(services, day)
    made = await book(services, slots[0], await add_resident(services), email=WANG)
    await confirm(services, centre, made)
    await runner.run_all_due()
    return {"id": made, "slots": slots, "centre": centre}


@pytest_asyncio.fixture
async def post(services, booked, outbox):
    async with listening(mailbox(services), "127.0.0.1:0") as port:
        yield Post(port, outbox)


async def seat(services) -> Invitee:
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(Invitee).where(Invitee.email.is_not(None))
        return (await tx.session.scalars(query)).one()


async def calls_of(services, kind: str) -> list[CallTask]:
    async with services.uow.begin(SYSTEM) as tx:
        return list(await tx.session.scalars(sa.select(CallTask).where(CallTask.kind == kind)))


async def outcomes(services) -> list[str]:
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(CalendarAnswer.outcome).order_by(CalendarAnswer.received_at)
        return list(await tx.session.scalars(query))


async def test_answer_is_shown_to_the_desk_until_the_time_moves(services, post, booked, client):
    assert await post.deliver(post.answer("ACCEPTED")) == 250
    await enter(client, services, await add_staff(services, booked["centre"], Role.CLERK))
    path = f"/api/desk/appointments/{booked['id']}"
    assert (await (await client.get(path)).json())["answer"] == "accepted"
    async with services.uow.begin(clerk(booked["centre"])) as tx:
        appointment = await tx.session.get_one(Appointment, booked["id"])
        await changes.move(tx, appointment, booked["slots"][1], for_desk=True)
    assert (await (await client.get(path)).json())["answer"] is None


@pytest.mark.parametrize(
    "forged",
    [
        {"attendee": WANG, "sender": EVE},
        {"attendee": EVE, "sender": WANG},
        {"attendee": EVE, "sender": EVE},
        {"attendee": WANG, "sender": f"{WANG}, {EVE}"},
    ],
)
async def test_forged_answer_changes_nothing_and_the_right_one_does(services, post, forged):
    assert await post.deliver(post.answer("DECLINED", **forged)) == 250
    assert ((await seat(services)).answer, await outcomes(services)) == (None, ["unknown_sender"])
    assert await calls_of(services, "calendar_declined") == []
    async with services.uow.begin(SYSTEM) as tx:
        assert await tx.session.scalar(sa.select(sa.func.count(Invitee.id))) == 2  # nobody added
    assert await post.deliver(post.answer("DECLINED")) == 250  # the control
    assert (await seat(services)).answer == "declined"
    assert len(await calls_of(services, "calendar_declined")) == 1


async def test_token_of_the_invitation_proves_who_answers(services, post):
    """Somebody whose mail is handed on answers from another address, to the one we gave them."""
    mail = post.answer("TENTATIVE", attendee=EVE, sender=EVE)
    guessed = ORGANIZER.replace("@", "+0123456789abcdef0123@")
    assert await post.deliver(mail, to=guessed) == 250
    assert (await seat(services)).answer is None  # the control
    own = post.invitation["Reply-To"].addresses[0].addr_spec
    assert await post.deliver(mail, to=own) == 250
    assert (await seat(services)).answer == "tentative"


async def test_later_answers_win_and_older_ones_are_dropped(services, post):
    await post.deliver(post.answer("TENTATIVE", DTSTAMP="20261122T020000Z"))
    await post.deliver(post.answer("DECLINED", DTSTAMP="20261122T010000Z"))
    await post.deliver(post.answer("DECLINED", DTSTAMP="20261122T020000Z"))
    assert (await seat(services)).answer == "tentative"
    await post.deliver(post.answer("ACCEPTED", DTSTAMP="20261122T030000Z"))  # the control
    assert (await seat(services)).answer == "accepted"
    assert sorted(await outcomes(services)) == ["older", "older", "taken", "taken"]


async def test_answer_to_an_older_or_an_unheard_of_time_is_dropped(services, post, booked, runner):
    old = post.answer("DECLINED")
    async with services.uow.begin(clerk(booked["centre"])) as tx:
        appointment = await tx.session.get_one(Appointment, booked["id"])
        await changes.move(tx, appointment, booked["slots"][1], for_desk=True)
    await runner.run_all_due()
    for mail in (old, post.answer("DECLINED", SEQUENCE="7")):
        await post.deliver(mail)
    assert (await seat(services)).answer is None
    await post.deliver(post.answer("DECLINED"))  # the control
    assert (await seat(services)).answer == "declined"


async def test_who_was_left_out_and_invited_again_answers_the_entry_of_now(
    services, post, booked, runner
):
    account = await add_staff(services, booked["centre"], Role.HANDLER)
    sealed = services.sealer.seal("handler@post.example", purpose="email")
    handler = NewInvitee(SessionRole.HANDLER, "Wu Test", account_id=account.id)
    async with services.uow.begin(clerk(booked["centre"])) as tx:
        (await tx.session.get_one(Account, account.id)).email = sealed
    for is_last in (False, True):
        async with services.uow.begin(clerk(booked["centre"])) as tx:
            appointment = await tx.session.get_one(Appointment, booked["id"])
            seat = await company.invite(tx, services.sealer, appointment, handler)
        await runner.run_all_due()
        if not is_last:
            async with services.uow.begin(clerk(booked["centre"])) as tx:
                appointment = await tx.session.get_one(Appointment, booked["id"])
                await company.uninvite(tx, appointment, seat.id)
            await runner.run_all_due()
    for sequence in ("0", "2"):
        who = {"attendee": "handler@post.example", "sender": "handler@post.example"}
        await post.deliver(post.answer("DECLINED", SEQUENCE=sequence, **who))
    assert await outcomes(services) == ["older", "taken"]
    assert len(await calls_of(services, "calendar_declined")) == 1


async def test_clock_that_runs_ahead_does_not_shut_out_later_answers(services, post, clock):
    await post.deliver(post.answer("DECLINED", DTSTAMP="20991123T010000Z"))
    clock.move(timedelta(hours=1))
    await post.deliver(post.answer("ACCEPTED", DTSTAMP="20261123T013000Z"))
    assert (await seat(services)).answer == "accepted"


async def test_declined_time_is_kept_and_the_person_asked(services, post, booked, runner, outbox):
    await post.deliver(post.answer("DECLINED", COMMENT="bus strike"))
    await runner.run_all_due()
    async with services.uow.begin(SYSTEM) as tx:
        assert (await tx.session.get_one(Appointment, booked["id"])).state == "confirmed"
    [call] = await calls_of(services, "calendar_declined")
    assert services.sealer.open(call.words, purpose="text") == "bus strike"
    assert services.sealer.open(call.phone, purpose="phone") == "13900000001"
    assert f"/my/appointments/{booked['id']}" in outbox.sms[-1].text
    assert "11月24日" in outbox.sms[-1].text  # until when it is kept


async def told(call: CallTask, services, *, done: bool) -> None:
    async with services.uow.begin(SYSTEM) as tx:
        row = await tx.session.get_one(CallTask, call.id)
        row.taken_by, row.done_at = call.id, tx.now if done else None


@pytest.mark.parametrize(
    ("then", "state"),
    [("nothing", "cancelled"), ("accepted", "confirmed"), ("taken", "confirmed"),
     ("spoken", "confirmed")],
)  # fmt: skip
async def test_declined_time_is_released_only_when_nobody_says_otherwise(
    services, post, booked, runner, clock, then, state
):
    await post.deliver(post.answer("DECLINED"))
    await runner.run_all_due()
    [call] = await calls_of(services, "calendar_declined")
    assert call.due_at == clock.now() + timedelta(hours=24)  # while it is theirs
    clock.move(timedelta(hours=1))
    if then == "accepted":
        await post.deliver(post.answer("ACCEPTED", DTSTAMP="20261123T013000Z"))
    elif then != "nothing":
        await told(call, services, done=then == "spoken")
    clock.move(timedelta(hours=22))
    await runner.run_all_due()
    async with services.uow.begin(SYSTEM) as tx:
        assert (await tx.session.get_one(Appointment, booked["id"])).state == "confirmed"
    clock.move(timedelta(hours=2))
    await runner.run_all_due()
    async with services.uow.begin(SYSTEM) as tx:
        assert (await tx.session.get_one(Appointment, booked["id"])).state == state


async def test_near_time_is_never_released_by_itself(services, post, booked, runner, clock, outbox):
    clock.move(timedelta(days=6, hours=12))
    await runner.run_all_due()
    await post.deliver(post.answer("DECLINED", DTSTAMP="20261129T130000Z"))
    clock.move(timedelta(hours=11))
    await runner.run_all_due()
    async with services.uow.begin(SYSTEM) as tx:
        assert (await tx.session.get_one(Appointment, booked["id"])).state == "confirmed"
    assert len(await calls_of(services, "calendar_declined")) == 1


async def test_other_time_that_is_proposed_becomes_a_call(services, post, booked):
    proposed = {"METHOD": "COUNTER", "DTSTART;TZID=China Standard Time": "20261201T100000",
                "DTEND;TZID=China Standard Time": "20261201T103000", "COMMENT": "school\\, sorry"}  # fmt: skip
    forged = post.answer("TENTATIVE", sender=EVE, **proposed)
    await post.deliver(forged)
    assert await calls_of(services, "calendar_counter") == []  # the control
    await post.deliver(post.answer("TENTATIVE", **proposed))
    [call] = await calls_of(services, "calendar_counter")
    words = services.sealer.open(call.words, purpose="text")
    assert words == "2026-12-01 10:00–10:30 school, sorry"
    async with services.uow.begin(SYSTEM) as tx:
        assert (await tx.session.get_one(Appointment, booked["id"])).sequence == 0


async def test_answer_after_a_cancellation_is_kept_and_changes_nothing(services, post, booked):
    async with services.uow.begin(SYSTEM) as tx:
        appointment = await tx.session.get_one(Appointment, booked["id"])
        appointment.state = AppointmentState.CANCELLED
    await post.deliver(post.answer("DECLINED"))
    assert ((await seat(services)).answer, await outcomes(services)) == (None, ["over"])


@pytest.mark.parametrize(
    "wrong",
    [{"message_id": "<guess@centre.example>"}, {"recipient": EVE}, {"action": "delayed"},
     {"status": "4.2.2"}],
)  # fmt: skip
async def test_report_marks_the_address_bad_and_false_ones_do_not(
    services, post, runner, outbox, booked, wrong, client
):
    good = {"message_id": str(post.invitation["Message-ID"])}
    assert await post.deliver(report(**{**good, **wrong}), by="") == 250
    await runner.run_all_due()
    assert (await seat(services)).email_bad_at is None  # the control
    sent, mails = len(outbox.sms), len(outbox.mails)
    assert await post.deliver(report(**good), by="") == 250
    await runner.run_all_due()
    assert (await seat(services)).email_bad_at is not None
    assert ["邮箱" in sms.text for sms in outbox.sms[sent:]] == [True]
    assert len(await calls_of(services, "undelivered")) == 1
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(Delivery.state, Delivery.error).where(Delivery.channel == "mail")
        assert (await tx.session.execute(query)).all() == [("failed", "bounced 5.1.1")]
    await enter(client, services, await add_staff(services, booked["centre"], Role.CLERK))
    shown = await (await client.get(f"/api/desk/appointments/{booked['id']}")).json()
    assert shown["email_bad"] is True
    async with services.uow.begin(clerk(booked["centre"])) as tx:
        appointment = await tx.session.get_one(Appointment, booked["id"])
        await changes.move(tx, appointment, booked["slots"][1], for_desk=True)
    await runner.run_all_due()
    assert len(outbox.mails) == mails  # nothing is sent there any more


@pytest.mark.parametrize(
    ("mail", "code"),
    [
        (b"From: wang@post.example\r\n\r\nI cannot come.\r\n", 550),
        (letter(WANG, "BEGIN:VCALENDAR\r\nnonsense"), 550),
        (letter(WANG, "BEGIN:VCALENDAR\r\n" + "X:1\r\n" * 20_000), 550),
        (b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n\r\n--b--\r\n", 250),
        (b"Auto-Submitted: auto-replied\r\n\r\nI am away.\r\n", 250),
        (b"X: 1\r\n\r\n" + b"secret words\r\n" * (MOST_BYTES // 10), 552),
    ],
)
async def test_other_mail_is_refused_without_a_word_of_it_in_the_log(
    services, post, mail, code, caplog
):
    caplog.set_level(logging.INFO, "yuntiao.mail")
    by = "" if code == 250 else WANG
    assert await post.deliver(mail, by=by) == code
    assert not any(word in caplog.text for word in ("nonsense", "cannot", "secret", "wang"))
    assert await outcomes(services) == []


async def test_other_mailboxes_are_not_served(post):
    for to in (EVE, "calendar@other.example", "calendarx@centre.example"):
        assert await post.deliver(post.answer("ACCEPTED"), to=to) == 550


async def test_attachments_by_address_are_never_fetched(services, post):
    asked = []
    server = await asyncio.start_server(lambda *_: asked.append(1), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        await post.deliver(post.answer("ACCEPTED", ATTACH=f"http://127.0.0.1:{port}/x"))
    assert ((await seat(services)).answer, asked) == ("accepted", [])


async def test_listener_on_a_unix_socket_ends_with_its_server(services, booked, tmp_path):
    at = str(tmp_path / "lmtp")
    async with listening(mailbox(services), at):
        reader, writer = await asyncio.open_unix_connection(at)
        assert (await reader.readline()).startswith(b"220")
    assert await reader.read() == b""
    writer.close()
    with pytest.raises(OSError):
        await asyncio.open_unix_connection(at)
