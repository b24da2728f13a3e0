"""What else is free: the next three slots, the same leader's first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from scheduling.slots import AWAKE, GENERAL, Reason
from server.kernel.driver import Driver
from server.kernel.errors import Conflict, Plain

OFFERED = 3

# The number of rows is written out: with a parameter the planner expects to read a tenth of all
# slots. One leader's slots are found by their days and sorted, others by walking through time.
FREE = """
    WITH days AS {first} (
        SELECT d.id, d.leader_id, o.name, o.rank FROM reception_day d
        JOIN official o ON o.account_id = d.leader_id
        WHERE {which} AND d.state = 'booking_open' AND NOT d.invited_only
        AND d.booking_closes_at > $2 AND NOT EXISTS (
            SELECT 1 FROM waitlist_entry w
            WHERE w.day_id = d.id AND w.state IN ('waiting', 'offered'))
    )
    SELECT s.id AS slot_id, s.day_id, s.begins_at, d.leader_id, d.name AS leader_name
    FROM slot s JOIN days d ON d.id = s.day_id
    WHERE s.begins_at > $2 AND {general} AND NOT EXISTS (
        SELECT 1 FROM claim c WHERE c.resource = s.resource AND c.seats @> s.seat
        AND c.during && tstzrange(s.begins_at, s.ends_at)
        AND (c.expires_at IS NULL OR c.expires_at > $2))
    ORDER BY {order} LIMIT 3
"""
PUBLIC = f"{GENERAL} AND {AWAKE}".format(now="$2")
OF_LEADER = FREE.format(
    which="d.leader_id = $1",
    first="MATERIALIZED",
    order="ROW(s.begins_at, d.rank)",
    general=PUBLIC,
)
OF_OTHERS = FREE.format(
    which="d.leader_id <> $1 AND d.kind <> 'topic'",
    first="NOT MATERIALIZED",
    order="s.begins_at, d.rank",
    general=PUBLIC,
)

# For people whose time fell away: also before booking opens, and after it closed.
FREE_AHEAD = """
    SELECT s.id AS slot_id, s.day_id, s.begins_at, d.leader_id, o.name AS leader_name
    FROM reception_day d JOIN slot s ON s.day_id = d.id
    JOIN official o ON o.account_id = d.leader_id JOIN unit u ON u.id = d.unit_id
    WHERE {which} AND s.begins_at > $2 AND {general}
    AND d.state IN ('published', 'booking_open', 'booking_closed')
    AND NOT EXISTS (
        SELECT 1 FROM waitlist_entry w
        WHERE w.day_id = d.id AND w.state IN ('waiting', 'offered'))
    AND NOT EXISTS (
        SELECT 1 FROM claim c WHERE c.resource = s.resource AND c.seats @> s.seat
        AND c.during && tstzrange(s.begins_at, s.ends_at)
        AND (c.expires_at IS NULL OR c.expires_at > $3))
    ORDER BY s.begins_at, o.rank, s.seat LIMIT $4
"""
AHEAD = FREE_AHEAD.format(which="d.leader_id = $1", general=GENERAL.format(now="$3"))
IN_CHARGE = FREE_AHEAD.format(
    which="""d.leader_id <> $1 AND NOT d.invited_only AND starts_with($5, u.path) AND (
        $6::text IS NULL
        OR $6 = ANY(CASE WHEN cardinality(d.topics) > 0 THEN d.topics ELSE o.topics END))""",
    general=GENERAL.format(now="$3"),
)


@dataclass(frozen=True)
class Alternative:
    slot_id: UUID
    day_id: UUID
    begins_at: datetime
    leader_id: UUID
    leader_name: str

    def plain(self) -> dict[str, Plain]:
        return {
            "slot_id": str(self.slot_id),
            "day_id": str(self.day_id),
            "begins_at": self.begins_at.isoformat(),
            "leader_name": self.leader_name,
        }


async def find(driver: Driver, *, leader_id: UUID, now: datetime) -> tuple[Alternative, ...]:
    """Up to three free slots: the same leader's next ones, then the next of others."""
    found: list[Alternative] = []
    for query in (OF_LEADER, OF_OTHERS):
        if len(found) < OFFERED:
            found += [Alternative(**row) for row in await driver.fetch(query, leader_id, now)]
    return tuple(found[:OFFERED])


async def ahead(
    driver: Driver, *, leader_id: UUID, since: datetime, now: datetime, most: int
) -> list[Alternative]:
    """The leader's next free places on any published day on whose list nobody waits."""
    rows = await driver.fetch(AHEAD, leader_id, since, now, most)
    return [Alternative(**row) for row in rows]


async def in_charge(
    driver: Driver, *, but: UUID, topic: str | None, path: str, since: datetime, now: datetime,
    most: int,
) -> list[Alternative]:  # fmt: skip
    """As `ahead`, of all other leaders who are in charge of the topic, of this unit or above."""
    rows = await driver.fetch(IN_CHARGE, but, since, now, most, path, topic)
    return [Alternative(**row) for row in rows]


async def refused(driver: Driver, reason: Reason, *, leader_id: UUID, now: datetime) -> Conflict:
    """The error to raise: why not, and what else is free."""
    return conflict(reason, await find(driver, leader_id=leader_id, now=now))


def conflict(reason: Reason, others: Sequence[Alternative]) -> Conflict:
    details: dict[str, Plain] = {
        "reason": str(reason),
        "alternatives": [other.plain() for other in others],
    }
    return Conflict(f"slot_{reason}", details=details)
