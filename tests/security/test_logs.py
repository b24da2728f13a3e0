"""No log line and no unsealed column says who somebody is: canaries sung through the whole flow."""

import io
import json
import logging

import pytest
import pytest_asyncio
import sqlalchemy as sa

from scheduling.runner import Handlers, Runner
from server.app import logs
from server.http.dispatch import log as http_log
from server.kernel.actor import SYSTEM, Role
from server.kernel.config import Log
from server.kernel.database import Base
from server.kernel.outside import NotDelivered
from server.kernel.tasks import Task
from tests.identity import add_staff, enter, sign_in_resident
from tests.integration.test_notices import confirm
from tests.reception import add_centre, add_leader, publish_day, slots_of

PHONE, NAME, NUMBER = "13877776666", "金丝雀", "330502197001010015"
ADDRESS, SENTENCE, MAIL = "鸟笼路 77 号", "金丝雀的工资没有发", "canary@cage.example"
CANARIES = (PHONE, NAME, NUMBER, ADDRESS, SENTENCE, MAIL)


@pytest.fixture
def lines():
    """What the server would write to its log, from now on."""
    stream, level = io.StringIO(), logging.getLogger().level
    logs.set_up(Log(level="debug"))
    our_handler().setStream(stream)
    yield stream
    logging.getLogger().removeHandler(our_handler())
    logging.getLogger().setLevel(level)


def our_handler() -> logging.StreamHandler:
    """Beside it stand pytest's own."""
    return next(h for h in logging.getLogger().handlers if isinstance(h.formatter, logs.JsonLines))


@pytest_asyncio.fixture
async def flow(services, client, runner, outbox, aiohttp_client, lines):
    """Signs in, declares, books, is confirmed, is told (and not reached), is searched for."""
    centre = await add_centre(services)
    leader = await add_leader(services, centre)
    day = await publish_day(services, leader)
    await runner.run_all_due()
    await sign_in_resident(client, runner, outbox, phone=PHONE)
    person = {"name": NAME, "id_number": NUMBER, "address": ADDRESS, "relation": "self"}
    added = await (await client.post("/api/me/persons", json=person)).json()
    [slot, *_] = await slots_of(services, day)
    hold = await (await client.post("/api/holds", json={"slot_id": str(slot)})).json()
    form = {
        "appointment_id": hold["appointment_id"], "person_id": added["id"], "phone": PHONE,
        "sentence": SENTENCE, "email": MAIL, "others": [{"name": NAME, "phone": PHONE}],
    }  # fmt: skip
    made = await client.post("/api/appointments", json=form)
    assert made.status == 200, await made.text()
    await client.post("/api/appointments", json={**form, "phone": f"{PHONE}0"})
    outbox.refuse = NotDelivered("away")
    await confirm(services, centre, (await made.json())["id"])
    await runner.run_all_due()
    outbox.refuse = None
    await client.post("/api/sign-out")
    await enter(client, services, await add_staff(services, centre, Role.CLERK))
    assert (await client.get(f"/api/cases?q={NAME}")).status in {200, 404}
    return centre


async def poison(services) -> None:
    """A task and a request that fail with what somebody typed in the error."""

    async def work(tx, due):
        await tx.connection.execute(
            sa.text("INSERT INTO unit (code, kind) VALUES (:code, :kind)"),
            {"code": PHONE, "kind": NAME},
        )

    async with services.uow.begin(SYSTEM) as tx:
        tx.schedule("poison", key="poison", payload={})
    await Runner(services.uow, Handlers(work={"poison": work})).run_due()
    try:
        raise ValueError(f"{NAME} {PHONE}")
    except ValueError:
        http_log.exception("request_failed", extra={"request_id": "1", "route": "/api/x"})
        logging.getLogger("asyncio").exception("Task exception was never retrieved\n%s", NAME)


async def test_no_log_line_holds_a_canary(services, flow, lines):
    await poison(services)
    written = lines.getvalue()
    parsed = [json.loads(line) for line in written.splitlines()]
    assert not [c for c in CANARIES if c in json.dumps(parsed, ensure_ascii=False)]
    requests = [line for line in parsed if line["event"] == "request"]
    assert {"ts", "level", "event", "request_id", "route", "method", "code", "ms"} <= set(
        requests[0]
    )
    assert "/api/me/persons" in {line["route"] for line in requests}
    failed = [
        line for line in parsed if line["event"] == "task_failed" and line["kind"] == "poison"
    ]
    assert failed[0]["error"].startswith("IntegrityError 23502")
    assert failed[0]["places"]


async def test_the_search_for_canaries_finds_a_planted_one(lines):
    """The control: the same search over an ordinary line, and over an ordinary formatter."""
    logging.getLogger("yuntiao.http").info("signed in: %s", PHONE)
    assert PHONE in lines.getvalue()
    handler = our_handler()
    handler.setFormatter(logging.Formatter())
    try:
        raise ValueError(NAME)
    except ValueError:
        http_log.exception("request_failed")
    handler.setFormatter(logs.JsonLines())
    assert NAME in lines.getvalue()


async def test_no_column_holds_a_canary_in_clear(services, flow, runner, owner_engine):
    await runner.run_all_due()
    found = await _columns_with(owner_engine, CANARIES)
    assert found == []
    async with services.uow.begin(SYSTEM) as tx:  # the control
        tx.schedule("never", key=f"never:{PHONE}", payload={"name": NAME})
    assert await _columns_with(owner_engine, CANARIES) == ["task", "task"]


async def _columns_with(engine, canaries) -> list[str]:
    """Tables that show a canary, once for each; bytes are looked at as they lie there."""
    found = []
    async with engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            rows = (await connection.execute(sa.select(table))).all()
            dump = "\n".join(_shown(value) for row in rows for value in row)
            found += [table.name for canary in canaries if canary in dump]
    return found


def _shown(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return json.dumps(value, ensure_ascii=False, default=str)


async def test_failed_tasks_keep_no_message_of_their_error(services, flow):
    await poison(services)
    async with services.uow.begin(SYSTEM) as tx:
        errors = (await tx.session.scalars(sa.select(Task.last_error))).all()
    assert any(error and error.startswith("IntegrityError") for error in errors)
    assert not [e for e in errors if e and any(c in e for c in CANARIES)]
