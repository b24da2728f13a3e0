"""Read models of the tree of units and of the working calendar."""

from collections.abc import Sequence

import sqlalchemy as sa

from server.kernel.errors import NotFound
from server.kernel.uow import Tx
from server.units.tables import Unit, UnitKind


async def units(tx: Tx, *, kind: UnitKind | None = None) -> Sequence[Unit]:
    """All units, or those of a kind, parents before what lies below them."""
    query = sa.select(Unit).order_by(Unit.path)
    if kind is not None:
        query = query.where(Unit.kind == kind)
    return (await tx.session.scalars(query)).all()


async def centre(tx: Tx) -> Unit:
    """The district's centre: the root of the tree."""
    query = sa.select(Unit).where(Unit.kind == UnitKind.DISTRICT_CENTRE)
    found = (await tx.session.scalars(query)).first()
    if found is None:
        raise NotFound
    return found


async def sites(tx: Tx) -> Sequence[Unit]:
    """Staffed places with a device, each after what lies above it."""
    return (await tx.session.scalars(sa.select(Unit).where(Unit.is_site).order_by(Unit.path))).all()
