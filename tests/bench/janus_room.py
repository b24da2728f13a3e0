"""Callers in a video room of Janus: one publisher and one subscriber handle each."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from signaling.janus.session import JanusError, Session
from tests.bench.callers import Caller
from tests.janus.instance import Janus, janus

ROOM = "bench"
NO_SUCH_FEED = 428


class JanusRoom:
    def __init__(self, server: Janus, session: Session) -> None:
        self.pid = server.pid
        self.callers: list[Caller] = []
        self._session = session

    async def fill(self, size: int) -> None:
        """All publish, then all subscribe to all others.

        At once: Janus drops the first record of a handshake, and the next comes a second later.
        """
        handle = await self._session.attach()
        room = {"request": "create", "room": ROOM, "publishers": 50, "videocodec": "vp8"}
        await self._session.ask(handle, room)
        await asyncio.gather(*(self._enter(number) for number in range(size)))
        await asyncio.gather(*(self._subscribe(caller) for caller in self.callers))

    async def _enter(self, number: int) -> None:
        session, handle = self._session, await self._session.attach()
        join = {"request": "join", "ptype": "publisher", "room": ROOM, "id": f"p{number}"}
        await session.say(handle, join)

        async def publish(sdp: str) -> str:
            jsep = {"type": "offer", "sdp": sdp}
            answer = (await session.say(handle, {"request": "publish"}, jsep=jsep)).sdp
            assert answer
            return answer

        caller = Caller(number, publish=publish, answer=_never)
        await caller.join()
        self.callers.append(caller)

    async def _subscribe(self, caller: Caller) -> None:
        session, handle = self._session, await self._session.attach()
        feeds = [{"feed": other.name} for other in self.callers if other is not caller]
        join = {"request": "join", "ptype": "subscriber", "room": ROOM, "streams": feeds}
        offer = await self._offered(handle, join)

        async def answer(_revision: int, sdp: str) -> None:
            await session.say(handle, {"request": "start"}, jsep={"type": "answer", "sdp": sdp})

        caller._answer = answer
        await caller.take_offer(1, offer)

    async def _offered(self, handle: int, join: dict[str, object]) -> str:
        """Whoever publishes is up for Janus a moment later than for themselves."""
        while True:
            try:
                offer = (await self._session.say(handle, join)).sdp
            except JanusError as error:
                if error.code != NO_SUCH_FEED:
                    raise
                await asyncio.sleep(0.05)
            else:
                assert offer
                return offer


@contextlib.asynccontextmanager
async def janus_room(*, arguments: tuple[str, ...] = ()) -> AsyncIterator[JanusRoom]:
    async with (
        janus(arguments=arguments) as server,
        Session.opened(server.url, on_event=lambda _: None, secret=server.secret) as session,
    ):
        room = JanusRoom(server, session)
        try:
            yield room
        finally:
            await asyncio.gather(*(caller.leave() for caller in room.callers))


async def _never(_revision: int, _sdp: str) -> None:
    raise AssertionError("no offer comes on this side")
