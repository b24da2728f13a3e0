"""Legs that bring nothing any more though their sockets live.

Janus says of each medium whether it comes, and of who only listens their client says it. There is
no other sign of life: whoever sends no sound, by their own wish or another's, is missed by nobody.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from signaling.engine import Leg, LegUp, MediaEvent, MemberId, Silent
from signaling.janus.downlink import TOLD_SECONDS
from signaling.janus.people import Person, Publishing, Subscribing
from signaling.janus.session import Json

LOOK_SECONDS = 0.25
DRY_SECONDS = 5.0
"""Janus waits another second or two before it says that a medium comes no more."""

DEAF_SECONDS = 4.0
"""Since a client last said that anything came: it measures every 2 s, and tells every 2.5 s."""


@dataclass(frozen=True)
class Silences:
    people: Mapping[MemberId, Person]
    tell: Callable[[MediaEvent], None]

    def hear(self, publishing: Publishing, news: Json) -> None:
        """What Janus says of one medium that a member sends."""
        medium = str(news.get("mid")), int(news.get("substream", 0))
        if news.get("receiving"):
            publishing.flowing.add(medium)
            publishing.came_at = time.monotonic()
        else:
            publishing.flowing.discard(medium)

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.look(time.monotonic())

    def look(self, now: float) -> None:
        for person in self.people.values():
            if person.publishing is not None:
                self._look_at_sending(person, person.publishing, now)
            if person.subscribing is not None:
                self._look_at_receiving(person, person.subscribing, now)

    def _look_at_sending(self, person: Person, publishing: Publishing, now: float) -> None:
        if publishing.flowing:
            publishing.came_at = now
        is_awaited = publishing.is_up and publishing.came_at is not None
        is_awaited = is_awaited and person.room is not None and "audio" in person.permitted
        came_at = publishing.came_at or 0.0
        if publishing.ear.judge(is_awaited, came_at=came_at, patience=DRY_SECONDS, now=now):
            self._tell(person, Leg.SENDING, is_silent=publishing.ear.is_silent)

    def _look_at_receiving(self, person: Person, subscribing: Subscribing, now: float) -> None:
        downlink = person.downlink
        is_awaited = now - downlink.told_at < TOLD_SECONDS and self._is_spoken_to(subscribing)
        came_at = now if downlink.arriving.kbps else downlink.came_at
        if subscribing.ear.judge(is_awaited, came_at=came_at, patience=DEAF_SECONDS, now=now):
            self._tell(person, Leg.RECEIVING, is_silent=subscribing.ear.is_silent)

    def _is_spoken_to(self, subscribing: Subscribing) -> bool:
        """Whether sound goes to them now."""
        if not subscribing.is_up or subscribing.pending is not None:
            return False
        senders = (
            (self.people[feed.member].publishing, feed)
            for feed in subscribing.subscribed
            if feed.kind == "audio" and feed.member in self.people
        )
        return any(one is not None and (feed.mid, 0) in one.flowing for one, feed in senders)

    def _tell(self, person: Person, leg: Leg, *, is_silent: bool) -> None:
        self.tell(Silent(person.id, leg) if is_silent else LegUp(person.id, leg))
