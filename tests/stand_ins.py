"""A leader who cannot come and one who could stand in, for tests."""

from scheduling import access, reviews
from scheduling.tables import Appointment
from server.kernel.actor import SYSTEM
from tests.reception import add_leader, book, clerk, publish_day

PHONE = "13900000001"
REASON = {"reason": "A meeting in the capital"}


async def two_leaders(services, centre, runner) -> dict:
    """Leader 5 with two days, leader 2 who could stand in."""
    absent = await add_leader(services, centre, rank=5)
    other = await add_leader(services, centre, rank=2)
    day = await publish_day(services, absent, in_days=9)
    later = await publish_day(services, absent, in_days=13)
    await runner.run_all_due()
    return {"absent": absent, "other": other, "day": day, "later": later}


async def confirmed(services, centre, slot_id, resident, **changes):
    booked = await book(services, slot_id, resident, **changes)
    async with services.uow.begin(clerk(centre)) as tx:
        await reviews.confirm(tx, services.sealer, await access.desk_appointment(tx, booked))
    return booked


async def appointment_of(services, appointment_id) -> Appointment:
    async with services.uow.begin(SYSTEM) as tx:
        return await tx.session.get_one(Appointment, appointment_id)


async def replace(desk, hall, **changes):
    body = {"leader_id": str(hall["other"].account.id), **REASON, **changes}
    return await desk.post(f"/api/reception-days/{hall['day'].id}/substitution", json=body)
