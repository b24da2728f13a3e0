"""F18–F20: histories of a full day while the processes that serve it die, sleep or choke.

Residents book, cancel, wait in line and answer what they are offered over HTTP, at two processes.
Offers are made and ended by the clock of either. What people were told yes to must be one slot's
behaviour, and whatever the clock did it did once.
"""

import asyncio
import math
import random
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from scheduling.tables import OPEN_STATES, Appointment, ReceptionDay
from server.bootstrap import Services
from server.identity import sessions
from server.kernel.actor import SYSTEM
from tests.bench.wire import Answer, Wire
from tests.histories import checker, swift
from tests.histories.checker import Kind, Operation, Result
from tests.histories.swift import Server, SwiftClock
from tests.reception import (
    Resident,
    add_centre,
    add_leader,
    add_resident,
    form,
    publish_day,
    slots_of,
)
from tests.unprotected import unprotected

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("processes")]
CLIENTS, SLOTS, STEPS, TRIES = 8, 2, 10, 5
RUSHES = (0, 1, 0, 1)
WAITING = range(4)
"""Who stands in line when there is nothing; the others look again."""
A_STEP = 0.2
SLEEPS = 2 * swift.LEASE
POISON = """INSERT INTO task (kind, key, due_at, payload, max_attempt)
            VALUES ('poison', 'poison', :now, '{}', 2)"""
GIVEN_UP = "SELECT attempt FROM task WHERE kind = 'poison' AND done_at IS NULL"
LEFT = """
    SELECT (SELECT count(*) FROM choice WHERE answered_at IS NULL)
        + (SELECT count(*) FROM task WHERE kind IN ('waitlist.serve', 'choice.lapse')
           AND done_at IS NULL AND due_at <= :now)
    """
TWICE = """
    SELECT subject_kind, subject_id, count(*) FROM audit_line
    WHERE (subject_kind, action) IN (('choice', 'answer'), ('waitlist_entry', 'end'))
    GROUP BY 1, 2 HAVING count(*) > 1
    UNION ALL
    SELECT 'asked at once', entry_id::text, count(*) FROM choice
    WHERE answered_at IS NULL AND entry_id IS NOT NULL GROUP BY 2 HAVING count(*) > 1
    """
ANSWERS = "SELECT answer, count(*) FROM choice WHERE answer IS NOT NULL GROUP BY 1"


class Cut(Exception):
    """No answer came: it was done or it was not."""


@dataclass
class Caller:
    """A resident at one of the servers, until it goes away under a request."""

    number: int
    resident: Resident
    token: str
    wire: Wire
    day: "Day"
    pick: random.Random
    has: dict[int, str] = field(default_factory=dict)
    waits: bool = False

    async def live(self) -> None:
        try:
            for slot in RUSHES:
                await self._rush(slot)
            for _ in range(STEPS):
                await self._step()
                await asyncio.sleep(A_STEP * self.pick.random() * 2)
        except Cut:
            return
        finally:
            self.wire.close()

    async def _rush(self, slot: int) -> None:
        """Want the same as all the others at once, and give it back."""
        await self.day.all_at_once()
        await self._book(slot)
        await self.day.all_at_once()
        if slot in self.has:
            await self._cancel(slot)

    async def _step(self) -> None:
        """Answer what is asked; else give something back, or want something."""
        waits = (await self._send("GET", "/api/my/waits")).body
        asked = [one for one in waits["choices"] if one["open"] and one["offers"]]
        if asked and self.number:  # one of them does not look
            await self._answer(asked[0])
        elif self.has and self.pick.random() < 0.7:
            await self._cancel(self.pick.choice(list(self.has)))
        elif not asked and not await self._book(self.pick.randrange(SLOTS)):
            await self._wait()

    async def _book(self, slot: int) -> bool:
        async with self.day.noted(self.number, Kind.BOOK, slot) as told:
            held = await self._send("POST", "/api/holds", {"slot_id": self.day.slots[slot]})
            if held.status == 200:
                wanted = form(held.body["appointment_id"], self.resident)
                done = await self._send("POST", "/api/appointments", wanted)
                self._keep(slot, done, told)
        return bool(told)

    async def _wait(self) -> None:
        """Stand in line, once."""
        if self.number in WAITING and not self.waits:
            wanted = {
                "day_id": str(self.day.row.id), "person_id": str(self.resident.person.id),
                "phone": "13900000001", "sentence": "Water comes through the roof",
            }  # fmt: skip
            self.waits = (await self._send("POST", "/api/waitlist", wanted)).status == 200

    async def _answer(self, choice: dict) -> None:
        [offer] = choice["offers"]
        slot = self.day.place_of(offer["begins_at"])
        takes = self.pick.random() < 0.7
        body = {"answer": "take", "offer_id": offer["id"]} if takes else {"answer": "decline"}
        async with self.day.noted(self.number, Kind.BOOK, slot) as told:
            path = "/api/choices/given/answer"
            done = await self._send("POST", path, body, ask=choice["token"])
            if takes:
                self._keep(slot, done, told)

    def _keep(self, slot: int, done: Answer, told: list[Result]) -> None:
        if done.status == 200:
            self.has[slot] = done.body.get("appointment_id") or done.body["id"]
            told.append(Result.OK)

    async def _cancel(self, slot: int) -> None:
        async with self.day.noted(self.number, Kind.CANCEL, slot) as told:
            path = f"/api/appointments/{self.has.pop(slot)}/cancellation"
            done = await self._send("POST", path, {})
            assert done.status == 200, done.body
            told.append(Result.OK)

    async def _send(self, method: str, path: str, body: dict | None = None, *, ask: str = ""):
        try:
            answer = await self.wire.ask(method, path, body, cookie=self.token, token=ask)
        except (OSError, asyncio.IncompleteReadError) as error:
            raise Cut from error
        if answer.status == 503:
            raise Cut
        assert answer.status != 500, answer.body
        return answer


@dataclass
class Day:
    """A day with two times that everybody wants, and what happened."""

    services: Services
    url: str
    folder: Path
    clock: SwiftClock
    row: ReceptionDay
    slots: list[str]
    begins: list[datetime]
    residents: list[Resident]
    history: list[Operation] = field(default_factory=list)
    start: asyncio.Barrier = field(default_factory=lambda: asyncio.Barrier(CLIENTS))

    async def all_at_once(self) -> None:
        """Wait for the others, unless some of them are gone."""
        with suppress(TimeoutError, asyncio.BrokenBarrierError):
            await asyncio.wait_for(self.start.wait(), 1)

    def place_of(self, begins_at: str) -> int:
        return self.begins.index(datetime.fromisoformat(begins_at))

    @asynccontextmanager
    async def noted(self, client: int, kind: Kind, slot: int) -> AsyncIterator[list[Result]]:
        """What was said yes to, and what nobody answered; a refusal promises nothing."""
        begin, told = time.monotonic(), list[Result]()
        try:
            yield told
        except Cut:
            told.append(Result.UNKNOWN)
            raise
        finally:
            is_known = told and told[0] is Result.OK
            end = time.monotonic() if is_known else math.inf
            self.history += [Operation(client, kind, slot, begin, end, one) for one in told[:1]]

    async def callers(self, servers: list[Server], seed: int) -> list[Caller]:
        made = []
        for n, resident in enumerate(self.residents):
            async with self.services.uow.begin(SYSTEM) as tx:
                opened = await sessions.sign_in(
                    tx, resident.account, config=self.services.config.identity
                )
            wire = Wire(servers[n % len(servers)].port)
            pick = random.Random(f"{seed}/{n}")
            made.append(Caller(n, resident, opened.token, wire, self, pick))
        return made

    async def holders(self, slot: int) -> list[int]:
        query = sa.select(Appointment.account_id).where(
            Appointment.begins_at == self.begins[slot], Appointment.state.in_(OPEN_STATES)
        )
        async with self.services.uow.begin(SYSTEM) as tx:
            accounts = (await tx.session.scalars(query)).all()
        order = [resident.account.id for resident in self.residents]
        return [order.index(account) for account in accounts]

    async def is_sound(self) -> bool:
        """At most one holder of each time, and an order that explains every yes."""
        holders = [await self.holders(slot) for slot in range(SLOTS)]
        return checker.is_sound(self.history, holders)

    async def rows(self, query: str) -> list[tuple]:
        async with self.services.uow.begin(SYSTEM) as tx:
            found = await tx.connection.execute(
                sa.text(query), {"now": tx.now} if ":now" in query else {}
            )
            return [tuple(row) for row in found.all()]

    async def quiet(self) -> None:
        """What was due is done and what was offered is over, by whoever is left."""
        async with asyncio.timeout(60):
            while await self.rows(LEFT) != [(0,)]:  # noqa: ASYNC110
                await asyncio.sleep(0.1)


Fault = Callable[["Day", AsyncExitStack, Sequence[Server]], Awaitable[None]]


@asynccontextmanager
async def played(day: Day, seed: int, fault: Fault) -> AsyncIterator[None]:
    """Everybody lives at two servers, one of which has the fault; who is left goes on meanwhile."""
    async with AsyncExitStack() as stack:
        servers = await asyncio.gather(*(stack.enter_async_context(started(day)) for _ in range(2)))
        lives = [one.live() for one in await day.callers(servers, seed)]
        await asyncio.gather(fault(day, stack, servers), *lives)
        yield


def started(day: Day):
    return swift.server(day.url, day.folder, day.clock)


async def in_the_middle(servers: Sequence[Server]) -> Server:
    """The first that has offered a place, or ended an offer, and nobody knows of it yet."""
    waits = {asyncio.create_task(one.holds()): one for one in servers}
    done, others = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for other in others:
        other.cancel()
    [first, *_] = done
    await first
    return waits[first]


async def killed(day: Day, stack: AsyncExitStack, servers: Sequence[Server]) -> None:
    """F18: in the middle of an offer; another takes its place."""
    victim = await in_the_middle(servers)
    victim.process.kill()
    await stack.enter_async_context(started(day))


async def asleep(_day: Day, _stack: AsyncExitStack, servers: Sequence[Server]) -> None:
    """F19: past the end of its lease, in the middle of an offer."""
    victim = await in_the_middle(servers)
    victim.process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(SLEEPS)
    victim.process.send_signal(signal.SIGCONT)


async def choked(day: Day, stack: AsyncExitStack, servers: Sequence[Server]) -> None:
    """F20: a task that kills whoever takes it, until it is given up."""
    await in_the_middle(servers)
    async with day.services.uow.begin(SYSTEM) as tx:
        await tx.connection.execute(sa.text(POISON), {"now": tx.now})
    async with asyncio.timeout(60):
        while await day.rows(GIVEN_UP) != [(2,)]:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    await stack.enter_async_context(started(day))


@asynccontextmanager
async def prepared(url: str, folder: Path, start: datetime) -> AsyncIterator[Day]:
    clock = SwiftClock.at(start)
    async with swift.services_of(url, folder, clock) as services:
        leader = await add_leader(services, await add_centre(services))
        row = await publish_day(services, leader, slot_minutes=60, review=False)
        async with services.uow.begin(SYSTEM) as tx:
            await tx.connection.execute(sa.update(ReceptionDay).values(state="booking_open"))
        residents = [await add_resident(services, n + 1) for n in range(CLIENTS)]
        slots = [str(one) for one in await slots_of(services, row)]
        times = [row.begins_at, row.begins_at + (row.ends_at - row.begins_at) / 2]
        yield Day(services, url, folder, clock, row, slots, times, residents)


@pytest.mark.parametrize("fault", [killed, asleep, choked], ids=["f18", "f19", "f20"])
async def test_bookings_and_offers_are_as_one_process_made_them(
    services, config, database_url, clock, fault
):
    async with prepared(database_url, config.server.data_dir, clock.now()) as day:
        async with played(day, 18, fault):
            await day.quiet()
        assert await day.is_sound(), sorted(day.history, key=lambda one: one.begin)
        assert any(one.result is Result.OK for one in day.history)
        assert await day.rows(TWICE) == []
        assert await day.rows(ANSWERS)


async def test_without_constraint_and_locks_the_checker_finds_the_fault(request, services):
    """The control: the same on a database of its own, without what protects it."""
    folder, start = services.config.server.data_dir, services.clock.now()
    for seed in range(TRIES):
        async with unprotected(request.config.sockets, services) as bare:
            url = bare.engine.url.render_as_string(hide_password=False)
            async with prepared(url, folder, start) as day, played(day, seed, killed):
                if not await day.is_sound():
                    return
    pytest.fail(f"{TRIES} histories without protection, and none was found wrong")
