"""What people are told of an appointment: requested, confirmed, moved, called off, due soon."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from scheduling import appeals, codes, invitees
from scheduling.comers import ALONG
from scheduling.tables import Appointment, AppointmentState, AttendBy, Invitee, SessionKind
from server.cases.queries import staff_names
from server.kernel.tasks import Due
from server.kernel.uow import Tx
from server.notices.calendar_mail import CalendarMail
from server.notices.courier import WORTH_TELLING, Courier, Recipient
from server.units.tables import Unit

LATE = timedelta(hours=3)
"""A reminder that the server slept through is not told hours later."""
STANDING = frozenset({AppointmentState.CONFIRMED, AppointmentState.CHECKED_IN})
COMING = STANDING | {AppointmentState.IN_SESSION}


@dataclass(frozen=True)
class AppointmentNotices:
    """Each method follows one event, or is one task kind."""

    courier: Courier
    calendar: CalendarMail

    async def submitted(self, tx: Tx, due: Due) -> str | None:
        """A receipt; where no review is needed the confirmation says it all."""
        appointment = await _appointment(tx, due)
        if appointment.state != AppointmentState.SUBMITTED:
            return "skipped"
        await self._tell_residents(tx, appointment, "submitted", until=appointment.begins_at)
        return None

    async def confirmed(self, tx: Tx, due: Due) -> str | None:
        """The time, the link, the calendar entry; a diverted one says that it is another leader."""
        appointment = await _appointment(tx, due)
        if _is_stale(appointment, due):
            return "skipped"
        template = "diverted" if appointment.moved_from_id else "confirmed"
        if appointment.attend_by == AttendBy.SITE:
            template += "_site"
        await self._tell_residents(tx, appointment, template, until=appointment.begins_at)
        await self.calendar.invite(tx, appointment)
        return None

    async def moved(self, tx: Tx, due: Due) -> str | None:
        appointment = await _appointment(tx, due)
        if appointment.sequence != due.payload["sequence"]:
            return "skipped"
        confirmed = due.payload["was_confirmed"]
        template = "moved" if confirmed else "request_moved"
        await self._tell_residents(tx, appointment, template, until=appointment.begins_at)
        if confirmed:
            await self.calendar.invite(tx, appointment)
        return None

    async def rehosted(self, tx: Tx, due: Due) -> str | None:
        """The entry follows; what it means is told by the question that goes with it.

        Of a joint interview nobody is asked: the time and the table stand.
        """
        appointment = await _appointment(tx, due)
        if _is_stale(appointment, due) or not due.payload["was_confirmed"]:
            return "skipped"
        if appointment.session_kind == SessionKind.JOINT_INTERVIEW:
            await self._tell_residents(
                tx, appointment, "joint_rehosted", until=appointment.begins_at
            )
        await self.calendar.invite(tx, appointment)
        return None

    async def cancelled(self, tx: Tx, due: Due) -> str | None:
        appointment = await _appointment(tx, due)
        await self._tell_residents(tx, appointment, "cancelled", until=tx.now + WORTH_TELLING)
        await self.calendar.cancel(tx, appointment)
        return None

    async def diverted(self, tx: Tx, due: Due) -> str | None:
        """The new time is told by its own confirmation; here the old entry goes."""
        await self.calendar.cancel(tx, await _appointment(tx, due))
        return None

    async def declined(self, tx: Tx, due: Due) -> str | None:
        appointment = await _appointment(tx, due)
        await self._tell_residents(tx, appointment, "declined", until=tx.now + WORTH_TELLING)
        return None

    async def expired(self, tx: Tx, due: Due) -> str | None:
        """Of a hold that ran out nobody is told: nobody was invited yet."""
        appointment = await _appointment(tx, due)
        await self._tell_residents(tx, appointment, "expired", until=tx.now + WORTH_TELLING)
        return None

    async def missed(self, tx: Tx, due: Due) -> str | None:
        """It counts against whose appointment it was: they are told how to say otherwise."""
        appointment = await _appointment(tx, due)
        seat = await invitees.petitioner(tx, appointment.id)
        if seat is None or not appeals.may_appeal(appointment, now=tx.now):
            return "skipped"
        who, wording = self.courier.guest(appointment, seat), self.courier.wording
        await self.courier.tell(
            tx, who, "missed", key=str(appointment.id), until=tx.now + WORTH_TELLING,
            appointment_id=appointment.id, when=wording.when(who.language, appointment.begins_at),
            day=wording.day(who.language, appeals.until(appointment)), phone=wording.phone,
        )  # fmt: skip
        return None

    async def addressed(self, tx: Tx, due: Due) -> str | None:
        """Only the new address gets the entry: the others were sent theirs under the same key."""
        appointment = await _appointment(tx, due)
        if appointment.state not in STANDING:
            return "skipped"
        await self.calendar.invite(tx, appointment)
        return None

    async def invited(self, tx: Tx, due: Due) -> str | None:
        """Whoever is to attend besides the resident; staff see it on their own page."""
        appointment = await _appointment(tx, due)
        invitee = await tx.session.get_one(Invitee, UUID(due.payload["invitee_id"]))
        if appointment.state not in COMING or invitee.removed_at:
            return "skipped"
        await self.calendar.invite(tx, appointment)
        if invitee.account_id:
            return None
        names = await staff_names(tx, [appointment.host_id])
        who = self.courier.invitee(invitee)
        await self.courier.tell(
            tx, who, "invited", until=appointment.ends_at, appointment_id=appointment.id,
            key=f"{appointment.id}:{appointment.sequence}",
            when=self.courier.wording.when(who.language, appointment.begins_at),
            host=names.get(appointment.host_id, ""),
            link=self._link(who, appointment),
        )  # fmt: skip
        return None

    async def uninvited(self, tx: Tx, due: Due) -> str | None:
        """Whoever had been asked need not come; the entry leaves their calendar alone."""
        appointment = await _appointment(tx, due)
        invitee = await tx.session.get_one(Invitee, UUID(due.payload["invitee_id"]))
        await self.calendar.uninvite(tx, appointment, invitee)
        if invitee.account_id:
            return None
        who = self.courier.invitee(invitee)
        await self.courier.tell(
            tx, who, "uninvited", until=appointment.ends_at, appointment_id=appointment.id,
            key=f"{appointment.id}:{appointment.sequence}",
            when=self.courier.wording.when(who.language, appointment.begins_at),
        )  # fmt: skip
        return None

    async def reminder(self, tx: Tx, due: Due) -> str | None:
        """Read again before telling: another time, a cancellation, the start make it void."""
        appointment = await _appointment(tx, due)
        gone = appointment.state not in STANDING or appointment.begins_at <= tx.now
        if gone or _is_stale(appointment, due) or tx.now - due.due_at > LATE:
            return "skipped"
        template = f"reminder_{due.payload['reminder']}"
        await self._tell_residents(tx, appointment, template, until=appointment.begins_at)
        return None

    async def _tell_residents(
        self, tx: Tx, appointment: Appointment, template: str, *, until: datetime
    ) -> None:
        host = (await staff_names(tx, [appointment.host_id])).get(appointment.host_id, "")
        site = await tx.session.get(Unit, appointment.site_id) if appointment.site_id else None
        for invitee in await invitees.of(tx, appointment.id):
            if invitee.account_id is not None or _knows_nothing_yet(invitee):
                continue
            who = self.courier.guest(appointment, invitee)
            await self.courier.tell(
                tx, who, template, until=until, appointment_id=appointment.id,
                key=f"{appointment.id}:{appointment.sequence}",
                when=self.courier.wording.when(who.language, appointment.begins_at),
                what=self.courier.wording.what(
                    who.language, SessionKind(appointment.session_kind)
                ),
                host=host,
                site=self._place(who, site),
                code=codes.shown(invitee, self.courier.sealer) or "",
                reference=appointment.reference,
                reason=appointment.decline_reason or appointment.change_reason or "",
                route=appointment.right_route or "",
                link=self._link(who, appointment),
            )  # fmt: skip

    def _place(self, who: Recipient, site: Unit | None) -> str:
        """Who is told on the phone comes to the centre if nowhere else."""
        if site is not None:
            return site.name
        return self.courier.wording.centre if who.by_phone else ""

    def _link(self, who: Recipient, appointment: Appointment) -> str:
        path = f"/i/{who.token}" if who.token else f"/my/appointments/{appointment.id}"
        return self.courier.wording.link(path)


def _knows_nothing_yet(invitee: Invitee) -> bool:
    """Who comes along hears of it when the time stands, with a link of their own."""
    return invitee.role in ALONG and invitee.link is None


async def _appointment(tx: Tx, due: Due) -> Appointment:
    return await tx.session.get_one(Appointment, UUID(due.payload["appointment_id"]))


def _is_stale(appointment: Appointment, due: Due) -> bool:
    """Something else was decided since; that is told by its own event."""
    return bool(appointment.sequence != due.payload["sequence"])
