"""Who may no longer be in a session is cut from it: signed out, disabled, wiped, taken off,
of the unit complained of.

The database is asked again and again, since it may have been another process that revoked.
"""

import asyncio
import logging
from uuid import UUID

from server.identity import sessions
from server.kernel.actor import SYSTEM, Actor, ActorKind
from server.kernel.errors import DomainError
from server.kernel.uow import Tx
from signaling import credentials
from signaling.desk import Desk
from signaling.live import Live

log = logging.getLogger("yuntiao.live")
PATIENCE = 5.0


async def watch(desk: Desk) -> None:
    """Look again, for ever; a look that fails is followed by the next one."""
    while not desk.is_draining:
        await asyncio.sleep(desk.pace.recheck_every)
        try:
            async with asyncio.timeout(PATIENCE):
                await _look(desk)
        except DomainError as error:
            log.warning("sign-ins could not be looked at: %s", error.code)
        except Exception:
            log.exception("sign-ins could not be looked at")


async def _look(desk: Desk) -> None:
    came = [
        (live, seat_id, actor)
        for live in list(desk.lives.values())
        for seat_id, actor in live.came_by.items()
    ]
    if not came:
        return
    async with desk.ground.uow.begin(SYSTEM) as tx:
        await _count_as_use(tx, desk)
        void = await credentials.void(tx, {actor for _, _, actor in came}, config=desk.identity)
        partial = await credentials.partial(
            tx, {(live.session.appointment_id, actor) for live, _, actor in came}
        )
    cuts = [
        desk.cut(live, seat_id, actor)
        for live, seat_id, actor in came
        if actor in void or (live.session.appointment_id, actor) in partial
    ]
    for result in await asyncio.gather(*cuts, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result


async def _count_as_use(tx: Tx, desk: Desk) -> None:
    """Who talks to people does not fall idle, though no page is asked for meanwhile."""
    heard: set[UUID] = {
        actor.session_id
        for live in desk.lives.values()
        for actor in _heard(live, since=desk.monotonic() - desk.pace.silent_after)
        if actor.session_id and actor.kind is ActorKind.STAFF
    }
    await sessions.touch(tx, heard)


def _heard(live: Live, *, since: float) -> list[Actor]:
    return [line.actor for line in live.lines.values() if line.heard_at >= since]
