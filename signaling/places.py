"""The engines of a pool, and what it knows of each member, so that any of them can be told all of it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from signaling.engine import MediaEngine, MediaUnavailableError, MemberId, RoomId, View


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
class Place:
    """One engine, and whether it takes no new rooms.

    One that is lost has no rooms any more; one that is only not up for a moment keeps its own.
    """

    engine: Engine
    is_draining: bool = False
    is_lost: bool = False


@dataclass(eq=False)
class Member:
    """`place` is whose engine knows them; who is cut off must be told to it anew, and begin anew."""

    place: Place | None = None
    is_cut_off: bool = False
    room: RoomId | None = None
    permit: tuple[bool, bool, bool] = (True, True, False)
    is_favoured: bool = False
    view: tuple[Mapping[MemberId, View], View, bool] | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def settle(self, member: MemberId, engine: Engine) -> None:
        """Tell the engine that they came to what it must know of them."""
        audio, video, screen = self.permit
        await engine.permit(member, audio=audio, video=video, screen=screen)
        if self.is_favoured:
            await engine.favour(member, on=True)
        if self.view is not None:
            views, shown, pictures = self.view
            await engine.view(member, views, screen=shown, pictures=pictures)

    async def pass_on(self, do: Callable[[Engine], Awaitable[None]]) -> None:
        """Tell the engine that knows them; a lost one needs no telling, the next begins with all."""
        place = self.place
        if place is None:
            return
        try:
            await do(place.engine)
        except MediaUnavailableError:
            if place.engine.is_up:
                raise
