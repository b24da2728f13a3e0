"""A small HTTP/1.1 client: keeps its connection, costs little, so that servers are what is measured."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any


@dataclass
class Answer:
    status: int
    body: Any


class Wire:
    """One kept connection to one server."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def post(self, path: str, body: Any, *, cookie: str, key: str | None = None) -> Answer:
        return await self.send("POST", path, json.dumps(body).encode(), cookie=cookie, key=key)

    async def get(self, path: str, *, cookie: str = "none") -> Answer:
        return await self.send("GET", path, b"", cookie=cookie)

    async def ask(self, method: str, path: str, body: Any, *, cookie: str, token: str) -> Answer:
        """With the token of a question that came behind a link."""
        plain = b"" if body is None else json.dumps(body).encode()
        return await self.send(method, path, plain, cookie=cookie, ask=token)

    async def send(
        self, method: str, path: str, body: bytes, *, cookie: str, key: str | None = None,
        ask: str | None = None,
    ) -> Answer:  # fmt: skip
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        repeatable = f"Idempotency-Key: {key}\r\n" if key else ""
        asked = f"X-Ask: {ask}\r\n" if ask else ""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nX-Yuntiao: 1\r\n"
            f"Content-Type: application/json\r\nCookie: yuntiao-session={cookie}; yuntiao-flow=f\r\n"
            f"{repeatable}{asked}Content-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        return await self._answer()

    async def _answer(self) -> Answer:
        assert self._reader is not None
        head = await self._reader.readuntil(b"\r\n\r\n")
        status = int(head[9:12])
        lower = head.lower()
        at = lower.find(b"content-length:")
        length = int(lower[at + 15 : lower.index(b"\r\n", at)]) if at >= 0 else 0
        text = await self._reader.readexactly(length) if length else b""
        is_json = b"json" in lower[lower.find(b"content-type:") :]
        return Answer(status, json.loads(text) if is_json else text)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
