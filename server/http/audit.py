"""The audit trail, for auditors."""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from pydantic import Field

from server.http import audit_trail
from server.http.audit_trail import Wanted
from server.http.audit_views import AuditLineView, views_of
from server.http.context import Context
from server.http.endpoints import Body, Routes, View
from server.http.fields import Instant
from server.identity.permissions import Permission
from server.identity.tables import Account
from server.kernel import audit
from server.kernel.actor import ActorKind
from server.kernel.audit import AuditLine, AuditSeal
from server.kernel.uow import Tx

routes = Routes()
LATELY = timedelta(days=7)
A_DAY = timedelta(days=1)
SHOWN = 6
GLANCED = 1000
"""So many of the newest lines are checked whenever somebody opens the day's page."""


class AuditQuery(Body):
    """`q` is a name of staff, a login, a number or reference, or an id."""

    q: str | None = Field(None, max_length=80)
    who: ActorKind | None = None
    actor: UUID | None = None
    subject: str | None = Field(None, max_length=64)
    action: str | None = Field(None, max_length=40)
    since: Instant | None = None
    until: Instant | None = None
    before: int | None = Field(None, ge=1, lt=1 << 63)
    after: int | None = Field(None, ge=0, lt=1 << 63)


class AuditPage(View):
    items: list[AuditLineView]
    older: bool
    newer: bool


class CheckView(View):
    """Somebody had the whole chain checked; `broken` is the first line that did not fit."""

    at: datetime
    by: str | None
    broken: int | None


class ChainView(View):
    """`checked` of the newest lines were looked at just now; `waiting` are not in the chain yet."""

    sealed: int
    waiting: int
    waiting_since: datetime | None
    checked: int
    broken: int | None
    last_check: CheckView | None


class AuditToday(View):
    """`last_look` is when the asker last read the trail; the newest few of what matters most."""

    last_look: datetime | None
    new: int
    newest: list[AuditLineView]
    chain: ChainView
    exports: int
    newest_exports: list[AuditLineView]
    refused: int
    newest_refused: list[AuditLineView]


class Verified(View):
    lines: int
    broken: int | None


@routes.get("/api/audit", permission=Permission.AUDIT_READ)
async def read_audit(ctx: Context, query: AuditQuery) -> AuditPage:
    """A page of the trail, the newest line first."""
    given = query.model_dump(exclude={"q", "before", "after"})
    async with ctx.services.uow.begin(ctx.actor) as tx:
        found = await audit_trail.page(
            tx, Wanted(text=query.q or None, **given), before=query.before, after=query.after
        )
        items = await views_of(tx, found.lines)
        tx.audit("read", "audit", "trail", lines=len(items))
    return AuditPage(items=items, older=found.is_older, newer=found.is_newer)


@routes.get("/api/audit/today", permission=Permission.AUDIT_READ)
async def read_audit_today(ctx: Context) -> AuditToday:
    """What is new, whether the chain holds, what left the house, and who was not let in."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        last_look = await _last_look(tx)
        new = Wanted(since=last_look)
        exports = Wanted(action="export", since=tx.now - LATELY)
        refused = Wanted(action="sign_in_failed", since=tx.now - A_DAY)
        await tx.audit_reading("audit", "today")
        return AuditToday(
            last_look=last_look,
            new=await audit_trail.count(tx, new),
            newest=await _newest(tx, new),
            chain=await _chain(tx),
            exports=await audit_trail.count(tx, exports),
            newest_exports=await _newest(tx, exports),
            refused=await audit_trail.count(tx, refused),
            newest_refused=await _newest(tx, refused),
        )


@routes.post("/api/audit/checks", permission=Permission.AUDIT_READ)
async def check_audit(ctx: Context) -> Verified:
    """Go through the whole chain; that it was done stands in the trail."""
    async with ctx.services.uow.begin(ctx.actor) as tx:
        lines = await audit.height(tx.connection)
        broken = await audit.verify(tx.connection)
        tx.audit("verify", "audit", "chain", lines=lines, broken=broken)
    return Verified(lines=lines, broken=broken)


async def _last_look(tx: Tx) -> datetime | None:
    mine = (AuditLine.actor_id == tx.actor.account_id, AuditLine.action == "read")
    query = sa.select(sa.func.max(AuditLine.at)).where(
        AuditLine.subject_kind == "audit", AuditLine.subject_id == "trail", *mine
    )
    return await tx.session.scalar(query)


async def _newest(tx: Tx, wanted: Wanted) -> list[AuditLineView]:
    found = await audit_trail.page(tx, wanted)
    return await views_of(tx, found.lines[:SHOWN])


async def _chain(tx: Tx) -> ChainView:
    sealed = await audit.height(tx.connection)
    above = max(0, sealed - GLANCED)
    unsealed = (
        sa.select(sa.func.count(), sa.func.min(AuditLine.at))
        .outerjoin(AuditSeal, AuditSeal.line_id == AuditLine.id)
        .where(AuditSeal.line_id.is_(None))
    )
    waiting, since = (await tx.session.execute(unsealed)).one()
    return ChainView(
        sealed=sealed,
        waiting=waiting,
        waiting_since=since,
        checked=sealed - above,
        broken=await audit.verify(tx.connection, above=above),
        last_check=await _last_check(tx),
    )


async def _last_check(tx: Tx) -> CheckView | None:
    query = (
        sa.select(AuditLine.at, Account.name, AuditLine.facts)
        .outerjoin(Account, Account.id == AuditLine.actor_id)
        .where(
            AuditLine.subject_kind == "audit",
            AuditLine.subject_id == "chain",
            AuditLine.action == "verify",
        )
        .order_by(AuditLine.id.desc())
        .limit(1)
    )
    row = (await tx.session.execute(query)).one_or_none()
    return CheckView(at=row.at, by=row.name, broken=row.facts["broken"]) if row else None
