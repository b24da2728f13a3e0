"""The embedded media engine: one worker, kept alive, behind the port."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Coroutine, Mapping
from dataclasses import replace
from pathlib import Path

from signaling.channel import ChannelClosedError
from signaling.engine import (
    Arriving,
    Carried,
    Lost,
    MediaEvent,
    MediaUnavailableError,
    MemberId,
    MemberStats,
    Reset,
    RoomId,
    View,
)
from signaling.media import messages
from signaling.media.messages import Command, Result
from signaling.media.settings import MediaSettings
from signaling.worker import Worker, WorkerGoneError

log = logging.getLogger(__name__)

START_SECONDS = 20.0
STARTS_IN_VAIN = 3
"""In a row, none of which brought a worker: then its rooms go elsewhere."""

CALL_SECONDS, MOMENT = 5.0, 0.5
PING_SECONDS = 2.0
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0
STEADY_SECONDS = 10.0
EVENTS_LIMIT = 10_000


class EmbeddedEngine:
    """Places and permits are kept here, so that a worker's death changes nobody's room: not even
    one that dies again and again, since what kills it may be in that room, and go along.

    One that does not come up any more is `Lost`, its last event, until it is started anew.

    `inside`: the worker is a task of this process, which then carries the packets itself.
    """

    def __init__(
        self,
        settings: MediaSettings,
        *,
        name: str = "worker",
        inside: bool = False,
        start_within: float = START_SECONDS,
    ) -> None:
        self.name = name
        self.start_within = start_within
        self._inside = inside
        self._settings = settings
        self._supervising: asyncio.Task[None] | None = None
        self._forget()

    def _forget(self) -> None:
        """As if nothing had been: who was here may be elsewhere by now."""
        self._places: dict[MemberId, RoomId] = {}
        self._permits: dict[MemberId, messages.Permit] = {}
        self._favoured: set[MemberId] = set()
        self._views: dict[MemberId, messages.Show] = {}
        self._captures: dict[RoomId, str] = {}
        self._events: asyncio.Queue[MediaEvent | None] = asyncio.Queue(EVENTS_LIMIT)
        self._worker: Worker | None = None
        self._port: int | None = None
        self._up = asyncio.Event()
        self._down = asyncio.Event()
        self._down.set()
        self._starts = 0
        self._failure = "the media worker did not start"

    @property
    def is_up(self) -> bool:
        return self._up.is_set()

    @property
    def pid(self) -> int | None:
        """The worker's process id, while there is one."""
        return self._worker.pid if self._worker is not None else None

    @property
    def port(self) -> int | None:
        """The UDP port in use."""
        return self._port

    async def start(self) -> None:
        """Raises MediaUnavailableError, in words, when the first worker cannot start. May follow a
        stop.
        """
        self._forget()
        self._supervising = asyncio.create_task(self._supervise())
        began = asyncio.create_task(self._up.wait())
        await asyncio.wait(
            {began, self._supervising},
            timeout=self.start_within,
            return_when=asyncio.FIRST_COMPLETED,
        )
        began.cancel()
        if not self._up.is_set():
            await self.stop()
            raise MediaUnavailableError(self._failure)

    async def stop(self) -> None:
        if self._supervising is not None:
            self._supervising.cancel()
            await asyncio.gather(self._supervising, return_exceptions=True)
            self._supervising = None
        self._tell_last(None)

    async def events(self) -> AsyncIterator[MediaEvent]:
        events = self._events
        while (event := await events.get()) is not None:
            yield event

    async def publish(self, member: MemberId, offer: str) -> str:
        return str(await self._call(messages.Publish(member, offer)))

    async def subscribe(self, member: MemberId) -> None:
        await self._call(messages.Subscribe(member))

    async def answer(self, member: MemberId, *, revision: int, sdp: str) -> None:
        await self._call(messages.Answer(member, revision, sdp))

    async def restart_receiving(self, member: MemberId) -> None:
        await self._call(messages.RestartReceiving(member))

    async def grant(self, member: MemberId, room: RoomId) -> None:
        self._places[member] = room
        await self._obey(messages.Grant(member, room))

    async def revoke(self, member: MemberId) -> None:
        self._places.pop(member, None)
        await self._obey(messages.Revoke(member))

    async def permit(
        self, member: MemberId, *, audio: bool, video: bool, screen: bool = False
    ) -> None:
        permit = self._permits[member] = messages.Permit(member, audio, video, screen)
        await self._obey(permit)

    async def favour(self, member: MemberId, *, on: bool) -> None:
        (self._favoured.add if on else self._favoured.discard)(member)
        await self._obey(messages.Favour(member, on))

    async def view(
        self, member: MemberId, views: Mapping[MemberId, View], *,
        screen: View = View.LARGE, pictures: bool = True,
    ) -> None:  # fmt: skip
        show = self._views[member] = messages.Show(member, tuple(views.items()), screen, pictures)
        await self._obey(show)

    def measured(self, member: MemberId, arriving: Arriving) -> None:
        """Our workers measure what they send by themselves."""

    async def close(self, member: MemberId) -> None:
        self._places.pop(member, None)
        self._permits.pop(member, None)
        self._favoured.discard(member)
        self._views.pop(member, None)
        await self._obey(messages.Close(member))

    async def capture(self, room: RoomId, *, to: Path | None) -> None:
        if to is None:
            self._captures.pop(room, None)
        else:
            self._captures[room] = str(to)
        await self._obey(messages.Capture(room, str(to) if to is not None else None))

    async def stats(self, room: RoomId) -> tuple[MemberStats, ...]:
        result = await self._call(messages.Stats(room))
        return result if isinstance(result, tuple) else ()

    async def carried(self) -> tuple[Carried, ...]:
        down = (Carried(self.name, is_up=False),)
        if not self.is_up:
            return down
        try:
            result = await self._call(messages.Count())
        except MediaUnavailableError:
            return down
        return (replace(result, engine=self.name),) if isinstance(result, Carried) else down

    async def _call(self, command: Command) -> Result:
        try:
            return await _in_time(self._ask_when_up(command))
        except (TimeoutError, WorkerGoneError) as gone:
            raise MediaUnavailableError(type(command).__name__) from gone

    async def _obey(self, command: Command) -> None:
        """A change of places holds when this returns, even by the worker's death.

        Without a worker there is nothing to tell: the next one begins with the places as noted.
        One that does not answer is killed, since it may still pass packets on.
        """
        try:
            if self._up.is_set():
                await _in_time(self._ask(command))
                return
        except WorkerGoneError:
            pass
        except TimeoutError:
            log.error("the media worker does not obey %s", type(command).__name__)
            if self._worker is not None:
                self._worker.kill()
        await self._down.wait()

    async def _ask_when_up(self, command: Command) -> Result:
        await self._up.wait()
        return await self._ask(command)

    async def _ask(self, command: Command) -> Result:
        if self._worker is None:
            raise WorkerGoneError
        return await self._worker.ask(command)

    async def _supervise(self) -> None:
        pause, in_vain = FIRST_PAUSE, 0
        while True:
            began, starts = time.monotonic(), self._starts
            await self._live_once()
            if self._starts == 0:
                return  # the start itself failed; `start` tells why
            lasted, came_up = time.monotonic() - began, self._starts > starts
            in_vain = 0 if came_up else in_vain + 1
            if in_vain == STARTS_IN_VAIN or (not came_up and lasted >= self.start_within):
                self._tell_last(Lost(self._failure))
                return
            is_steady = came_up and lasted > STEADY_SECONDS
            pause = FIRST_PAUSE if is_steady else min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _live_once(self) -> None:
        """Returns when one worker's life is over, or came to nothing."""
        try:
            await self._life()
            log.error("the media worker ended; another one begins")
        except (ChannelClosedError, WorkerGoneError, MediaUnavailableError, OSError) as end:
            self._failure = str(end) or self._failure
            log.error("media worker: %r", end)

    async def _life(self) -> None:
        """From the birth of one worker to its burial."""
        worker = await Worker.spawn(self._settings, inside=self._inside)
        try:
            async with asyncio.timeout(self.start_within):
                port = await worker.port()
            self._begin(worker, port)
            living = asyncio.create_task(worker.listen(self._tell))
            watching = asyncio.create_task(self._watch())
            try:
                done, _ = await asyncio.wait(
                    {living, watching}, return_when=asyncio.FIRST_COMPLETED
                )
                done.pop().result()  # raises why
            finally:
                living.cancel()
                watching.cancel()
                await asyncio.gather(living, watching, return_exceptions=True)
        finally:
            self._up.clear()
            self._worker = None
            await worker.bury()
            self._down.set()

    def _begin(self, worker: Worker, port: int) -> None:
        """Tell the worker who is where before anyone else can speak to it: no await in here."""
        for member, room in self._places.items():
            worker.tell(messages.Grant(member, room))
        for permit in self._permits.values():
            worker.tell(permit)
        for member in self._favoured:
            worker.tell(messages.Favour(member, on=True))
        for show in self._views.values():
            worker.tell(show)
        for room, to in self._captures.items():
            worker.tell(messages.Capture(room, to))
        self._worker, self._port = worker, port
        self._down.clear()
        self._up.set()
        self._starts += 1
        if self._starts > 1:
            self._tell(Reset(tuple(self._places)))

    def _tell(self, event: MediaEvent) -> None:
        """Whoever reads too slowly misses something; a worker's answers do not wait for it."""
        try:
            self._events.put_nowait(event)
        except asyncio.QueueFull:
            log.error("media events are not read: %s is left out", type(event).__name__)

    def _tell_last(self, event: Lost | None) -> None:
        """Whatever else is left out for it."""
        while self._events.full():
            self._events.get_nowait()
        self._events.put_nowait(event)

    async def _watch(self) -> None:
        """Ends when the worker's loop no longer turns."""
        while True:
            await asyncio.sleep(PING_SECONDS)
            await self._call(messages.Ping())


async def _in_time(work: Coroutine[None, None, Result]) -> Result:
    """Raises TimeoutError. Where our own loop stood still, the answer is there a moment later."""
    asked = asyncio.ensure_future(work)
    try:
        for seconds in (CALL_SECONDS, MOMENT):
            done, _ = await asyncio.wait({asked}, timeout=seconds)
            if done:
                return asked.result()
        raise TimeoutError
    finally:
        asked.cancel()
