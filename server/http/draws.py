"""Places that are drawn: what the public may check, applying, announcing. All of it behind a switch."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from pydantic import Field

from scheduling import access
from scheduling.choices.tables import Chosen
from scheduling.draws import announcing, applying, judging, lottery, passing_on, points
from scheduling.draws.announcing import SEED, NewDraw
from scheduling.draws.tables import RESULTS, Draw, DrawEntry, DrawKind, DrawState
from server.http.booking import Matter
from server.http.context import Context, Download
from server.http.endpoints import Body, Routes, View
from server.http.fields import Instant, Line
from server.identity import accounts
from server.identity.accounts import Contact
from server.identity.permissions import Permission
from server.identity.tables import Account
from server.kernel.database import Json
from server.kernel.errors import NotFound, RuleBroken
from server.kernel.uow import Tx
from server.units.tables import Unit

routes = Routes()
SHOWN_FOR = timedelta(days=90)
SCRIPT = Path(lottery.__file__)


class DrawBody(Body):
    host_id: UUID
    kind: DrawKind
    title: Line
    begins_at: Instant
    minutes: int = Field(ge=10, le=180, multiple_of=5)
    places: int = Field(ge=1, le=40)
    opens_at: Instant
    closes_at: Instant


class DrawReason(Body):
    reason: Line


class DrawnEntry(View):
    """An application by its number alone; `place` and `begins_at` once it is drawn."""

    number: int
    points: dict[str, int]
    total: int
    place: int | None
    begins_at: datetime | None


class DrawTurnView(View):
    """Whose turn it was when a place fell free; `answer` is none while they may answer."""

    step: int
    number: int
    place: int
    begins_at: datetime
    at: datetime
    passed_over: bool
    answer: Chosen | None


class OwnDrawEntry(View):
    number: int
    person_id: UUID
    total: int
    place: int | None
    appointment_id: UUID | None


class DrawView(View):
    """`seed`, `digest` and the applications are published with the result, the commitment before."""

    id: UUID
    kind: DrawKind
    state: DrawState
    title: str
    host_name: str
    unit_name: str
    begins_at: datetime
    ends_at: datetime
    minutes: int
    places: int
    opens_at: datetime
    closes_at: datetime
    worth: dict[str, int]
    commitment: str
    applied: int
    seed: str | None
    digest: str | None
    drawn_at: datetime | None
    stopped_at: datetime | None
    turns: list[DrawTurnView]
    applications: list[DrawnEntry]
    mine: list[OwnDrawEntry]


class ApplicationView(View):
    """To the desk: whose it is, what it is about, what they said they need, its points by kind."""

    id: UUID
    number: int
    name: str
    sentence: str
    needs: Json
    points: dict[str, int]
    total: int


class Judgement(Body):
    """What the desk found; `reason` is kept in the audit."""

    urgent: bool
    needs: bool
    reason: Line


class DrawHost(View):
    account_id: UUID
    name: str
    unit_name: str


@routes.get("/api/draws", permission=Permission.PUBLIC)
async def list_draws(ctx: Context) -> list[DrawView]:
    """What may be applied for, and what was drawn lately."""
    _demand_on(ctx)
    async with ctx.services.uow.begin(ctx.actor) as tx:
        query = sa.select(Draw).where(
            Draw.state != DrawState.CANCELLED, Draw.begins_at > tx.now - SHOWN_FOR
        )
        found = (await tx.session.scalars(query.order_by(Draw.begins_at).limit(100))).all()
        return [await _view(ctx, tx, draw) for draw in found]


@routes.get("/api/draws/{draw_id}", permission=Permission.PUBLIC)
async def read_draw(ctx: Context, draw_id: UUID) -> DrawView:
    """The protocol: with it anybody recomputes the result."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        return await _view(ctx, tx, await draw_of(ctx, tx, draw_id))


@routes.get("/api/draw-script", permission=Permission.PUBLIC)
async def read_draw_script(ctx: Context) -> Download:
    """The very file that draws, to be run on a published protocol."""
    _demand_on(ctx)
    return Download(
        data=await asyncio.to_thread(SCRIPT.read_bytes), media_type="text/plain", name="lottery.py"
    )


@routes.post("/api/draws/{draw_id}/entries", permission=Permission.APPOINTMENT_BOOK_OWN)
async def apply_for_draw(ctx: Context, draw_id: UUID, body: Matter) -> DrawView:
    """Apply; the matter is registered in every case."""
    services = ctx.services
    async with services.uow.begin(ctx.actor) as tx:
        draw = await draw_of(ctx, tx, draw_id)
        contact = Contact(body.phone, body.email) if body.phone else None
        request = body.request(contact or await accounts.own_contact(tx, sealer=services.sealer))
        made = await applying.apply(
            tx, services.sealer, draw, body.person_id, request, config=services.config,
            idempotency_key=ctx.idempotency_key,
        )  # fmt: skip
        if made:
            return await _view(ctx, tx, draw)
    raise RuleBroken("clerk_calls_you", phone=services.config.centre.phone)


@routes.delete("/api/draws/{draw_id}/entries/mine", permission=Permission.APPOINTMENT_CHANGE_OWN)
async def withdraw_from_draw(ctx: Context, draw_id: UUID) -> DrawView:
    """Take the application back as long as applying is open."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        draw = await draw_of(ctx, tx, draw_id)
        await applying.withdraw(tx, draw)
        await tx.session.flush()
        return await _view(ctx, tx, draw)


@routes.get("/api/draw-hosts", permission=Permission.DRAW_WRITE)
async def list_draw_hosts(ctx: Context) -> list[DrawHost]:
    """Who could hold such a day; no leader does."""
    _demand_on(ctx)
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await announcing.hosts(tx)
    return [DrawHost(account_id=a.id, name=a.name or "", unit_name=u.name) for a, u in found]


@routes.post("/api/draws", permission=Permission.DRAW_WRITE)
async def announce_draw(ctx: Context, body: DrawBody) -> DrawView:
    """Announce a day whose places are drawn; the seed is promised now and shown with the result."""
    _demand_on(ctx)
    async with ctx.services.uow.begin(ctx.actor) as tx:
        made = await announcing.announce(
            tx, ctx.services.sealer, NewDraw(**vars(body)), seed=announcing.new_seed()
        )
        return await _view(ctx, tx, made)


@routes.post("/api/draws/{draw_id}/cancellation", permission=Permission.DRAW_WRITE)
async def cancel_draw(ctx: Context, draw_id: UUID, body: DrawReason) -> DrawView:
    async with ctx.services.uow.begin(ctx.actor) as tx:
        draw = await draw_of(ctx, tx, draw_id)
        await access.demand_reach(tx, draw.unit_id, *access.DESK)
        await announcing.cancel(tx, draw, reason=body.reason)
        return await _view(ctx, tx, draw)


@routes.get("/api/draws/{draw_id}/applications", permission=Permission.DRAW_WRITE)
async def list_applications(ctx: Context, draw_id: UUID) -> list[ApplicationView]:
    """Who applied, by number."""
    _demand_on(ctx)
    async with ctx.services.uow.begin(ctx.actor) as tx:
        return await _applications(ctx, tx, draw_id)


@routes.post("/api/draws/{draw_id}/entries/{entry_id}/judgements", permission=Permission.DRAW_WRITE)
async def judge_application(
    ctx: Context, draw_id: UUID, entry_id: UUID, body: Judgement
) -> list[ApplicationView]:
    """Say that it is urgent, or that the needs are or are not there, while applying is open."""
    _demand_on(ctx)
    async with ctx.services.uow.begin(ctx.actor) as tx:
        await judging.judge(tx, draw_id, entry_id, **vars(body))
        await tx.session.flush()
        return await _applications(ctx, tx, draw_id)


async def _applications(ctx: Context, tx: Tx, draw_id: UUID) -> list[ApplicationView]:
    sealer = ctx.services.sealer
    return [
        ApplicationView(
            id=one.entry.id, number=one.entry.number,
            name=sealer.open(one.name, purpose="name"),
            sentence=sealer.open(one.sentence, purpose="text"),
            needs=one.entry.needs, points=one.entry.points, total=one.entry.total,
        )
        for one in await judging.applications(tx, draw_id)
    ]  # fmt: skip


def _demand_on(ctx: Context) -> None:
    """While the switch is off there is nothing here."""
    if not ctx.services.config.scheduling.draws:
        raise NotFound


async def draw_of(ctx: Context, tx: Tx, draw_id: UUID) -> Draw:
    """The day, where places are drawn at all."""
    _demand_on(ctx)
    found = await tx.session.get(Draw, draw_id)
    if found is None:
        raise NotFound
    return found


async def _view(ctx: Context, tx: Tx, draw: Draw) -> DrawView:
    entries = await applying.entries_of(tx, draw.id)
    host = await tx.session.get_one(Account, draw.host_id)
    unit = await tx.session.get_one(Unit, draw.unit_id)
    is_drawn = draw.state in RESULTS
    mine = [one for one in entries if one.account_id and one.account_id == ctx.actor.account_id]
    return DrawView(
        id=draw.id, kind=DrawKind(draw.kind), state=DrawState(draw.state), title=draw.title,
        host_name=host.name or "", unit_name=unit.name, begins_at=draw.begins_at,
        ends_at=draw.ends_at, minutes=draw.minutes, places=draw.places, opens_at=draw.opens_at,
        closes_at=draw.closes_at, worth={str(k): v for k, v in points.WORTH.items()},
        commitment=draw.commitment, applied=len(entries),
        seed=ctx.services.sealer.open(draw.seed, purpose=SEED) if is_drawn else None,
        digest=draw.digest, drawn_at=draw.drawn_at, stopped_at=draw.stopped_at,
        turns=await _turns(tx, draw, entries) if is_drawn else [],
        applications=[_drawn(draw, one) for one in entries] if is_drawn else [],
        mine=[_own(one) for one in mine],
    )  # fmt: skip


async def _turns(tx: Tx, draw: Draw, entries: Sequence[DrawEntry]) -> list[DrawTurnView]:
    numbers = {one.id: one.number for one in entries}
    return [
        DrawTurnView(
            step=turn.step, number=numbers[turn.entry_id], place=turn.place,
            begins_at=draw.time_of(turn.place), at=turn.at, passed_over=choice is None,
            answer=Chosen(choice.answer) if choice and choice.answer else None,
        )
        for turn, choice in await passing_on.turns_of(tx, draw.id)
    ]  # fmt: skip


def _drawn(draw: Draw, one: DrawEntry) -> DrawnEntry:
    given = one.place is not None and one.place <= draw.places
    begins_at = draw.time_of(one.place) if given and one.place else None
    return DrawnEntry(
        number=one.number, points=one.points, total=one.total, place=one.place,
        begins_at=begins_at,
    )  # fmt: skip


def _own(one: DrawEntry) -> OwnDrawEntry:
    return OwnDrawEntry(
        number=one.number, person_id=one.person_id, total=one.total, place=one.place,
        appointment_id=one.appointment_id,
    )  # fmt: skip
