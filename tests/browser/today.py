"""The reception that is due when a demo district opens: its line, and who holds it."""

from uuid import UUID

import sqlalchemy as sa

from scheduling.tables import Appointment
from server.demo.people import Resident as Known
from server.demo.today import DEMO_LEADER
from server.kernel.actor import SYSTEM, Role
from tests.browser.callers import Caller
from tests.browser.district import District
from tests.browser.stage import Stage


def leader_of_today(district: District) -> str:
    return district.people.worker(Role.LEADER, DEMO_LEADER).name


async def place_of(district: District, known: Known) -> UUID:
    """The appointment of this resident in today's line."""
    leader = district.people.worker(Role.LEADER, DEMO_LEADER)
    query = sa.select(Appointment.id).where(
        Appointment.account_id == known.id, Appointment.host_id == leader.id
    )
    async with district.services.uow.begin(SYSTEM) as tx:
        query = query.where(Appointment.begins_at > tx.now)
        return (await tx.session.scalars(query)).one()


async def leader_takes_the_seat(stage: Stage, appointment_id: UUID) -> Caller:
    """The leader without a browser, in the room and talking."""
    leader = await stage.staff_caller(f"leader{DEMO_LEADER}", appointment_id)
    await leader.seat.connect()
    await leader.join()
    return leader


async def let_in(leader: Caller, name: str) -> None:
    """Once this person waits outside."""
    await leader.seat.until(lambda: leader.seat.people().get(name, {}).get("state") == "waiting")
    who = leader.seat.people()[name]["participant_id"]
    await leader.seat.send("admit", participant_id=who, because="known to the leader")
