"""Several engines as one: each room lives wholly on one of them, and moves when that one is lost."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from signaling.engine import (
    Carried,
    Lost,
    MediaEngine,
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

log = logging.getLogger(__name__)
EVENTS_LIMIT = 10_000
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0


class Engine(MediaEngine, Protocol):
    """An engine of a pool: it is started and stopped, and says whether it can be used."""

    @property
    def name(self) -> str: ...

    @property
    def is_up(self) -> bool: ...

    async def start(self) -> None:
        """Raises MediaUnavailableError."""
        ...

    async def stop(self) -> None: ...


@dataclass(eq=False)
class _Place:
    """One engine, how many it carries, and whether it takes new rooms."""

    engine: Engine
    is_draining: bool = False
    following: asyncio.Task[None] | None = None


@dataclass(slots=True)
class _Member:
    place: _Place
    room: RoomId | None = None
    permit: tuple[bool, bool, bool] = (True, True, False)
    is_favoured: bool = False
    view: tuple[Mapping[MemberId, View], View, bool] | None = None


class Pool:
    """Rooms go to the engine with the fewest people; who moves to a room elsewhere begins anew."""

    def __init__(self, engines: Sequence[Engine]) -> None:
        self._places = [_Place(engine) for engine in engines]
        self._rooms: dict[RoomId, _Place] = {}
        self._members: dict[MemberId, _Member] = {}
        self._captures: dict[RoomId, Path] = {}
        self._events: asyncio.Queue[MediaEvent | None] = asyncio.Queue(EVENTS_LIMIT)

    async def start(self) -> None:
        """Raises MediaUnavailableError when not one engine can be used."""
        started = await asyncio.gather(
            *(place.engine.start() for place in self._places), return_exceptions=True
        )
        failures = [one for one in started if isinstance(one, BaseException)]
        if len(failures) == len(self._places):
            raise MediaUnavailableError(str(failures[0]))
        for place in self._places:
            place.following = asyncio.create_task(self._follow(place))

    async def stop(self) -> None:
        for place in self._places:
            if place.following is not None:
                place.following.cancel()
        tasks = [place.following for place in self._places if place.following is not None]
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(place.engine.stop() for place in self._places))
        while self._events.full():
            self._events.get_nowait()
        self._events.put_nowait(None)

    async def events(self) -> AsyncIterator[MediaEvent]:
        while (event := await self._events.get()) is not None:
            yield event

    def drain(self, name: str, *, on: bool = True) -> None:
        """An engine that is to go takes no new rooms; those that it has end on it."""
        for place in self._places:
            if place.engine.name == name:
                place.is_draining = on

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
        known = self._members.get(member)
        place = self._place_for(room, known)
        await self._house(room, place)
        if known is None:
            known = self._members[member] = _Member(place)
        elif known.place is not place:
            await self._leave(known.place, member)
            known.place = place
            await self._settle(member, known)
            self._tell(Reset((member,)))
        known.room = room
        await place.engine.grant(member, room)

    async def revoke(self, member: MemberId) -> None:
        known = self._members.get(member)
        if known is not None:
            known.room = None
            await known.place.engine.revoke(member)
            self._forget_empty_rooms()

    async def permit(
        self, member: MemberId, *, audio: bool, video: bool, screen: bool = False
    ) -> None:
        known = self._known(member)
        known.permit = (audio, video, screen)
        await known.place.engine.permit(member, audio=audio, video=video, screen=screen)

    async def favour(self, member: MemberId, *, on: bool) -> None:
        known = self._known(member)
        known.is_favoured = on
        await known.place.engine.favour(member, on=on)

    async def view(
        self, member: MemberId, views: Mapping[MemberId, View], *,
        screen: View = View.LARGE, pictures: bool = True,
    ) -> None:  # fmt: skip
        known = self._known(member)
        known.view = (dict(views), screen, pictures)
        await known.place.engine.view(member, views, screen=screen, pictures=pictures)

    async def close(self, member: MemberId) -> None:
        known = self._members.pop(member, None)
        if known is not None:
            await known.place.engine.close(member)
            self._forget_empty_rooms()

    async def close_room(self, room: RoomId) -> None:
        for member, known in list(self._members.items()):
            if known.room == room:
                await self.revoke(member)
        await self.capture(room, to=None)

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
        return tuple(one for some in each for one in some)

    async def stats(self, room: RoomId) -> tuple[MemberStats, ...]:
        place = self._rooms.get(room)
        return await place.engine.stats(room) if place is not None else ()

    # --- places

    def _place_for(self, room: RoomId, known: _Member | None) -> _Place:
        """Where the room is; a new one goes where its first member is already, or has most room."""
        place = self._rooms.get(room)
        if place is None and known is not None and known.place.engine.is_up:
            place = known.place
        if place is None or not place.engine.is_up:
            place = self._emptiest()
        return place

    def _emptiest(self) -> _Place:
        usable = [place for place in self._places if place.engine.is_up]
        if not usable:
            raise MediaUnavailableError("no media engine can be reached")
        open_ones = [place for place in usable if not place.is_draining] or usable
        return min(open_ones, key=self._people_on)

    def _people_on(self, place: _Place) -> int:
        return sum(one.place is place and one.room is not None for one in self._members.values())

    def _known(self, member: MemberId) -> _Member:
        known = self._members.get(member)
        if known is None:
            known = self._members[member] = _Member(self._emptiest())
        return known

    def _engine_of(self, member: MemberId) -> Engine:
        known = self._members.get(member)
        if known is None:
            raise MediaRefusedError(Refusal.UNKNOWN)
        return known.place.engine

    def _forget_empty_rooms(self) -> None:
        used = {one.room for one in self._members.values()}
        self._rooms = {room: place for room, place in self._rooms.items() if room in used}

    async def _house(self, room: RoomId, place: _Place) -> None:
        """From now on the room is there, and captured or not whatever was there before."""
        if self._rooms.get(room) is not place:
            self._rooms[room] = place
            await place.engine.capture(room, to=self._captures.get(room))

    async def _leave(self, place: _Place, member: MemberId) -> None:
        with contextlib.suppress(MediaUnavailableError):
            await place.engine.close(member)

    async def _settle(self, member: MemberId, known: _Member) -> None:
        """Tell the engine that a member came to what it must know of them."""
        audio, video, screen = known.permit
        await known.place.engine.permit(member, audio=audio, video=video, screen=screen)
        if known.is_favoured:
            await known.place.engine.favour(member, on=True)
        if known.view is not None:
            views, shown, pictures = known.view
            await known.place.engine.view(member, views, screen=shown, pictures=pictures)

    # --- what engines tell

    async def _follow(self, place: _Place) -> None:
        """Pass its news on; when it is lost, move its rooms and try to reach it again, for ever."""
        while True:
            if place.engine.is_up:
                async for event in place.engine.events():
                    if isinstance(event, Lost):
                        log.error("media engine %s: %s", place.engine.name, event.reason)
                        break
                    self._tell(event)
                await self._move_all_from(place)
            await self._reach_again(place)

    async def _move_all_from(self, place: _Place) -> None:
        """Each room to one other engine; without any they wait where they are."""
        self._rooms = {room: where for room, where in self._rooms.items() if where is not place}
        moved = {m: known for m, known in self._members.items() if known.place is place}
        for member, known in moved.items():
            try:
                where = self._rooms.get(known.room) if known.room is not None else None
                known.place = where or self._emptiest()
                await self._settle(member, known)
                if known.room is not None:
                    await self._house(known.room, known.place)
                    await known.place.engine.grant(member, known.room)
            except MediaUnavailableError as away:
                log.error("%s", away)
        self._tell(Reset(tuple(moved)))

    async def _reach_again(self, place: _Place) -> None:
        pause = FIRST_PAUSE
        while True:
            await asyncio.sleep(pause)
            try:
                await place.engine.stop()
                await place.engine.start()
            except MediaUnavailableError:
                pause = min(pause * 2, LONGEST_PAUSE)
            else:
                log.info("media engine %s is back", place.engine.name)
                return

    def _tell(self, event: MediaEvent) -> None:
        with contextlib.suppress(asyncio.QueueFull):
            self._events.put_nowait(event)
