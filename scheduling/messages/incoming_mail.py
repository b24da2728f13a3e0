"""A mail that came in: who sent it, and the one thing in it that concerns us. Pure, bounded."""

from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from email.utils import getaddresses

from scheduling.messages.calendar_lines import Unreadable
from scheduling.messages.replies import BOUNDS

MOST_PARTS = 40
MOST_BREAKS = 1_000
"""Counted before anything is made of them: of each empty line a report makes a message."""
MOST_HEADER = 1_000
CALENDAR = frozenset({"text/calendar", "application/ics"})
RETURNED = frozenset({"message/rfc822", "text/rfc822-headers"})


@dataclass(frozen=True)
class Bounce:
    """A report (RFC 3464) that a message of ours never arrived."""

    message_id: str
    recipient: str
    status: str


@dataclass(frozen=True)
class Incoming:
    """`is_automatic`: nobody waits for an answer to it, so nobody is told that it was not taken."""

    sender: str
    is_automatic: bool
    calendar: bytes | None = None
    bounce: Bounce | None = None


def read(data: bytes) -> Incoming:
    """Raises Unreadable for a mail that nothing can be made of."""
    if data.count(b"\n--") > MOST_BREAKS or data.count(b"\n\r\n") > MOST_BREAKS:
        raise Unreadable("mail_of_many_parts")
    try:
        mail = message_from_bytes(data, policy=compat32)
        parts = list(_parts(mail))
        if mail.get_content_type() == "multipart/report":
            return Incoming(_sender(mail), True, bounce=_bounce(parts))
        return Incoming(_sender(mail), _is_automatic(mail), calendar=_calendar(parts))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable("mail_malformed") from error


def _parts(mail: Message) -> Iterator[Message]:
    for number, part in enumerate(mail.walk()):
        if number >= MOST_PARTS:
            raise Unreadable("mail_of_many_parts")
        yield part


def _sender(mail: Message) -> str:
    """The only address it says it is from; empty where there is not exactly one."""
    froms = mail.get_all("From", [])
    if len(froms) != 1 or len(str(froms[0])) > MOST_HEADER:
        return ""
    addresses = getaddresses([str(froms[0])])
    return addresses[0][1].lower() if len(addresses) == 1 else ""


def _is_automatic(mail: Message) -> bool:
    said = str(mail.get("Auto-Submitted", "no"))[:MOST_HEADER].lower()
    bulk = str(mail.get("Precedence", ""))[:MOST_HEADER].lower()
    return not said.startswith("no") or bulk in {"bulk", "list", "junk", "auto_reply"}


def _calendar(parts: list[Message]) -> bytes | None:
    for part in parts:
        if part.get_content_type() in CALENDAR:
            data = part.get_payload(decode=True)
            if isinstance(data, bytes):
                if len(data) > BOUNDS.size:
                    raise Unreadable("calendar_too_large")
                return data
    return None


def _bounce(parts: list[Message]) -> Bounce | None:
    """A lasting failure of one of our messages; delays and receipts are none."""
    report = next((p for p in parts if p.get_content_type() == "message/delivery-status"), None)
    returned = next((p for p in parts if p.get_content_type() in RETURNED), None)
    if report is None or returned is None:
        return None
    for block in _messages(report):
        status = str(block.get("Status", ""))[:MOST_HEADER].strip()
        failed = str(block.get("Action", "")).strip().lower() == "failed"
        if failed and status.startswith("5."):
            return Bounce(_returned_id(returned), _recipient(block), status.split()[0][:12])
    return None


def _recipient(block: Message) -> str:
    """Where it was sent to first: a mailbox may hand on to another."""
    said = str(block.get("Original-Recipient") or block.get("Final-Recipient") or "")
    return said[:MOST_HEADER].rpartition(";")[2].strip().strip("<>").lower()


def _returned_id(returned: Message) -> str:
    text = returned.get_payload(decode=True)
    plain = message_from_bytes(text if isinstance(text, bytes) else b"", policy=compat32)
    [headers, *_] = [*_messages(returned), plain]
    return str(headers.get("Message-ID", ""))[:MOST_HEADER].strip()


def _messages(part: Message) -> list[Message]:
    """The messages within one, and the blocks of a report, which are read as messages too."""
    inner = part.get_payload()
    return [one for one in inner if isinstance(one, Message)] if isinstance(inner, list) else []
