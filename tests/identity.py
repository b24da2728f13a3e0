"""People who sign in, for tests."""

import re

from scheduling.runner import Runner
from server.bootstrap import Services
from server.identity import accounts, sessions
from server.identity.passwords import PasswordHasher
from server.identity.tables import Account
from server.kernel.actor import SYSTEM, Role
from server.units.tables import Unit

PASSWORD = "correct horse battery"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


async def sign_in_resident(client, runner: Runner, outbox, phone: str = "13900000001") -> dict:
    """By one-time code, as people do; answers Me. `outbox` keeps what was sent."""
    asked = await (await client.post("/api/sign-in/code", json={"phone": phone})).json()
    await runner.run_all_due()
    response = await client.post(
        f"/api/sign-in/code/{asked['challenge_id']}", json={"code": code_of(outbox, phone)}
    )
    assert response.status == 200, await response.text()
    return await response.json()


def code_of(outbox, phone: str | None = None) -> str:
    """The code in the newest SMS, to this phone where several were asked for at once."""
    texts = [sms.text for sms in outbox.sms if phone in {None, sms.to}]
    return re.search(r"\d{6}", texts[-1])[0]


async def add_staff(services: Services, unit: Unit, role: Role, *, login: str = "") -> Account:
    """A member of staff with PASSWORD, hashed quickly."""
    async with services.uow.begin(SYSTEM) as tx:
        return await accounts.add_staff(
            tx, login=login or role, name=f"{role} name", password_hash=QUICK.hash(PASSWORD),
            role=role, unit_code=unit.code,
        )  # fmt: skip


async def enter(client, services: Services, account: Account) -> None:
    """Sign an account in on this client without asking for anything."""
    async with services.uow.begin(SYSTEM) as tx:
        opened = await sessions.sign_in(tx, account, config=services.config.identity)
    put_cookie(client, opened.token)


def put_cookie(client, token: str) -> None:
    client.session.cookie_jar.update_cookies({"yuntiao-session": token}, client.make_url("/"))
