"""Several engines as one: each room lives wholly on one of them, and moves when that one is lost.

Who is where and what of them is passed on stands here, so that an engine that comes back empty is
told all of it again. Without any engine people keep their places, and wait.
"""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from signaling.engine import (
    Arriving,
    Carried,
    Leg,
    LegDown,
    Lost,
    MediaEvent,
    MediaRefusedError,
    MediaUnavailableError,
    MemberId,
    MemberStats,
    Refusal,
    Reset,
    RoomId,
    View,
)
from signaling.places import Engine, Member, Place

log = logging.getLogger(__name__)
EVENTS_LIMIT = 10_000
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0


class Pool:
    """Rooms go to the engine with the fewest people; who moves to a room elsewhere begins anew."""

    def __init__(self, engines: Sequence[Engine]) -> None:
        self._places = [Place(engine) for engine in engines]
        self._rooms: dict[RoomId, Place] = {}
        self._members: dict[MemberId, Member] = {}
        self._captures: dict[RoomId, Path] = {}
        self._events: asyncio.Queue[MediaEvent | None] = asyncio.Queue(EVENTS_LIMIT)
        self._tasks: list[asyncio.Task[None]] = []
        self._strays = asyncio.Event()

    async def start(self) -> None:
        """Raises MediaUnavailableError when not one engine can be used."""
        started = await asyncio.gather(
            *(place.engine.start() for place in self._places), return_exceptions=True
        )
        failures = [one for one in started if isinstance(one, BaseException)]
        if len(failures) == len(self._places):
            raise MediaUnavailableError(str(failures[0]))
        for place in self._places:
            place.is_lost = not place.engine.is_up
        work = [self._bring_strays(), *(self._follow(place) for place in self._places)]
        self._tasks = [asyncio.create_task(one) for one in work]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(place.engine.stop() for place in self._places))
        while self._events.full():
            self._events.get_nowait()
        self._events.put_nowait(None)

    async def events(self) -> AsyncIterator[MediaEvent]:
        while (event := await self._events.get()) is not None:
            yield event

    def drain(self, names: Collection[str]) -> None:
        """These take no new rooms, and those that they have end there; all others do."""
        for place in self._places:
            if place.is_draining != (place.engine.name in names):
                place.is_draining = not place.is_draining
                takes = "no new rooms" if place.is_draining else "new rooms again"
                log.warning("media engine %s takes %s", place.engine.name, takes)

    def load(self) -> dict[str, int]:
        """People in rooms, by engine."""
        return {place.engine.name: self._people_on(place) for place in self._places}

    async def publish(self, member: MemberId, offer: str) -> str:
        return await self._engine_of(member).publish(member, offer)

    async def subscribe(self, member: MemberId) -> None:
        await self._engine_of(member).subscribe(member)

    async def answer(self, member: MemberId, *, revision: int, sdp: str) -> None:
        await self._engine_of(member).answer(member, revision=revision, sdp=sdp)

    async def restart_receiving(self, member: MemberId) -> None:
        await self._engine_of(member).restart_receiving(member)

    async def grant(self, member: MemberId, room: RoomId) -> None:
        """Without an engine they are in the room all the same, and brought there once one is up."""
        known = self._known(member)
        async with known.turn:
            known.room = room
            await self._bring(member, known, room)

    async def revoke(self, member: MemberId) -> None:
        known = self._members.get(member)
        if known is not None:
            async with known.turn:
                known.room = None
                await known.pass_on(lambda engine: engine.revoke(member))
            self._forget_empty_rooms()

    async def permit(
        self, member: MemberId, *, audio: bool, video: bool, screen: bool = False
    ) -> None:
        known = self._known(member)
        async with known.turn:
            known.permit = (audio, video, screen)
            await known.pass_on(
                lambda one: one.permit(member, audio=audio, video=video, screen=screen)
            )

    async def favour(self, member: MemberId, *, on: bool) -> None:
        known = self._known(member)
        async with known.turn:
            known.is_favoured = on
            await known.pass_on(lambda engine: engine.favour(member, on=on))

    async def view(
        self, member: MemberId, views: Mapping[MemberId, View], *,
        screen: View = View.LARGE, pictures: bool = True,
    ) -> None:  # fmt: skip
        known = self._known(member)
        async with known.turn:
            known.view = (dict(views), screen, pictures)
            await known.pass_on(
                lambda one: one.view(member, views, screen=screen, pictures=pictures)
            )

    def measured(self, member: MemberId, arriving: Arriving) -> None:
        known = self._members.get(member)
        if known is not None and known.place is not None:
            known.place.engine.measured(member, arriving)

    async def close(self, member: MemberId) -> None:
        known = self._members.pop(member, None)
        if known is not None:
            async with known.turn:
                await known.pass_on(lambda engine: engine.close(member))
            self._forget_empty_rooms()

    async def capture(self, room: RoomId, *, to: Path | None) -> None:
        place = self._rooms.get(room)
        if to is None:
            if self._captures.pop(room, None) is not None and place is not None:
                await place.engine.capture(room, to=None)
            return
        self._captures[room] = to
        if place is not None:
            await place.engine.capture(room, to=to)

    async def carried(self) -> tuple[Carried, ...]:
        each = await asyncio.gather(*(place.engine.carried() for place in self._places))
        return tuple(
            replace(one, is_draining=place.is_draining)
            for place, some in zip(self._places, each, strict=True)
            for one in some
        )

    async def stats(self, room: RoomId) -> tuple[MemberStats, ...]:
        place = self._rooms.get(room)
        return await place.engine.stats(room) if place is not None else ()

    # --- places

    def _place_for(self, room: RoomId, known: Member) -> Place | None:
        """Where the room is; a new one goes where its first member is already, or has most room."""
        place = self._rooms.get(room) or known.place
        if place is None or place.is_lost:
            kept = [one for one in self._places if not one.is_lost]
            usable = [one for one in kept if one.engine.is_up] or kept
            open_ones = [one for one in usable if not one.is_draining] or usable
            place = min(open_ones, key=self._people_on, default=None)
        return place

    def _people_on(self, place: Place) -> int:
        """Those who are on their way there included."""
        return sum(
            one.room is not None and (self._rooms.get(one.room) or one.place) is place
            for one in self._members.values()
        )

    def _known(self, member: MemberId) -> Member:
        return self._members.setdefault(member, Member())

    def _engine_of(self, member: MemberId) -> Engine:
        known = self._members.get(member)
        if known is not None and known.place is not None:
            return known.place.engine
        if known is None or known.room is None:
            raise MediaRefusedError(Refusal.UNKNOWN)
        raise MediaUnavailableError("no media engine can be reached")

    def _forget_empty_rooms(self) -> None:
        used = {one.room for one in self._members.values()}
        self._rooms = {room: place for room, place in self._rooms.items() if room in used}

    async def _bring(self, member: MemberId, known: Member, room: RoomId) -> None:
        """To the engine that has the room; what fails is tried again. They hold their turn."""
        place = self._place_for(room, known)
        if place is None:
            known.is_cut_off = True
            return
        try:
            await self._house(room, place)
            if known.place is not place:
                await self._leave(member, known)
            if known.place is None or known.is_cut_off:
                known.place = place
                await known.settle(member, place.engine)
            await place.engine.grant(member, room)
            if place.is_lost:
                known.place = None
                raise MediaUnavailableError(f"{place.engine.name} was lost meanwhile")
        except MediaUnavailableError as away:
            log.error("%s", away)
            known.is_cut_off = True
            self._strays.set()
        else:
            if known.is_cut_off and known.place is place:  # not lost meanwhile
                known.is_cut_off = False
                self._tell(Reset((member,)))

    async def _house(self, room: RoomId, place: Place) -> None:
        """From now on the room is there, and captured or not whatever was there before."""
        if self._rooms.get(room) is not place:
            self._rooms[room] = place
            await place.engine.capture(room, to=self._captures.get(room))

    async def _leave(self, member: MemberId, known: Member) -> None:
        if known.place is not None:
            with contextlib.suppress(MediaUnavailableError):
                await known.place.engine.close(member)
            known.place, known.is_cut_off = None, True

    async def _bring_strays(self) -> None:
        """Whoever is cut off goes where their room is now, as soon as an engine is up."""
        while True:
            await self._strays.wait()
            self._strays.clear()
            rooms: dict[RoomId, list[MemberId]] = defaultdict(list)
            for member, known in self._members.items():
                if known.is_cut_off and known.room is not None:
                    rooms[known.room].append(member)
            await asyncio.gather(*(self._bring_back(members) for members in rooms.values()))
            await asyncio.sleep(FIRST_PAUSE)

    async def _bring_back(self, members: Iterable[MemberId]) -> None:
        """Of one room, one after the other; one who cannot be brought holds up nobody else."""
        for member in members:
            try:
                await self._bring_stray(member)
            except Exception:
                log.exception("member %s", member)
                self._strays.set()

    async def _bring_stray(self, member: MemberId) -> None:
        known = self._members.get(member)
        if known is None:
            return
        async with known.turn:
            is_gone = self._members.get(member) is not known
            if known.is_cut_off and known.room is not None and not is_gone:
                await self._bring(member, known, known.room)

    # --- what engines tell

    async def _follow(self, place: Place) -> None:
        """Pass its news on; when it is lost, try to reach it again, for ever."""
        while True:
            try:
                if place.engine.is_up:
                    await self._pass_on(place)
            except Exception:
                log.exception("media engine %s", place.engine.name)
            self._lose(place)
            await self._reach_again(place)

    async def _pass_on(self, place: Place) -> None:
        self._strays.set()
        async for event in place.engine.events():
            if isinstance(event, Lost):
                log.error("media engine %s: %s", place.engine.name, event.reason)
                return
            self._tell(event)

    def _lose(self, place: Place) -> None:
        """Its rooms are nowhere now, and its people cut off."""
        place.is_lost = True
        self._rooms = {room: where for room, where in self._rooms.items() if where is not place}
        for member, known in self._members.items():
            if known.place is place:
                known.place, known.is_cut_off = None, True
                for leg in Leg:
                    self._tell(LegDown(member, leg, "engine lost"))
        self._strays.set()

    async def _reach_again(self, place: Place) -> None:
        pause = FIRST_PAUSE
        while True:
            await asyncio.sleep(pause)
            try:
                await place.engine.stop()
                await place.engine.start()
            except MediaUnavailableError:
                pause = min(pause * 2, LONGEST_PAUSE)
            except Exception:
                log.exception("media engine %s", place.engine.name)
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                log.info("media engine %s is back", place.engine.name)
                place.is_lost = False
                return

    def _tell(self, event: MediaEvent) -> None:
        with contextlib.suppress(asyncio.QueueFull):
            self._events.put_nowait(event)
