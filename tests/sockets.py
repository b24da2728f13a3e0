"""A seat of a live session over the real socket: for tests, and for further people in a journey."""

import asyncio
import contextlib
from typing import Any
from uuid import UUID

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from signaling.checkin import TEXT_VERSION

Message = dict[str, Any]
PATIENCE = 30.0


class RefusedError(Exception):
    """The server's `refused`, or a problem document of the API."""

    def __init__(self, problem: Message) -> None:
        super().__init__(problem["code"])
        self.code: str = problem["code"]
        self.problem = problem


class Seat:
    """Speaks as our pages do. `headers` say who: a sign-in cookie, or `X-Invitation`."""

    def __init__(
        self, http: ClientSession, base: str, *, headers: dict[str, str],
        appointment_id: UUID | None = None,
    ) -> None:  # fmt: skip
        self._http, self.base = http, base.rstrip("/")
        self.headers = {"X-Yuntiao": "1", **headers}
        self.appointment_id = appointment_id
        self.messages: list[Message] = []
        self.texts: list[str] = []
        self.code: int | None = None
        self._socket: ClientWebSocketResponse | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._news = asyncio.Event()
        self._ref = 0
        self._beats_itself = False

    # --- the API

    async def post(self, path: str, body: Message | None = None) -> Message:
        return await self._ask("POST", path, json=body or {})

    async def get(self, path: str) -> Any:
        return await self._ask("GET", path)

    async def _ask(self, method: str, path: str, **more: Any) -> Any:
        async with self._http.request(
            method, self.base + path, headers=self.headers, **more
        ) as answer:
            body = None if answer.status == 204 else await answer.json()
            if answer.status >= 400:
                raise RefusedError(body)
            return body

    async def check_in(self, *, join: bool = True, record: bool = True) -> Message:
        consents = [{"kind": "join", "given": join}, {"kind": "record", "given": record}]
        body = {
            "present_address": "Lane 1, Room 101", "consents": consents,
            "text_version": TEXT_VERSION,
        }  # fmt: skip
        return await self.post("/api/live/check-in", body)

    async def ticket(self) -> str:
        known = {"appointment_id": str(self.appointment_id)} if self.appointment_id else {}
        return str((await self.post("/api/live/tickets", known))["ticket"])

    # --- the socket

    async def connect(
        self, *, beats: bool = True, ticket: str | None = None, **hello: Any
    ) -> "Seat":
        """Open the socket and sit down; answers itself once welcome, else raises RefusedError."""
        await self.close()
        self.code = None
        began = len(self.messages)
        ticket = ticket or await self.ticket()
        self._socket = await self._http.ws_connect(
            self.base.replace("http", "ws", 1) + "/api/live/socket", headers={"Origin": self.base}
        )
        self._tasks = [asyncio.create_task(self._read(self._socket))]
        await self._socket.send_json({"type": "hello", "version": 1, "ticket": ticket, **hello})
        await self.until(lambda: len(self.messages) > began or self.code is not None)
        if len(self.messages) == began:
            raise ConnectionError(f"closed with {self.code}")
        if self.messages[began]["type"] == "refused":
            raise RefusedError(self.messages[began]["problem"])
        if beats:
            self._tasks.append(asyncio.create_task(self._beat(self._socket)))
        return self

    async def send(self, kind: str, **fields: Any) -> Message:
        """Ask for something; answers the `done`, raises RefusedError.

        After a `beat` of its own nothing else beats for it: no line without numbers in between.
        """
        self._beats_itself |= kind == "beat"
        self._ref += 1
        ref = self._ref
        await self.say({"type": kind, "ref": ref, **fields})
        await self.until(lambda: self._answer(ref) is not None or self.code is not None)
        answer = self._answer(ref)
        if answer is None:
            raise ConnectionError(f"closed with {self.code}")
        if answer["type"] == "refused":
            raise RefusedError(answer["problem"])
        return answer

    async def say(self, message: Message) -> None:
        """Send without waiting for an answer."""
        assert self._socket is not None
        await self._socket.send_json(message)

    def facts(self, kind: str | None = None, *, since: int = 0) -> list[Message]:
        """What was told since message number `since`, of one kind.

        Of all kinds but vitals, if none is named: hosts get those of everybody at any moment.
        """
        told = [m["fact"] for m in self.messages[since:] if m["type"] == "fact"]
        if kind is None:
            return [fact for fact in told if fact["kind"] != "person.vitals"]
        return [fact for fact in told if fact["kind"] == kind]

    async def wait_for(self, kind: str, *, since: int = 0, **fields: Any) -> Message:
        """The first fact or message of this kind with these fields, waited for."""

        def found() -> Message | None:
            for message in self.messages[since:]:
                one = message["fact"] if message["type"] == "fact" else message
                if one.get("kind", one.get("type")) == kind and fields.items() <= one.items():
                    return one
            return None

        await self.until(lambda: found() is not None)
        answer = found()
        assert answer is not None
        return answer

    async def closed(self) -> int:
        """The code the server closed with."""
        await self.until(lambda: self.code is not None)
        assert self.code is not None
        return self.code

    @property
    def mark(self) -> int:
        """Where the messages end now, for `since`."""
        return len(self.messages)

    @property
    def welcome(self) -> Message:
        return next(m for m in reversed(self.messages) if m["type"] == "welcome")

    @property
    def id(self) -> str:
        """The participant's id."""
        return str(self.welcome["you"])

    def people(self) -> dict[str, Message]:
        """Who is in sight now, by name, as a client that follows the facts knows it."""
        return {person["name"]: person for person in self._follow()["people"].values()}

    @property
    def room(self) -> Message | None:
        return self._follow()["room"]

    def now(self, what: str) -> Any:
        """The present `session`, `rooms`, `place`, `invitation` or `actions`."""
        return self._follow()[what]

    def _follow(self) -> Message:
        """The sight that welcome and facts lead to; asserts that no fact is missing."""
        start = max(i for i, m in enumerate(self.messages) if m["type"] == "welcome")
        welcome = self.messages[start]
        sight = {**welcome["sight"]}
        sight["people"] = {p["participant_id"]: dict(p) for p in sight["people"]}
        n = welcome["n"]
        for message in self.messages[start:]:
            if message["type"] == "fact":
                n += 1
                assert message["n"] == n, "a fact is missing"
                apply(sight, message["fact"])
        return sight

    async def close(self) -> None:
        """Leave without a word, as a closed page does."""
        for task in self._tasks:
            task.cancel()
        if self._socket is not None:
            await self._socket.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._socket, self._tasks = None, []

    def stop_beating(self) -> None:
        """Fall silent with the socket open, as a lost network does."""
        for task in self._tasks[1:]:
            task.cancel()

    def stop_reading(self) -> None:
        """Let the server's words pile up, as a frozen page does."""
        self._tasks[0].cancel()

    def _answer(self, ref: int) -> Message | None:
        answers = (m for m in self.messages if m["type"] in {"done", "refused"})
        return next((m for m in answers if m["ref"] == ref), None)

    async def _read(self, socket: ClientWebSocketResponse) -> None:
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                self.texts.append(frame.data)
                self.messages.append(frame.json())
                self._news.set()
        self.code = socket.close_code
        self._news.set()

    async def _beat(self, socket: ClientWebSocketResponse) -> None:
        while True:
            await asyncio.sleep(2)
            if socket.closed or self._beats_itself:
                return
            self._ref += 1
            with contextlib.suppress(ConnectionError):
                await socket.send_json({"type": "beat", "ref": self._ref})

    async def until(self, holds: Any, *, within: float | None = PATIENCE) -> None:
        """Wait until this holds, looking again with each message."""
        async with asyncio.timeout(within):
            while not holds():
                self._news.clear()
                await self._news.wait()


def apply(sight: Message, fact: Message) -> None:
    """What a client does with a fact."""
    people = sight["people"]
    match fact:
        case {"kind": "room.changed"}:
            sight["room"] = fact["room"]
            sight["people"] = {p["participant_id"]: dict(p) for p in fact["people"]}
        case {"kind": "person.joined" | "person.moved", "person": person}:
            people[person["participant_id"]] = dict(person)
        case {"kind": "person.left", "participant_id": who}:
            del people[who]
        case {"kind": "person.lost" | "person.back", "participant_id": who}:
            people[who]["state"] = fact.get("state", "connection_lost")
        case {"kind": "person.muted", "participant_id": who}:
            people[who] |= {"audio": fact["audio"], "video": fact["video"]}
            people[who]["muted_by_host"] = fact["by_host"]
        case {"kind": "person.hand", "participant_id": who, "up": up}:
            people[who]["hand"] = up
        case {"kind": "person.floor" | "person.shares" as what, "participant_id": who, "on": on}:
            people[who][what.removeprefix("person.")] = on
        case {"kind": "person.line", "participant_id": who, "line": line}:
            people[who]["line"] = line
        case {"kind": "session.state", "session": session}:
            sight["session"] = session
        case {"kind": "rooms" | "place" | "actions" as what}:
            sight[what] = fact[what]
        case {"kind": "caucus.invited"}:
            sight["invitation"] = fact["invitation"]
        case _:
            pass
