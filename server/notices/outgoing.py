"""Messages on their way: written with the transaction that causes them, sent afterwards."""

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from uuid import UUID, uuid4

from sqlalchemy.dialects.postgresql import insert

from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from server.notices.tables import Channel, Delivery, DeliveryState

SEND_SMS, SEND_MAIL = "notice.sms", "notice.mail"
KINDS = {Channel.SMS: SEND_SMS, Channel.MAIL: SEND_MAIL}
PURPOSES = {Channel.SMS: "phone", Channel.MAIL: "email"}
BODY = "delivery.body"
TRIES = 32
"""With the runner's pauses, a day."""


@dataclass(frozen=True)
class Envelope:
    """`key` names the event and the person: the same event is told once."""

    key: str
    template: str
    to: str
    until: datetime
    appointment_id: UUID | None = None
    invitee_id: UUID | None = None


async def post_sms(tx: Tx, sealer: Sealer, envelope: Envelope, text: str) -> None:
    await _post(tx, sealer, envelope, Channel.SMS, sealer.seal(text, purpose=BODY))


async def post_mail(tx: Tx, sealer: Sealer, envelope: Envelope, message: EmailMessage) -> None:
    """Keeps the bytes: a second try sends the same message with the same Message-ID."""
    body = message.as_bytes(policy=SMTP)
    await _post(tx, sealer, envelope, Channel.MAIL, sealer.seal_bytes(body, purpose=BODY))


async def _post(tx: Tx, sealer: Sealer, envelope: Envelope, channel: Channel, body: bytes) -> None:
    if envelope.until <= tx.now:
        return
    delivery_id, key = uuid4(), f"{envelope.key}:{channel}"
    row = insert(Delivery).values(
        id=delivery_id,
        key=key,
        channel=channel,
        template=envelope.template,
        to=sealer.seal(envelope.to, purpose=PURPOSES[channel]),
        body=body,
        appointment_id=envelope.appointment_id,
        invitee_id=envelope.invitee_id,
        state=DeliveryState.WAITING,
        created_at=tx.now,
        until=envelope.until,
    )
    made = await tx.connection.execute(row.on_conflict_do_nothing(index_elements=["key"]))
    if made.rowcount:
        payload = {"delivery_id": str(delivery_id)}
        tx.schedule(KINDS[channel], key=f"deliver:{key}", payload=payload, max_attempt=TRIES)
