"""Calendar invitations by mail: to each by name alone, changed and taken back by UID and SEQUENCE."""

from dataclasses import dataclass
from html import escape

from scheduling import invitees
from scheduling.messages import calendar, invitation_mail
from scheduling.messages.calendar import Mailbox, Method
from scheduling.messages.entries import Entries
from scheduling.messages.invitation_mail import Letter
from scheduling.tables import Appointment, Invitee, SessionKind
from server.kernel.uow import Tx
from server.notices.courier import WORTH_TELLING, Courier
from server.notices.outgoing import Envelope, post_mail

HTML = """\
<!doctype html><html lang="{language}"><body style="font-family:sans-serif;line-height:1.6">
<p>{text}</p><p><a href="{link}">{link}</a></p></body></html>"""


@dataclass(frozen=True)
class CalendarMail:
    entries: Entries
    courier: Courier

    async def invite(self, tx: Tx, appointment: Appointment) -> None:
        """To everybody with an address: the entry as it stands now."""
        for invitee in await invitees.of(tx, appointment.id):
            if address := await self._address(tx, invitee):
                await self._post(tx, appointment, invitee, address, method=Method.REQUEST)

    async def cancel(self, tx: Tx, appointment: Appointment) -> None:
        """To everybody who was sent the entry."""
        for invitee in await invitees.of(tx, appointment.id):
            await self._take_back(tx, appointment, invitee)

    async def uninvite(self, tx: Tx, appointment: Appointment, invitee: Invitee) -> None:
        """To one who is left out; for the others nothing changes."""
        await self._take_back(tx, appointment, invitee)

    async def _take_back(self, tx: Tx, appointment: Appointment, invitee: Invitee) -> None:
        address = await self._address(tx, invitee)
        if address and invitee.told_sequence is not None:
            await self._post(tx, appointment, invitee, address, method=Method.CANCEL)

    async def _post(
        self, tx: Tx, appointment: Appointment, invitee: Invitee, address: str, *, method: Method
    ) -> None:
        entry = await self.entries.of(tx, appointment, invitee, stamp=tx.now)
        to = self.entries.attendee(invitee, address)
        if method is Method.CANCEL:
            ics = calendar.cancel(entry, to, is_off=invitee.removed_at is None)
            until = tx.now + WORTH_TELLING
        else:
            ics, until = calendar.request(entry, to), appointment.begins_at
        sender = self.courier.sender
        token = invitation_mail.token_of(self.courier.sealer, invitee.id, address)
        letter = self._letter(invitee, appointment, link=entry.link, method=method)
        envelope = invitation_mail.Envelope(
            sender=entry.organizer,
            to=Mailbox(to.mailbox.name, address),
            reply_to=invitation_mail.reply_address(sender, token),
            message_id=invitation_mail.message_id(
                entry.uid, sequence=entry.sequence, token=token, sender=sender
            ),
            date=tx.now,
        )
        outer = Envelope(
            key=f"calendar:{appointment.id}:{entry.sequence}:{invitee.id}",
            template=f"calendar_{method.lower()}",
            to=address,
            until=until,
            appointment_id=appointment.id,
            invitee_id=invitee.id,
        )
        mail = invitation_mail.build(letter, envelope, ics=ics, method=method)
        await post_mail(tx, self.courier.sealer, outer, mail)
        invitee.told_sequence = entry.sequence

    def _letter(
        self, invitee: Invitee, appointment: Appointment, *, link: str, method: Method
    ) -> Letter:
        wording, language = self.courier.wording, invitee.language
        when = wording.when(language, appointment.begins_at)
        kind = "mail_cancelled" if method is Method.CANCEL else "mail_invited"
        what = wording.what(language, SessionKind(appointment.session_kind))
        text = wording.text(language, kind, when=when, what=what)
        html = HTML.format(language=language, text=escape(text), link=escape(link))
        subject = wording.texts.get(language, f"notice.{kind}_subject", when=when, what=what)
        return Letter(subject=subject, text=f"{text}\n\n{link}\n", html=html)

    async def _address(self, tx: Tx, invitee: Invitee) -> str | None:
        if invitee.email_bad_at is not None:
            return None
        return await invitees.address_of(tx, self.courier.sealer, invitee)
