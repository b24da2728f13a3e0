"""Which publishers of an instance are forwarded to our receiver: those of captured rooms, no others."""

import asyncio
import contextlib
import itertools
import logging
import secrets
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from signaling.channel import Channel, ChannelClosedError
from signaling.engine import MediaUnavailableError, MemberId, RoomId
from signaling.janus.forwarding import (
    KEY_SIZE,
    Add,
    Allow,
    Command,
    Expect,
    Forget,
    Listen,
    Source,
    to_call,
)
from signaling.janus.handles import Handles
from signaling.janus.people import Person, Publishing
from signaling.janus.session import Json

log = logging.getLogger(__name__)
ROOT = Path(__file__).parents[2]
ANSWER_SECONDS = 3.0
CARE_SECONDS = 1.0
KEYFRAME_BEATS = 10
ENCODINGS = {"audio": 1, "video": 3, "screen": 1}
CODECS = {"audio": "opus", "video": "vp8"}
"""What the rooms that we make in Janus take."""


class Receiver:
    """The process that takes in what is forwarded, as its parent sees it."""

    def __init__(self, process: asyncio.subprocess.Process, channel: Channel) -> None:
        self._process = process
        self._channel = channel
        self._refs = itertools.count(1)
        self._turn = asyncio.Lock()
        self.host, self.port = "", 0

    @classmethod
    async def spawn(cls, host: str) -> "Receiver":
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "signaling.janus.receiver", str(theirs.fileno())),
                pass_fds=[theirs.fileno()],
                cwd=ROOT,
                start_new_session=True,
            )
        made = cls(process, Channel(*await asyncio.open_unix_connection(sock=ours)))
        made.host, made.port = host, await made.ask(Listen(host), within=20.0)
        return made

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_up(self) -> bool:
        return self._process.returncode is None

    async def ask(self, command: Command, *, within: float = ANSWER_SECONDS) -> int:
        """Holds when this returns: one that does not obey is killed, and gives nothing on."""
        try:
            async with asyncio.timeout(within), self._turn:
                ref = next(self._refs)
                self._channel.send(to_call(ref, command))
                while True:
                    match await self._channel.receive():
                        case (int(answered), int(result)) if answered == ref:
                            return result
        except (TimeoutError, ChannelClosedError) as gone:
            await self.bury()
            raise MediaUnavailableError(f"capture: {gone}") from gone

    async def bury(self) -> None:
        self._channel.close()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


@dataclass(eq=False)
class _Stay:
    """One publisher in one captured room, and what Janus forwards of it."""

    room: RoomId
    publishing: Publishing
    key: bytes
    epoch: str = field(default_factory=lambda: secrets.token_hex(8))
    forwarded: set[str] = field(default_factory=set)
    forwarders: list[int] = field(default_factory=list)
    allowed: frozenset[str] = frozenset({"audio", "video"})


class Captures:
    def __init__(self, handles: Handles, people: Mapping[MemberId, Person]) -> None:
        self._handles = handles
        self._people = people
        self._rooms: dict[RoomId, Path] = {}
        self._stays: dict[Person, _Stay] = {}
        self._receiver: Receiver | None = None
        self._turn = asyncio.Lock()
        self._caring: asyncio.Task[None] | None = None

    @property
    def receiver_pid(self) -> int | None:
        return self._receiver.pid if self._receiver is not None else None

    def has(self, room: RoomId) -> bool:
        """Whether this room is captured."""
        return room in self._rooms

    async def direct(self, room: RoomId, to: Path | None) -> None:
        """Takes effect as the people of the room are brought in line."""
        self._rooms.pop(room, None)
        if to is not None:
            self._rooms[room] = to
            await self._raise_receiver()
            if self._caring is None:
                self._caring = asyncio.create_task(self._care())

    async def align(self, *people: Person) -> None:
        """Bring these in line with where they are and what they may send.

        What ends has ended when this returns. What cannot begin now is tried again, and holds up
        nobody's talk.
        """
        if not self._rooms and not self._stays:
            return
        async with self._turn:
            for person in people:
                try:
                    await self._align(person)
                except MediaUnavailableError as away:
                    log.error("%s is not captured: %s", person.id, away)

    async def close(self) -> None:
        if self._caring is not None:
            self._caring.cancel()
            await asyncio.gather(self._caring, return_exceptions=True)
        if self._receiver is not None:
            await self._receiver.bury()

    async def _align(self, person: Person) -> None:
        stay = self._stays.get(person)
        room, publishing = person.room, person.publishing
        is_over = stay is not None and (
            stay.room != room or room not in self._rooms or stay.publishing is not publishing
        )
        if stay is not None and is_over:
            await self._end(person, stay)
        if room is None or room not in self._rooms or publishing is None or not publishing.is_up:
            return
        receiver = self._receiver
        if receiver is None or not receiver.is_up:
            return  # another is on its way, and nobody waits for it here
        stay = self._stays.get(person) or await self._begin(person, room, publishing, receiver)
        if stay.allowed != person.permitted:
            await receiver.ask(Allow(stay.epoch, tuple(sorted(person.permitted))))
            stay.allowed = person.permitted
        await self._forward(person, stay, receiver)

    async def _raise_receiver(self) -> None:
        if self._receiver is not None and self._receiver.is_up:
            return
        if self._receiver is not None:
            await self._receiver.bury()
        try:
            raised = await Receiver.spawn(self._handles.session.local_host)
        except (MediaUnavailableError, OSError) as away:
            log.error("nothing is captured: %s", away)
            return
        async with self._turn:
            for person, stay in list(self._stays.items()):
                await self._end(person, stay)
            self._receiver = raised

    async def _begin(
        self, person: Person, room: RoomId, publishing: Publishing, receiver: Receiver
    ) -> _Stay:
        stay = _Stay(room, publishing, secrets.token_bytes(KEY_SIZE))
        await receiver.ask(Expect(stay.epoch, person.id, str(self._rooms[room]), stay.key))
        self._stays[person] = stay
        return stay

    async def _forward(self, person: Person, stay: _Stay, receiver: Receiver) -> None:
        """Have Janus forward what is not forwarded yet, each stream under a number of ours."""
        streams: list[Json] = []
        places = dict.fromkeys(ENCODINGS, 0)
        for mid, kind in stay.publishing.feeds.items():
            means = stay.publishing.means(mid)
            if not means:
                continue
            place = places[means]
            places[means] += 1
            if mid not in stay.forwarded:
                stay.forwarded.add(mid)
                numbers = [secrets.randbits(32) for _ in range(ENCODINGS[means])]
                ranked = enumerate(numbers)
                sources = (Source(n, means, place, CODECS[kind], rank) for rank, n in ranked)
                await receiver.ask(Add(stay.epoch, tuple(sources)))
                streams.append(_stream(mid, numbers, receiver.port))
        if streams:
            told = await self._handles.forward(
                person, stay.publishing.handle, streams, host=receiver.host, key=stay.key
            )
            stay.forwarders += told
            await self._handles.ask_keyframe(stay.publishing.handle)

    async def _end(self, person: Person, stay: _Stay) -> None:
        """First our own ear is closed, then Janus's mouth."""
        self._stays.pop(person, None)
        if self._receiver is not None and self._receiver.is_up:
            with contextlib.suppress(MediaUnavailableError):  # then it was killed
                await self._receiver.ask(Forget(stay.epoch))
        if person.publishing is stay.publishing:
            with contextlib.suppress(MediaUnavailableError):
                for forwarder in stay.forwarders:
                    await self._handles.stop_forward(person, stay.publishing.handle, forwarder)

    async def _care(self) -> None:
        """What failed is tried again; key frames let a recording be entered, and go on after loss."""
        beats = 0
        while True:
            await asyncio.sleep(CARE_SECONDS)
            beats += 1
            await self._raise_receiver()
            await self.align(*(one for one in self._people.values() if one.room in self._rooms))
            if beats % KEYFRAME_BEATS == 0:
                for stay in list(self._stays.values()):
                    with contextlib.suppress(MediaUnavailableError):
                        await self._handles.ask_keyframe(stay.publishing.handle)


def _stream(mid: str, numbers: list[int], port: int) -> Json:
    stream: Json = {"mid": mid}
    for suffix, number in zip(("", "_2", "_3"), numbers, strict=False):
        stream |= {f"port{suffix}": port, f"ssrc{suffix}": number}
    return stream
