"""What was sent and what was not, for the desk."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from scheduling.tables import Appointment
from server.kernel.uow import Tx
from server.notices.tables import Delivery, DeliveryState
from server.units.tables import Unit

PAGE = 50


@dataclass(frozen=True)
class Sent:
    """A delivery with the appointment it was about."""

    delivery: Delivery
    appointment: Appointment


async def deliveries(
    tx: Tx, allowed: sa.ColumnElement[bool], *, state: DeliveryState | None, page: int
) -> Sequence[Sent]:
    """Newest first; `allowed` is a condition on the appointment's unit."""
    query = (
        sa.select(Delivery, Appointment)
        .join(Appointment, Appointment.id == Delivery.appointment_id)
        .join(Unit, Unit.id == Appointment.unit_id)
        .where(allowed)
        .order_by(Delivery.created_at.desc(), Delivery.key)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    if state is not None:
        query = query.where(Delivery.state == state)
    return [Sent(row[0], row[1]) for row in (await tx.session.execute(query)).all()]
