"""Places by lot in the demo district, where the switch is on: one day open, one drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from scheduling.draws import announcing, applying, drawing
from scheduling.draws.announcing import CLOSE, NewDraw
from scheduling.draws.tables import Draw, DrawKind
from scheduling.plans.cutting import instant
from scheduling.requests import Request
from server.demo.bookings import Desk
from server.demo.moments import as_resident, as_staff, at
from server.kernel.actor import SYSTEM, Role
from server.kernel.config import Config
from server.kernel.tasks import Due
from server.kernel.uow import Tx
from server.units.calendar import day_of, load_calendar

MANY = 20
"""Demo residents ask for more than a real one may."""


@dataclass(frozen=True)
class Draws:
    desk: Desk
    texts: Mapping[str, Any]

    async def seed(self, tx: Tx) -> None:
        calendar = await load_calendar(tx, around=day_of(tx.now))
        days = [calendar.after(day_of(tx.now), ahead) for ahead in (4, 8)]
        drawn, open_ = [
            await self._announce(tx, title, instant(day, time(14)), closes)
            for title, day, closes in zip(
                self.texts["draws"]["titles"], days,
                (tx.now - timedelta(hours=1), instant(days[0], time(17))), strict=True,
            )
        ]  # fmt: skip
        await self._apply(tx, drawn, (1, 5, 6, 7))
        due = Due(0, CLOSE, "", {"draw_id": str(drawn.id)}, drawn.closes_at, 0, 1)
        await drawing.close(
            at(tx, drawn.closes_at, SYSTEM), self.desk.services.sealer, due,
            rules=self._config.scheduling,
        )  # fmt: skip
        await self._apply(tx, open_, (6, 7))

    @property
    def _config(self) -> Config:
        whole = self.desk.services.config
        rules = whole.scheduling.model_copy(update={"open_appointments": MANY})
        return whole.model_copy(update={"scheduling": rules})

    async def _announce(self, tx: Tx, title: str, begins_at: datetime, closes_at: datetime) -> Draw:
        clerk = as_staff(self.desk.everybody.worker(Role.CLERK))
        new = NewDraw(
            host_id=self.desk.everybody.worker(Role.MEDIATOR).id, kind=DrawKind.MEDIATOR,
            title=title, begins_at=begins_at, minutes=30, places=2,
            opens_at=tx.now - timedelta(days=3), closes_at=closes_at,
        )  # fmt: skip
        then = at(tx, tx.now - timedelta(days=4), clerk)
        sealer = self.desk.services.sealer
        return await announcing.announce(then, sealer, new, seed=announcing.new_seed())

    async def _apply(self, tx: Tx, draw: Draw, who: Sequence[int]) -> None:
        for place, number in enumerate(who):
            resident = self.desk.everybody.residents[number]
            request = Request(
                phone=resident.phone,
                sentence=self.texts["draws"]["sentence"],
                needs={"elder": True} if place == 1 else {},
            )
            asked = tx.now - timedelta(days=1, minutes=-place)
            await applying.apply(
                at(tx, asked, as_resident(resident)), self.desk.services.sealer, draw,
                resident.person_id, request, config=self._config, idempotency_key=None,
            )  # fmt: skip
