"""A calendar message as mail (iMIP, RFC 6047): one method, one recipient, the same bytes twice."""

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from uuid import UUID

from scheduling.messages.calendar import Mailbox, Method
from server.kernel.sealing import Sealer


@dataclass(frozen=True)
class Letter:
    """What people read, for those whose mail program knows no calendar."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Envelope:
    """Who writes to whom. `reply_to` is an address of this booking's own."""

    sender: Mailbox
    to: Mailbox
    reply_to: str
    message_id: str
    date: datetime


def build(letter: Letter, envelope: Envelope, *, ics: bytes, method: Method) -> EmailMessage:
    """multipart/mixed( alternative( plain, html, calendar ), the same calendar as a file ).

    Raises ValueError for a header with a line break in it.
    """
    message = EmailMessage(policy=SMTP)
    message["From"] = _address(envelope.sender)
    message["To"] = _address(envelope.to)
    message["Reply-To"] = envelope.reply_to
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(envelope.date)
    message["Message-ID"] = envelope.message_id
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    message.set_content(letter.text, cte="base64")
    message.add_alternative(letter.html, subtype="html", cte="base64")
    calendar = {"charset": "utf-8", "method": str(method), "component": "VEVENT"}
    message.add_alternative(ics, maintype="text", subtype="calendar", params=calendar)
    message.add_attachment(ics, maintype="application", subtype="ics", filename="invite.ics")
    return message


def message_id(uid: str, *, sequence: int, token: str, sender: str) -> str:
    """The same message on every try: made of entry, sequence and recipient.

    Others at the same entry cannot work it out, so a report that names it saw the message.
    """
    return f"<{uid.partition('@')[0]}.{sequence}.{token}@{sender.rpartition('@')[2]}>"


def token_of(sealer: Sealer, invitee_id: UUID, address: str) -> str:
    """Stands for one person of one entry at one address; only their own mail holds it."""
    return sealer.index(f"{invitee_id} {address.lower()}", purpose="reply").hex()[:20]


def reply_address(sender: str, token: str) -> str:
    """The sender's mailbox with the recipient's token in it, so that an answer tells whose it is."""
    name, _, domain = sender.partition("@")
    return f"{name}+{token}@{domain}"


def _address(mailbox: Mailbox) -> Address:
    return Address(display_name=mailbox.name, addr_spec=mailbox.address)
