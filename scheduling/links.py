"""Personal links: a random token for one invitee, stored hashed, until the session ends."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from scheduling.tables import Invitee, SitePass
from server.kernel.actor import ANYONE, Actor, ActorKind
from server.kernel.sealing import token_hash
from server.kernel.uow import Tx


async def actor_of_link(tx: Tx, token: str) -> Actor:
    """The invitee behind a personal link or a site's pass, ANYONE when there is none any more.

    A pass is the actor's `session_id`: who has one sits at a shared device.
    """
    hashed = token_hash(token)
    invitee_id = await tx.session.scalar(_by_link(hashed))
    if invitee_id is not None:
        return Actor(ActorKind.GUEST, invitee_id=invitee_id)
    row = (await tx.session.execute(_by_pass(tx, hashed))).one_or_none()
    return Actor(ActorKind.GUEST, invitee_id=row[0], session_id=row[1]) if row else ANYONE


def good_passes(pass_ids: Collection[UUID], *, now: datetime) -> sa.Select[UUID]:
    """Those of the site's passes that still stand."""
    return sa.select(SitePass.id).where(
        SitePass.id.in_(pass_ids), SitePass.ended_at.is_(None), SitePass.expires_at > now
    )


def _by_link(hashed: bytes) -> sa.Select[UUID]:
    return sa.select(Invitee.id).where(Invitee.token_hash == hashed, Invitee.removed_at.is_(None))


def _by_pass(tx: Tx, hashed: bytes) -> sa.Select[UUID, UUID]:
    return (
        sa.select(Invitee.id, SitePass.id)
        .join(SitePass, SitePass.invitee_id == Invitee.id)
        .where(
            SitePass.token_hash == hashed,
            SitePass.ended_at.is_(None),
            SitePass.expires_at > tx.now,
            Invitee.removed_at.is_(None),
        )
    )
