"""What an Idempotency-Key led to: the same key of the same person gets the same answer."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from scheduling.tables import Replay
from server.kernel.driver import Driver
from server.kernel.errors import Conflict
from server.kernel.uow import Tx

KNOWN = "SELECT action, result_id FROM replay WHERE actor_id = $1 AND key = $2"


async def found(quick: Driver, actor_id: UUID, key: str | None, *, action: str) -> UUID | None:
    """What the same key led to before; read with the actor locked, else two at once both pass."""
    row = await quick.fetchrow(KNOWN, actor_id, key) if key else None
    if row is None:
        return None
    if row["action"] != action:
        raise Conflict("idempotency_key_reused")
    result: UUID = row["result_id"]
    return result


def keep(tx: Tx, actor_id: UUID, key: str | None, *, action: str, result_id: UUID) -> None:
    if key:
        row = {"actor_id": actor_id, "key": key, "action": action}
        tx.write(Replay, {**row, "result_id": result_id, "at": tx.now})


async def forget(tx: Tx, *, before: datetime) -> None:
    """No client sends a request again after so long."""
    await tx.connection.execute(sa.delete(Replay).where(Replay.at < before))
