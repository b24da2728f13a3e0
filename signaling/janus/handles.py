"""The handles of one session with Janus: whose each is, and what they are asked."""

import asyncio
import base64
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence

from signaling.engine import Leg, MediaUnavailableError
from signaling.janus.people import Person
from signaling.janus.session import Answer, JanusError, Json, Session

log = logging.getLogger(__name__)
NO_SUCH_ROOM, ROOM_EXISTS = 426, 427


class Handles:
    """Every failure of Janus is a MediaUnavailableError here.

    `keys` are of the rooms that we made, by their names, and outlive this session as the rooms do.
    """

    def __init__(self, session: Session, keys: dict[str, str]) -> None:
        self._session = session
        self._owners: dict[int, tuple[Person, Leg]] = {}
        self._keys = keys
        self._made: set[str] = set()
        self._making = asyncio.Lock()

    @property
    def session(self) -> Session:
        return self._session

    def owner(self, handle: int) -> tuple[Person, Leg] | None:
        return self._owners.get(handle)

    async def attach(self, person: Person, leg: Leg) -> int:
        try:
            handle = await self._session.attach()
        except JanusError as error:
            raise MediaUnavailableError(str(error)) from error
        self._owners[handle] = (person, leg)
        return handle

    async def detach(self, handle: int) -> bool:
        """Whether it is certainly gone; a publisher's name is free again when this returns.

        Janus answers a detach before it has cleared up behind it, a leave only after.
        """
        _, leg = self._owners.pop(handle, (None, None))
        if not self._session.is_open:
            return False
        if leg is Leg.SENDING:
            with contextlib.suppress(JanusError):
                await self._session.say(handle, {"request": "leave"})
        return await self._session.detach(handle)

    async def check(self) -> None:
        """Raises JanusError where we could make no rooms: our key, the plugin or their names."""
        await self._ask_once({"request": "exists", "room": "any"})

    async def join(self, person: Person, handle: int) -> None:
        await self._make(person.home, handle)
        join = {"request": "join", "ptype": "publisher", "room": person.home, "id": person.id}
        await self.say(handle, join)

    async def _make(self, home: str, handle: int) -> None:
        """The room is made by the first who comes; only we know its key."""
        async with self._making:
            if home in self._made:
                return
            room = {
                "request": "create", "room": home,
                "secret": self._keys.setdefault(home, secrets.token_hex(16)),
                "is_private": True, "publishers": 64, "videocodec": "vp8", "audiocodec": "opus",
                "audiolevel_ext": True, "audiolevel_event": True, "audio_active_packets": 20,
                "audio_level_average": 35, "fir_freq": 0, "notify_joining": False,
            }  # fmt: skip
            try:
                await self._session.ask(handle, room)
            except JanusError as error:
                if error.code != ROOM_EXISTS:  # else the answer to our first try was late
                    raise MediaUnavailableError(str(error)) from error
            self._made.add(home)

    async def end(self, home: str) -> None:
        """Nobody is left of those whom the room was made for."""
        if home not in self._keys or not self._session.is_open:
            return
        self._made.discard(home)
        try:
            await self._ask_once({"request": "destroy", "room": home, "secret": self._keys[home]})
        except JanusError as error:
            if error.code != NO_SUCH_ROOM:
                log.warning("a room stays in %s", error)
                return
        self._keys.pop(home, None)

    async def _ask_once(self, body: Json) -> None:
        """By a handle that is nobody's. Raises JanusError."""
        handle = await self._session.attach()
        try:
            await self._session.ask(handle, body)
        finally:
            await self._session.detach(handle)

    async def forward(
        self, person: Person, handle: int, streams: Sequence[Json], *, host: str, key: bytes
    ) -> list[int]:
        """Have a publisher's streams sent to us by SRTP; returns the numbers of the forwarders."""
        body: Json = {
            "request": "rtp_forward", "room": person.home, "secret": self._keys[person.home],
            "publisher_id": person.id, "host": host, "streams": list(streams),
            "srtp_suite": 80, "srtp_crypto": base64.b64encode(key).decode(),
        }  # fmt: skip
        answer = await self.ask(handle, body)
        return [int(one["stream_id"]) for one in answer.data.get("forwarders", [])]

    async def stop_forward(self, person: Person, handle: int, forwarder: int) -> None:
        body: Json = {
            "request": "stop_rtp_forward", "room": person.home, "secret": self._keys[person.home],
            "publisher_id": person.id, "stream_id": forwarder,
        }  # fmt: skip
        await self.ask(handle, body)

    async def ask_keyframe(self, handle: int) -> None:
        """Of every picture that the publisher sends."""
        await self.say(handle, {"request": "configure", "keyframe": True})

    async def say(self, handle: int, body: Json, *, jsep: Json | None = None) -> Answer:
        return await self._asked(lambda session: session.say(handle, body, jsep=jsep))

    async def ask(self, handle: int, body: Json) -> Answer:
        return await self._asked(lambda session: session.ask(handle, body))

    async def _asked(self, question: Callable[[Session], Awaitable[Answer]]) -> Answer:
        try:
            return await question(self._session)
        except JanusError as error:
            raise MediaUnavailableError(str(error)) from error
