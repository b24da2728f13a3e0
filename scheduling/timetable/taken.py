"""What claims keep resources from being had, as bits."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from scheduling.tables import ClaimReason
from scheduling.timetable.free import Closed, Why
from scheduling.timetable.horizon import Horizon, cells_of, steps_sql, widened
from server.kernel.uow import Tx

WHY = {
    ClaimReason.LEAVE: Why.LEAVE,
    ClaimReason.OUTSIDE: Why.TAKEN,
    ClaimReason.BOOKING: Why.TAKEN,
    ClaimReason.HOLD: Why.HELD,
}
"""Ordered by what is told first."""
_WHERE = {"origin": "$4", "steps": "$6"}
CLAIMED = f"""
    SELECT resource, reason,
           {steps_sql("lower(during)", up=False, **_WHERE)} AS begins,
           {steps_sql("upper(during)", up=True, **_WHERE)} AS ends
    FROM claim
    WHERE resource = ANY($1) AND during && tstzrange($2, $3)
    AND (expires_at IS NULL OR expires_at > $5) AND ($7::int IS NULL OR seats @> $7::int)
    GROUP BY resource, reason
    """  # noqa: S608  (our own words)


async def read(
    tx: Tx, horizon: Horizon, resources: Sequence[UUID], *, buffer: timedelta = timedelta(),
    seat: int | None = None,
) -> dict[UUID, tuple[Closed, ...]]:  # fmt: skip
    """By resource; one that nothing keeps has no entry. A hold that has run out keeps nothing.

    `buffer`: so long before and after what is taken nothing else is to be. `seat`: what keeps this
    one of their seats; else what keeps any.
    """
    begins_at, ends_at = horizon.at(0), horizon.at(horizon.size)
    rows = await (await tx.driver()).fetch(
        CLAIMED, resources, begins_at - buffer, ends_at + buffer, horizon.origin, tx.now,
        horizon.steps, seat,
    )  # fmt: skip
    closed: dict[UUID, dict[Why, int]] = {}
    for row in rows:
        bits = closed.setdefault(row["resource"], {})
        why = WHY[ClaimReason(row["reason"])]
        cells = horizon.filled(row["begins"], row["ends"])
        bits[why] = bits.get(why, 0) | cells
        if buffer and why is not Why.LEAVE:
            wider = widened(cells, cells_of(buffer))
            bits[Why.BUFFER] = bits.get(Why.BUFFER, 0) | wider
    told = [*dict.fromkeys(WHY.values()), Why.BUFFER]
    return {
        resource: tuple((why, bits[why]) for why in told if why in bits)
        for resource, bits in closed.items()
    }
