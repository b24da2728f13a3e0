"""Messages that went out or did not, for the desk: dead letters are there to be seen."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from pydantic import Field

from scheduling import access
from server.http.context import Context
from server.http.endpoints import Body, Routes, View
from server.identity import numbers
from server.identity.permissions import Permission
from server.kernel.actor import Role
from server.kernel.sealing import Sealer
from server.notices import queries
from server.notices.outgoing import PURPOSES
from server.notices.queries import Sent
from server.notices.tables import Channel, DeliveryState

routes = Routes()


class DeliveryQuery(Body):
    state: DeliveryState | None = None
    page: int = Field(1, ge=1, le=10_000)


class DeliveryView(View):
    id: UUID
    channel: Channel
    template: str
    to_masked: str
    state: DeliveryState
    error: str | None
    created_at: datetime
    sent_at: datetime | None
    appointment_id: UUID
    reference: str


@routes.get("/api/desk/deliveries", permission=Permission.APPOINTMENT_READ_UNIT)
async def list_deliveries(ctx: Context, query: DeliveryQuery) -> list[DeliveryView]:
    """What people were told about their appointments, newest first."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        reached = sa.and_(
            access.within_reach(tx.actor, Role.CLERK, Role.SUPERVISOR), access.impartial(tx.actor)
        )
        found = await queries.deliveries(tx, reached, state=query.state, page=query.page)
    return [_view(sent, ctx.services.sealer) for sent in found]


def _view(sent: Sent, sealer: Sealer) -> DeliveryView:
    delivery = sent.delivery
    channel = Channel(delivery.channel)
    to = sealer.open(delivery.to, purpose=PURPOSES[channel])
    masked = numbers.mask_phone(to) if channel is Channel.SMS else numbers.mask_email(to)
    return DeliveryView(
        id=delivery.id,
        channel=channel,
        template=delivery.template,
        to_masked=masked,
        state=DeliveryState(delivery.state),
        error=delivery.error,
        created_at=delivery.created_at,
        sent_at=delivery.sent_at,
        appointment_id=sent.appointment.id,
        reference=sent.appointment.reference,
    )
