"""T25: nobody gets more appointments than a person may have, whatever way they come."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
import sqlalchemy as sa

from scheduling import booking, changes, holds
from scheduling.booking import Request
from scheduling.tables import OPEN_STATES, Appointment, ReceptionDay
from server.bootstrap import Services
from server.identity.tables import AccountPerson
from server.kernel.actor import SYSTEM
from server.kernel.errors import RuleBroken, Throttled
from tests.reception import (
    Resident,
    add_centre,
    add_leader,
    add_resident,
    book,
    clerk,
    publish_day,
    slots_of,
    without_rest,
)
from tests.unprotected import unprotected

PHONES = 4


async def booked_at_once(services: Services) -> int:
    """One person, acted for by several accounts that submit together; answers how many stand."""
    leader = await add_leader(services, await add_centre(services))
    day = await publish_day(services, leader)
    async with services.uow.begin(SYSTEM) as tx:
        await tx.connection.execute(sa.update(ReceptionDay).values(state="booking_open"))
    residents = [await add_resident(services, n + 1) for n in range(PHONES)]
    person = residents[0].person
    async with services.uow.begin(SYSTEM) as tx:
        for one in residents[1:]:
            link = {"account_id": one.account.id, "person_id": person.id, "relation": "family"}
            tx.session.add(AccountPerson(**link, created_at=tx.now))
    same = [Resident(one.account, person) for one in residents]
    slots = await slots_of(services, day)
    kept = []
    for one, slot in zip(same, slots, strict=True):
        async with services.uow.begin(one.actor) as tx:
            kept.append(await holds.hold(tx, slot, config=services.config.scheduling))
    await asyncio.gather(
        *(submit(services, one, hold) for one, hold in zip(same, kept, strict=True))
    )
    async with services.uow.begin(SYSTEM) as tx:
        count = sa.select(sa.func.count()).where(
            Appointment.person_id == person.id, Appointment.state.in_(OPEN_STATES)
        )
        return await tx.session.scalar(count)


async def submit(services: Services, resident: Resident, hold: holds.Hold) -> None:
    request = Request(phone="13900000001", sentence="Wages were not paid")
    with suppress(RuleBroken):
        async with services.uow.begin(resident.actor) as tx:
            await booking.submit(
                tx, services.sealer, hold.appointment_id, resident.person.id, request,
                config=services.config, idempotency_key=None,
            )  # fmt: skip


async def test_t25_several_phones_do_not_get_one_person_more(services):
    assert await booked_at_once(services) == services.config.scheduling.open_appointments


async def test_t25_without_locks_they_would(request, services):
    """The control: the count before the insert is not enough."""
    for _ in range(10):
        async with unprotected(request.config.sockets, services) as bare:
            if await booked_at_once(bare) > services.config.scheduling.open_appointments:
                return
    pytest.fail("ten tries without locks, and the limit held all the same")


async def test_t25_slot_after_slot_is_slowed_down(services, clock):
    leader = await add_leader(services, await add_centre(services))
    day = await publish_day(services, leader, slot_minutes=5)
    async with services.uow.begin(SYSTEM) as tx:
        await tx.connection.execute(sa.update(ReceptionDay).values(state="booking_open"))
    resident = await add_resident(services)
    refused = 0
    for slot in (await slots_of(services, day))[: 2 * holds.HOLDS_A_MINUTE]:
        try:
            async with services.uow.begin(resident.actor) as tx:
                await holds.hold(tx, slot, config=services.config.scheduling)
        except Throttled:
            refused += 1
    assert refused == holds.HOLDS_A_MINUTE


async def give_back(services: Services, resident: Resident, appointment_id, *, by=None) -> None:
    async with services.uow.begin(by or resident.actor) as tx:
        appointment = await tx.session.get_one(Appointment, appointment_id)
        await changes.cancel(without_rest(tx), appointment, reason=None)


async def test_t25_places_taken_and_given_back_again_and_again_bring_a_pause(services, clock):
    leader = await add_leader(services, await add_centre(services))
    day = await publish_day(services, leader)
    async with services.uow.begin(SYSTEM) as tx:
        await tx.connection.execute(sa.update(ReceptionDay).values(state="booking_open"))
    resident, other = await add_resident(services), await add_resident(services, 2)
    slots = await slots_of(services, day)
    for slot in slots[:2]:  # the control: after one cancellation they book again at once
        await give_back(services, resident, await book(services, slot, resident))
        clock.move(timedelta(hours=1))
    with pytest.raises(RuleBroken, match="cancelled_often"):
        await book(services, slots[0], resident)
    await book(services, slots[2], other)  # the control: whoever gave nothing back
    clock.move(services.config.scheduling.cancel_cooldown)
    await book(services, slots[1], resident)


async def test_t25_what_the_desk_cancels_counts_against_nobody(services):
    leader = await add_leader(services, await add_centre(services))
    day = await publish_day(services, leader)
    async with services.uow.begin(SYSTEM) as tx:
        await tx.connection.execute(sa.update(ReceptionDay).values(state="booking_open"))
    resident, desk = await add_resident(services), clerk(leader.unit)
    slots = await slots_of(services, day)
    for slot in slots[:2]:
        await give_back(services, resident, await book(services, slot, resident), by=desk)
    assert await book(services, slots[2], resident)
