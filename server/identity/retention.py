"""What is not kept: codes, counts and sign-ins that are long over."""

from datetime import timedelta

import sqlalchemy as sa

from server.identity.tables import Challenge, WebSession
from server.kernel import throttle
from server.kernel.uow import Tx

CODES_KEPT = timedelta(days=1)
COUNTS_KEPT = timedelta(days=2)
SIGN_INS_KEPT = timedelta(days=30)


async def sweep(tx: Tx) -> None:
    """Any process may do it, at any time."""
    codes = sa.delete(Challenge).where(Challenge.expires_at < tx.now - CODES_KEPT)
    ended = sa.delete(WebSession).where(WebSession.expires_at < tx.now - SIGN_INS_KEPT)
    for query in (codes, ended):
        await tx.connection.execute(query)
    await throttle.forget(tx, before=tx.now - COUNTS_KEPT)
