"""Traces of work are dropped after their time; what waits, or failed, stays."""

from datetime import timedelta
from uuid import uuid4

import sqlalchemy as sa

from scheduling import replays
from scheduling.tables import Replay
from server.bootstrap import purge
from server.kernel.actor import SYSTEM
from server.kernel.tasks import Task


async def test_only_what_is_done_and_old_is_dropped(services, clock):
    now, old = clock.now(), purge.TASKS_KEPT + timedelta(days=1)
    rows = {
        "done and old": {"due_at": now - old, "done_at": now - old},
        "done lately": {"due_at": now - timedelta(days=2), "done_at": now},
        "a dead letter": {"due_at": now - old, "attempt": 8},
        "to come": {"due_at": now + timedelta(days=2)},
    }
    actor = uuid4()
    async with services.uow.begin(SYSTEM) as tx:
        tx.session.add_all(Task(kind="none", key=key, **row) for key, row in rows.items())
        replays.keep(tx, actor, "yesterday", action="a", result_id=uuid4())
    clock.move(purge.REPLAYS_KEPT - timedelta(hours=1))
    async with services.uow.begin(SYSTEM) as tx:
        await purge.purge(tx)
        assert len((await tx.session.scalars(sa.select(Replay.key))).all()) == 1  # the control
        kept = set(await tx.session.scalars(sa.select(Task.key)))
    assert kept == rows.keys() - {"done and old"}
    clock.move(timedelta(hours=2))
    async with services.uow.begin(SYSTEM) as tx:
        await purge.purge(tx)
        await purge.purge(tx)
        assert (await tx.session.scalars(sa.select(Replay.key))).all() == []
