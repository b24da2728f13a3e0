"""What is dropped every night: traces of work that is done. Nothing of people's matters."""

from datetime import timedelta

from scheduling import replays
from server.kernel import tasks
from server.kernel.uow import Tx
from signaling import tickets

TASKS_KEPT = timedelta(days=30)
"""Longer than anything that is made anew under a task's key."""

REPLAYS_KEPT = timedelta(days=7)
TICKETS_KEPT = timedelta(days=1)


async def purge(tx: Tx) -> None:
    """Any process may do it, at any time, and twice."""
    await tasks.forget(tx.connection, before=tx.now - TASKS_KEPT)
    await replays.forget(tx, before=tx.now - REPLAYS_KEPT)
    await tickets.forget(tx, before=tx.now - TICKETS_KEPT)
