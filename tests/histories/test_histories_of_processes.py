"""Booking histories over three server processes on one database, of which one is killed."""

import asyncio
import math
import random
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from uuid import UUID

import pytest
import sqlalchemy as sa

from scheduling.tables import OPEN_STATES, Appointment, AppointmentState, ReceptionDay
from server.identity import sessions
from server.kernel.actor import SYSTEM
from tests.bench.booking_load import Serving, server
from tests.bench.wire import Answer, Wire
from tests.histories import checker
from tests.histories.checker import Kind, Operation, Result
from tests.reception import (
    Resident,
    add_centre,
    add_leader,
    add_resident,
    form,
    publish_day,
    slots_of,
)

pytestmark = [pytest.mark.slow, pytest.mark.machine_time, pytest.mark.xdist_group("processes")]
PROCESSES, CLIENTS, SLOTS, STEPS = 3, 9, 2, 5
KILLED_AFTER = 12


class Cut(Exception):
    """No answer came: it was done or it was not."""


@dataclass
class Caller:
    """A resident at one of the servers, until it goes away under a request."""

    number: int
    resident: Resident
    token: str
    wire: Wire
    has: dict[int, str] = field(default_factory=dict)
    has_cancelled: bool = False

    async def book(self, slot: int, slot_id: str) -> Result:
        held = await self._post("/api/holds", {"slot_id": slot_id})
        if held.status != 200:
            return Result.REFUSED
        wanted = form(held.body["appointment_id"], self.resident)
        done = await self._post("/api/appointments", wanted)
        assert done.status == 200, done.body
        self.has[slot] = done.body["id"]
        return Result.OK

    async def cancel(self, slot: int) -> Result:
        done = await self._post(f"/api/appointments/{self.has.pop(slot)}/cancellation", {})
        assert done.status == 200, done.body
        self.has_cancelled = True  # a second one would bring a pause
        return Result.OK

    async def _post(self, path: str, body: dict) -> Answer:
        try:
            answer = await self.wire.post(path, body, cookie=self.token)
        except (OSError, asyncio.IncompleteReadError) as error:
            raise Cut from error
        if answer.status == 503:  # the database went away under it
            raise Cut
        return answer


@dataclass
class Play:
    callers: list[Caller]
    slots: list[str]
    history: list[Operation] = field(default_factory=list)

    async def run(self, seed: int, kill: Callable[[], None]) -> None:
        work = [self._live(one, random.Random(f"{seed}/{one.number}")) for one in self.callers]
        await asyncio.gather(*work, self._after_some(kill))

    async def _after_some(self, kill: Callable[[], None]) -> None:
        while len(self.history) < KILLED_AFTER:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        kill()

    async def _live(self, caller: Caller, pick: random.Random) -> None:
        for _ in range(STEPS):
            slot, begin = pick.randrange(SLOTS), time.monotonic()
            may_cancel = slot in caller.has and not caller.has_cancelled
            if slot in caller.has and not may_cancel:
                continue
            kind = Kind.CANCEL if may_cancel else Kind.BOOK
            try:
                doing = caller.cancel(slot) if may_cancel else caller.book(slot, self.slots[slot])
                self._note(caller, kind, slot, begin, time.monotonic, await doing)
            except Cut:
                self._note(caller, kind, slot, begin, lambda: math.inf, Result.UNKNOWN)
                return

    def _note(self, caller: Caller, kind: Kind, slot: int, begin, end, result: Result) -> None:
        self.history.append(Operation(caller.number, kind, slot, begin, end(), result))


@pytest.mark.parametrize("seed", range(3))
async def test_three_processes_of_which_one_is_killed_are_as_one(
    services, config, database_url, seed
):
    slots, residents = await prepared(services)
    async with AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(
                server("ours", url=database_url, folder=config.server.data_dir)
            )
            for _ in range(PROCESSES)
        ]
        play = await playing(stack, services, residents, slots, servers)
        await play.run(seed, servers[0].process.kill)
    assert any(one.result is Result.UNKNOWN for one in play.history)
    await check(services, play, slots, residents)


async def prepared(services) -> tuple[list[UUID], list[Resident]]:
    """Two times that can be booked, and who would have them."""
    leader = await add_leader(services, await add_centre(services))
    day = await publish_day(services, leader)
    async with services.uow.begin(SYSTEM) as tx:
        await tx.connection.execute(sa.update(ReceptionDay).values(state="booking_open"))
    slots = (await slots_of(services, day))[:SLOTS]
    return slots, [await add_resident(services, n + 1) for n in range(CLIENTS)]


async def playing(
    stack: AsyncExitStack,
    services,
    residents: list[Resident],
    slots: list[UUID],
    servers: list[Serving],
) -> Play:
    callers = [
        Caller(n, one, await _token(services, one), Wire(servers[n % len(servers)].port))
        for n, one in enumerate(residents)
    ]
    stack.callback(lambda: [caller.wire.close() for caller in callers])
    return Play(callers, [str(slot) for slot in slots])


async def check(services, play: Play, slots: list[UUID], residents: list[Resident]) -> None:
    """One order explains everything that was told, and what stands in the end."""
    holders = [await _holders(services, slot, residents) for slot in slots]
    assert checker.is_sound(play.history, holders), sorted(play.history, key=lambda one: one.begin)


async def _token(services, resident: Resident) -> str:
    async with services.uow.begin(SYSTEM) as tx:
        opened = await sessions.sign_in(tx, resident.account, config=services.config.identity)
    return opened.token


async def _holders(services, slot, residents: list[Resident]) -> list[int]:
    """Who has the slot in the end; a hold whose form never came has it, too."""
    states = (*OPEN_STATES, AppointmentState.ON_HOLD)
    query = sa.select(Appointment.account_id).where(
        Appointment.slot_id == slot, Appointment.state.in_(states)
    )
    async with services.uow.begin(SYSTEM) as tx:
        accounts = (await tx.session.scalars(query)).all()
    order = [resident.account.id for resident in residents]
    return [order.index(account) for account in accounts]
