"""Encodings of a camera that nobody watches rest at who has it: Janus would pass them on to nobody."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from signaling.engine import Encodings, MediaEvent, MemberId, RoomId
from signaling.janus.people import Person, Publishing
from signaling.media.encodings import UNWATCHED_SECONDS

COMING_SECONDS = 3.0
"""Within this a browser sends an encoding that was asked for."""

LOOK_SECONDS = 0.25
"""So long at most somebody waits who looks again."""


@dataclass(frozen=True)
class Cameras:
    """Whoever watches one gets all that are smaller besides: where it does not come, Janus falls back."""

    people: Mapping[MemberId, Person]
    is_captured: Callable[[RoomId], bool]
    tell: Callable[[MediaEvent], None]

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.look(time.monotonic())

    def look(self, now: float) -> None:
        rooms: dict[RoomId | None, list[Person]] = defaultdict(list)
        for person in self.people.values():
            rooms[person.room].append(person)
        for person in self.people.values():
            publishing = person.publishing
            if publishing is None:
                continue
            active = self._active(person, publishing, rooms[person.room], now)
            if active != (publishing.rids if publishing.active is None else publishing.active):
                publishing.active, publishing.asked_at = active, now
                self.again(person)

    def again(self, person: Person) -> None:
        """The client's line may have been away when it was told first."""
        if person.publishing is not None:
            active = person.publishing.active
            self.tell(Encodings(person.id, person.publishing.rids if active is None else active))

    def _active(
        self, person: Person, publishing: Publishing, company: Iterable[Person], now: float
    ) -> tuple[str, ...]:
        rids, watched_at = publishing.rids, publishing.watched_at
        watched_at |= dict.fromkeys(self._watched(person, publishing, company), now)
        active = tuple(
            rid for rid in rids if now - watched_at.setdefault(rid, now) < UNWATCHED_SECONDS
        )
        if active and not person.has_pictures:
            active = rids[-1:]
        if active and not publishing.is_filmed and now - publishing.asked_at > COMING_SECONDS:
            return rids  # browsers make fewer of a small picture
        return active

    def _watched(
        self, person: Person, publishing: Publishing, company: Iterable[Person]
    ) -> Collection[str]:
        if person.room is None or "video" not in person.permitted:
            return ()
        if self.is_captured(person.room):
            return publishing.rids
        others = (other for other in company if other is not person and other.publishing)
        places = [other.place_of(person.id) for other in others if other.gets(person.id, "video")]
        best = min(places, default=len(publishing.rids))
        return publishing.rids[min(best, len(publishing.rids) - 1) :] if places else ()
