"""T17: a code is good once, for what it was asked for, in the browser that asked."""

import asyncio

import sqlalchemy as sa

from server.app import application
from server.identity import codes
from server.identity.codes import Purpose, Redeemed
from server.identity.tables import Challenge
from server.kernel.actor import ANYONE
from server.kernel.errors import DomainError
from tests.identity import code_of
from tests.security.test_t14_code_brute_force import RIGHT, challenge_with_code, guess

PHONE = {"phone": "13900000001"}


async def test_t17_of_fifty_parallel_sign_ins_exactly_one_succeeds(services):
    challenge_id = await challenge_with_code(services)
    answers = await asyncio.gather(*(guess(services, challenge_id, RIGHT) for _ in range(50)))
    assert sum(isinstance(answer, Redeemed) for answer in answers) == 1


async def test_t17_control_reading_before_writing_lets_several_in(services):
    challenge_id = await challenge_with_code(services)
    everybody_has_read = asyncio.Barrier(5)

    async def naive() -> bool:
        async with services.uow.begin(ANYONE) as tx:
            unused = (await tx.session.get_one(Challenge, challenge_id)).used_at is None
            await everybody_has_read.wait()
            query = sa.update(Challenge).where(Challenge.id == challenge_id)
            await tx.connection.execute(query.values(used_at=tx.now))
            return unused

    assert sum(await asyncio.gather(*(naive() for _ in range(5)))) == 5


async def test_t17_code_of_another_purpose_or_browser_is_refused(services):
    challenge_id = await challenge_with_code(services)
    for purpose, flow in (("sign_document", "browser"), (Purpose.SIGN_IN, "another browser")):
        async with services.uow.begin(ANYONE) as tx:
            refused = await codes.redeem(
                tx, challenge_id, code=RIGHT, purpose=purpose, flow=flow, sealer=services.sealer
            )
        assert isinstance(refused, DomainError)
    assert isinstance(await guess(services, challenge_id, RIGHT), Redeemed)  # the control


async def test_t17_code_seen_over_a_shoulder_is_useless_in_another_browser(
    client, services, runner, outbox, aiohttp_client
):
    asked = await (await client.post("/api/sign-in/code", json=PHONE)).json()
    await runner.run_all_due()
    path, body = f"/api/sign-in/code/{asked['challenge_id']}", {"code": code_of(outbox)}
    thief = await aiohttp_client(application(services), headers={"X-Yuntiao": "1"})
    assert (await thief.post(path, json=body)).status == 410
    assert (await client.post(path, json=body)).status == 200  # the control
    await client.post("/api/sign-out")
    assert (await client.post(path, json=body)).status == 410
