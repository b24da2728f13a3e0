"""Cameras that nobody watches rest at who has them: Janus would pass on to nobody what they send."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from signaling.engine import Encodings, MediaEvent, MemberId, RoomId
from signaling.janus.people import Person
from signaling.media.encodings import UNWATCHED_SECONDS

LOOK_SECONDS = 0.25
"""So long at most somebody waits who looks again."""


@dataclass(frozen=True)
class Cameras:
    """All of a camera or nothing: which of its encodings are watched, Janus chooses by itself."""

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
            if publishing.watched_at is None or self._is_watched(person, rooms[person.room]):
                publishing.watched_at = now
            rests = now - publishing.watched_at >= UNWATCHED_SECONDS
            if rests != publishing.rests:
                publishing.rests = rests
                self.again(person)

    def again(self, person: Person) -> None:
        """The client's line may have been away when it was told first."""
        if person.publishing is not None:
            rids = () if person.publishing.rests else person.publishing.rids
            self.tell(Encodings(person.id, rids))

    def _is_watched(self, person: Person, company: Iterable[Person]) -> bool:
        if person.room is None or "video" not in person.permitted:
            return False
        others = (other for other in company if other is not person)
        return self.is_captured(person.room) or any(
            other.publishing is not None and other.gets(person.id, "video") for other in others
        )
