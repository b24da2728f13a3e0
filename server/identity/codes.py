"""One-time codes: asked for here, made by whoever delivers them, spent exactly once.

A row never holds a code, only its keyed hash; a task never holds more than the row's id.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID, uuid4

import sqlalchemy as sa

from server.identity.tables import Challenge
from server.kernel.actor import SYSTEM
from server.kernel.config import Identity
from server.kernel.errors import DomainError, Gone, Invalid
from server.kernel.outside import NotDelivered, Sms, SmsGateway
from server.kernel.sealing import Sealer, token_hash
from server.kernel.tasks import Due
from server.kernel.texts import Texts
from server.kernel.throttle import spend
from server.kernel.uow import Tx, UnitOfWork

SEND = "code.send"
PAUSE = timedelta(minutes=1)
APART = timedelta(seconds=30)
"""So far the clocks of two processes may be apart."""


class Purpose(StrEnum):
    SIGN_IN = "sign_in"


def draw_code() -> str:
    return f"{secrets.randbelow(10**6):06d}"


async def ask(
    tx: Tx, *, phone: str, purpose: Purpose, flow: str, address: str, language: str,
    config: Identity, sealer: Sealer,
) -> Challenge:  # fmt: skip
    """Have a code sent. The same is done for every phone, known or not.

    Raises Throttled beyond the limits of the phone or of the asking address.
    """
    index = sealer.index(phone, purpose="phone")
    key = f"code:{index.hex()}"
    await spend(tx, f"code:{address}", limit=config.codes_per_address_hour, per=timedelta(hours=1))
    await spend(tx, key, limit=1, per=PAUSE)
    await spend(tx, key, limit=config.codes_per_day, per=timedelta(days=1))
    await spend(tx, key, limit=config.codes_per_hour, per=timedelta(hours=1))
    challenge = Challenge(
        id=uuid4(),
        purpose=purpose,
        flow=token_hash(flow),
        phone=sealer.seal(phone, purpose="phone"),
        phone_index=index,
        tries_left=config.code_tries,
        created_at=tx.now,
        expires_at=tx.now + config.code_lifetime,
    )
    tx.session.add(challenge)
    payload = {"challenge_id": str(challenge.id), "language": language}
    tx.schedule(SEND, key=f"{SEND}:{challenge.id}", payload=payload)
    return challenge


@dataclass(frozen=True)
class Redeemed:
    """The phone that the code proved, sealed, and its index."""

    phone: bytes
    phone_index: bytes


async def redeem(
    tx: Tx, challenge_id: UUID, *, code: str, purpose: Purpose, flow: str, sealer: Sealer
) -> Redeemed | DomainError:
    """Spend one try, and the challenge with it when the code is right.

    One statement does both, so parallel guesses cannot share a try. A refusal is answered, not
    raised: the caller commits the spent try first.
    """
    right = Challenge.code == _hash(challenge_id, code, sealer=sealer)
    query = (
        sa.update(Challenge)
        .where(
            Challenge.id == challenge_id,
            Challenge.purpose == purpose,
            Challenge.flow == token_hash(flow),
            Challenge.used_at.is_(None),
            Challenge.tries_left > 0,
            Challenge.expires_at > tx.now,
            # by a clock that was set back it would be good for longer; it is asked for again
            Challenge.created_at <= tx.now + APART,
        )
        .values(
            tries_left=Challenge.tries_left - 1,
            used_at=sa.case((right, sa.literal(tx.now)), else_=None),
        )
        .returning(Challenge.used_at, Challenge.tries_left, Challenge.phone, Challenge.phone_index)
    )
    row = (await tx.connection.execute(query)).one_or_none()
    if row is None or (row.used_at is None and row.tries_left == 0):
        return Gone("code_over")
    if row.used_at is None:
        return Invalid("code_wrong", details={"tries_left": row.tries_left})
    return Redeemed(row.phone, row.phone_index)


@dataclass(frozen=True)
class Delivery:
    """The task's handler: makes the code at the last moment, keeps its hash, sends it."""

    uow: UnitOfWork
    sealer: Sealer
    sms: SmsGateway
    texts: Texts
    config: Identity
    draw: Callable[[], str] = draw_code

    async def __call__(self, due: Due) -> str:
        challenge_id = UUID(due.payload["challenge_id"])
        code = self.draw()
        phone = await self._write(challenge_id, code)
        if phone is None:
            return "late"
        minutes = int(self.config.code_lifetime.total_seconds()) // 60
        language = str(due.payload["language"])
        text = self.texts.get(language, "sms.code", code=code, minutes=minutes)
        # A second try is a second message: its code is new and the first one is void.
        message = Sms(key=f"{due.key}:{due.attempt}", to=phone, text=text)
        return await _handed_over(self.sms.send, message)

    async def _write(self, challenge_id: UUID, code: str) -> str | None:
        async with self.uow.begin(SYSTEM) as tx:
            query = (
                sa.update(Challenge)
                .where(
                    Challenge.id == challenge_id,
                    Challenge.used_at.is_(None),
                    Challenge.expires_at > tx.now,
                )
                .values(code=_hash(challenge_id, code, sealer=self.sealer))
                .returning(Challenge.phone)
            )
            sealed = (await tx.connection.execute(query)).scalar_one_or_none()
        return self.sealer.open(sealed, purpose="phone") if sealed else None


async def _handed_over(send: Callable[[Sms], Awaitable[str]], message: Sms) -> str:
    try:
        await send(message)
    except NotDelivered as error:
        if error.for_good:
            return "refused"
        raise
    return "sent"


def _hash(challenge_id: UUID, code: str, *, sealer: Sealer) -> bytes:
    return sealer.index(f"{challenge_id}:{code}", purpose="code")
