"""The places of a day that is drawn: which are free, and the appointment that takes one."""

from uuid import UUID, uuid4

from scheduling.draws.tables import Draw
from scheduling.references import marks
from scheduling.tables import Appointment, AppointmentState, CallKind, SessionKind
from server.kernel.uow import Tx

FREE = """
    SELECT p.place FROM unnest($1::int[], $2::timestamptz[], $3::timestamptz[])
        AS p(place, begins_at, ends_at)
    WHERE p.begins_at > $5 AND NOT EXISTS (
        SELECT 1 FROM claim c WHERE c.resource = $4
        AND c.during && tstzrange(p.begins_at, p.ends_at)
        AND (c.expires_at IS NULL OR c.expires_at > $5))
    ORDER BY p.place
    """


def call_key(entry_id: UUID) -> str:
    return f"{CallKind.DRAW_PLACE}:{entry_id}"


async def free(tx: Tx, draw: Draw) -> list[int]:
    """Places ahead at whose time the host has nothing; the first is 1."""
    numbers = list(range(1, draw.places + 1))
    rows = await (await tx.driver()).fetch(
        FREE, numbers, [draw.time_of(one) for one in numbers],
        [draw.time_of(one + 1) for one in numbers], draw.host_id, tx.now,
    )  # fmt: skip
    return [row["place"] for row in rows]


async def appointment(
    tx: Tx, draw: Draw, place: int, *, state: AppointmentState, **who: object
) -> Appointment:
    """At the place's time with its host, for whoever is named in `who`; nothing is claimed yet."""
    facts: dict[str, object] = {
        "needs": {}, "booked_by": draw.announced_by, **who, **marks(uuid4(), now=tx.now),
        "session_kind": SessionKind.RECEPTION, "state": state, "host_id": draw.host_id,
        "unit_id": draw.unit_id, "begins_at": draw.time_of(place),
        "ends_at": draw.time_of(place + 1),
    }  # fmt: skip
    made = Appointment(**facts)
    tx.session.add(made)
    await tx.session.flush()
    return made
