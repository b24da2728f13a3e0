"""F02: the server is killed in the middle of bookings; what it acknowledged stands, once."""

import asyncio
import random
from dataclasses import dataclass, field
from uuid import UUID

import pytest
import sqlalchemy as sa

from scheduling.tables import Appointment, ReceptionDay
from server.identity import sessions
from server.kernel.actor import SYSTEM
from tests.bench.booking_load import server
from tests.bench.wire import Answer, Wire
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
KILLS, CLIENTS, SLOTS = 6, 12, 24

BROKEN = sa.text(
    """
    SELECT a.id FROM appointment a WHERE a.state = 'submitted' AND NOT (
        a.case_id IS NOT NULL AND a.person_id IS NOT NULL
        AND (SELECT count(*) FROM claim c WHERE c.appointment_id = a.id) = 2
        AND (SELECT count(*) FROM invitee i WHERE i.appointment_id = a.id) = 2
        AND (SELECT count(*) FROM party p WHERE p.case_id = a.case_id) = 1
        AND (SELECT count(*) FROM replay r WHERE r.result_id = a.id) = 1
        AND (SELECT count(*) FROM audit_line l
             WHERE l.subject_id = a.id::text AND l.action = 'submit') = 1)
    """
)


@dataclass
class Booker:
    """A resident who tries again after every failure, with the same key."""

    resident: Resident
    token: str
    slots: list[UUID]
    pending: dict | None = None
    acknowledged: list[str] = field(default_factory=list)
    repeated: int = 0

    async def book_all(self, port: int) -> None:
        """Book what is still to be booked, until the server goes away."""
        wire = Wire(port)
        try:
            while self.slots:
                await self._book(wire, self.slots[0])
                self.slots.pop(0)
                self.pending = None
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            wire.close()

    async def _book(self, wire: Wire, slot_id: UUID) -> None:
        self.repeated += self.pending is not None
        if self.pending is None:
            held = await wire.post("/api/holds", {"slot_id": str(slot_id)}, cookie=self.token)
            assert held.status == 200, held.body
            self.pending = form(held.body["appointment_id"], self.resident)
        for _ in range(2):
            done = await self._submit(wire, f"key-{slot_id}")
            assert (done.status, done.body["id"]) == (200, self.pending["appointment_id"])
        without = await self._submit(wire, None)  # the control
        assert without.status == 409
        self.acknowledged.append(done.body["id"])

    async def _submit(self, wire: Wire, key: str | None) -> Answer:
        return await wire.post("/api/appointments", self.pending, cookie=self.token, key=key)


async def test_f02_killed_while_booking(services, config, database_url):
    leader = await add_leader(services, await add_centre(services))
    day = await publish_day(services, leader, slot_minutes=5)
    async with services.uow.begin(SYSTEM) as tx:
        await tx.connection.execute(sa.update(ReceptionDay).values(state="booking_open"))
    slots = (await slots_of(services, day))[:SLOTS]
    bookers = await prepared(services, slots)
    pick, kills = random.Random(7), 0
    while any(booker.slots for booker in bookers):
        async with server("ours", url=database_url, folder=config.server.data_dir) as running:
            work = asyncio.gather(*(booker.book_all(running.port) for booker in bookers))
            if kills < KILLS:
                while not work.done() and not any(b.pending for b in bookers):  # noqa: ASYNC110
                    await asyncio.sleep(0.001)
                await asyncio.wait([work], timeout=pick.uniform(0, 0.02))
                running.process.kill()
                kills += 1
            await work
    await check(services, slots, bookers)


async def check(services, slots: list[UUID], bookers: list[Booker]) -> None:
    """Every acknowledged booking is there, whole; every slot is taken once; some were repeated."""
    acknowledged = {one for booker in bookers for one in booker.acknowledged}
    async with services.uow.begin(SYSTEM) as tx:
        query = sa.select(Appointment.id, Appointment.slot_id).where(
            Appointment.state == "submitted"
        )
        rows = (await tx.connection.execute(query)).all()
        assert (await tx.connection.execute(BROKEN)).all() == []
    assert {str(one) for one, _ in rows} == acknowledged
    assert sorted(slot for _, slot in rows) == sorted(slots)
    assert sum(booker.repeated for booker in bookers) > 0


async def prepared(services, slots: list[UUID]) -> list[Booker]:
    made = []
    for n in range(CLIENTS):
        resident = await add_resident(services, n + 1)
        async with services.uow.begin(SYSTEM) as tx:
            opened = await sessions.sign_in(tx, resident.account, config=services.config.identity)
        made.append(Booker(resident, opened.token, slots[n::CLIENTS]))
    return made
