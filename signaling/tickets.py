"""Tickets: each opens one socket once, within seconds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from scheduling.tables import Invitee
from server.kernel.actor import Actor
from server.kernel.config import Identity
from server.kernel.errors import NotSignedIn
from server.kernel.sealing import new_token, token_hash
from server.kernel.throttle import spend
from server.kernel.uow import Tx
from signaling import credentials
from signaling.access import actor_of
from signaling.tables import LiveTicket

PER_MINUTE = 60


@dataclass(frozen=True)
class Redeemed:
    appointment_id: UUID
    invitee_id: UUID
    actor: Actor


async def issue(tx: Tx, invitee: Invitee, *, config: Identity) -> str:
    """A fresh ticket for a seat; those that were never used are swept away.

    So many a person and minute, whatever the number of their seats.
    """
    person = tx.actor.account_id or invitee.id
    await spend(tx, f"ticket:{person}", limit=PER_MINUTE, per=timedelta(minutes=1))
    stale = sa.delete(LiveTicket).where(
        LiveTicket.invitee_id == invitee.id, LiveTicket.expires_at < tx.now
    )
    await tx.session.execute(stale)
    token = new_token()
    ticket = LiveTicket(
        token_hash=token_hash(token),
        invitee_id=invitee.id,
        appointment_id=invitee.appointment_id,
        session_id=tx.actor.session_id,
        expires_at=tx.now + config.ticket_lifetime,
    )
    tx.session.add(ticket)
    return token


async def redeem(tx: Tx, token: str, *, config: Identity) -> Redeemed:
    """Whose seat the ticket opens; it is used up by this. Raises NotSignedIn.

    Whoever asked for it must still be signed in: what ended meanwhile opens nothing.
    """
    query = (
        sa.update(LiveTicket)
        .where(
            LiveTicket.token_hash == token_hash(token),
            LiveTicket.used_at.is_(None),
            LiveTicket.expires_at > tx.now,
        )
        .values(used_at=tx.now)
        .returning(LiveTicket.invitee_id, LiveTicket.session_id)
    )
    row = (await tx.session.execute(query)).one_or_none()
    if row is None:
        raise NotSignedIn("bad_ticket")
    invitee = await tx.session.get_one(Invitee, row[0])
    actor = actor_of(invitee, session_id=row[1])
    if await credentials.void(tx, {actor}, config=config):
        raise NotSignedIn("bad_ticket")
    return Redeemed(invitee.appointment_id, invitee.id, actor)


async def forget(tx: Tx, *, before: datetime) -> None:
    await tx.session.execute(sa.delete(LiveTicket).where(LiveTicket.expires_at < before))
