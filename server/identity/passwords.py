"""Staff passwords: argon2, the same work for unknown names, delay instead of a lock."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from server.identity import sessions
from server.identity.tables import Account, AccountKind
from server.kernel.actor import Actor
from server.kernel.config import Identity
from server.kernel.errors import Invalid
from server.kernel.sealing import token_hash
from server.kernel.throttle import clear, spend, tally
from server.kernel.uow import Tx, UnitOfWork

WINDOW = timedelta(minutes=15)
PATIENCE = 4
LONGEST_DELAY = 16.0
PER_ADDRESS = 300
SHORTEST = 10
DUMMY = (
    "$argon2id$v=19$m=65536,t=3,p=4$V2hvZXZlckFza3NXYWl0cw"
    "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""Verified when the name is unknown, so that the work done tells nothing."""

Wait = Callable[[float], Awaitable[None]]


def hash_password(password: str) -> str:
    """Slow by intention. Raises Invalid for one that is too short."""
    if len(password) < SHORTEST:
        raise Invalid("password_too_short", shortest=SHORTEST)
    return PasswordHasher().hash(password)


def verify(stored: str, password: str) -> bool:
    try:
        return PasswordHasher().verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def delay_after(tries: int) -> float:
    """Seconds that the next answer is held back: the right person waits, and gets in."""
    return min(2.0 ** (tries - PATIENCE - 1), LONGEST_DELAY) if tries > PATIENCE else 0.0


@dataclass(frozen=True)
class StaffDoor:
    """Sign-in by name and password. `wait` is how time is let pass."""

    uow: UnitOfWork
    config: Identity
    wait: Wait = asyncio.sleep

    async def enter(
        self, actor: Actor, *, login: str, password: str, address: str, shared: bool
    ) -> sessions.Opened:
        """Raises Invalid when name or password is wrong, never saying which."""
        key = f"login:{token_hash(login.casefold()).hex()}"
        async with self.uow.begin(actor) as tx:
            await spend(tx, f"login:{address}", limit=PER_ADDRESS, per=WINDOW)
            tries = await tally(tx, key, per=WINDOW)
            account = await _staff(tx, login)
        await self.wait(delay_after(tries))
        stored = account.password if account and account.password else DUMMY
        right = await asyncio.to_thread(verify, stored, password)
        if account is None or not right:
            await self._note_failure(actor, account)
            raise Invalid("password_wrong")
        async with self.uow.begin(actor) as tx:
            await clear(tx, key)
            return await sessions.rotate(tx, account, config=self.config, shared=shared)

    async def _note_failure(self, actor: Actor, account: Account | None) -> None:
        async with self.uow.begin(actor) as tx:
            tx.audit("sign_in_failed", "account", account.id if account else "unknown")


async def _staff(tx: Tx, login: str) -> Account | None:
    query = sa.select(Account).where(
        Account.login == login, Account.kind == AccountKind.STAFF, Account.disabled_at.is_(None)
    )
    return (await tx.session.scalars(query)).one_or_none()
