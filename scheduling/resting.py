"""A place that was given back rests for a while that nobody can foresee: it cannot be handed over.

Who stands in line has it at once, and so has whoever is asked or walks in; the page has it later.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import SystemRandom
from typing import Self
from uuid import UUID

from server.kernel.config import Scheduling
from server.kernel.uow import Tx

BEGIN = "UPDATE slot SET rests_until = $2, left_by = $3 WHERE id = $1"
_random = SystemRandom()


@dataclass(frozen=True)
class Rest:
    """Between how long and how long a place rests; not at all where both are nothing."""

    least: timedelta = timedelta(minutes=30)
    most: timedelta = timedelta(hours=2)

    @classmethod
    def of(cls, rules: Scheduling) -> Self:
        return cls(rules.rest_least, rules.rest_most)

    def until(self, now: datetime) -> datetime:
        return now + self.least + (self.most - self.least) * _random.random()


async def begin(tx: Tx, slot_id: UUID | None, *, left_by: UUID) -> None:
    """The place was given back by this appointment, which may come back to it."""
    rest = Rest.of(tx.rules)
    if slot_id is None or not rest.most:
        return
    until = rest.until(tx.now)
    await (await tx.driver()).execute(BEGIN, slot_id, until, left_by)
    tx.audit("rest", "appointment", left_by, until=until)


async def begin_all(tx: Tx, left: Iterable[tuple[UUID | None, UUID]]) -> None:
    """As `begin`, of slots with the appointment that gave each back; always in one order."""
    for slot_id, left_by in sorted((slot_id, left_by) for slot_id, left_by in left if slot_id):
        await begin(tx, slot_id, left_by=left_by)
