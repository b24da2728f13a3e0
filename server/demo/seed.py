"""Fills an empty database with the demo district; dated from the start, the same every time."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from server.bootstrap.services import Services
from server.demo import matters, people, plans, rosters
from server.demo.bookings import Desk
from server.demo.draws import Draws
from server.demo.hours import office_hours
from server.demo.joints import Joints
from server.demo.matters import Registry
from server.demo.people import People
from server.demo.today import Today
from server.demo.waits import Waits
from server.identity.tables import Account
from server.kernel.actor import SYSTEM
from server.kernel.tasks import Task
from server.kernel.uow import Tx
from server.units import seeding
from server.units.seeding import NewUnit

REMINDER = "reminder.due"


@dataclass(frozen=True)
class District:
    units: list[NewUnit]
    everybody: People


async def prepare(services: Services, district: District) -> None:
    """Seed an empty database; at every start, see to it that something is due."""
    data = matters.load()
    desk = Desk(services, district.everybody)
    async with services.uow.begin(SYSTEM) as tx:
        if await seeding.is_empty(tx):
            await _seed(tx, services, district, texts=data["texts"])
            await Registry(desk, data["texts"], await office_hours(tx)).seed(tx, data)
            await plans.close_past(tx)
            await Waits(desk, data["texts"], await office_hours(tx)).seed(tx)
            await Joints(desk, await office_hours(tx)).seed(tx)
            if services.config.scheduling.draws:
                await Draws(desk, data["texts"]).seed(tx)
        elif await tx.session.get(Account, district.everybody.leaders[0].worker.id) is None:
            raise SystemExit("demo: the database holds a real district; choose another one")
        await Today(desk, data["texts"], await office_hours(tx)).ensure(tx)
        await _forget_reminders(tx)


async def _seed(tx: Tx, services: Services, district: District, *, texts: dict[str, Any]) -> None:
    await seeding.seed(tx, district.units)
    await people.seed(tx, district.everybody, sealer=services.sealer)
    brief_at = services.config.scheduling.brief_at
    await rosters.seed(tx, district.units, district.everybody)
    await plans.seed(tx, district.everybody, texts, brief_at=brief_at)


async def _forget_reminders(tx: Tx) -> None:
    """Of what was confirmed before the start; it would be reminded of when it is about to begin."""
    await tx.flush()
    gone_by = sa.delete(Task).where(Task.kind == REMINDER, Task.due_at < tx.now)
    await tx.connection.execute(gone_by)
