"""What people are told after an answer or a report came by mail."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from scheduling.messages.incoming_mail import Bounce
from scheduling.messages.replies import Partstat
from scheduling.tables import Appointment, Invitee, SessionKind, SessionRole
from server.kernel.tasks import Due
from server.kernel.uow import Tx
from server.notices.appointments import COMING, STANDING
from server.notices.courier import Courier, Recipient
from server.notices.deliver import have_them_called
from server.notices.tables import Channel, Delivery, DeliveryState


@dataclass(frozen=True)
class AnswerNotices:
    courier: Courier

    async def declined(self, tx: Tx, due: Due) -> str | None:
        """Asked once whether they mean it: by which link to move or cancel, until when it is kept."""
        invitee = await tx.session.get_one(Invitee, UUID(due.payload["invitee_id"]))
        appointment = await tx.session.get_one(Appointment, invitee.appointment_id)
        same = appointment.sequence == due.payload["sequence"]
        if not same or appointment.state not in STANDING or invitee.account_id:
            return "skipped"
        if invitee.answer != Partstat.DECLINED:
            return "skipped"
        who, wording = self.courier.guest(appointment, invitee), self.courier.wording
        release_at = due.payload["release_at"]
        until = datetime.fromisoformat(release_at) if release_at else None
        await self.courier.tell(
            tx, who, "answer_declined" if until else "answer_declined_kept",
            key=f"{appointment.id}:{appointment.sequence}", until=appointment.begins_at,
            appointment_id=appointment.id,
            when=wording.when(who.language, appointment.begins_at),
            what=wording.what(who.language, SessionKind(appointment.session_kind)),
            release=wording.when(who.language, until) if until else "",
            link=self._link(who, invitee, appointment),
        )  # fmt: skip
        return None

    async def bounced(self, tx: Tx, bounce: Bounce) -> str:
        """A mail never arrived: its address gets no more, the person is told by SMS and phoned."""
        query = sa.select(Delivery).where(
            Delivery.provider_id == bounce.message_id, Delivery.channel == Channel.MAIL
        )
        delivery = await tx.session.scalar(query.with_for_update())
        if delivery is None:
            return "unknown_message"
        to = self.courier.sealer.open(delivery.to, purpose="email")
        if to.lower() != bounce.recipient:
            return "other_recipient"
        if delivery.state == DeliveryState.FAILED:
            return "known"
        delivery.state, delivery.error = DeliveryState.FAILED, f"bounced {bounce.status}"
        await have_them_called(tx, self.courier.sealer, delivery)
        if delivery.invitee_id is not None:
            invitee = await tx.session.get_one(Invitee, delivery.invitee_id)
            await self._fall_back(tx, delivery, invitee, to)
        return "taken"

    async def _fall_back(self, tx: Tx, delivery: Delivery, invitee: Invitee, to: str) -> None:
        sealer = self.courier.sealer
        if invitee.email and sealer.open(invitee.email, purpose="email") != to:
            return  # another address was given meanwhile
        invitee.email_bad_at = tx.now
        tx.audit("address_bad", "invitee", invitee.id)
        appointment = await tx.session.get_one(Appointment, invitee.appointment_id)
        who = self.courier.guest(appointment, invitee)
        if who.phone is None or appointment.state not in COMING:
            return
        await self.courier.tell(
            tx, who, "mail_bounced", key=str(delivery.id), until=appointment.begins_at,
            appointment_id=appointment.id,
            when=self.courier.wording.when(who.language, appointment.begins_at),
            what=self.courier.wording.what(
                who.language, SessionKind(appointment.session_kind)
            ),
            link=self._link(who, invitee, appointment),
        )  # fmt: skip

    def _link(self, who: Recipient, invitee: Invitee, appointment: Appointment) -> str:
        """Where one moves or cancels one's own; others have their personal page only."""
        own = invitee.role == SessionRole.PETITIONER or who.token is None
        path = f"/my/appointments/{appointment.id}" if own else f"/i/{who.token}"
        return self.courier.wording.link(path)
