"""Sending what is to be sent, again until it went or is too late; else somebody is phoned.

However it ends: a message whose sending failed in a way nobody foresaw, or whose process died
with the last try, is found by `bury` and given up like the others.
"""

import re
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from uuid import UUID

import sqlalchemy as sa

from scheduling import calls
from scheduling.calls import NewCall
from scheduling.tables import Appointment, AppointmentState, CallKind, Invitee
from server.kernel.actor import SYSTEM
from server.kernel.outside import Mailer, NotDelivered, Sms, SmsGateway
from server.kernel.sealing import Sealer
from server.kernel.tasks import Due, Task
from server.kernel.uow import Tx, UnitOfWork
from server.notices.outgoing import BODY
from server.notices.tables import Channel, Delivery, DeliveryState

TOO_LATE = "too_late"
CAME = frozenset(
    {AppointmentState.CHECKED_IN, AppointmentState.IN_SESSION, AppointmentState.COMPLETED}
)
"""They know: no call on account of a reminder that did not go out."""

BATCH = 50
TO_WHO_HAS_NO_SEAT = (
    "mediation_asked", "choice_", "waitlist_", "draw_", "wish_declined", "case_accepted",
)  # fmt: skip
"""Beginnings of templates: to people, not staff, who have no appointment to be found by."""

LINK = re.compile(r"\s*https?://\S+")


@dataclass(frozen=True)
class Deliverer:
    """An effect: keyed, since it may run twice."""

    uow: UnitOfWork
    sealer: Sealer
    sms: SmsGateway
    mailer: Mailer

    async def __call__(self, due: Due) -> str:
        delivery_id = UUID(due.payload["delivery_id"])
        async with self.uow.begin(SYSTEM) as tx:
            delivery = await tx.session.get_one(Delivery, delivery_id)
            late = tx.now >= delivery.until
        if delivery.state != DeliveryState.WAITING:
            return "sent_before"
        if late:
            return await self._give_up(delivery, TOO_LATE)
        try:
            provider_id = await self._send(delivery)
        except NotDelivered as error:
            if error.for_good or due.attempt >= due.max_attempt:
                return await self._give_up(delivery, str(error))
            raise
        async with self.uow.begin(SYSTEM) as tx:
            sent = {"provider_id": provider_id, "sent_at": tx.now}
            await _keep(tx, delivery, state=DeliveryState.SENT, **sent)
        return "sent"

    async def _send(self, delivery: Delivery) -> str | None:
        if delivery.channel == Channel.SMS:
            to = self.sealer.open(delivery.to, purpose="phone")
            text = self.sealer.open(delivery.body, purpose=BODY)
            return await self.sms.send(Sms(key=delivery.key, to=to, text=text))
        to = self.sealer.open(delivery.to, purpose="email")
        body = self.sealer.open_bytes(delivery.body, purpose=BODY)
        message = message_from_bytes(body, _class=EmailMessage, policy=default)
        await self.mailer.send(message, to=to)
        return str(message["Message-ID"]).strip()  # a long one is folded

    async def _give_up(self, delivery: Delivery, why: str) -> str:
        """The dead letter stays to be seen; somebody is phoned if it was worth it."""
        async with self.uow.begin(SYSTEM) as tx:
            await _give_up(tx, self.sealer, delivery, why)
        return TOO_LATE if why == TOO_LATE else "given_up"


async def bury(tx: Tx, sealer: Sealer) -> int:
    """Give up what no task will try again; answers how many there were."""
    lost = sa.and_(
        Task.key == sa.func.concat("deliver:", Delivery.key),
        Task.done_at.is_(None),
        Task.attempt >= Task.max_attempt,
        sa.or_(Task.lease_until.is_(None), Task.lease_until < sa.func.now()),
    )
    query = (
        sa.select(Delivery, Task.last_error)
        .join(Task, lost)
        .where(Delivery.state == DeliveryState.WAITING)
        .order_by(Delivery.created_at)
        .limit(BATCH)
        .with_for_update(of=Delivery, skip_locked=True)
    )
    rows = (await tx.session.execute(query)).all()
    for delivery, error in rows:
        await _give_up(tx, sealer, delivery, error or "died")
    return len(rows)


async def _give_up(tx: Tx, sealer: Sealer, delivery: Delivery, why: str) -> None:
    await _keep(tx, delivery, state=DeliveryState.FAILED, error=why)
    await have_them_called(tx, sealer, delivery)


async def _keep(tx: Tx, delivery: Delivery, **values: object) -> None:
    query = sa.update(Delivery).where(
        Delivery.id == delivery.id, Delivery.state == DeliveryState.WAITING
    )
    await tx.connection.execute(query.values(**values))


async def have_them_called(tx: Tx, sealer: Sealer, delivery: Delivery) -> None:
    """A message that cannot reach somebody becomes a call, if they are to do or know something."""
    if delivery.invitee_id is not None:
        await _call_invitee(tx, sealer, await tx.session.get_one(Invitee, delivery.invitee_id))
    elif delivery.template.startswith(TO_WHO_HAS_NO_SEAT) and delivery.channel == Channel.SMS:
        call = NewCall(
            kind=CallKind.UNDELIVERED, key=f"undelivered:{delivery.key}", latest=delivery.until,
            phone=sealer.open(delivery.to, purpose="phone"),
            words=LINK.sub("", sealer.open(delivery.body, purpose=BODY)),
        )  # fmt: skip
        await calls.request(tx, sealer, call)


async def _call_invitee(tx: Tx, sealer: Sealer, invitee: Invitee) -> None:
    appointment = await tx.session.get_one(Appointment, invitee.appointment_id)
    if invitee.phone is None or appointment.state in CAME:
        return
    call = NewCall(
        kind=CallKind.UNDELIVERED,
        key=f"undelivered:{appointment.id}:{appointment.sequence}:{invitee.id}",
        name=sealer.open(invitee.name, purpose="name"),
        phone=sealer.open(invitee.phone, purpose="phone"),
        appointment_id=appointment.id,
    )
    await calls.request_anew(tx, sealer, call, unit_id=appointment.unit_id)
