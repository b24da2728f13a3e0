"""A pool over engines that fail in ways that nobody foresaw."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from signaling.engine import Arriving, Leg, LegDown, LegUp, Lost, MediaEvent, MemberId, RoomId
from signaling.pool import Pool
from tests.media.conftest import until
from tests.ports import SilentEngine

A, B, C = MemberId("a"), MemberId("b"), MemberId("c")
MAIN, OTHER = RoomId("main"), RoomId("other")


class Unsteady(SilentEngine):
    """Fails as it was told to."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name, self.is_up = name, True
        self.faults: list[Exception] = []
        self.refuses: set[MemberId] = set()
        self.held: dict[MemberId, asyncio.Event] = {}
        self.starts = 0

    async def start(self) -> None:
        self.starts += 1
        if self.starts > 1 and self.faults:
            raise self.faults.pop()
        self.is_up = True

    async def stop(self) -> None:
        self.is_up = False

    async def grant(self, member: MemberId, room: RoomId) -> None:
        if member in self.refuses:
            raise LookupError(member)
        if member in self.held:
            await self.held[member].wait()
        await super().grant(member, room)

    async def events(self) -> AsyncIterator[MediaEvent]:
        async for event in super().events():
            if isinstance(event, LegUp):
                raise LookupError("an event that nobody foresaw")
            yield event

    def die(self) -> None:
        self.is_up = False
        self.queue.put_nowait(Lost("gone"))


@contextlib.asynccontextmanager
async def pooled(*engines: Unsteady) -> AsyncIterator[tuple[Pool, list[MediaEvent]]]:
    pool, told = Pool(engines), []
    take = told.append
    await pool.start()

    async def listen() -> None:
        async for event in pool.events():
            take(event)

    listening = asyncio.create_task(listen())
    try:
        yield pool, told
    finally:
        await pool.stop()
        await listening


async def test_one_who_cannot_be_brought_holds_up_nobody_and_is_brought_when_they_can_be():
    one, two = Unsteady("one"), Unsteady("two")
    async with pooled(one, two) as (pool, told):
        for member in (A, B):
            await pool.grant(member, MAIN)
        here, there = (one, two) if one.rooms else (two, one)
        there.refuses.add(A)
        here.faults = [LookupError("unforeseen")] * 50
        here.die()
        await until(lambda: there.rooms == {B: MAIN})
        assert LegDown(B, Leg.RECEIVING, "engine lost") in told
        there.refuses.clear()
        await until(lambda: there.rooms == {A: MAIN, B: MAIN})


async def test_what_a_client_measures_is_told_to_the_engine_that_has_them():
    one, two = Unsteady("one"), Unsteady("two")
    async with pooled(one, two) as (pool, _):
        await pool.grant(A, MAIN)
        await pool.grant(B, OTHER)
        for member in (A, B, C):
            pool.measured(member, Arriving(loss=0.5))
        for engine in (one, two):
            assert engine.arriving == {(member, Arriving(loss=0.5)) for member in engine.rooms}
        assert len(one.arriving) == len(two.arriving) == 1


async def test_rooms_do_not_wait_for_each_other_and_are_spread():
    one, two, three = (Unsteady(name) for name in ("one", "two", "three"))
    async with pooled(one, two, three) as (pool, _):
        two.is_up = three.is_up = False
        await pool.grant(A, MAIN)
        await pool.grant(B, OTHER)
        two.is_up = three.is_up = True
        for engine in (two, three):
            engine.held[A] = asyncio.Event()
        one.faults = [LookupError("unforeseen")] * 50
        one.die()
        await until(lambda: B in two.rooms or B in three.rooms)
        assert pool.load() == {"one": 0, "two": 1, "three": 1}
        for engine in (two, three):
            engine.held[A].set()
        await until(lambda: A in two.rooms or A in three.rooms)


async def test_an_engine_is_reached_again_whatever_it_says():
    only = Unsteady("only")
    async with pooled(only) as (pool, _):
        await pool.grant(A, MAIN)
        only.faults = [LookupError("unforeseen")]
        only.rooms.clear()
        only.queue.put_nowait(LegUp(A, Leg.SENDING))  # its events end with this
        await until(lambda: only.starts == 3 and only.rooms == {A: MAIN})
