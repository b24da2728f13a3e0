"""A place that was given back rests for a while that nobody can foresee: it cannot be handed over.

Who stands in line has it at once, and so has whoever is asked or walks in; the page has it later.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import SystemRandom
from typing import Self
from uuid import UUID

from server.kernel.config import Scheduling
from server.kernel.uow import Tx

BEGIN = "UPDATE slot SET rests_until = $2, left_by = $3 WHERE id = $1"
BEGIN_OFFERED = """
    UPDATE slot s SET rests_until = $2, left_by = h.id
    FROM offer o JOIN appointment h ON h.id = o.hold_id
    WHERE o.choice_id = $1 AND h.state = 'cancelled' AND s.id = h.slot_id
    """
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


A_WHILE = Rest()


async def begin(tx: Tx, slot_id: UUID | None, rest: Rest, *, left_by: UUID) -> None:
    """The place was given back by this appointment, which may come back to it."""
    if slot_id is None or not rest.most:
        return
    until = rest.until(tx.now)
    await (await tx.driver()).execute(BEGIN, slot_id, until, left_by)
    tx.audit("rest", "appointment", left_by, until=until)


async def begin_offered(tx: Tx, choice_id: UUID, rest: Rest) -> None:
    """As `begin`, of the places that were offered and not taken."""
    if rest.most:
        await (await tx.driver()).execute(BEGIN_OFFERED, choice_id, rest.until(tx.now))
