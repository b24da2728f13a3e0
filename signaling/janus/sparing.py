"""Once a second each listener's line is judged, and what comes over it is brought in line with that."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from signaling.engine import Arriving, MediaEvent, MediaUnavailableError, MemberId, Pictures
from signaling.janus.downlink import SCREEN_KBPS, TAKES_KBPS
from signaling.janus.people import Feed, Person
from signaling.janus.subscriptions import Subscriptions

log = logging.getLogger(__name__)
LOOK_SECONDS = 1.0


@dataclass(frozen=True)
class Sparing:
    people: Mapping[MemberId, Person]
    subscriptions: Subscriptions
    tell: Callable[[MediaEvent], None]

    def measured(self, person: Person, arriving: Arriving, *, now: float) -> None:
        person.downlink.tell(arriving, taken_kbps=self._taken_kbps(person), now=now)

    def again(self, person: Person) -> None:
        """A page that was loaded again does not know."""
        if person.downlink.is_bare:
            self.tell(Pictures(person.id, on=False))

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = time.monotonic()
            try:
                turned = [one for one in list(self.people.values()) if self._judge(one, now)]
                await self.subscriptions.refresh(turned)
                await asyncio.gather(*(self._choose(one) for one in list(self.people.values())))
            except Exception:
                log.exception("lines of listeners")

    def _judge(self, person: Person, now: float) -> bool:
        """Whether other pictures than before are to come."""
        downlink, seen = person.downlink, self._seen(person)
        before = downlink.is_bare, downlink.rests_cameras
        screens = any(self._is_screen(feed) for feed in seen)
        downlink.judge(
            cameras=any(not self._is_screen(feed) for feed in seen),
            screen=screens or self._is_shared(person),
            now=now,
        )
        if downlink.is_bare != before[0]:
            self.tell(Pictures(person.id, on=before[0]))
        return (downlink.is_bare, downlink.rests_cameras) != before

    async def _choose(self, person: Person) -> None:
        # what does not succeed is asked for again at the next look
        with contextlib.suppress(MediaUnavailableError):
            async with person.turn:
                await self.subscriptions.choose_layers(person)

    def _taken_kbps(self, person: Person) -> float:
        """By the largest picture."""
        return max(
            (
                SCREEN_KBPS if self._is_screen(feed) else TAKES_KBPS[person.place_of(feed.member)]
                for feed in self._seen(person)
            ),
            default=0.0,
        )

    def _seen(self, person: Person) -> Iterable[Feed]:
        if person.subscribing is None:
            return []
        return [feed for feed in person.subscribing.subscribed if feed.kind == "video"]

    def _is_screen(self, feed: Feed) -> bool:
        owner = self.people.get(feed.member)
        publishing = owner.publishing if owner is not None else None
        return publishing is not None and publishing.screen == feed.mid

    def _is_shared(self, person: Person) -> bool:
        """Whether a screen would be shown there if pictures did not rest."""
        return person.room is not None and any(
            other.room == person.room and other is not person
            for other in self.people.values()
            if "screen" in other.permitted and other.publishing and other.publishing.screen
        )
