"""What the engine tells goes to clients at once, and into the log when the database takes it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

import sqlalchemy as sa

from server.kernel.actor import SYSTEM
from signaling.engine import Leg, LegDown, LegUp, MemberId, Offer, Silent
from signaling.tables import SessionLog
from tests.media.conftest import until


class Hanging:
    """A database whose transactions begin when it is let go."""

    def __init__(self, uow) -> None:
        self._uow = uow
        self.goes_on = asyncio.Event()
        self.ended = 0

    @asynccontextmanager
    async def begin(self, *args) -> AsyncIterator:
        await self.goes_on.wait()
        async with self._uow.begin(*args) as tx:
            yield tx
        self.ended += 1

    def __getattr__(self, name: str):
        return getattr(self._uow, name)


async def logged(hall, kind: str) -> list[tuple[str, str]]:
    query = (
        sa.select(SessionLog.kind, SessionLog.facts)
        .where(SessionLog.kind.startswith(kind))
        .order_by(SessionLog.id)
    )
    async with hall.services.uow.begin(SYSTEM) as tx:
        return [(kind, facts["leg"]) for kind, facts in await tx.session.execute(query)]


async def test_a_log_that_hangs_holds_up_nobodys_offers_and_is_written_in_order_later(hall):
    host = await hall.host()
    wang, li = await hall.inside("Wang", host), await hall.inside("Li", host)
    live = hall.services.desk.lives[hall.appointment.id]
    hanging = Hanging(live.ground.uow)
    live.ground = replace(live.ground, uow=hanging)
    who, queue = MemberId(wang.id), hall.services.media.queue
    for event in (
        LegUp(who, Leg.SENDING), Silent(who, Leg.SENDING), LegDown(who, Leg.SENDING, "silence"),
        LegUp(who, Leg.RECEIVING),
        Offer(MemberId(li.id), 7, "offer"),
    ):  # fmt: skip
        queue.put_nowait(event)
    assert (await li.wait_for("media.offer"))["revision"] == 7
    assert live.hearing.misses(UUID(wang.id), now=float("inf"))
    assert await logged(hall, "media.") == []
    hanging.goes_on.set()
    told = [
        ("media.up", "sending"), ("media.silent", "sending"), ("media.down", "sending"),
        ("media.up", "receiving"),
    ]  # fmt: skip
    await until(lambda: hanging.ended == len(told))
    assert await logged(hall, "media.") == told
