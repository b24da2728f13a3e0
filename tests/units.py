"""A small district for tests."""

from server.kernel.uow import Tx
from server.units.tables import Unit, UnitKind


async def add_unit(tx: Tx, code: str, *, parent: Unit | None = None, kind=UnitKind.OFFICE) -> Unit:
    path = f"{parent.path if parent else '/'}{code}/"
    unit = Unit(code=code, kind=kind, name=code, path=path, parent_id=parent.id if parent else None)
    tx.session.add(unit)
    await tx.session.flush()
    return unit
