"""What the engine misses of what people send: asked for now and then, beside everything else."""

import asyncio
import logging
from uuid import UUID

from signaling.desk import Desk
from signaling.engine import MediaUnavailableError, RoomId
from signaling.live import Live

log = logging.getLogger("yuntiao.live")


PATIENCE = 4.0
"""Seconds in which an engine tells of all rooms of a session, or nothing is known of them."""


async def watch(desk: Desk) -> None:
    """Ask the engine about every room with people in it, for ever; all at once, as engines differ."""
    while True:
        await asyncio.sleep(desk.pace.uplinks_every)
        await asyncio.gather(*(_look(live) for live in list(desk.lives.values())))


async def _look(live: Live) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            live.uplinks = await _losses(live)
    except (MediaUnavailableError, TimeoutError):
        live.uplinks = {}
    except Exception:
        log.exception("uplinks of session %s", live.session.id)


async def _losses(live: Live) -> dict[UUID, float | None]:
    rooms = {room for seat_id, room in live.granted.items() if seat_id in live.lines}
    engine = live.ground.engine
    told = await asyncio.gather(*(engine.stats(RoomId(str(room))) for room in rooms))
    return {UUID(one.member): one.sent_loss for numbers in told for one in numbers}
