"""Claims counted in SQL, against each one looked at by itself."""

import random
from datetime import date, time, timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import Range

from scheduling.plans.cutting import instant
from scheduling.tables import Claim, ClaimReason
from scheduling.timetable import taken
from scheduling.timetable.free import Why
from scheduling.timetable.horizon import DAY_CELLS, OPEN_CELLS, Horizon
from server.kernel.actor import SYSTEM

HORIZON = Horizon(date(2026, 11, 24), 5)
REAL = HORIZON.days_of((day, (1 << OPEN_CELLS) - 1) for day in range(HORIZON.days))


async def test_claims_read_at_once_take_the_cells_that_each_of_them_touches(services):
    chance = random.Random(20261124)
    made = [one for _ in range(20) for one in _claims(chance, uuid4())]
    async with services.uow.begin(SYSTEM) as tx:
        await tx.connection.execute(sa.insert(Claim), made)
        found = await taken.read(tx, HORIZON, list({one["resource"] for one in made}))
    told: dict[UUID, dict[Why, int]] = {}
    for one in made:
        cells = HORIZON.touching(one["during"].lower, one["during"].upper) & REAL
        by_reason = told.setdefault(one["resource"], {})
        why = taken.WHY[one["reason"]]
        by_reason[why] = by_reason.get(why, 0) | cells
    assert {one: {why: bits for why, bits in of if bits} for one, of in found.items()} == {
        one: {why: bits for why, bits in of.items() if bits} for one, of in told.items()
    }
    assert sum(1 for of in told.values() for bits in of.values() if bits) > 30


async def test_what_is_taken_in_the_night_leaves_the_day_without_a_buffer(services):
    resource, midnight = uuid4(), HORIZON.at(DAY_CELLS) - timedelta(hours=7)
    night = Range(midnight - timedelta(hours=2), midnight + timedelta(hours=6))
    row = {"resource": resource, "during": night, "reason": ClaimReason.OUTSIDE}
    async with services.uow.begin(SYSTEM) as tx:
        await tx.connection.execute(sa.insert(Claim), [row])
        found = await taken.read(tx, HORIZON, [resource], buffer=timedelta(minutes=5))
    assert all(bits & REAL == 0 for _, bits in found[resource])


def _claims(chance: random.Random, resource: UUID) -> list[dict[str, object]]:
    """One after the other, to the second, from before the horizon until after it."""
    at = instant(HORIZON.first, time()) - timedelta(days=1)
    rows: list[dict[str, object]] = []
    while at < HORIZON.at(HORIZON.size) + timedelta(days=1):
        begins_at = at + timedelta(seconds=chance.choice((0, 1, 299, 1800, 20_000)))
        at = begins_at + timedelta(seconds=chance.choice((1, 300, 301, 1800, 3600, 90_000)))
        reason = chance.choice((ClaimReason.BOOKING, ClaimReason.LEAVE, ClaimReason.OUTSIDE))
        rows.append({"resource": resource, "during": Range(begins_at, at), "reason": reason})
    return rows
