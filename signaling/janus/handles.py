"""The handles of one session with Janus: whose each is, and what they are asked."""

import base64
import secrets
from collections.abc import Awaitable, Callable, Sequence

from signaling.engine import Leg, MediaUnavailableError
from signaling.janus.people import Person
from signaling.janus.session import Answer, JanusError, Json, Session


class Handles:
    """Every failure of Janus is a MediaUnavailableError here."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._owners: dict[int, tuple[Person, Leg]] = {}
        self._keys: dict[str, str] = {}

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

    async def detach(self, handle: int) -> None:
        self._owners.pop(handle, None)
        if self._session.is_open:
            await self._session.detach(handle)

    async def join(self, person: Person, handle: int) -> None:
        """The room is made by the first who comes; only we know its key."""
        if person.home not in self._keys:
            self._keys[person.home] = secrets.token_hex(16)
            room = {
                "request": "create", "room": person.home, "secret": self._keys[person.home],
                "is_private": True, "publishers": 64, "videocodec": "vp8", "audiocodec": "opus",
                "audiolevel_ext": True, "audiolevel_event": True, "audio_active_packets": 20,
                "audio_level_average": 35, "fir_freq": 0, "notify_joining": False,
            }  # fmt: skip
            await self.ask(handle, room)
        join = {"request": "join", "ptype": "publisher", "room": person.home, "id": person.id}
        await self.say(handle, join)

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
