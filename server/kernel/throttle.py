"""Limits that a restart or a second process does not reset."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base
from server.kernel.errors import Throttled
from server.kernel.uow import Tx


class Throttle(Base):
    __tablename__ = "throttle"

    key: Mapped[str] = mapped_column(primary_key=True)
    window: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]


async def spend(tx: Tx, key: str, *, limit: int, per: timedelta) -> None:
    """Count one use of `key`; raises Throttled above `limit` in the present window.

    Keys hold keyed hashes, never a phone or an address in clear.
    """
    count = await tally(tx, key, per=per)
    if count > limit:
        seconds = int(per.total_seconds())
        raise Throttled("too_often", retry_after=seconds - int(tx.now.timestamp()) % seconds)


async def tally(tx: Tx, key: str, *, per: timedelta) -> int:
    """Count one use of `key`; answers how many there were in the present window."""
    seconds = int(per.total_seconds())
    began = int(tx.now.timestamp()) // seconds * seconds
    window = datetime.fromtimestamp(began, tx.now.tzinfo)
    row = insert(Throttle).values(key=f"{key}/{seconds}", window=window, count=1)
    query = row.on_conflict_do_update(
        index_elements=["key", "window"], set_={"count": Throttle.count + 1}
    ).returning(Throttle.count)
    return int((await tx.connection.execute(query)).scalar_one())


async def clear(tx: Tx, key: str) -> None:
    """Start counting anew, whatever the window."""
    await tx.connection.execute(
        sa.delete(Throttle).where(Throttle.key.startswith(f"{key}/", autoescape=True))
    )


async def forget(tx: Tx, *, before: datetime) -> None:
    await tx.connection.execute(sa.delete(Throttle).where(Throttle.window < before))
