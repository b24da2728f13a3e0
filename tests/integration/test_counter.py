"""The counter: of those who want one time, one at a time; the others look again and are told."""

import asyncio

import pytest
import pytest_asyncio

from scheduling import holds
from server.kernel.errors import Conflict
from tests.reception import add_centre, add_leader, add_resident, publish_day, slots_of


@pytest_asyncio.fixture
async def slot_id(services, runner):
    day = await publish_day(services, await add_leader(services, await add_centre(services)))
    await runner.run_all_due()
    return (await slots_of(services, day))[0]


class Slow:
    """Somebody who has the turn, and is not done with it before they are let."""

    def __init__(self) -> None:
        self.begun, self.let = asyncio.Event(), asyncio.Event()


async def takes(services, slot_id, resident, *, slow=None):
    """Hold it, if it is free when one's turn comes."""
    asker = resident.account.id
    async with services.counter.turn(slot_id, asker=asker) as seen:
        if slow:
            slow.begun.set()
            await slow.let.wait()
        async with services.uow.begin(resident.actor) as tx:
            return await holds.hold_seen(tx, slot_id, seen, config=services.config.scheduling)


async def test_whoever_comes_second_is_told_without_having_locked_anything(services, slot_id):
    first, *others = [await add_resident(services, n) for n in range(1, 7)]
    slow = Slow()
    one = asyncio.create_task(takes(services, slot_id, first, slow=slow))
    await slow.begun.wait()
    crowd = [asyncio.create_task(takes(services, slot_id, other)) for other in others]
    answered, _ = await asyncio.wait(crowd, timeout=0.3)
    assert not answered
    slow.let.set()
    assert (await one).slot_id == slot_id
    refused = await asyncio.gather(*crowd, return_exceptions=True)
    assert {error.code for error in refused} == {"slot_held"}
    assert all(len(error.details["alternatives"]) == 3 for error in refused)


async def test_a_turn_that_came_to_nothing_is_the_next_ones(services, slot_id):
    gone, stays = [await add_resident(services, n) for n in (1, 2)]
    slow = Slow()
    one = asyncio.create_task(takes(services, slot_id, gone, slow=slow))
    await slow.begun.wait()
    other = asyncio.create_task(takes(services, slot_id, stays))
    answered, _ = await asyncio.wait([other], timeout=0.3)
    assert not answered
    one.cancel()
    assert (await other).slot_id == slot_id


async def test_the_holder_has_a_turn_at_what_they_hold(services, slot_id):
    holder, other = [await add_resident(services, n) for n in (1, 2)]
    held = await takes(services, slot_id, holder)
    assert await takes(services, slot_id, holder) == held
    with pytest.raises(Conflict):
        await takes(services, slot_id, other)
