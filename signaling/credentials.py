"""By what somebody came to a live session, and whether that still holds."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from scheduling import access, invitees, links
from server.identity import sessions
from server.kernel.actor import Actor, ActorKind
from server.kernel.config import Identity
from server.kernel.uow import Tx


async def void(tx: Tx, actors: Collection[Actor], *, config: Identity) -> frozenset[Actor]:
    """Those whose sign-in, pass or seat is no longer good: one query, however many they are."""
    if not actors:
        return frozenset()
    staff = {a.session_id for a in actors if a.session_id and a.kind is ActorKind.STAFF}
    guests = {a.session_id for a in actors if a.session_id and a.kind is ActorKind.GUEST}
    good = sa.union_all(
        sessions.good(staff, now=tx.now, config=config),
        links.good_passes(guests, now=tx.now),
        invitees.standing({a.invitee_id for a in actors if a.invitee_id}),
    )
    ids = frozenset((await tx.session.scalars(good)).all())
    return frozenset(a for a in actors if not {a.session_id, a.invitee_id} - {None} <= ids)


At = tuple[UUID, Actor]
"""Somebody in the session of an appointment."""


async def partial(tx: Tx, seated: Collection[At]) -> frozenset[At]:
    """Those who are shut out of the case by now: it was named to be about their own unit."""
    staff = {actor.account_id for _, actor in seated if actor.account_id}
    if not staff:
        return frozenset()
    pairs = access.shut_out({at for at, _ in seated}, staff)
    shut = {(row[0], row[1]) for row in await tx.session.execute(pairs)}
    return frozenset((at, actor) for at, actor in seated if (at, actor.account_id) in shut)
