"""The desk applies for somebody who has no account, and takes it back when they ring."""

from scheduling import claims
from scheduling.choices import asking
from scheduling.choices.on_behalf import Asked, answered, entered, known
from scheduling.draws import applying
from scheduling.draws.tables import Draw, DrawEntry
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx


async def apply(
    tx: Tx, sealer: Sealer, draw: Draw, asked: Asked, *, idempotency_key: str | None
) -> DrawEntry:
    """With the points that they would have by themselves; the same key gets the same answer."""
    if done := await answered(tx, idempotency_key, action=applying.ACTION):
        return await tx.session.get_one(DrawEntry, done)
    them, phone = await known(tx, sealer, asked), asked.request.phone
    await claims.lock(await tx.driver(), [them.who.person_id, draw.id])
    await applying.check(tx, sealer, draw, them.who, phone=phone, account_id=them.account_id)
    await asking.check_limits(tx, them.who, asked.request)
    entry = await applying.enter(
        tx, sealer, draw, them.who, asked.request,
        account_id=them.account_id, channel=asked.channel,
    )  # fmt: skip
    await entered(tx, sealer, entry, asked, idempotency_key, action=applying.ACTION)
    return entry
