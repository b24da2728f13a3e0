"""A session that nobody ended: the clock closes it once everybody is gone, and never before."""

import asyncio
from datetime import timedelta

import sqlalchemy as sa

from scheduling.events import AppointmentConfirmed
from scheduling.tables import Appointment
from server.kernel.actor import SYSTEM
from signaling.tables import LiveSession, Participant


async def confirmed(hall) -> None:
    async with hall.services.uow.begin(SYSTEM) as tx:
        tx.emit(AppointmentConfirmed(appointment_id=hall.appointment.id, sequence=0))


async def looked_at(hall, runner, clock, *, minutes: tuple[int, ...]) -> None:
    for some in minutes:
        clock.move(timedelta(minutes=some))
        await runner.run_all_due()


async def ended(hall) -> tuple[str, str | None]:
    async with hall.services.uow.begin(SYSTEM) as tx:
        found = await tx.session.get_one(Appointment, hall.appointment.id)
        of_it = LiveSession.appointment_id == found.id
        return found.state, await tx.session.scalar(sa.select(LiveSession.result).where(of_it))


async def met(hall):
    """One of the parties with the host, who has begun."""
    host = await hall.host()
    return host, await hall.inside("Wang", host)


async def gone(hall, *seats) -> None:
    """They leave no word: a lid is shut, a phone is put away."""
    for seat in seats:
        await seat.close()
    of_them = sa.select(Participant.state).where(Participant.id.in_([seat.id for seat in seats]))
    async with asyncio.timeout(30):
        while await states(hall, of_them) != {"connection_lost"}:
            pass


async def states(hall, query) -> set[str]:
    async with hall.services.uow.begin(SYSTEM) as tx:
        return set(await tx.session.scalars(query))


async def deserted(hall, runner, clock) -> tuple[str, str | None]:
    """What became of it after two looks; after one it stands."""
    host, wang = await met(hall)
    await confirmed(hall)
    await looked_at(hall, runner, clock, minutes=(0, 95))
    await gone(hall, host, wang)
    await looked_at(hall, runner, clock, minutes=(16,))
    assert await ended(hall) == ("in_session", None)
    await looked_at(hall, runner, clock, minutes=(16,))
    return await ended(hall)


async def test_reception_that_nobody_ended_is_closed_and_may_be_decided(hall, runner, clock):
    assert await deserted(hall, runner, clock) == ("completed", "held")
    leader = await hall.staff(hall.leader.account)
    await leader.post(f"/api/live/{hall.appointment.id}/decision", {"result": "held"})


async def test_mediation_that_nobody_ended_may_be_gone_on_with(table, runner, clock):
    assert await deserted(table, runner, clock) == ("completed", "aborted")


async def test_while_somebody_is_there_it_goes_on(hall, runner, clock):
    host, _ = await met(hall)
    await confirmed(hall)
    await gone(hall, host)
    await looked_at(hall, runner, clock, minutes=(0, 95, 16, 16, 16))
    assert await ended(hall) == ("in_session", None)
