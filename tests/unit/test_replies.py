"""Reading what came by mail: whatever it is, an answer or a plain refusal."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.messages import incoming_mail, replies
from scheduling.messages.calendar_lines import Unreadable
from scheduling.messages.replies import (
    BOUNDS,
    Partstat,
    Proposal,
    Reply,
)

EVENT = [
    "UID:u@x",
    "DTSTAMP:20261123T010000Z",
    "ATTENDEE;PARTSTAT=ACCEPTED:mailto:Wang@Post.example",
]


def calendar(*event: str, method: str = "REPLY", around: tuple[str, ...] = ()) -> bytes:
    lines = ["BEGIN:VCALENDAR", f"METHOD:{method}", *around, "BEGIN:VEVENT", *event, "END:VEVENT",
             "END:VCALENDAR"]  # fmt: skip
    return "\r\n".join(lines).encode()


def test_reply_is_read_as_a_whole():
    assert replies.read(calendar(*EVENT, "SEQUENCE:2", "COMMENT:one\\ntwo\\, three")) == Reply(
        uid="u@x", attendee="wang@post.example", partstat=Partstat.ACCEPTED, sequence=2,
        stamp=datetime(2026, 11, 23, 1, tzinfo=UTC), instance=None, words="one two, three",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("begins", "instant"),
    [
        ("DTSTART:20261201T020000Z", datetime(2026, 12, 1, 2, tzinfo=UTC)),
        ("DTSTART;TZID=Asia/Shanghai:20261201T100000", datetime(2026, 12, 1, 2, tzinfo=UTC)),
        ("DTSTART;TZID=China Standard Time:20261201T100000", datetime(2026, 12, 1, 2, tzinfo=UTC)),
        ("DTSTART;TZID=Europe/Berlin:20261201T030000", datetime(2026, 12, 1, 2, tzinfo=UTC)),
        ("DTSTART;TZID=../../etc/passwd:20261201T030000", None),
        ("DTSTART;VALUE=DATE:20261201", None),
    ],
)
def test_proposed_time_is_an_instant_where_its_zone_is_known(begins, instant):
    read = replies.read(calendar(*EVENT, begins, method="COUNTER"))
    assert read.counter == Proposal(instant, None)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (calendar(*EVENT, method="REQUEST"), "other_method"),
        (calendar(*EVENT, EVENT[2]), "calendar_malformed"),
        (calendar(*EVENT[:2]), "calendar_malformed"),
        (calendar(*EVENT, "SEQUENCE:-1"), "calendar_malformed"),
        (calendar(*EVENT, "SEQUENCE:99999999999"), "calendar_malformed"),
        (calendar(*EVENT, "END:VEVENT", "BEGIN:VEVENT", *EVENT), "several_events"),
        (calendar(*EVENT, around=("BEGIN:X", "END:X") * BOUNDS.components), "calendar_too_large"),
        (calendar(*EVENT, *["X:1"] * 2_000), "calendar_too_large"),
        (b"X" * (BOUNDS.size + 1), "calendar_too_large"),
        (b"\xff\xfe", "calendar_malformed"),
        (b"", "calendar_malformed"),
    ],
)
def test_what_is_no_single_answer_is_refused(data, code):
    with pytest.raises(Unreadable) as refused:
        replies.read(data)
    assert refused.value.code == code


def test_rules_of_a_time_zone_are_not_worked_out():
    """A rule that never ends would take for ever; the answer beside it is read."""
    zone = ("BEGIN:VTIMEZONE", "TZID:X", "BEGIN:STANDARD", "DTSTART:00010101T000000",
            "TZOFFSETFROM:+0000", "TZOFFSETTO:+0800", "RRULE:FREQ=SECONDLY", "END:STANDARD",
            "END:VTIMEZONE")  # fmt: skip
    assert replies.read(calendar(*EVENT, around=zone)).uid == "u@x"


PIECES = st.sampled_from(
    [*EVENT, "BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "METHOD:REPLY",
     "METHOD:COUNTER", "SEQUENCE:1", "DTSTART:20261201T020000Z", "DTEND;TZID=A/B:20261201T020000",
     "RECURRENCE-ID:00010101T000000", "DTSTAMP:99999999T999999Z", " folded", ";=:", "X;Y=\"z"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES | st.text(max_size=30), max_size=30), st.binary(max_size=20))
def test_any_text_is_an_answer_or_unreadable(pieces, tail):
    read(replies.read, "\r\n".join(pieces).encode("utf-8", "replace") + tail)
    read(replies.read, calendar(*pieces))


MAIL = st.sampled_from(
    [b"From: a@b.example", b"From: =?utf-8?q?=ff?= <a@b>", b"Content-Type: multipart/report; boundary=b",
     b"Content-Type: multipart/mixed; boundary=b", b"Content-Type: text/calendar; charset=none",
     b"Content-Type: message/delivery-status", b"Content-Type: text/rfc822-headers",
     b"Content-Type: message/rfc822", b"Content-Transfer-Encoding: base64",
     b"Content-Transfer-Encoding: quoted-printable", b"", b"--b", b"--b--", b"Action: failed",
     b"Status: 5.1.1", b"Final-Recipient: rfc822;", b"Message-ID: <x@y>", b"Auto-Submitted: \xff"]
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(MAIL | st.binary(max_size=30), max_size=40))
def test_any_bytes_are_a_mail_or_unreadable(lines):
    read(incoming_mail.read, b"\r\n".join(lines))


@pytest.mark.parametrize("depth", [30, 900])
def test_parts_within_parts_are_bounded(depth):
    lines = [
        f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(depth)
    ]
    data = "".join(lines).encode()
    if depth < 40:
        assert incoming_mail.read(data).calendar is None
    else:
        with pytest.raises(Unreadable):
            incoming_mail.read(data)


@pytest.mark.parametrize("piece", [b"--b\r\nX: 1\r\n", b"Action: failed\r\n\r\n"])
def test_mail_of_very_many_pieces_is_refused_unread(piece):
    head = b"Content-Type: message/delivery-status; boundary=b\r\n\r\n"
    with pytest.raises(Unreadable, match="mail_of_many_parts"):
        incoming_mail.read(head + piece * 5_000)


def read(reader, data: bytes) -> None:
    try:
        reader(data)
    except Unreadable:
        return
