"""The first units of a district, from its data file; the announced days of its calendar."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from server.kernel.uow import Tx
from server.units.calendar import announced
from server.units.tables import CalendarDay, Presence, Unit, UnitKind, YearStatus

FILE = Path(__file__).parent / "district.toml"
NAMESPACE = UUID("6f1f0a52-95b1-4c0e-8e9e-0b6a3d0c5a10")
BESIDE = {
    "departments": UnitKind.DEPARTMENT,
    "tribunals": UnitKind.TRIBUNAL,
    "rooms": UnitKind.OFFICE,
    "centres": UnitKind.CENTRE,
    "committees": UnitKind.COMMITTEE,
    "studios": UnitKind.STUDIO,
}


@dataclass(frozen=True)
class NewUnit:
    code: str
    kind: UnitKind
    name: str
    parent: "NewUnit | None" = None
    name_en: str | None = None
    presence: Presence | None = None
    is_site: bool = False
    address: str | None = None

    @property
    def id(self) -> UUID:
        """The same in every district that is seeded from the same file."""
        return uuid5(NAMESPACE, self.code)

    @property
    def path(self) -> str:
        return f"{self.parent.path if self.parent else '/'}{self.code}/"


def district(file: Path = FILE) -> list[NewUnit]:
    """All units, parents first."""
    data = tomllib.loads(file.read_text("utf-8"))
    centre = NewUnit(kind=UnitKind.DISTRICT_CENTRE, is_site=True, **data["centre"])
    return [centre, *_tree(centre, data), *_beside(centre, data)]


async def seed(tx: Tx, units: list[NewUnit]) -> None:
    """Write units and announced days; what is there stays."""
    rows = [_row(unit) for unit in units]
    await tx.connection.execute(insert(Unit).on_conflict_do_nothing(), rows)
    days = [
        {"date": day, "kind": kind, "source": "chinesecalendar", "status": YearStatus.CONFIRMED}
        for day, kind in announced().days.items()
        if day.year >= tx.now.year
    ]
    if days:  # none of a year that is not announced yet
        await tx.connection.execute(insert(CalendarDay).on_conflict_do_nothing(), days)


async def is_empty(tx: Tx) -> bool:
    return await tx.session.scalar(sa.select(Unit.id).limit(1)) is None


def _tree(centre: NewUnit, data: dict[str, Any]) -> Iterator[NewUnit]:
    """Sub-centres, their areas, the areas' villages, the villages' grids, counted out evenly."""
    towns = [
        NewUnit(kind=UnitKind.SUB_CENTRE, parent=centre, is_site=True, **town)
        for town in data["sub_centres"]
    ]
    yield from towns
    names, scale = data["names"], data["scale"]
    areas = list(_counted(towns, UnitKind.AREA, scale["areas"], names["area"]))
    yield from areas
    count = len(areas) * scale["villages_per_area"]
    villages = [
        replace(village, is_site=village.code.endswith("01"))
        for village in _counted(areas, UnitKind.VILLAGE, count, names["village"])
    ]
    yield from villages
    yield from _counted(villages, UnitKind.GRID, scale["grids"], names["grid"])


def _counted(parents: list[NewUnit], kind: UnitKind, count: int, name: str) -> Iterator[NewUnit]:
    for n, parent in enumerate(parents):
        share = count // len(parents) + (n < count % len(parents))
        for number in range(1, share + 1):
            yield NewUnit(
                code=f"{parent.code}{number:02d}",
                kind=kind,
                name=name.format(parent=parent.name, number=number),
                parent=parent,
            )


def _beside(centre: NewUnit, data: dict[str, Any]) -> Iterator[NewUnit]:
    for section, kind in BESIDE.items():
        for unit in data[section]:
            yield NewUnit(kind=kind, parent=centre, **unit)
    named = len(data["studios"])
    for number in range(named + 1, data["scale"]["studios"] + 1):
        name = data["names"]["studio"].format(number=number)
        yield NewUnit(code=f"G{number:02d}", kind=UnitKind.STUDIO, name=name, parent=centre)


def _row(unit: NewUnit) -> dict[str, object]:
    return {
        "id": unit.id,
        "code": unit.code,
        "kind": unit.kind,
        "name": unit.name,
        "name_en": unit.name_en,
        "parent_id": unit.parent.id if unit.parent else None,
        "path": unit.path,
        "presence": unit.presence,
        "is_site": unit.is_site,
        "address": unit.address,
    }
