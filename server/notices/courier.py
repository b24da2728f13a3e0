"""Tells one person one thing, by the way that reaches them: SMS first, else plain mail.

Without a smartphone a clerk tells them, since most of what is sent is a link.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from uuid import UUID

from scheduling import invitees, phoned
from scheduling.choices.tables import Asking
from scheduling.phoned import NO_SMARTPHONE, ByPhone
from scheduling.tables import Appointment, Invitee
from server.identity.tables import Account
from server.kernel.sealing import Sealer
from server.kernel.texts import SOURCE
from server.kernel.uow import Tx
from server.notices.outgoing import Envelope, post_mail, post_sms
from server.notices.wording import Wording

WORTH_TELLING = timedelta(days=1)
"""How long something that is over is still worth being told."""
UNTOLD = frozenset({"submitted", "request_moved", "reminder_7d", "reminder_1h", "mail_bounced"})
"""What is not worth a call: of these the slip in their hand speaks, and of mail that came back
there is a call anyway.
"""


@dataclass(frozen=True)
class Recipient:
    """`id` stands in keys; `token` opens the personal page; `by_phone`: no link is of use to them."""

    id: UUID
    language: str
    phone: str | None
    email: str | None
    token: str | None = None
    invitee_id: UUID | None = None
    by_phone: ByPhone | None = None


@dataclass(frozen=True)
class Courier:
    sealer: Sealer
    wording: Wording
    sender: str

    def invitee(self, invitee: Invitee) -> Recipient:
        return Recipient(
            id=invitee.id,
            language=invitee.language,
            phone=self._open(invitee.phone, "phone"),
            email=None if invitee.email_bad_at else self._open(invitee.email, "email"),
            token=invitees.link_of(invitee, self.sealer),
            invitee_id=invitee.id,
        )

    def guest(self, appointment: Appointment, invitee: Invitee) -> Recipient:
        """Somebody who comes, told in the way that they said when the place was asked for."""
        who = self.invitee(invitee)
        if not phoned.is_phoned(appointment.needs, invitee):
            return who
        name = self.sealer.open(invitee.name, purpose="name")
        by_phone = phoned.about(appointment, name)
        return replace(who, language=SOURCE, by_phone=by_phone)

    def asker(self, asked: Asking) -> Recipient:
        """Somebody who has asked for a place, told in the way that they said then."""
        phone = self._open(asked.phone, "phone")
        who = Recipient(id=asked.person_id, language=SOURCE, phone=phone, email=None)
        if not asked.needs.get(NO_SMARTPHONE):
            return who
        name = self.sealer.open(asked.name, purpose="name")
        return replace(who, by_phone=ByPhone(asked.unit_id, name, case_id=asked.case_id))

    def account(self, account: Account) -> Recipient:
        return Recipient(
            id=account.id,
            language=account.language,
            phone=self._open(account.phone, "phone"),
            email=self._open(account.email, "email"),
        )

    async def tell(
        self,
        tx: Tx,
        who: Recipient,
        template: str,
        *,
        key: str,
        until: datetime,
        appointment_id: UUID | None = None,
        **facts: object,
    ) -> None:
        """Post the message, or have it told; without phone and mail there is nobody to tell."""
        if who.by_phone is not None:
            await self._have_told(tx, who, who.by_phone, template, key=key, **facts)
            return
        text = self.wording.text(who.language, template, **facts)
        to = who.phone or who.email
        if to is None:
            return
        envelope = Envelope(
            key=f"{template}:{key}:{who.id}",
            template=template,
            to=to,
            until=until,
            appointment_id=appointment_id,
            invitee_id=who.invitee_id,
        )
        if who.phone:
            await post_sms(tx, self.sealer, envelope, text)
        else:
            message = self._plain(who, text, now=tx.now)
            await post_mail(tx, self.sealer, envelope, message)

    async def _have_told(
        self, tx: Tx, who: Recipient, by_phone: ByPhone, template: str, *, key: str,
        **facts: object,
    ) -> None:  # fmt: skip
        """A clerk tells them, in words that hold no link."""
        about = template.removesuffix("_site")
        if about not in UNTOLD:
            words = self.wording.texts.get(SOURCE, f"call.{about}", **facts)
            key = f"{about}:{key}:{who.id}"
            await phoned.request(tx, self.sealer, by_phone, key=key, phone=who.phone, words=words)

    def _plain(self, who: Recipient, text: str, *, now: datetime) -> EmailMessage:
        message = EmailMessage()
        message["From"] = Address(self.wording.centre, addr_spec=self.sender)
        message["To"] = who.email
        message["Subject"] = self.wording.subject(who.language)
        message["Date"] = format_datetime(now)
        message["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        return message

    def _open(self, sealed: bytes | None, purpose: str) -> str | None:
        return self.sealer.open(sealed, purpose=purpose) if sealed else None
