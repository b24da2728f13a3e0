"""One session with one Janus instance: requests with answers, events, keep-alive.

https://janus.conf.meetecho.com/docs/rest.html (WebSockets), .../docs/videoroom.html
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp

KEEPALIVE_SECONDS = 20.0
ANSWER_SECONDS = 5.0
TOKEN_SECONDS = 60
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
    ) -> AsyncIterator[Self]:
        """Raises JanusError when the instance cannot be reached; `on_end` tells when it is gone."""
        async with aiohttp.ClientSession() as client:
            try:
                socket = await client.ws_connect(url, protocols=[PROTOCOL], heartbeat=5)
            except (aiohttp.ClientError, OSError) as error:
                raise JanusError(f"{url}: {error}") from error
            session = cls(socket, on_event, on_end, secret, token_secret)
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

    async def detach(self, handle: int) -> None:
        with contextlib.suppress(JanusError):
            await self._ask({"janus": "detach", "handle_id": handle})

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
            async with asyncio.timeout(ANSWER_SECONDS):
                await self.socket.send_json(whole)
                return await asked.answer
        except (TimeoutError, ConnectionError) as error:
            raise JanusError("no answer") from error
        finally:
            self._asked.pop(transaction, None)

    async def _read(self) -> None:
        async for frame in self.socket:
            if frame.type is aiohttp.WSMsgType.TEXT:
                self._take(json.loads(frame.data))
        self._failure = "the connection is gone"
        self.on_end(self._failure)
        for asked in self._asked.values():
            if not asked.answer.done():
                asked.answer.set_exception(JanusError(self._failure))

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
            await asyncio.sleep(KEEPALIVE_SECONDS)
            await self._ask({"janus": "keepalive"})
