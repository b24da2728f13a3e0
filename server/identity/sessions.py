"""Sign-ins: opaque, hashed at rest, new at every sign-in, revocable."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from server.identity.tables import Account, AccountKind, WebSession
from server.kernel.actor import ANYONE, Actor, ActorKind, Role
from server.kernel.actor import Membership as Held
from server.kernel.config import Identity
from server.kernel.driver import Driver, Row, planned_once
from server.kernel.errors import NotFound
from server.kernel.gathered import Gathered
from server.kernel.sealing import new_token, token_hash
from server.kernel.uow import Tx, UnitOfWork

TOUCH = timedelta(minutes=1)


@dataclass(frozen=True)
class Opened:
    """A new sign-in; its token is kept nowhere in clear."""

    token: str
    expires_at: datetime


async def rotate(tx: Tx, account: Account, *, config: Identity, shared: bool = False) -> Opened:
    """Sign in anew: the sign-in that asked, if any, ends here."""
    if tx.actor.session_id:
        await _end(tx, WebSession.id == tx.actor.session_id)
    return await sign_in(tx, account, config=config, shared=shared)


async def sign_in(tx: Tx, account: Account, *, config: Identity, shared: bool = False) -> Opened:
    staff = account.kind == AccountKind.STAFF
    lifetime = config.staff_lifetime if staff or shared else config.resident_lifetime
    token = new_token() + new_token()
    session = WebSession(
        token_hash=token_hash(token),
        account_id=account.id,
        shared=shared,
        created_at=tx.now,
        seen_at=tx.now,
        expires_at=tx.now + lifetime,
    )
    tx.session.add(session)
    await tx.session.flush()
    tx.audit("sign_in", "account", account.id)
    return Opened(token, session.expires_at)


ASKING = """
    SELECT s.token_hash, s.id, s.account_id, s.shared, s.seen_at, s.expires_at, s.revoked_at,
           a.kind, a.name, a.disabled_at
    FROM web_session s JOIN account a ON a.id = s.account_id WHERE s.token_hash = ANY($1)
    """
HELD = """SELECT m.account_id, m.role, u.id, u.path FROM membership m JOIN unit u ON u.id = m.unit_id
          WHERE m.account_id = ANY($1)"""
SEEN = """UPDATE web_session SET seen_at = $2 WHERE id IN (
              SELECT id FROM web_session WHERE id = ANY($1) FOR UPDATE SKIP LOCKED)"""


async def actors_of_sessions(
    driver: Driver, token_hashes: Collection[bytes], *, now: datetime, config: Identity
) -> dict[bytes, Actor]:
    """The account behind each token; one that is over, idle too long or revoked is not there."""
    rows = await driver.fetch(ASKING, planned_once(token_hashes))
    standing = [row for row in rows if _stands(row, now=now, config=config)]
    if stale := [row["id"] for row in standing if now - row["seen_at"] > TOUCH]:
        await driver.execute(SEEN, stale, now)
    held: dict[UUID, list[Held]] = {row["account_id"]: [] for row in standing if _is_staff(row)}
    for one in await driver.fetch(HELD, planned_once(held)) if held else ():
        held[one["account_id"]].append(Held(Role(one["role"]), one["id"], one["path"]))
    return {row["token_hash"]: _actor(row, held.get(row["account_id"], [])) for row in standing}


async def actor_of_session(driver: Driver, token: str, *, now: datetime, config: Identity) -> Actor:
    """The account behind one token, else ANYONE."""
    hashed = token_hash(token)
    found = await actors_of_sessions(driver, [hashed], now=now, config=config)
    return found.get(hashed, ANYONE)


def gathered(uow: UnitOfWork, config: Identity) -> Gathered[bytes, Actor]:
    """Who is behind a token's hash: a crowd's tokens are looked up together."""

    async def ask(token_hashes: Collection[bytes]) -> dict[bytes, Actor]:
        async with uow.glance() as driver:
            now = uow.clock.now()
            return await actors_of_sessions(driver, token_hashes, now=now, config=config)

    return Gathered(ask)


def _stands(row: Row, *, now: datetime, config: Identity) -> bool:
    may_idle = not _is_staff(row) and not row["shared"]
    ended = row["revoked_at"] or row["disabled_at"] or now >= row["expires_at"]
    return not ended and (may_idle or now - row["seen_at"] <= config.staff_idle)


def _is_staff(row: Row) -> bool:
    return bool(row["kind"] == AccountKind.STAFF)


def _actor(row: Row, held: list[Held]) -> Actor:
    return Actor(
        kind=ActorKind.STAFF if _is_staff(row) else ActorKind.RESIDENT,
        account_id=row["account_id"],
        session_id=row["id"],
        name=row["name"] or "",
        memberships=tuple(held),
    )


async def touch(tx: Tx, session_ids: Collection[UUID]) -> None:
    """Somebody is still there: a socket in use keeps its sign-in from falling idle."""
    stale = WebSession.seen_at < tx.now - TOUCH
    query = sa.update(WebSession).where(WebSession.id.in_(session_ids), stale)
    if session_ids:
        await tx.session.execute(query.values(seen_at=tx.now))


def good(session_ids: Collection[UUID], *, now: datetime, config: Identity) -> sa.Select[UUID]:
    """Those of the sign-ins that still stand, by the rules of `_stands`."""
    may_idle = sa.and_(Account.kind != AccountKind.STAFF, sa.not_(WebSession.shared))
    return (
        sa.select(WebSession.id)
        .join(Account, Account.id == WebSession.account_id)
        .where(
            WebSession.id.in_(session_ids),
            WebSession.revoked_at.is_(None),
            Account.disabled_at.is_(None),
            WebSession.expires_at > now,
            sa.or_(may_idle, WebSession.seen_at >= now - config.staff_idle),
        )
    )


async def open_sessions(tx: Tx, account_id: UUID) -> Sequence[WebSession]:
    """The account's sign-ins that are not over, the newest first."""
    query = (
        sa.select(WebSession)
        .where(
            WebSession.account_id == account_id,
            WebSession.revoked_at.is_(None),
            WebSession.expires_at > tx.now,
        )
        .order_by(WebSession.seen_at.desc(), WebSession.id)
    )
    return (await tx.session.scalars(query)).all()


async def revoke(tx: Tx, session_id: UUID, *, account_id: UUID) -> None:
    """End one sign-in of the account. NotFound when it has no such sign-in."""
    own = sa.and_(WebSession.id == session_id, WebSession.account_id == account_id)
    if not await _end(tx, own):
        raise NotFound
    tx.audit("sign_out", "web_session", session_id)


async def revoke_all(tx: Tx, account_id: UUID) -> int:
    """End every sign-in of the account; answers how many there were."""
    ended = await _end(tx, WebSession.account_id == account_id)
    tx.audit("sign_out_everywhere", "account", account_id, sessions=ended)
    return ended


async def _end(tx: Tx, which: sa.ColumnElement[bool]) -> int:
    query = (
        sa.update(WebSession)
        .where(which, WebSession.revoked_at.is_(None))
        .values(revoked_at=tx.now)
        .returning(WebSession.id)
    )
    return len((await tx.session.execute(query)).all())
