"""Calendar messages, line by line of what iTIP and iMIP ask for."""

import email
from datetime import UTC, datetime, timedelta
from email.policy import SMTP
from uuid import uuid4

import icalendar
import pytest

from scheduling.messages import calendar, invitation_mail
from scheduling.messages.calendar import Attendee, AttendeeRole, Entry, Mailbox, Method
from scheduling.messages.invitation_mail import Envelope, Letter
from server.kernel.sealing import Sealer

ORGANIZER = Mailbox("吴兴区社会矛盾纠纷调处化解中心", "calendar@centre.example")
RESIDENT = Attendee(Mailbox("王五", "wang@post.example"))
LEADER = Attendee(Mailbox("李四", "li@office.example"), AttendeeRole.CHAIR)
ROOM = Attendee(Mailbox("律师调解室", "room1@centre.example"), AttendeeRole.ROOM)
LINK = "https://centre.example/i/AbCdEfGhIjKlMnOpQrStUv"


def entry(**changes) -> Entry:
    values = {
        "uid": "0d3c@yuntiao",
        "sequence": 0,
        "stamp": datetime(2026, 11, 23, 1, tzinfo=UTC),
        "begins_at": datetime(2026, 11, 30, 1, tzinfo=UTC),
        "ends_at": datetime(2026, 11, 30, 1, 30, tzinfo=UTC),
        "summary": "视频预约",
        "description": f"进入方式:{LINK}\n如需改期或取消,请打开上面的链接,或拨打 0572-1234567" * 3,
        "link": LINK,
        "organizer": ORGANIZER,
        "alarm": "视频预约即将开始",
    }
    return Entry(**{**values, **changes})


def event_of(ics: bytes):
    return icalendar.Calendar.from_ical(ics).walk("VEVENT")[0]


def test_request_has_what_itip_demands():
    parsed = icalendar.Calendar.from_ical(calendar.request(entry(sequence=3), RESIDENT))
    event = parsed.walk("VEVENT")[0]
    assert (parsed["METHOD"], parsed["VERSION"]) == ("REQUEST", "2.0")
    assert {"ATTENDEE", "DTSTAMP", "DTSTART", "ORGANIZER", "SUMMARY", "UID"} <= set(event)
    assert (event["UID"], event["SEQUENCE"], event["STATUS"]) == ("0d3c@yuntiao", 3, "CONFIRMED")
    assert event["DTSTAMP"].dt == datetime(2026, 11, 23, 1, tzinfo=UTC)
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(minutes=30)


def test_times_name_a_zone_with_one_standard():
    ics = calendar.request(entry(), RESIDENT)
    assert b"DTSTART;TZID=Asia/Shanghai:20261130T090000\r\n" in ics
    assert ics.count(b"BEGIN:STANDARD") == 1
    assert b"BEGIN:DAYLIGHT" not in ics
    assert b"TZOFFSETTO:+0800" in ics


def test_uid_stays_and_sequence_and_stamp_rise():
    later = entry(sequence=1, stamp=datetime(2026, 11, 24, 1, tzinfo=UTC))
    first, second = (event_of(calendar.request(e, RESIDENT)) for e in (entry(), later))
    assert first["UID"] == second["UID"]
    assert (first["SEQUENCE"], second["SEQUENCE"]) == (0, 1)
    assert first["DTSTAMP"].dt < second["DTSTAMP"].dt


@pytest.mark.parametrize("to", [RESIDENT, LEADER, ROOM])
def test_only_the_recipient_and_the_organizer_are_named(to):
    for ics in (
        calendar.request(entry(), to), calendar.cancel(entry(), to, is_off=True),
    ):  # fmt: skip
        event = event_of(ics)
        assert str(event["ATTENDEE"]) == f"mailto:{to.mailbox.address}"
        assert str(event["ORGANIZER"]) == "mailto:calendar@centre.example"
        assert "SENT-BY" not in event["ORGANIZER"].params
        assert ics.count(b"mailto:") == 2


@pytest.mark.parametrize(
    ("to", "role", "kind"),
    [
        (RESIDENT, "REQ-PARTICIPANT", "INDIVIDUAL"),
        (LEADER, "CHAIR", "INDIVIDUAL"),
        (ROOM, "NON-PARTICIPANT", "ROOM"),
    ],
)
def test_attendee_is_asked_for_an_answer_in_their_role(to, role, kind):
    params = event_of(calendar.request(entry(), to))["ATTENDEE"].params
    assert (params["ROLE"], params["CUTYPE"]) == (role, kind)
    assert (params["PARTSTAT"], params["RSVP"]) == ("NEEDS-ACTION", "TRUE")


def test_cancel_of_the_whole_has_status_and_no_alarm():
    off = event_of(calendar.cancel(entry(sequence=4), RESIDENT, is_off=True))
    removed = event_of(calendar.cancel(entry(sequence=4), RESIDENT, is_off=False))
    assert (off["STATUS"], "STATUS" in removed) == ("CANCELLED", False)
    for event in (off, removed):
        assert event["SEQUENCE"] == 4
        assert {"SUMMARY", "DTSTART", "DTSTAMP"} <= set(event)
        assert event.subcomponents == []


def test_link_stands_wherever_calendars_look_and_the_summary_is_neutral():
    ics = calendar.request(entry(), RESIDENT)
    event = event_of(ics)
    assert event["SUMMARY"] == "视频预约"
    for name in ("LOCATION", "URL", "DESCRIPTION", "CONFERENCE"):
        assert LINK in str(event[name]), name
    assert event["CONFERENCE"].params["FEATURE"] == ["AUDIO", "VIDEO"]


def test_place_stands_instead_of_the_link_where_somebody_comes():
    event = event_of(calendar.request(entry(place="织里镇 1 号"), RESIDENT))
    assert event["LOCATION"] == "织里镇 1 号"
    assert event["URL"] == LINK


def test_alarm_is_shown_half_an_hour_before():
    [alarm] = event_of(calendar.request(entry(), RESIDENT)).subcomponents
    assert (alarm["ACTION"], alarm["TRIGGER"].dt) == ("DISPLAY", timedelta(minutes=-30))
    assert alarm["DESCRIPTION"]


def test_lines_end_in_crlf_and_fold_at_75_octets():
    ics = calendar.request(entry(), RESIDENT)
    lines = ics.split(b"\r\n")
    assert lines[-1] == b""
    assert all(b"\n" not in line and b"\r" not in line for line in lines)
    assert max(map(len, lines)) <= 75
    assert any(line.startswith(b" ") for line in lines)
    assert all(line.decode() for line in lines[:-1])  # no character is cut in two


def test_own_file_asks_nobody():
    ics = calendar.own_file(entry())
    parsed = icalendar.Calendar.from_ical(ics)
    assert parsed["METHOD"] == "PUBLISH"
    assert "ATTENDEE" not in parsed.walk("VEVENT")[0]


def test_names_cannot_break_out_of_their_place():
    name = 'Wang";X=1\r\nATTENDEE:mailto:evil@post.example'
    ics = calendar.request(entry(), Attendee(Mailbox(name, "wang@post.example")))
    assert len(icalendar.Calendar.from_ical(ics).walk("VEVENT")[0]["ATTENDEE"].split(":")) == 2
    assert b"\nATTENDEE:mailto:evil" not in ics
    with pytest.raises(ValueError, match="two lines"):
        calendar.request(entry(), Attendee(Mailbox("Wang", "a@b.example\r\nX:1")))


LETTER = Letter("视频预约 11月30日 9:00", "您的预约已确认\n", "<p>您的预约已确认</p>")


def envelope(**changes) -> Envelope:
    sender = ORGANIZER.address
    values = {
        "sender": ORGANIZER,
        "to": RESIDENT.mailbox,
        "reply_to": invitation_mail.reply_address(sender, "0d3c"),
        "message_id": invitation_mail.message_id(
            "0d3c@yuntiao", sequence=1, token="0d3c", sender=sender
        ),
        "date": datetime(2026, 11, 23, 1, tzinfo=UTC),
    }
    return Envelope(**{**values, **changes})


@pytest.mark.parametrize("method", [Method.REQUEST, Method.CANCEL])
def test_mail_has_the_calendar_as_alternative_and_as_file(method):
    make = {
        Method.REQUEST: lambda: calendar.request(entry(), RESIDENT),
        Method.CANCEL: lambda: calendar.cancel(entry(), RESIDENT, is_off=True),
    }
    ics = make[method]()
    raw = invitation_mail.build(LETTER, envelope(), ics=ics, method=method).as_bytes()
    mail = email.message_from_bytes(raw, policy=SMTP)
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html",
        "text/calendar", "application/ics",
    ]  # fmt: skip
    inline, file = list(mail.walk())[4:]
    params = inline["Content-Type"].params
    assert (params["charset"], params["method"], params["component"]) == ("utf-8", method, "VEVENT")
    assert inline["Content-Transfer-Encoding"] == "base64"
    assert inline.get_payload(decode=True) == file.get_payload(decode=True) == ics
    assert icalendar.Calendar.from_ical(ics)["METHOD"] == method
    assert file.get_filename() == "invite.ics"
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_mail_is_for_one_person_and_says_that_nobody_wrote_it():
    ics = calendar.request(entry(), RESIDENT)
    mail = invitation_mail.build(LETTER, envelope(), ics=ics, method=Method.REQUEST)
    assert [a.addr_spec for a in mail["To"].addresses] == ["wang@post.example"]
    assert not {"Cc", "Bcc"} & set(mail.keys())
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Reply-To"] == "calendar+0d3c@centre.example"
    assert mail["Subject"] == "视频预约 11月30日 9:00"


def test_message_id_is_the_same_on_every_try_and_other_for_others():
    sealer, one, other = Sealer({1: bytes(32)}, 1, bytes(32)), uuid4(), uuid4()

    def of(sequence, to, who=one):
        return invitation_mail.message_id(
            "u@x", sequence=sequence, token=invitation_mail.token_of(sealer, who, to),
            sender="c@centre.example",
        )  # fmt: skip

    assert of(1, "a@b.example") == of(1, "A@b.example")
    assert len({of(1, "a@b.example"), of(2, "a@b.example"), of(1, "c@b.example")}) == 3
    assert of(1, "a@b.example") != of(1, "a@b.example", other)


@pytest.mark.parametrize(
    "changes", [{"reply_to": "a@b.example\r\nBcc: c@d.example"}, {"message_id": "<a\n@b>"}]
)
def test_header_with_a_line_break_is_refused(changes):
    with pytest.raises(ValueError):
        invitation_mail.build(LETTER, envelope(**changes), ics=b"", method=Method.REQUEST)
