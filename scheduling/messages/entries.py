"""From an appointment to the calendar entry of one of its people."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from scheduling import invitees
from scheduling.messages.calendar import Attendee, AttendeeRole, Entry, Mailbox
from scheduling.tables import Appointment, AttendBy, Invitee, SessionRole
from server.kernel.config import Config
from server.kernel.sealing import Sealer
from server.kernel.texts import Texts
from server.kernel.uow import Tx
from server.units.tables import Unit


@dataclass(frozen=True)
class Entries:
    """Makes entries; `origin` is the address people see, as in links."""

    config: Config
    texts: Texts
    sealer: Sealer
    origin: str

    async def of(
        self, tx: Tx, appointment: Appointment, invitee: Invitee, *, stamp: datetime
    ) -> Entry:
        """This person's entry, as the appointment stands now."""
        link = self.link_of(invitee)
        site = await tx.session.get(Unit, appointment.site_id) if appointment.site_id else None
        return Entry(
            uid=appointment.uid,
            sequence=await sequence_of(tx, appointment, invitee),
            stamp=stamp,
            begins_at=appointment.begins_at,
            ends_at=appointment.ends_at,
            summary=self._say(invitee, "calendar.summary"),
            description=self._say(
                invitee, "calendar.description", link=link, phone=self.config.centre.phone
            ),
            link=link,
            organizer=self.organizer,
            alarm=self._say(invitee, "calendar.alarm"),
            place=_place(appointment, site),
        )

    @property
    def organizer(self) -> Mailbox:
        """A mailbox that the centre reads, never a resident's."""
        return Mailbox(self.config.centre.name, self.config.mail.sender)

    def link_of(self, invitee: Invitee) -> str:
        """The personal link; staff sign in at their own desk."""
        token = invitees.link_of(invitee, self.sealer)
        return f"{self.origin}/i/{token}" if token else f"{self.origin}/staff"

    def attendee(self, invitee: Invitee, address: str) -> Attendee:
        name = self.sealer.open(invitee.name, purpose="name")
        is_host = invitee.role == SessionRole.HOST
        role = AttendeeRole.CHAIR if is_host else AttendeeRole.REQUIRED
        return Attendee(Mailbox(name, address), role)

    def _say(self, invitee: Invitee, key: str, **params: object) -> str:
        return self.texts.get(invitee.language, key, **params)


async def sequence_of(tx: Tx, appointment: Appointment, invitee: Invitee) -> int:
    """SEQUENCE of this person's entry: counts what moved the time, and their own comings and goings.

    Who was left out and invited again has had the entry taken back and given anew while the time
    stood; each counts up, so that what comes later wins in their calendar.
    """
    own = appointment.sequence + (0 if invitee.removed_at is None else 1)
    if invitee.account_id is None:
        return own
    query = sa.select(sa.func.count()).where(
        Invitee.appointment_id == invitee.appointment_id,
        Invitee.account_id == invitee.account_id,
        Invitee.id != invitee.id,
        Invitee.told_sequence.is_not(None),
        Invitee.removed_at.is_not(None),
    )
    return own + 2 * (await tx.session.scalar(query) or 0)


def _place(appointment: Appointment, site: Unit | None) -> str | None:
    if site is None or appointment.attend_by == AttendBy.OWN_DEVICE:
        return None
    return f"{site.name} {site.address}" if site.address else site.name
