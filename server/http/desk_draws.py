"""Places by lot for whoever has no account: applied for at the desk, taken back on the phone."""

from datetime import datetime
from uuid import UUID

from scheduling import access
from scheduling.draws import applying, on_behalf, standing
from scheduling.draws.standing import Applied, Stand
from scheduling.draws.tables import DrawEntry
from server.http.context import Context
from server.http.desk import DeskMatter
from server.http.desk_asking import asked_of
from server.http.draws import draw_of
from server.http.endpoints import Routes, View
from server.identity.permissions import Permission
from server.kernel.uow import Tx

routes = Routes()


class DeskApplication(DeskMatter):
    draw_id: UUID


class DeskDrawEntry(View):
    """An application as the desk sees it. `number` is what is published of it; `turn` how many
    places must fall free before one is theirs, once it is drawn.
    """

    id: UUID
    draw_id: UUID
    reference: str
    person_name: str
    number: int
    stand: Stand
    turn: int | None
    title: str
    host_name: str
    begins_at: datetime
    ends_at: datetime
    closes_at: datetime
    actions: list[str]


@routes.post("/api/desk/draw-entries", permission=Permission.APPOINTMENT_BOOK_UNIT)
async def apply_on_behalf(ctx: Context, body: DeskApplication) -> DeskDrawEntry:
    """Apply for somebody who cannot; the same Idempotency-Key gets the same answer."""
    services, asked = ctx.services, asked_of(ctx, body)
    async with services.uow.begin(ctx.actor) as tx:
        draw = await draw_of(ctx, tx, body.draw_id)
        made = await on_behalf.apply(
            tx, services.sealer, draw, asked, idempotency_key=ctx.idempotency_key
        )
        return await _view(ctx, tx, made)


@routes.post(
    "/api/desk/draw-entries/{entry_id}/withdrawal", permission=Permission.APPOINTMENT_REVIEW
)
async def withdraw_for_somebody(ctx: Context, entry_id: UUID) -> DeskDrawEntry:
    """Not wanted any more, as was said on the phone; the matter stays registered."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        entry = await access.desk_draw_entry(tx, entry_id)
        applying.take_back(tx, await draw_of(ctx, tx, entry.draw_id), entry)
        await tx.session.flush()
        return await _view(ctx, tx, entry)


async def _view(ctx: Context, tx: Tx, entry: DrawEntry) -> DeskDrawEntry:
    [one] = await standing.of(tx, [entry.id])
    return desk_draw_entry(ctx, one, now=tx.now)


def desk_draw_entry(ctx: Context, one: Applied, *, now: datetime) -> DeskDrawEntry:
    entry, draw = one.entry, one.draw
    return DeskDrawEntry(
        id=entry.id, draw_id=draw.id, reference=entry.reference,
        person_name=ctx.services.sealer.open(entry.name, purpose="name"), number=entry.number,
        stand=one.stand, turn=one.turn,
        title=draw.title, host_name=one.host_name or "", begins_at=draw.begins_at,
        ends_at=draw.ends_at, closes_at=draw.closes_at,
        actions=["withdraw"] if applying.can_take_back(draw, entry, now=now) else [],
    )  # fmt: skip
