"""One Janus instance behind the engine port. Clients speak to us only, never to its API.

Every session has a room of its own in Janus. In it all publish, and we alone say who subscribes to
whom: a private talk is another set of subscriptions, no other peer connection.
"""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import AsyncIterator, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path

from signaling.engine import (
    Arriving,
    Carried,
    Leg,
    LegDown,
    LegUp,
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
from signaling.janus.cameras import Cameras
from signaling.janus.captures import Captures
from signaling.janus.handles import Handles
from signaling.janus.numbers import Admin, stats_of
from signaling.janus.people import Person, without_candidates
from signaling.janus.publications import Publications, continues
from signaling.janus.session import Answer, JanusError, Json, Session
from signaling.janus.silences import Silences
from signaling.janus.sparing import Sparing
from signaling.janus.speakers import Speakers
from signaling.janus.subscriptions import Subscriptions
from signaling.media.sdp import (
    RECEIVING_SECTIONS,
    SENDING_SECTIONS,
    Description,
    read_description,
)

log = logging.getLogger(__name__)
EVENTS_LIMIT = 10_000
ADMINS_LIMIT = 8
"""Rooms that an instance is asked about at a time."""


@dataclass(frozen=True, slots=True)
class Instance:
    """Where a Janus listens, and what it asks of those who speak to it."""

    url: str
    api_secret: str | None = None
    token_secret: str | None = None
    admin_url: str | None = None
    admin_secret: str | None = None


class JanusEngine:
    """One connection to one instance. When it breaks, `Lost` is the last event."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self._keys: dict[str, str] = {}
        self._begin()

    def _begin(self) -> None:
        """As if nothing had been: what was in an instance that is gone, is gone."""
        self._opened: Subscriptions | None = None
        self._captures: Captures | None = None
        self._people: dict[MemberId, Person] = {}
        self._homes: dict[RoomId, str] = {}
        self._speakers = Speakers(self._people, self._tell)
        self._cameras = Cameras(self._people, self._is_captured, self._tell)
        self._silences = Silences(self._people, self._tell)
        self._sparing: Sparing | None = None
        self._events: asyncio.Queue[MediaEvent | None] = asyncio.Queue(EVENTS_LIMIT)
        self._tasks: set[asyncio.Task[None]] = set()
        self._asking = asyncio.Semaphore(ADMINS_LIMIT)
        self._closing = contextlib.AsyncExitStack()

    @property
    def name(self) -> str:
        return self.instance.url

    @property
    def is_up(self) -> bool:
        return self._opened is not None and self._opened.handles.session.is_open

    @property
    def receiver_pid(self) -> int | None:
        """The process that takes in what is captured, while there is one."""
        return self._captures.receiver_pid if self._captures is not None else None

    async def start(self) -> None:
        """Raises MediaUnavailableError when the instance does not answer. May follow a stop."""
        self._begin()
        opened = Session.opened(
            self.instance.url,
            on_event=self._take,
            on_end=lambda reason: self._tell(Lost(reason)),
            secret=self.instance.api_secret,
            token_secret=self.instance.token_secret,
        )
        try:
            handles = Handles(await self._closing.enter_async_context(opened), self._keys)
            await handles.check()
        except JanusError as error:
            await self._closing.aclose()
            raise MediaUnavailableError(str(error)) from error
        self._opened = Subscriptions(handles, self._people, self._tell)
        self._captures = Captures(handles, self._people)
        self._sparing = Sparing(self._people, self._opened, self._tell)
        await _end_all(handles, self._keys)  # of the connection before, if Janus outlived it
        self._spawn(self._cameras.watch())
        self._spawn(self._silences.watch())
        self._spawn(self._sparing.watch())
        self._spawn(self._opened.catch_up())

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._captures is not None:
            await self._captures.close()
        if self.is_up:
            await _end_all(self._handles, self._keys)
        await self._closing.aclose()
        while self._events.full():
            self._events.get_nowait()
        self._events.put_nowait(None)

    async def events(self) -> AsyncIterator[MediaEvent]:
        while (event := await self._events.get()) is not None:
            yield event

    async def publish(self, member: MemberId, offer: str) -> str:
        description = await self._read(member, offer, section_limit=SENDING_SECTIONS)
        person = self._people.get(member)
        if person is None or person.room is None:
            raise MediaRefusedError(Refusal.UNKNOWN)
        async with person.turn:
            if not continues(person, description):
                await self._drop(person)
            answer = await self._publications.publish(person, offer, description)
        self._cameras.again(person)
        await self._capture(person)
        await self._subscriptions.refresh(self._near(person), of=person)
        return answer

    async def subscribe(self, member: MemberId) -> None:
        person = self._person(member)
        async with person.turn:
            await self._subscriptions.end(person)
        await self._subscriptions.refresh([person], of=person)

    async def answer(self, member: MemberId, *, revision: int, sdp: str) -> None:
        person = self._people.get(member)
        if person is None or person.subscribing is None:
            raise MediaRefusedError(Refusal.UNKNOWN)
        subscribing = person.subscribing
        if revision != subscribing.pending:
            raise MediaRefusedError(Refusal.STALE)
        await self._read(member, sdp, section_limit=RECEIVING_SECTIONS)
        subscribing.pending = None
        jsep = {"type": "answer", "sdp": without_candidates(sdp)}
        await self._handles.say(subscribing.handle, {"request": "start"}, jsep=jsep)
        await self._subscriptions.refresh([person], of=person)

    async def restart_receiving(self, member: MemberId) -> None:
        person = self._person(member)
        async with person.turn:
            if await self._subscriptions.restarted(person):
                return
        await self._subscriptions.refresh([person], of=person)

    async def grant(self, member: MemberId, room: RoomId) -> None:
        person = self._person(member)
        left, before = self._near(person), person.room
        person.room = room
        await self._house(person, self._homes.setdefault(room, person.home or secrets.token_hex(8)))
        await self._capture(person)
        await self._subscriptions.refresh([*left, *self._near(person)], of=person)
        self._speakers.moved(person, before=before)

    async def revoke(self, member: MemberId) -> None:
        person = self._people.get(member)
        if person is None:
            return
        left, before = self._near(person), person.room
        person.room = None
        self._speakers.moved(person, before=before)
        await self._capture(person)
        await self._subscriptions.refresh(left)

    async def permit(
        self, member: MemberId, *, audio: bool, video: bool, screen: bool = False
    ) -> None:
        person = self._person(member)
        allowed = {"audio": audio, "video": video, "screen": screen}
        person.permitted = frozenset(kind for kind, is_allowed in allowed.items() if is_allowed)
        self._speakers.permitted(person)
        await self._capture(person)
        await self._subscriptions.refresh(self._near(person))

    async def favour(self, member: MemberId, *, on: bool) -> None:
        """Here nobody's sound is ever left out."""

    async def view(
        self, member: MemberId, views: Mapping[MemberId, View], *,
        screen: View = View.LARGE, pictures: bool = True,
    ) -> None:  # fmt: skip
        person = self._person(member)
        person.views, person.screen_view, person.has_pictures = dict(views), screen, pictures
        await self._subscriptions.refresh([person], of=person)
        async with person.turn:
            await self._subscriptions.choose_layers(person)
        if self._sparing is not None:
            self._sparing.again(person)

    def measured(self, member: MemberId, arriving: Arriving) -> None:
        person = self._people.get(member)
        if person is not None and self._sparing is not None:
            self._sparing.measured(person, arriving, now=time.monotonic())

    async def close(self, member: MemberId) -> None:
        person = self._people.get(member)
        if person is None:
            return
        await self.revoke(member)
        async with person.turn:
            await self._drop(person)
        self._people.pop(member, None)
        await self._end_if_left(person.home)

    async def capture(self, room: RoomId, *, to: Path | None) -> None:
        if self._captures is not None:
            await self._captures.direct(room, to)
            await self._capture(*self._in_room(room))

    async def carried(self) -> tuple[Carried, ...]:
        """People and rooms; packets are for Janus's own monitoring."""
        rooms = {person.room for person in self._people.values() if person.room is not None}
        return (Carried(self.name, self.is_up, rooms=len(rooms), members=len(self._people)),)

    async def stats(self, room: RoomId) -> tuple[MemberStats, ...]:
        """Only where the admin API was named."""
        session, url = self._handles.session, self.instance.admin_url
        if url is None:
            return ()
        try:
            async with (
                self._asking,
                Admin.opened(url, secret=self.instance.admin_secret) as admin,
            ):
                return tuple(
                    [await _numbers(admin, session.id, one) for one in self._in_room(room)]
                )
        except JanusError as error:
            raise MediaUnavailableError(str(error)) from error

    # --- handles

    async def _read(self, member: MemberId, sdp: str, *, section_limit: int) -> Description:
        try:
            return read_description(sdp, section_limit=section_limit)
        except MediaRefusedError as refused:
            if refused.refusal.is_abuse:
                await self.close(member)
            raise

    async def _house(self, person: Person, home: str) -> None:
        """Who was made a publisher in another of Janus's rooms begins anew in this one."""
        before = person.home
        if before == home:
            return
        async with person.turn:
            person.home = home
            await self._drop(person)
        if before:
            await self._end_if_left(before)
            self._tell(Reset((person.id,)))

    async def _end_if_left(self, home: str) -> None:
        if not home or any(person.home == home for person in self._people.values()):
            return
        self._homes = {room: name for room, name in self._homes.items() if name != home}
        await self._handles.end(home)

    def _lose_feeds(self, person: Person) -> None:
        """Janus knows them no more, and refuses whoever asks for them."""
        self._speakers.note(person, speaks=False)
        for other in self._people.values():
            if other.subscribing is not None:
                other.subscribing.lose(person.id)

    async def _drop(self, person: Person) -> None:
        """Both legs, as the client begins anew or is gone. They hold their turn."""
        if await self._publications.end(person):
            self._lose_feeds(person)
        await self._subscriptions.end(person)

    # --- what Janus tells

    def _take(self, frame: Json) -> None:
        opened = self._opened
        owner = opened.handles.owner(frame.get("sender", 0)) if opened is not None else None
        if owner is None:
            return
        person, leg = owner
        match frame["janus"]:
            case "webrtcup":
                self._tell(LegUp(person.id, leg))
                if leg is Leg.SENDING and person.publishing is not None:
                    person.publishing.is_up = True
                    self._spawn(self._subscriptions.refresh(self._near(person)))
                    self._spawn(self._capture(person))
                elif leg is Leg.RECEIVING and person.subscribing is not None:
                    person.subscribing.is_up = True
                    self._speakers.came(person)
            case "hangup":
                self._tell(LegDown(person.id, leg, str(frame.get("reason", ""))))
                if leg is Leg.SENDING and person.publishing is not None:
                    person.publishing.is_up = False
                    self._lose_feeds(person)
                elif leg is Leg.RECEIVING and person.subscribing is not None:
                    person.subscribing.is_up = False
            case "media":
                if leg is Leg.SENDING and person.publishing is not None:
                    self._silences.hear(person.publishing, frame)
            case "event":
                self._take_news(person, leg, frame)
            case _:
                pass

    def _take_news(self, person: Person, leg: Leg, frame: Json) -> None:
        news = frame.get("plugindata", {}).get("data", {})
        kind, subscribing = news.get("videoroom"), person.subscribing
        if kind == "updated" and leg is Leg.RECEIVING and subscribing is not None:
            # One whom they heard has gone: Janus has changed the subscription by itself.
            self._subscriptions.offer(
                person, subscribing, Answer(news, (frame.get("jsep") or {}).get("sdp"))
            )
        elif kind in {"talking", "stopped-talking"} and news.get("id") == person.id:
            self._speakers.note(person, speaks=kind == "talking")

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            log.warning("janus: %s", fault)

    def _tell(self, event: MediaEvent) -> None:
        with contextlib.suppress(asyncio.QueueFull):
            self._events.put_nowait(event)

    # --- small things

    @property
    def _subscriptions(self) -> Subscriptions:
        if self._opened is None:
            raise MediaUnavailableError("not started")
        return self._opened

    @property
    def _publications(self) -> Publications:
        return Publications(self._handles)

    @property
    def _handles(self) -> Handles:
        return self._subscriptions.handles

    def _is_captured(self, room: RoomId) -> bool:
        return self._captures is not None and self._captures.has(room)

    async def _capture(self, *people: Person) -> None:
        """In line with where they are now."""
        if self._captures is not None:
            await self._captures.align(*people)

    def _person(self, member: MemberId) -> Person:
        return self._people.setdefault(member, Person(member))

    def _in_room(self, room: RoomId) -> list[Person]:
        return [person for person in self._people.values() if person.room == room]

    def _near(self, person: Person) -> list[Person]:
        others = self._in_room(person.room) if person.room is not None else []
        return [person, *(other for other in others if other is not person)]


async def _end_all(handles: Handles, keys: Mapping[str, str]) -> None:
    for home in list(keys):
        await handles.end(home)


async def _numbers(admin: Admin, session: int, person: Person) -> MemberStats:
    sending, receiving = person.publishing, person.subscribing
    return stats_of(
        person.id,
        await admin.media_of(session, sending.handle) if sending else [],
        await admin.media_of(session, receiving.handle) if receiving else [],
    )
