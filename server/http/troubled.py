"""Running sessions with people on bad lines, for the desk and the duty officer."""

from datetime import datetime
from uuid import UUID

from scheduling.tables import SessionKind, SessionRole
from server.http.context import Context
from server.http.endpoints import Routes, View
from server.identity.permissions import Permission
from signaling import troubled
from signaling.facts import Vitals
from signaling.troubled import InTrouble, Trouble, Troubled

routes = Routes()


class TroubledView(View):
    """Somebody by role; `lost` is not on the line at all. The numbers are the newest there are."""

    role: SessionRole
    trouble: Trouble
    vitals: Vitals


class InTroubleView(View):
    appointment_id: UUID
    session_kind: SessionKind
    unit_name: str
    host_name: str
    begins_at: datetime
    people: list[TroubledView]


@routes.get("/api/line/troubled", permission=Permission.CONNECTION_WATCH)
async def read_troubled(ctx: Context) -> list[InTroubleView]:
    """Sessions of the units in reach in which somebody's line is bad or lost; nobody by name."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await troubled.shown(tx, ctx.services.desk.lives.values())
    return [_view(one) for one in found]


def _view(shown: InTrouble) -> InTroubleView:
    return InTroubleView(
        appointment_id=shown.appointment.id,
        session_kind=SessionKind(shown.appointment.session_kind),
        unit_name=shown.unit_name,
        host_name=shown.host_name,
        begins_at=shown.appointment.begins_at,
        people=[_person(one) for one in shown.people],
    )


def _person(one: Troubled) -> TroubledView:
    return TroubledView(role=one.role, trouble=one.trouble, vitals=one.vitals or Vitals())
