"""Booking histories: what concurrent clients see of a slot is one slot's behaviour."""

import asyncio
import random
import time
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import sqlalchemy as sa

from scheduling import booking, changes, holds, public_days
from scheduling.booking import Request
from scheduling.tables import OPEN_STATES, Appointment, ReceptionDay
from server.bootstrap import Services
from server.kernel.actor import SYSTEM
from server.kernel.config import Config
from server.kernel.errors import Conflict, Gone
from tests.histories import checker
from tests.histories.checker import FREE, Kind, Operation, Result, is_possible
from tests.reception import (
    Resident,
    add_centre,
    add_leader,
    add_resident,
    publish_day,
    slots_of,
    without_rest,
)
from tests.unprotected import demand_found_wrong

CLIENTS, SLOTS, STEPS = 6, 2, 5


@dataclass
class Table:
    """A day with slots that everybody wants, and what happened."""

    services: Services
    day: ReceptionDay
    slots: list
    residents: list[Resident]
    history: list[Operation] = field(default_factory=list)

    async def play(self, seed: int) -> None:
        await asyncio.gather(
            *(self._client(n, random.Random(f"{seed}/{n}")) for n in range(CLIENTS))
        )

    async def _client(self, client: int, pick: random.Random) -> None:
        has: dict[int, object] = {}
        for _ in range(STEPS):
            slot = pick.randrange(SLOTS)
            if pick.random() < 0.2:
                await self._note(client, Kind.READ, slot, self._read(slot))
            elif slot in has:
                appointment_id = has.pop(slot)
                await self._note(client, Kind.CANCEL, slot, self._cancel(client, appointment_id))
            else:
                await self._note(client, Kind.BOOK, slot, self._book(client, slot, has))

    async def _note(self, client: int, kind: Kind, slot: int, what) -> None:
        begin = time.monotonic()
        result = await what
        self.history.append(Operation(client, kind, slot, begin, time.monotonic(), result))

    async def _read(self, slot: int) -> Result:
        async with self.services.uow.begin(SYSTEM) as tx:
            states = await public_days.times(tx, self.day)
        return Result.FREE if states[slot].reason is None else Result.TAKEN

    async def _book(self, client: int, slot: int, has: dict[int, object]) -> Result:
        resident, services = self.residents[client], self.services
        request = Request(phone="13900000001", sentence="Wages were not paid")
        try:
            async with services.uow.begin(resident.actor) as tx:
                kept = await holds.hold(tx, self.slots[slot], config=self.config.scheduling)
            async with services.uow.begin(resident.actor) as tx:
                made = await booking.submit(
                    tx, services.sealer, kept.appointment_id, resident.person.id, request,
                    config=self.config, idempotency_key=None,
                )  # fmt: skip
        except (Conflict, Gone):
            return Result.REFUSED
        has[slot] = made.appointment_id
        return Result.OK

    @property
    def config(self) -> Config:
        """Without the pause after cancellations: these clients cancel all the time."""
        whole = self.services.config
        rules = whole.scheduling.model_copy(update={"cancel_cooldown": timedelta()})
        return whole.model_copy(update={"scheduling": rules})

    async def _cancel(self, client: int, appointment_id) -> Result:
        async with self.services.uow.begin(self.residents[client].actor) as tx:
            appointment = await tx.session.get_one(Appointment, appointment_id)
            await changes.cancel(without_rest(tx), appointment, reason=None)
        return Result.OK

    async def holders(self, slot: int) -> list[int]:
        """Who has the slot in the end, by the table of appointments."""
        query = sa.select(Appointment.person_id).where(
            Appointment.slot_id == self.slots[slot], Appointment.state.in_(OPEN_STATES)
        )
        async with self.services.uow.begin(SYSTEM) as tx:
            people = (await tx.session.scalars(query)).all()
        order = [resident.person.id for resident in self.residents]
        return [order.index(person) for person in people]

    async def is_sound(self) -> bool:
        """At most one holder of each slot, and an order of events that explains all answers."""
        holders = [await self.holders(slot) for slot in range(SLOTS)]
        return checker.is_sound(self.history, holders)


async def prepared(services: Services) -> Table:
    leader = await add_leader(services, await add_centre(services))
    day = await publish_day(services, leader, review=True)
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.update(ReceptionDay).values(state="booking_open")
        await tx.connection.execute(query)
        day = await tx.session.get_one(ReceptionDay, day.id)
    residents = [await add_resident(services, n + 1) for n in range(CLIENTS)]
    return Table(services, day, (await slots_of(services, day))[:SLOTS], residents)


@pytest.mark.parametrize("seed", range(10))
async def test_what_clients_see_of_a_slot_happened_in_some_order(services, seed):
    table = await prepared(services)
    await table.play(seed)
    assert await table.is_sound(), sorted(table.history, key=lambda one: one.begin)


async def test_without_constraint_and_locks_the_checker_finds_the_fault(request, services):
    """The control: the same clients on a database of its own, without what protects it."""
    await demand_found_wrong(request.config.sockets, services, prepared)


BOOK, REFUSED = Kind.BOOK, Result.REFUSED


@pytest.mark.parametrize(
    ("history", "final", "possible"),
    [
        ([(0, BOOK, 0, 1, Result.OK), (1, BOOK, 2, 3, REFUSED)], 0, True),
        ([(0, BOOK, 0, 1, Result.OK), (1, BOOK, 2, 3, Result.OK)], 1, False),  # twice
        ([(0, BOOK, 2, 3, Result.OK), (1, BOOK, 0, 1, REFUSED)], 0, False),  # refused, yet free
        ([(0, BOOK, 0, 3, Result.OK), (1, BOOK, 1, 2, REFUSED)], 0, True),  # at the same time
        ([(0, BOOK, 0, 1, Result.OK), (1, Kind.READ, 2, 3, Result.FREE)], 0, False),  # stale
        ([(0, BOOK, 0, 1, Result.OK), (0, Kind.CANCEL, 2, 3, Result.OK)], FREE, True),
        ([(0, BOOK, 0, 1, Result.OK), (0, Kind.CANCEL, 2, 3, Result.OK)], 0, False),
        ([(0, BOOK, 0, 1e9, Result.UNKNOWN)], 0, True),  # killed, yet committed
        ([(0, BOOK, 0, 1e9, Result.UNKNOWN)], FREE, True),
        ([(0, BOOK, 0, 1, Result.OK)], FREE, False),  # lost
    ],
)
def test_checker_knows_right_from_wrong(history, final, possible):
    told = [Operation(c, kind, 0, begin, end, result) for c, kind, begin, end, result in history]
    assert is_possible(told, final=final) is possible
