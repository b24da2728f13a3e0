"""One session with one Janus instance: requests with answers, events, keep-alive.

https://janus.conf.meetecho.com/docs/rest.html (WebSockets), .../docs/videoroom.html
"""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp

log = logging.getLogger(__name__)

ANSWER_SECONDS = 5.0
TOKEN_SECONDS = 60
NO_SUCH_SESSION, NO_SUCH_HANDLE = 458, 459
PROTOCOL = "janus-protocol"
VIDEOROOM = "janus.plugin.videoroom"

Json = dict[str, Any]


class JanusError(Exception):
    """Janus answered with an error, or not at all; `code` is its own (0: no answer)."""

    def __init__(self, reason: str, *, code: int = 0) -> None:
        super().__init__(f"janus: {reason} ({code})")
        self.code = code


def signed_token(key: str, *, until: int) -> str:
    """Janus's own form of a signed token: it ends at `until` (Unix seconds)."""
    text = f"{until},janus,{VIDEOROOM}"
    mac = hmac.new(key.encode(), text.encode(), hashlib.sha1).digest()
    return f"{text}:{base64.b64encode(mac).decode()}"


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between signs of life, and for an answer."""

    keepalive: float = 20.0
    answer: float = ANSWER_SECONDS


@dataclass(frozen=True, slots=True)
class Answer:
    """What the plugin said, and its description if it sent one."""

    data: Json
    sdp: str | None = None


@dataclass(slots=True)
class _Asked:
    waits_for_event: bool
    answer: asyncio.Future[Json]


@dataclass
class Session:
    """Frames of all handles share one socket; unasked ones go to `on_event`."""

    socket: aiohttp.ClientWebSocketResponse
    on_event: Callable[["Json"], None]
    on_end: Callable[[str], None] = lambda _: None
    secret: str | None = None
    token_secret: str | None = None
    pace: Pace = Pace()
    id: int = 0
    _asked: dict[str, _Asked] = field(default_factory=dict)
    _failure: str = ""

    @classmethod
    @asynccontextmanager
    async def opened(
        cls,
        url: str,
        *,
        on_event: Callable[[Json], None],
        on_end: Callable[[str], None] = lambda _: None,
        secret: str | None = None,
        token_secret: str | None = None,
        pace: Pace = Pace(),
    ) -> AsyncIterator[Self]:
        """Raises JanusError when the instance cannot be reached; `on_end` tells when it is gone."""
        async with aiohttp.ClientSession() as client:
            try:
                async with asyncio.timeout(pace.answer):
                    socket = await client.ws_connect(url, protocols=[PROTOCOL], heartbeat=5)
            except (aiohttp.ClientError, OSError) as error:
                raise JanusError(f"{url}: {error}") from error
            session = cls(socket, on_event, on_end, secret, token_secret, pace)
            tasks = [asyncio.create_task(session._read())]
            try:
                session.id = (await session._ask({"janus": "create"}))["data"]["id"]
                tasks.append(asyncio.create_task(session._keep_alive()))
                yield session
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await socket.close()

    @property
    def is_open(self) -> bool:
        return not self._failure and not self.socket.closed

    @property
    def local_host(self) -> str:
        """The address of ours that the instance reaches us at."""
        return str(self.socket.get_extra_info("sockname")[0])

    async def attach(self) -> int:
        """A new handle of the video room plugin."""
        made = await self._ask({"janus": "attach", "plugin": VIDEOROOM})
        return int(made["data"]["id"])

    async def detach(self, handle: int) -> bool:
        """Whether it is certain that nothing goes over it any more."""
        try:
            await self._ask({"janus": "detach", "handle_id": handle})
        except JanusError as error:
            return error.code in {NO_SUCH_SESSION, NO_SUCH_HANDLE}
        return True

    async def say(self, handle: int, body: Json, *, jsep: Json | None = None) -> Answer:
        """A request of the plugin that it answers later, by an event. Raises JanusError."""
        return await self._message(handle, body, jsep=jsep, waits_for_event=True)

    async def ask(self, handle: int, body: Json) -> Answer:
        """A request of the plugin that it answers at once. Raises JanusError."""
        return await self._message(handle, body, jsep=None, waits_for_event=False)

    async def _message(
        self, handle: int, body: Json, *, jsep: Json | None, waits_for_event: bool
    ) -> Answer:
        frame: Json = {"janus": "message", "handle_id": handle, "body": body}
        if jsep is not None:
            frame["jsep"] = jsep
        told = await self._ask(frame, waits_for_event=waits_for_event)
        data = told.get("plugindata", {}).get("data", {})
        if "error_code" in data:
            raise JanusError(str(data.get("error")), code=int(data["error_code"]))
        return Answer(data, (told.get("jsep") or {}).get("sdp"))

    async def _ask(self, frame: Json, *, waits_for_event: bool = False) -> Json:
        if not self.is_open:
            raise JanusError(self._failure or "closed")
        transaction = secrets.token_hex(8)
        asked = _Asked(waits_for_event, asyncio.get_running_loop().create_future())
        self._asked[transaction] = asked
        whole = {**frame, "transaction": transaction}
        if self.id:
            whole["session_id"] = self.id
        if self.secret:
            whole["apisecret"] = self.secret
        if self.token_secret:
            whole["token"] = signed_token(self.token_secret, until=int(time.time()) + TOKEN_SECONDS)
        try:
            async with asyncio.timeout(self.pace.answer):
                await self.socket.send_json(whole)
                return await asked.answer
        except (TimeoutError, ConnectionError) as error:
            raise JanusError(self._failure or "no answer") from error
        finally:
            self._asked.pop(transaction, None)

    async def _read(self) -> None:
        reason = "the connection is gone"
        try:
            async for frame in self.socket:
                if frame.type is not aiohttp.WSMsgType.TEXT:
                    continue
                told: Json = json.loads(frame.data)
                if told["janus"] == "timeout":
                    reason = "it has ended the session"
                    break
                self._take(told)
        except Exception as fault:  # one that nobody foresaw: better a new session than a deaf one
            log.exception("janus: what it said")
            reason = repr(fault)
        await self._end(reason)

    async def _end(self, reason: str) -> None:
        """It is of no use any more: whoever waits is told, and what follows."""
        if self._failure:
            return
        self._failure = reason
        self.on_end(reason)
        for asked in self._asked.values():
            if not asked.answer.done():
                asked.answer.set_exception(JanusError(reason))
        await self.socket.close()

    def _take(self, frame: Json) -> None:
        asked = self._asked.get(frame.get("transaction", ""))
        if asked is None or asked.answer.done():
            self.on_event(frame)
        elif frame["janus"] == "error":
            error = frame["error"]
            asked.answer.set_exception(JanusError(error["reason"], code=error["code"]))
        elif frame["janus"] != "ack" or not asked.waits_for_event:
            asked.answer.set_result(frame)

    async def _keep_alive(self) -> None:
        """Janus ends a session that says nothing for a minute."""
        while True:
            await asyncio.sleep(self.pace.keepalive)
            # an answer that is late once may have waited for ourselves
            if not await self._is_alive() and not await self._is_alive():
                return await self._end("it does not answer")

    async def _is_alive(self) -> bool:
        try:
            await self._ask({"janus": "keepalive"})
        except JanusError:
            return False
        return True
