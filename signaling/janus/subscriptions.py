"""Who hears whom: each listener's one subscriber handle, kept in line with who is where."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from signaling.engine import Leg, MediaEvent, MediaUnavailableError, MemberId, Offer
from signaling.janus.handles import Handles
from signaling.janus.people import Feed, Person, Subscribing, as_offered, heard_by
from signaling.janus.session import Answer, Json

log = logging.getLogger(__name__)
AGAIN_SECONDS = 1.0


class _StillFlowsError(MediaUnavailableError):
    """What should have stopped may go on: Janus does not even say that it took the handle away."""


@dataclass(frozen=True)
class Subscriptions:
    handles: Handles
    people: Mapping[MemberId, Person]
    tell: Callable[[MediaEvent], None]
    late: set[Person] = field(default_factory=set)

    async def refresh(self, people: Iterable[Person], *, of: Person | None = None) -> None:
        """Bring subscriptions in line with who is where; what ends has ended when this returns.

        Raises for `of` alone: what fails for others, whose turn it is not, is tried again soon.
        """
        affected = list({person.id: person for person in people}.values())
        told = await asyncio.gather(
            *(self._bring_in_line(person) for person in affected), return_exceptions=True
        )
        failures = [(p, fault) for p, fault in zip(affected, told, strict=True) if fault]
        late = [p for p, fault in failures if isinstance(fault, MediaUnavailableError)]
        self.late.update(person for person in late if person is not of)
        for person, fault in failures:
            if person is of or person not in late or isinstance(fault, _StillFlowsError):
                raise fault
            log.warning("a listener hears nobody for a moment: %s", fault)

    async def catch_up(self) -> None:
        """Try again for whom it failed, for ever."""
        while True:
            await asyncio.sleep(AGAIN_SECONDS)
            late = [person for person in self.late if self.people.get(person.id) is person]
            self.late.clear()
            try:
                await self.refresh(late)
            except Exception:
                log.exception("late listeners")

    async def restarted(self, person: Person) -> bool:
        """The listener's way is new: offer anew over it. False where nothing was offered yet."""
        subscribing = person.subscribing
        if subscribing is None or not subscribing.is_joined:
            return False
        body: Json = {"request": "configure", "restart": True}
        self.offer(person, subscribing, await self.handles.say(subscribing.handle, body))
        return True

    def offer(self, person: Person, subscribing: Subscribing, answer: Answer) -> None:
        """Pass on what Janus offers, as ours."""
        subscribing.sections = list(answer.data.get("streams", subscribing.sections))
        if answer.sdp is None:
            return
        person.revision += 1
        subscribing.version += 1
        subscribing.pending = person.revision
        self.tell(
            Offer(person.id, person.revision, as_offered(answer.sdp, subscribing, self.people))
        )

    async def choose_layers(self, person: Person) -> None:
        """Of each picture the encoding that its place on the screen is worth."""
        subscribing = person.subscribing
        if subscribing is None:
            return
        mids = subscribing.subscribed
        wanted = {feed: rank for feed in mids if (rank := self._rank(person, feed)) is not None}
        # of each that is asked for Janus wants a key frame
        fresh = wanted.items() - subscribing.chosen.items()
        streams = [{"mid": mids[feed], "substream": rank} for feed, rank in sorted(fresh)]
        if streams:
            body: Json = {"request": "configure", "streams": streams}
            await self.handles.say(subscribing.handle, body)
        subscribing.chosen = wanted

    def _rank(self, person: Person, feed: Feed) -> int | None:
        """Counted from the smallest, as Janus does; None where there is only one encoding."""
        owner = self.people.get(feed.member)
        publishing = owner.publishing if owner is not None else None
        if publishing is None or publishing.camera != feed.mid or len(publishing.rids) == 1:
            return None
        return max(0, len(publishing.rids) - 1 - person.place_of(feed.member))

    async def end(self, person: Person) -> None:
        if person.subscribing is not None:
            await self.handles.detach(person.subscribing.handle)
            person.subscribing = None

    async def _bring_in_line(self, person: Person) -> None:
        async with person.turn:
            wanted = heard_by(person, self.people.values())
            subscribing = person.subscribing
            if subscribing is None:
                if wanted and person.publishing is not None:
                    await self._begin(person, wanted)
            else:
                await self._change(person, subscribing, wanted)

    async def _begin(self, person: Person, wanted: frozenset[Feed]) -> None:
        handle = await self.handles.attach(person, Leg.RECEIVING)
        subscribing = Subscribing(handle, session=str(secrets.randbits(60)))
        person.subscribing = subscribing
        person.downlink.begin()
        streams = [{"feed": feed.member, "mid": feed.mid} for feed in sorted(wanted)]
        join = {
            "request": "join", "ptype": "subscriber", "room": person.home, "streams": streams,
        }  # fmt: skip
        try:
            answer = await self.handles.say(handle, join)
        except MediaUnavailableError:
            await self.end(person)  # one that has not joined could never be changed
            raise
        subscribing.is_joined = True
        self.offer(person, subscribing, answer)
        await self.choose_layers(person)

    async def _change(
        self, person: Person, subscribing: Subscribing, wanted: frozenset[Feed]
    ) -> None:
        """What must stop, stops at once; what begins waits for the answer that is under way."""
        have = subscribing.subscribed
        gone = [{"sub_mid": mid} for feed, mid in have.items() if feed not in wanted]
        fresh = [{"feed": f.member, "mid": f.mid} for f in sorted(wanted - have.keys())]
        if subscribing.pending is not None:
            fresh = []
        if not gone and not fresh:
            return
        body: Json = {"request": "update"}
        if gone:
            body["unsubscribe"] = gone
        if fresh:
            body["subscribe"] = fresh
        self.offer(person, subscribing, await self._changed(person, subscribing, body))
        await self.choose_layers(person)

    async def _changed(self, person: Person, subscribing: Subscribing, body: Json) -> Answer:
        """One that cannot be changed is taken away: what must stop, stops with it."""
        try:
            return await self.handles.say(subscribing.handle, body)
        except MediaUnavailableError as fault:
            person.subscribing = None
            if not await self.handles.detach(subscribing.handle):
                raise _StillFlowsError(str(fault)) from fault
            raise
