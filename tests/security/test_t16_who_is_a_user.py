"""T16: nobody learns from the answers whose phone or login name is known."""

import time
from contextlib import contextmanager
from statistics import median

import pytest
import sqlalchemy as sa

from server.identity import accounts, passwords
from server.identity.passwords import StaffDoor, hash_password
from server.kernel.actor import ANYONE, SYSTEM, Role
from server.kernel.config import Config
from server.kernel.errors import Invalid
from tests.identity import PASSWORD, QUICK
from tests.units import add_unit

TIMES = 100
MANY = {"codes_per_address_hour": 1000}


@contextmanager
def statements(engine):
    """Every statement that is sent meanwhile."""
    seen = []

    def note(_connection, _cursor, statement, *_):
        seen.append(statement)

    sa.event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(engine.sync_engine, "before_cursor_execute", note)


async def ask(client, services, phone: str):
    """Status, body without its id, and the work done for it."""
    with statements(services.engine) as seen:
        answer = await client.post("/api/sign-in/code", json={"phone": phone})
    body = await answer.json()
    assert len(body.pop("challenge_id")) == 36
    return answer.status, tuple(sorted(body.items())), tuple(seen)


@pytest.mark.slow
async def test_t16_known_and_unknown_phones_get_the_same_answer_for_the_same_work(
    database_url, clean, clock, config, outbox, services, aiohttp_client
):
    from server.app import application

    lenient = Config.model_validate({**config.model_dump(), "identity": MANY})
    open_handed = type(services)(**{**vars(services), "config": lenient})
    client = await aiohttp_client(application(open_handed), headers={"X-Yuntiao": "1"})
    known = [f"1380000{n:04d}" for n in range(TIMES)]
    async with services.uow.begin(SYSTEM) as tx:
        for phone in known:
            await accounts.resident_of_phone(tx, phone, sealer=services.sealer)
    answers = set()
    for n, phone in enumerate(known):
        answers.add(await ask(client, services, phone))
        answers.add(await ask(client, services, f"1390000{n:04d}"))
    assert len(answers) == 1
    assert {answer[0] for answer in answers} == {200}


async def test_t16_control_a_look_at_the_account_would_show_in_the_work(services):
    async def leaky(phone: str) -> int:
        index = services.sealer.index(phone, purpose="phone")
        with statements(services.engine) as seen:
            async with services.uow.begin(ANYONE) as tx:
                found = sa.text("SELECT id FROM account WHERE phone_index = :index")
                row = await tx.connection.execute(found, {"index": index})
                if row.scalar_one_or_none():
                    await tx.connection.execute(sa.text("SELECT 'a code is made'"))
        return len(seen)

    async with services.uow.begin(SYSTEM) as tx:
        await accounts.resident_of_phone(tx, "13800000001", sealer=services.sealer)
    assert await leaky("13800000001") != await leaky("13900000001")


async def refuse(services, login: str, *, wait=None) -> float:
    """Seconds of processor time that a wrong password costs; raises nothing."""

    async def at_once(_seconds: float) -> None:
        return None

    door = StaffDoor(services.uow, services.config.identity, wait=wait or at_once)
    began = time.process_time()
    with pytest.raises(Invalid, match=r"^password_wrong$"):
        await door.enter(ANYONE, login=login, password="wrong", address="a", shared=False)
    return time.process_time() - began


@pytest.mark.slow
async def test_t16_wrong_passwords_cost_the_same_for_known_and_unknown_names(services):
    async with services.uow.begin(SYSTEM) as tx:
        unit = await add_unit(tx, "WX")
        await accounts.add_staff(
            tx, login="known", name="known", password_hash=hash_password(PASSWORD),
            role=Role.CLERK, unit_code=unit.code,
        )  # fmt: skip
    with statements(services.engine) as for_known:
        await refuse(services, "known")
    with statements(services.engine) as for_unknown:
        await refuse(services, "unknown")
    assert for_known == for_unknown
    spent = [(await refuse(services, "known"), await refuse(services, "nobody")) for _ in range(5)]
    known, unknown = (median(side) for side in zip(*spent, strict=True))
    assert 0.5 < known / unknown < 2


async def test_t16_control_without_the_dummy_the_difference_is_plain():
    stored = hash_password(PASSWORD)
    began = time.process_time()
    passwords.verify(stored, "wrong")
    with_work = time.process_time() - began
    began = time.process_time()
    passwords.verify("not a hash", "wrong")
    assert with_work / max(time.process_time() - began, 1e-6) > 10


async def test_t16_the_tries_hold_back_the_answer_and_never_lock_the_right_person_out(services):
    async with services.uow.begin(SYSTEM) as tx:
        unit = await add_unit(tx, "WX")
        await accounts.add_staff(
            tx, login="known", name="known", password_hash=QUICK.hash(PASSWORD),
            role=Role.CLERK, unit_code=unit.code,
        )  # fmt: skip
    waited = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    for _ in range(9):
        await refuse(services, "known", wait=wait)
    assert waited == [0, 0, 0, 0, 1, 2, 4, 8, 16]
    door = StaffDoor(services.uow, services.config.identity, wait=wait)
    entered = {"login": "known", "password": PASSWORD, "address": "b", "shared": False}
    assert (await door.enter(ANYONE, **entered)).token
    assert waited[-1] == passwords.LONGEST_DELAY
    await door.enter(ANYONE, **entered)
    assert waited[-1] == 0
