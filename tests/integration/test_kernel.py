"""Tasks, audit and units of work over a real database."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from scheduling.runner import BATCH, Handlers, Runner
from scheduling.tables import Replay
from server.bootstrap.handlers import handlers
from server.bootstrap.subscriptions import SUBSCRIPTIONS
from server.identity.tables import Account, AccountKind, AccountPerson, Person
from server.kernel import audit, driver, tasks
from server.kernel.actor import SYSTEM
from server.kernel.audit import AuditLine
from server.kernel.errors import Conflict
from server.kernel.tasks import Task
from server.kernel.uow import LOST_RACE, TRIES, Tx


async def test_task_runs_once_when_due(services, clock):
    ran = []

    async def work(tx, due):
        ran.append(due.payload["n"])

    runner = Runner(services.uow, Handlers(work={"count": work}))
    async with services.uow.begin(SYSTEM) as tx:
        later = clock.now() + timedelta(hours=1)
        for n in (1, 1):
            tx.schedule("count", key=f"count:{n}", due_at=later, payload={"n": n})
    assert await runner.run_all_due() == 0
    clock.move(timedelta(hours=1))
    assert await runner.run_all_due() == 1
    assert await runner.run_all_due() == 0
    assert ran == [1]


@pytest.mark.parametrize("number", [1, driver.MOST_TOGETHER + 1])
async def test_rows_of_several_tables_are_written_together_however_many(services, number):
    """A row may refer to one of another table; what stands in the way of another stays as it is."""
    account_id, person_id, keys = uuid4(), uuid4(), [f"n:{n}" for n in range(number)]
    async with services.uow.begin(SYSTEM) as tx:
        tx.schedule("first", key=keys[0], payload={})
    async with services.uow.begin(SYSTEM) as tx:
        tx.write(Replay, *({"actor_id": account_id, "key": key, "action": "a", "result_id": uuid4(),
                            "at": tx.now} for key in keys))  # fmt: skip
        tx.write(Person, {"id": person_id, "name": b"", "level": "declared", "created_at": tx.now})
        tx.write(Account, {"id": account_id, "kind": AccountKind.STAFF, "created_at": tx.now})
        theirs = {"account_id": account_id, "person_id": person_id, "relation": "self"}
        tx.write(AccountPerson, {**theirs, "created_at": tx.now})
        for key in keys:
            tx.schedule("second", key=key, payload={"n": key})
            tx.audit("count", "bench", key)
    async with services.uow.begin(SYSTEM) as tx:
        kinds = (await tx.session.scalars(sa.select(Task.kind).order_by(Task.id))).all()
        kept = (await tx.session.scalars(sa.select(Replay.key))).all()
        lines = sa.select(AuditLine.subject_id).order_by(AuditLine.id)
        told = (await tx.session.scalars(lines)).all()
    assert kinds == ["first", *["second"] * (number - 1)]
    assert sorted(kept) == sorted(keys)
    assert told == keys


async def test_failing_task_is_given_back_and_kept(services, clock):
    async def work(tx, due):
        raise ValueError("no luck")

    runner = Runner(services.uow, Handlers(work={"bad": work}))
    async with services.uow.begin(SYSTEM) as tx:
        tx.schedule("bad", key="bad:1", payload={})
    for _ in range(12):
        await runner.run_all_due()
        clock.move(timedelta(hours=2))
    async with services.uow.begin(SYSTEM) as tx:
        task = (await tx.session.scalars(sa.select(Task))).one()
    assert (task.attempt, task.done_at, task.last_error) == (8, None, "ValueError")


@pytest.mark.parametrize("rivals", [1, 99])
async def test_collision_is_tried_again_quietly_until_given_up(services, clock, caplog, rivals):
    """Another transaction wins the row `rivals` times: a word in the log only when it is given up."""
    async with services.uow.begin(SYSTEM) as tx:
        account = Account(id=uuid4(), kind=AccountKind.STAFF, login="a", created_at=tx.now)
        tx.session.add(account)
        tx.schedule("meet", key="meet:1", payload={})
    left = rivals

    async def meet(tx, due):
        nonlocal left
        mine = await tx.session.get_one(Account, account.id)
        if left:
            left -= 1
            async with services.uow.begin(SYSTEM) as rival:
                (await rival.session.get_one(Account, account.id)).name = f"rival {left}"
        mine.name = "mine"

    caplog.set_level("INFO", "yuntiao.tasks")
    for _ in range(12):
        await Runner(services.uow, Handlers(work={"meet": meet})).run_all_due()
        clock.move(timedelta(hours=2))
    async with services.uow.begin(SYSTEM) as tx:
        task = (await tx.session.scalars(sa.select(Task))).one()
        name = (await tx.session.get_one(Account, account.id)).name
    told = [(line.levelname, line.message) for line in caplog.records]
    if rivals == 1:
        assert (name, task.outcome, told) == ("mine", "done", [("INFO", "task_collided")])
    else:
        assert (task.done_at, task.last_error) == (None, "Conflict changed_meanwhile")
        assert told == [*[("INFO", "task_collided")] * 7, ("ERROR", "task_failed")]


async def test_audit_cannot_be_rewritten_and_tampering_shows(services, owner_engine):
    async with services.uow.begin(SYSTEM) as tx:
        for n in range(3):
            tx.audit("tested", "thing", str(n))
    await sealed(services, lines=3)
    async with services.uow.begin(SYSTEM) as tx:
        assert await audit.verify(tx.connection) is None
    with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
        async with services.uow.begin(SYSTEM) as tx:
            await tx.connection.execute(sa.update(AuditLine).values(action="forged"))
    async with owner_engine.begin() as connection:  # the control: the owner can, and it shows
        query = sa.update(AuditLine).where(AuditLine.subject_id == "1").values(action="forged")
        await connection.execute(query)
        forged = await connection.scalar(
            sa.select(AuditLine.id).where(AuditLine.action == "forged")
        )
        assert await audit.verify(connection) == forged


async def test_slow_effects_hold_up_neither_work_nor_other_effects(services):
    """A mail server that hangs must not delay the clock, nor the codes people wait for."""
    hung, done = asyncio.Event(), []

    async def hang(due):
        await hung.wait()
        done.append(due.kind)

    async def quick(due):
        done.append(due.kind)

    async def work(tx, due):
        done.append(due.kind)

    runner = Runner(
        services.uow, Handlers(work={"step": work}, effects={"mail": hang, "code": quick})
    )
    async with services.uow.begin(SYSTEM) as tx:
        for n in range(2 * BATCH):
            tx.schedule("mail", key=f"mail:{n}", payload={})
        tx.schedule("step", key="step", payload={})
        tx.schedule("code", key="code", payload={})
    async with asyncio.timeout(60):
        while sorted(done) != ["code", "step"]:
            await runner.run_due()
            await asyncio.sleep(0)
    async with services.uow.begin(SYSTEM) as tx:
        tried = await tx.session.scalar(sa.select(sa.func.sum(Task.attempt)))
    assert tried == BATCH + 2  # no more mails were taken than are under way
    hung.set()
    await runner.run_all_due()
    assert done.count("mail") == 2 * BATCH


@pytest.mark.parametrize("plan", ["hashagg, hashjoin, mergejoin, sort, material", ""])
async def test_a_batch_is_never_exceeded_however_the_database_plans_it(services, plan):
    async with services.uow.begin(SYSTEM) as tx:
        for n in range(9):
            tx.schedule("step", key=f"step:{n}", payload={})
    async with services.uow.begin(SYSTEM) as tx:
        for kind in filter(None, plan.split(", ")):
            await tx.connection.execute(sa.text(f"SET LOCAL enable_{kind} = off"))
        taken = await tasks.lease(tx.connection, owner="one", now=tx.now, batch=3)
    assert [task.key for task in taken] == ["step:0", "step:1", "step:2"]


@pytest.mark.parametrize(("given", "planned_for_all"), [(driver.planned_once, True), (list, False)])
async def test_statement_for_one_of_many_rows_keeps_its_plan(services, given, planned_for_all):
    """And the control: a bare array of one is planned for anew each time."""
    every, one = "SELECT md5(n::text)::uuid AS id FROM generate_series(1, 20000) n", uuid4()
    query = """SELECT 'kept', m.id FROM many m JOIN others o USING (id) JOIN others p USING (id)
               WHERE m.id = ANY($1)"""
    async with services.uow.begin(SYSTEM) as tx:
        quick = await tx.driver()
        for table in ("many", "others"):
            await quick.execute(f"CREATE TEMP TABLE {table} ON COMMIT DROP AS {every}")
            await quick.execute(f"CREATE UNIQUE INDEX ON {table} (id)")
            await quick.execute(f"ANALYZE {table}")
        for _ in range(8):
            await quick.fetch(query, given([one]))
        plans = """SELECT generic_plans > 0 FROM pg_prepared_statements
                   WHERE statement LIKE '%''kept''%' AND statement NOT LIKE '%pg_prepared%'"""
        assert await quick.fetchval(plans) is planned_for_all


async def sealed(services, *, lines: int, within: float = 10.0) -> None:
    """Seal until all lines are; transactions of other databases of the server hold it up."""
    deadline = asyncio.get_running_loop().time() + within
    done = 0
    while done < lines:
        assert asyncio.get_running_loop().time() < deadline, f"{done} of {lines} sealed"
        async with services.uow.begin(SYSTEM) as tx:
            done += await audit.seal(tx.connection)


async def test_every_event_has_handlers_for_all_its_followers(services):
    known = handlers(services)
    kinds = {kind for followers in SUBSCRIPTIONS.kinds.values() for kind in followers}
    assert kinds <= {*known.work, *known.effects}


async def test_transactions_that_wait_for_each_other_are_a_lost_race(services, clock):
    async with services.uow.begin(SYSTEM) as tx:
        for key in ("a", "b"):
            tx.schedule("nothing", key=key, payload={}, due_at=clock.now() + timedelta(days=1))
    both = asyncio.Barrier(2)

    async def change(first: str, second: str) -> None:
        async with services.uow.begin(SYSTEM) as tx:
            for key in (first, second):
                changed = sa.update(Task).where(Task.key == key).values(outcome=first)
                await tx.connection.execute(changed)
                if key == first:
                    await both.wait()

    ended = await asyncio.gather(change("a", "b"), change("b", "a"), return_exceptions=True)
    assert sorted(type(one) for one in ended if one) == [Conflict]
    assert None in ended


async def test_same_thing_made_twice_at_once_is_a_lost_race(services):
    async def make() -> None:
        async with services.uow.begin(SYSTEM) as tx:
            tx.session.add(Task(kind="nothing", key="one", payload={}, due_at=tx.now))

    await make()
    with pytest.raises(Conflict):
        await make()


async def test_work_begins_anew_when_another_was_faster_until_it_is_too_often(services, clock):
    async def lose(tx: Tx) -> None:
        tx.schedule("nothing", key=str(len(tried)), payload={}, due_at=clock.now())
        tried.append(tx)
        raise Conflict(LOST_RACE)

    async def win_then(tx: Tx) -> int:
        if len(tried) < TRIES - 1:
            await lose(tx)
        return len(tried)

    async def refuse(tx: Tx) -> None:
        tried.append(tx)
        raise Conflict("wrong_state")

    tried: list[Tx] = []
    assert await services.uow.settle(SYSTEM, win_then) == TRIES - 1
    tried.clear()
    with pytest.raises(Conflict, match=LOST_RACE):
        await services.uow.settle(SYSTEM, lose)
    assert len(tried) == TRIES
    tried.clear()
    with pytest.raises(Conflict, match="wrong_state"):
        await services.uow.settle(SYSTEM, refuse)
    assert len(tried) == 1
    async with services.uow.begin(SYSTEM) as tx:
        assert not (await tx.session.scalars(sa.select(Task).where(Task.kind == "nothing"))).all()
