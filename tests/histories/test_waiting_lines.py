"""Histories of a full day: who waits is passed by nobody, whatever happens at the same time."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from scheduling import changes, holds
from scheduling.booking import Request
from scheduling.choices import answering, kept_places, questions, waiting
from scheduling.choices.states import EntryAction
from scheduling.choices.tables import OPEN_ENTRIES, WaitlistEntry
from scheduling.tables import OPEN_STATES, Appointment, AppointmentState, ReceptionDay
from server.bootstrap import Services
from server.kernel.actor import SYSTEM
from server.kernel.clock import FixedClock
from server.kernel.errors import Conflict, DomainError, Gone
from tests.reception import (
    Resident,
    add_centre,
    add_leader,
    add_resident,
    book,
    publish_day,
    slots_of,
    without_rest,
)

STEPS, WAITING = 8, 3
EXPECTED = (Conflict, Gone)
Grab = Callable[["Hall", Resident, UUID], Awaitable[bool]]


@dataclass
class Hall:
    """A full day, three who wait for it, and two who only look at its page."""

    services: Services
    clock: FixedClock
    day: ReceptionDay
    slots: list[UUID]
    passers: list[Resident]
    pick: random.Random
    grab: Grab
    passed: list[str] = field(default_factory=list)
    out_of_turn: list[str] = field(default_factory=list)

    async def step(self) -> None:
        """A place is given back, while others grab, are served, and answer."""
        before = await self._line()
        grabs = [self._grab(passer) for passer in self.passers]
        doings = [self._give_back(), self._serve(), self._answer(), *grabs]
        self.pick.shuffle(doings)
        done = await asyncio.gather(*doings)
        after = {entry_id for entry_id, _, _ in await self._line()}
        still = [entry_id for entry_id, _, _ in before if entry_id in after]
        if still and any(one == "grabbed" for one in done):
            self.passed.append(f"{len(still)} waited")
        await self._check_turns()
        if self.pick.random() < 0.5:
            self.clock.move(timedelta(hours=2, minutes=5))
            await self._lapse()

    async def _check_turns(self) -> None:
        """Who was offered a place has nobody before them who still waits for one."""
        states = [state for _, _, state in await self._line()]
        first_waiting = next((n for n, s in enumerate(states) if s == "waiting"), len(states))
        if "offered" in states[first_waiting:]:
            self.out_of_turn.append(" ".join(states))

    async def _line(self) -> list[tuple[UUID, int, str]]:
        query = sa.select(WaitlistEntry.id, WaitlistEntry.number, WaitlistEntry.state).where(
            WaitlistEntry.state.in_(OPEN_ENTRIES)
        )
        async with self.services.uow.begin(SYSTEM) as tx:
            rows = (await tx.session.execute(query.order_by(WaitlistEntry.number))).all()
        return [(row[0], row[1], row[2]) for row in rows]

    async def _grab(self, passer: Resident) -> str:
        return "grabbed" if await self.grab(self, passer, self.pick.choice(self.slots)) else ""

    async def _give_back(self) -> str:
        query = sa.select(Appointment).where(Appointment.state.in_(OPEN_STATES))
        try:
            async with self.services.uow.begin(SYSTEM) as tx:
                found = (await tx.session.scalars(query.order_by(Appointment.id))).all()
                if found:
                    await changes.cancel(tx, self.pick.choice(found), reason=None)
        except EXPECTED:
            pass
        return ""

    async def _serve(self) -> str:
        services = self.services
        async with services.uow.begin(SYSTEM) as tx:
            await waiting.serve(tx, services.sealer, rules=services.config.scheduling)
        return ""

    async def _answer(self) -> str:
        """One of those asked takes the place, or passes it on."""
        services = self.services
        async with services.uow.begin(SYSTEM) as tx:
            asked = await questions.open_of(tx)
            offers = {one.id: await questions.offers_of(tx, one.id) for one in asked}
        if not asked:
            return ""
        choice = self.pick.choice(asked)
        try:
            async with services.uow.begin(SYSTEM) as tx:
                if self.pick.random() < 0.5:
                    await answering.decline(tx, services.sealer, choice.id)
                else:
                    [offer] = offers[choice.id]
                    await answering.take(
                        tx, services.sealer, choice.id, offer.id, rules=services.config.scheduling
                    )
        except DomainError:
            pass
        return ""

    async def _lapse(self) -> None:
        """What the clock does: silence counts, holds that ran out are swept."""
        services = self.services
        async with services.uow.begin(SYSTEM) as tx:
            for choice in await questions.open_of(tx):
                if choice.due_at <= tx.now and choice.entry_id is not None:
                    await questions.close(without_rest(tx), choice, "silence")
                    entry = await tx.session.get_one(WaitlistEntry, choice.entry_id)
                    waiting.end(tx, entry, EntryAction.LAPSE)
        async with services.uow.begin(SYSTEM) as tx:
            await holds.sweep(without_rest(tx))


async def from_the_page(hall: Hall, who: Resident, slot_id: UUID) -> bool:
    """As everybody books; given back at once, so that others find it free again."""
    try:
        async with hall.services.uow.begin(who.actor) as tx:
            await holds.hold(tx, slot_id, config=hall.services.config.scheduling)
    except DomainError:
        return False
    async with hall.services.uow.begin(who.actor) as tx:
        await holds.give_up(tx, who.account.id)
    return True


async def past_the_rule(hall: Hall, _who: Resident, slot_id: UUID) -> bool:
    """The control: as if the page did not ask whether anybody waits."""
    async with hall.services.uow.begin(SYSTEM) as tx:
        await kept_places.lock(tx, [slot_id])
        kept = await kept_places.keep(tx, slot_id, until=tx.now + timedelta(minutes=10))
        if kept is not None:
            await kept_places.let_go(tx, [kept])
    return kept is not None


async def prepared(services: Services, clock: FixedClock, seed: int, grab: Grab) -> Hall:
    leader = await add_leader(services, await add_centre(services))
    day = await publish_day(services, leader, slot_minutes=60, review=False)
    async with services.uow.begin(SYSTEM) as tx:
        await tx.connection.execute(sa.update(ReceptionDay).values(state="booking_open"))
    slots = await slots_of(services, day)
    for n, slot in enumerate(slots, start=1):
        await book(services, slot, await add_resident(services, n))
    for n in range(WAITING):
        await _join(services, day, await add_resident(services, 10 + n))
    passers = [await add_resident(services, 20 + n) for n in range(2)]
    return Hall(services, clock, day, slots, passers, random.Random(seed), grab)


async def _join(services: Services, day: ReceptionDay, who: Resident) -> None:
    request = Request(phone="13900000001", sentence="Wages were not paid")
    async with services.uow.begin(who.actor) as tx:
        await waiting.join(
            tx, services.sealer, day.id, who.person.id, request, config=services.config,
            idempotency_key=None,
        )  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
async def test_nobody_passes_who_waits(services, clock, seed):
    hall = await prepared(services, clock, seed, from_the_page)
    for _ in range(STEPS):
        await hall.step()
    assert (hall.passed, hall.out_of_turn) == ([], [])
    async with services.uow.begin(SYSTEM) as tx:
        left = sa.select(sa.func.count()).select_from(Appointment)
        held = left.where(Appointment.state == AppointmentState.ON_HOLD)
        offered = sa.select(sa.func.count()).select_from(WaitlistEntry)
        offered = offered.where(WaitlistEntry.state == "offered")
        assert await tx.session.scalar(held) == await tx.session.scalar(offered)


async def test_control_without_the_rule_somebody_is_passed(services, clock):
    hall = await prepared(services, clock, 0, past_the_rule)
    for _ in range(STEPS):
        await hall.step()
    assert hall.passed
