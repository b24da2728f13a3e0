"""T14: a one-time code cannot be guessed, nor asked for without end."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from server.identity import codes
from server.identity.codes import Delivery, Purpose, Redeemed
from server.identity.tables import Challenge
from server.kernel.actor import ANYONE
from server.kernel.config import Identity
from server.kernel.errors import DomainError, Throttled
from server.kernel.tasks import Due
from tests.ports import Outbox

PHONE, RIGHT, WRONG = "13900000001", "246802", "111111"
STRICT = Identity()


async def ask(services, *, config=STRICT, phone=PHONE, address="a") -> UUID:
    async with services.uow.begin(ANYONE) as tx:
        challenge = await codes.ask(
            tx, phone=phone, purpose=Purpose.SIGN_IN, flow="browser", address=address,
            language="en", config=config, sealer=services.sealer,
        )  # fmt: skip
    return challenge.id


async def challenge_with_code(services, *, config=STRICT) -> UUID:
    """A challenge whose code is RIGHT, as if delivered."""
    challenge_id = await ask(services, config=config)
    deliver = Delivery(
        services.uow, services.sealer, Outbox(), services.texts, config, draw=lambda: RIGHT
    )
    payload = {"challenge_id": str(challenge_id), "language": "en"}
    due = Due(1, codes.SEND, "k", payload, services.clock.now(), 1, 8)
    assert await deliver(due) == "sent"
    return challenge_id


async def guess(services, challenge_id: UUID, code: str) -> Redeemed | DomainError:
    async with services.uow.begin(ANYONE) as tx:
        return await codes.redeem(
            tx, challenge_id, code=code, purpose=Purpose.SIGN_IN, flow="browser",
            sealer=services.sealer,
        )  # fmt: skip


async def tries_left(services, challenge_id: UUID) -> int:
    async with services.uow.begin(ANYONE) as tx:
        return (await tx.session.get_one(Challenge, challenge_id)).tries_left


async def test_t14_sixth_guess_fails_even_when_right(services):
    challenge_id = await challenge_with_code(services)
    for _ in range(5):
        assert isinstance(await guess(services, challenge_id, WRONG), DomainError)
    refused = await guess(services, challenge_id, RIGHT)
    assert isinstance(refused, DomainError)
    assert refused.code == "code_over"


async def test_t14_control_without_the_limit_the_sixth_guess_succeeds(services):
    challenge_id = await challenge_with_code(services, config=Identity(code_tries=10))
    for _ in range(5):
        await guess(services, challenge_id, WRONG)
    assert isinstance(await guess(services, challenge_id, RIGHT), Redeemed)


async def test_t14_parallel_guesses_share_no_try(services):
    challenge_id = await challenge_with_code(services)
    answers = await asyncio.gather(*(guess(services, challenge_id, WRONG) for _ in range(10)))
    told = sorted(a.details["tries_left"] for a in answers if a.code == "code_wrong")
    assert told == [1, 2, 3, 4]
    assert await tries_left(services, challenge_id) == 0


async def test_t14_control_reading_before_writing_lets_all_of_them_guess(services):
    challenge_id = await challenge_with_code(services)
    everybody_has_read = asyncio.Barrier(10)

    async def naive() -> bool:
        async with services.uow.begin(ANYONE) as tx:
            challenge = await tx.session.get_one(Challenge, challenge_id)
            allowed = challenge.tries_left > 0
            await everybody_has_read.wait()
            query = sa.update(Challenge).where(Challenge.id == challenge_id)
            await tx.connection.execute(query.values(tries_left=Challenge.tries_left - 1))
            return allowed

    assert sum(await asyncio.gather(*(naive() for _ in range(10)))) == 10


async def test_t14_code_lives_five_minutes(services, clock):
    early, late = [await challenge_with_code(services), None]
    clock.move(timedelta(minutes=4, seconds=59))
    assert isinstance(await guess(services, early, RIGHT), Redeemed)
    late = await challenge_with_code(services)
    clock.move(timedelta(minutes=5))
    assert isinstance(await guess(services, late, RIGHT), DomainError)


async def test_t14_a_phone_gets_five_codes_an_hour_and_ten_a_day(services, clock):
    asked = 0
    for hour in range(4):
        for _ in range(6):
            try:
                await ask(services, address=f"a{hour}")
            except Throttled:
                pass
            else:
                asked += 1
            clock.move(timedelta(minutes=1))
        assert asked == min(5 * (hour + 1), 10)
        clock.move(timedelta(minutes=54))
    clock.move(timedelta(days=1))
    await ask(services)


async def test_t14_one_address_gets_its_budget_whatever_the_phone(services):
    tight = STRICT.model_copy(update={"codes_per_address_hour": 20})
    for n in range(20):
        await ask(services, config=tight, phone=f"139000001{n:02d}")
    with pytest.raises(Throttled):
        await ask(services, config=tight, phone="13900000199")
    elsewhere = {"phone": "13900000199", "address": "elsewhere"}
    await ask(services, config=tight, **elsewhere)  # the control


async def test_t14_village_behind_one_address_signs_in_and_each_phone_keeps_its_limit(services):
    for n in range(60):
        await ask(services, phone=f"139000001{n:02d}")
    with pytest.raises(Throttled):  # one a minute, though the address has room
        await ask(services, phone="13900000100")


async def test_t14_odds_of_a_day_stay_below_one_in_ten_thousand():
    guesses = STRICT.codes_per_day * STRICT.code_tries
    assert guesses / 10**6 <= 5e-5


async def test_t14_the_code_lies_in_no_task_and_in_no_row(services, runner, outbox):
    await ask(services)
    await runner.run_all_due()
    code = outbox.sms[-1].text.split()[3].rstrip(",")
    assert code.isdigit()
    async with services.uow.begin(ANYONE) as tx:
        tasks = (await tx.connection.execute(sa.text("SELECT payload::text FROM task"))).scalars()
        challenges = await tx.connection.execute(sa.text("SELECT challenge::text FROM challenge"))
        assert not any(code in text for text in (*tasks, *challenges.scalars()))
