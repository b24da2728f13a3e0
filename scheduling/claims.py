"""Claims: who has which resource when. Lock first (kind), constraint last (the guarantee)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from scheduling.tables import ClaimReason
from server.kernel.driver import Driver, count


@dataclass(frozen=True)
class Wanted:
    """A resource for a time: one seat of it, or the whole with every seat that it has or may get."""

    resource: UUID
    begins_at: datetime
    ends_at: datetime
    seat: int | None = None


LOCK = "SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key"
TAKE = """
    WITH wanted AS (
        SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $8::int[])
        AS w(r, b, e, seat)
    ), cleared AS (
        DELETE FROM claim USING wanted WHERE claim.resource = wanted.r
        AND during && tstzrange(wanted.b, wanted.e) AND expires_at <= $7 RETURNING claim.id
    )
    INSERT INTO claim (resource, seats, during, reason, appointment_id, expires_at)
    SELECT r, int4range(seat, seat, '[]'), tstzrange(b, e), $4, $5, $6 FROM wanted
    WHERE (SELECT count(*) FROM cleared) >= 0  -- clear first, then take
    ON CONFLICT DO NOTHING
    """
KEEP = """
    WITH kept AS (
        UPDATE claim SET reason = 'booking', expires_at = NULL WHERE appointment_id = $1
        RETURNING during
    ), cleared AS (
        DELETE FROM claim USING kept WHERE claim.resource = $2
        AND claim.during && kept.during AND expires_at <= $3 RETURNING claim.id
    ), taken AS (
        INSERT INTO claim (resource, during, reason, appointment_id)
        SELECT $2, during, 'booking', $1 FROM kept
        WHERE (SELECT count(*) FROM cleared) >= 0
        ON CONFLICT DO NOTHING RETURNING id
    )
    SELECT (SELECT count(*) FROM kept) AS kept, (SELECT count(*) FROM taken) AS taken
    """
LEFT = """
    SELECT lower(part) AS begins_at, upper(part) AS ends_at FROM unnest(
        tstzmultirange(tstzrange($2, $3)) - (
            SELECT coalesce(range_agg(during), '{}') FROM claim
            WHERE resource = $1 AND (expires_at IS NULL OR expires_at > $4))) AS part
    """
PROLONG = "UPDATE claim SET expires_at = $2 WHERE appointment_id = $1"
RELEASE_ONE = "DELETE FROM claim WHERE appointment_id = $1 AND resource = $2"
RELEASE = "DELETE FROM claim WHERE appointment_id = ANY($1)"


async def lock(driver: Driver, resources: Iterable[UUID]) -> None:
    """Wait for the resources, always in one order, until the transaction ends."""
    keys = sorted({int.from_bytes(r.bytes[:8], "big", signed=True) for r in resources})
    await driver.execute(LOCK, keys)


async def take(
    driver: Driver,
    wanted: Sequence[Wanted],
    *,
    appointment_id: UUID | None,
    reason: ClaimReason,
    expires_at: datetime | None,
    now: datetime,
) -> bool:
    """Claim all of it, after holds that ran out are cleared away.

    False: something was taken; part of the claims may stand, so the caller must undo the
    transaction or release them.
    """
    resources = [w.resource for w in wanted]
    begins, ends = [w.begins_at for w in wanted], [w.ends_at for w in wanted]
    made = await driver.execute(
        TAKE, resources, begins, ends, reason, appointment_id, expires_at, now,
        [w.seat for w in wanted],
    )  # fmt: skip
    return count(made) == len(wanted)


async def left_of(driver: Driver, wanted: Wanted, *, now: datetime) -> list[Wanted]:
    """The parts of this time at which the resource has nothing, on whatever seat."""
    rows = await driver.fetch(LEFT, wanted.resource, wanted.begins_at, wanted.ends_at, now)
    return [Wanted(wanted.resource, row["begins_at"], row["ends_at"], wanted.seat) for row in rows]


@dataclass(frozen=True)
class Kept:
    """How many claims of a hold stood, and how many of the person's were free."""

    kept: int
    taken: int


async def keep(driver: Driver, appointment_id: UUID, *, person_id: UUID, now: datetime) -> Kept:
    """Turn a hold into a booking, and take the person for the same time."""
    row = await driver.fetchrow(KEEP, appointment_id, person_id, now)
    assert row is not None
    return Kept(**row)


async def prolong(driver: Driver, appointment_id: UUID, *, until: datetime) -> bool:
    """Keep a hold longer. False: it was cleared away meanwhile."""
    return count(await driver.execute(PROLONG, appointment_id, until)) > 0


async def release(driver: Driver, *appointment_ids: UUID) -> None:
    """Everything the appointments claim is free again."""
    await driver.execute(RELEASE, appointment_ids)


async def release_one(driver: Driver, appointment_id: UUID, resource: UUID) -> None:
    """Of all that the appointment claims, this alone is free again."""
    await driver.execute(RELEASE_ONE, appointment_id, resource)
