"""On which half days of the week somebody cannot, would rather not or would like to be there."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa

from scheduling.rosters.shifts import demand_staff
from scheduling.rosters.tables import RosterWish, WishKind
from server.kernel.errors import NotFound
from server.kernel.uow import Tx

Half = tuple[int, int]
"""A weekday (Monday is 0) and its morning or afternoon."""


async def read(tx: Tx, account_ids: Collection[UUID]) -> Sequence[RosterWish]:
    query = sa.select(RosterWish).where(RosterWish.account_id.in_(account_ids))
    order = (RosterWish.account_id, RosterWish.weekday, RosterWish.half)
    return (await tx.session.scalars(query.order_by(*order))).all()


async def write(tx: Tx, account_id: UUID, wanted: Mapping[Half, WishKind]) -> None:
    """These instead of those before; what stays as it is keeps who wrote it down, and when."""
    await demand_staff(tx, account_id)
    if tx.actor.account_id is None:
        raise NotFound
    before = {(one.weekday, one.half): one for one in await read(tx, [account_id])}
    gone = {half for half, one in before.items() if wanted.get(half) != one.kind}
    for half in gone:
        await tx.session.delete(before[half])
    await tx.session.flush()
    tx.session.add_all(
        RosterWish(
            account_id=account_id, weekday=weekday, half=half, kind=kind,
            entered_by=tx.actor.account_id, entered_at=tx.now,
        )
        for (weekday, half), kind in wanted.items()
        if (weekday, half) not in before or (weekday, half) in gone
    )  # fmt: skip
    told = list(wanted.values())
    tx.audit(
        "wish", "account", account_id, halves=len(told), cannot=told.count(WishKind.CANNOT)
    )  # fmt: skip
