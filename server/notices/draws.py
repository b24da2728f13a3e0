"""What those who applied for a place by lot are told when they have none."""

from dataclasses import dataclass
from uuid import UUID

from scheduling.draws.tables import Draw, DrawEntry, DrawState
from server.cases.queries import staff_names
from server.kernel.tasks import Due
from server.kernel.uow import Tx
from server.notices.courier import WORTH_TELLING, Courier


@dataclass(frozen=True)
class DrawNotices:
    courier: Courier

    async def lost(self, tx: Tx, due: Due) -> str | None:
        """How many stand before them for a place that is given back; of no use once it is off."""
        entry, draw = await _applied(tx, due)
        if draw.state != DrawState.DRAWN or entry.place is None:
            return "skipped"
        await self._tell(tx, entry, draw, "draw_lost", turn=entry.place - draw.places)
        return None

    async def off(self, tx: Tx, due: Due) -> None:
        entry, draw = await _applied(tx, due)
        await self._tell(tx, entry, draw, "draw_off")

    async def _tell(
        self, tx: Tx, entry: DrawEntry, draw: Draw, template: str, *, turn: int | None = None
    ) -> None:
        who, wording = self.courier.asker(entry), self.courier.wording
        names = await staff_names(tx, [draw.host_id])
        await self.courier.tell(
            tx, who, template, key=str(entry.id), until=tx.now + WORTH_TELLING,
            host=names.get(draw.host_id, ""), day=wording.day(who.language, draw.begins_at),
            link=wording.link("/draws"), turn=turn,
        )  # fmt: skip


async def _applied(tx: Tx, due: Due) -> tuple[DrawEntry, Draw]:
    entry = await tx.session.get_one(DrawEntry, UUID(due.payload["entry_id"]))
    return entry, await tx.session.get_one(Draw, entry.draw_id)
