"""Who lives and works in the demo district: accounts, memberships, officials, persons."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa

from server.identity.numbers import check_character
from server.identity.passwords import hash_password
from server.identity.persons import Relation
from server.identity.tables import (
    Account,
    AccountKind,
    AccountPerson,
    IdentityLevel,
    Membership,
    Official,
    Person,
    Service,
)
from server.kernel.actor import Role
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from server.units.seeding import NAMESPACE, NewUnit
from server.units.tables import Presence, UnitKind

FOLDER = Path(__file__).parent / "data"
Row = dict[str, object]


@dataclass(frozen=True)
class Worker:
    """A member of staff; `login` is the role and a number."""

    login: str
    name: str
    role: Role
    unit: NewUnit
    serves: str | None = None
    phone: str | None = None

    @property
    def id(self) -> UUID:
        return account_id(self.login)


@dataclass(frozen=True)
class Leader:
    worker: Worker
    post: str
    division: str
    topics: list[str]
    rank: int
    invited_only: bool


@dataclass(frozen=True)
class Resident:
    phone: str
    name: str
    id_number: str
    address: str
    village: NewUnit

    @property
    def id(self) -> UUID:
        return account_id(self.phone)

    @property
    def person_id(self) -> UUID:
        return uuid5(NAMESPACE, f"person:{self.id_number}")


@dataclass(frozen=True)
class People:
    """Everybody, in the order of the data file."""

    password: str
    signature: str
    leaders: tuple[Leader, ...]
    workers: tuple[Worker, ...]
    residents: tuple[Resident, ...]

    def worker(self, role: Role, number: int = 1) -> Worker:
        return [w for w in self.workers if w.role == role][number - 1]

    def worker_of(self, account: UUID) -> Worker:
        return next(w for w in self.workers if w.id == account)

    def resident_of(self, account: UUID | None) -> Resident:
        return next(r for r in self.residents if r.id == account)


def account_id(name: str) -> UUID:
    """The same at every start."""
    return uuid5(NAMESPACE, f"account:{name}")


def people(units: list[NewUnit]) -> People:
    data = tomllib.loads((FOLDER / "people.toml").read_text("utf-8"))
    by_code = {unit.code: unit for unit in units}
    leaders = tuple(_leaders(data, by_code, units[0]))
    staff = (*_staff(data, by_code), *_handlers(data, units))
    return People(
        password=data["password"],
        signature=data["signature"],
        leaders=leaders,
        workers=(*(leader.worker for leader in leaders), *staff),
        residents=tuple(_residents(data["residents"], units)),
    )


async def seed(tx: Tx, everybody: People, *, sealer: Sealer) -> None:
    """Write all of them, in a handful of statements."""
    password = hash_password(everybody.password)
    staff = [_staff_row(worker, password, sealer, tx.now) for worker in everybody.workers]
    residents = [_resident_row(r, sealer, tx.now) for r in everybody.residents]
    for table, rows in (
        (Account, staff),
        (Account, residents),
        (Membership, [_membership(worker) for worker in everybody.workers]),
        (Official, [_official(leader) for leader in everybody.leaders]),
        (Service, [_service(w, w.serves) for w in everybody.workers if w.serves]),
        (Person, [_person(r, sealer, tx.now) for r in everybody.residents]),
        (AccountPerson, [_link(r, sealer, tx.now) for r in everybody.residents]),
    ):
        await tx.connection.execute(sa.insert(table), rows)


def _leaders(data: dict[str, Any], units: dict[str, NewUnit], centre: NewUnit) -> Iterator[Leader]:
    for rank, leader in enumerate(data["leaders"], 1):
        unit = units[leader["unit"]] if "unit" in leader else centre
        yield Leader(
            worker=Worker(f"leader{rank}", leader["name"], Role.LEADER, unit),
            post=leader["post"],
            division=leader["division"],
            topics=leader["topics"],
            rank=rank,
            invited_only=leader.get("invited_only", False),
        )


def _staff(data: dict[str, Any], units: dict[str, NewUnit]) -> Iterator[Worker]:
    numbers: dict[str, int] = {}
    for group in data["staff"]:
        role = Role(group["role"])
        serves = group.get("serves", [None] * len(group["names"]))
        for name, served in zip(group["names"], serves, strict=True):
            numbers[role] = numbers.get(role, 0) + 1
            login = f"{role}{numbers[role]}"
            leader = f"leader{served}" if served else None
            yield Worker(login, name, role, units[group["unit"]], serves=leader)


def _handlers(data: dict[str, Any], units: list[NewUnit]) -> Iterator[Worker]:
    """One of each department, and a deputy where they are called."""
    told = data["handlers"]
    departments = [unit for unit in units if unit.kind is UnitKind.DEPARTMENT]
    called = [unit for unit in departments if unit.presence == Presence.ON_CALL]
    first = zip(departments, told["surnames"], strict=True)
    second = zip(called, told["deputies"], strict=True)
    for number, (unit, surname) in enumerate((*first, *second), 1):
        name = told["name"].format(surname=surname)
        phone = str(int(told["first_phone"]) + number - 1)
        yield Worker(f"handler{number}", name, Role.HANDLER, unit, phone=phone)


def _residents(data: dict[str, Any], units: list[NewUnit]) -> Iterator[Resident]:
    villages = [unit for unit in units if unit.kind is UnitKind.VILLAGE]
    for number, surname in enumerate(data["surnames"]):
        village = villages[number * 3 % len(villages)] if number else villages[0]
        yield Resident(
            phone=str(int(data["first_phone"]) + number),
            name=data["name"].format(surname=surname),
            id_number=_id_number(number),
            address=data["address"].format(village=village.name, number=number + 1),
            village=village,
        )


def _id_number(number: int) -> str:
    born = date(1958, 3, 1) + timedelta(days=number * 1000)
    first17 = f"330502{born:%Y%m%d}{number + 1:03d}"
    return first17 + check_character(first17)


def _staff_row(worker: Worker, password: str, sealer: Sealer, now: datetime) -> Row:
    return {
        "id": worker.id, "version": 1, "kind": AccountKind.STAFF, "login": worker.login,
        "password": password, "name": worker.name, "language": "zh-CN", "created_at": now,
        "phone": sealer.seal(worker.phone, purpose="phone") if worker.phone else None,
    }  # fmt: skip


def _resident_row(resident: Resident, sealer: Sealer, now: datetime) -> Row:
    return {
        "id": resident.id, "version": 1, "kind": AccountKind.RESIDENT, "language": "zh-CN",
        "phone": sealer.seal(resident.phone, purpose="phone"),
        "phone_index": sealer.index(resident.phone, purpose="phone"), "created_at": now,
    }  # fmt: skip


def _membership(worker: Worker) -> Row:
    return {
        "id": uuid5(NAMESPACE, f"membership:{worker.login}"), "account_id": worker.id,
        "unit_id": worker.unit.id, "role": worker.role,
    }  # fmt: skip


def _official(leader: Leader) -> Row:
    return {
        "account_id": leader.worker.id, "unit_id": leader.worker.unit.id,
        "name": leader.worker.name, "post": leader.post, "division": leader.division,
        "topics": leader.topics, "rank": leader.rank, "invited_only": leader.invited_only,
    }  # fmt: skip


def _service(worker: Worker, leader: str) -> Row:
    return {"account_id": worker.id, "leader_id": account_id(leader)}


def _person(resident: Resident, sealer: Sealer, now: datetime) -> Row:
    return {
        "id": resident.person_id, "version": 1, "level": IdentityLevel.DECLARED,
        "name": sealer.seal(resident.name, purpose="name"),
        "id_number": sealer.seal(resident.id_number, purpose="id_number"),
        "id_number_index": sealer.index(resident.id_number, purpose="id_number"),
        "address": sealer.seal(resident.address, purpose="address"), "created_at": now,
    }  # fmt: skip


def _link(resident: Resident, sealer: Sealer, now: datetime) -> Row:
    return {
        "account_id": resident.id, "person_id": resident.person_id, "relation": Relation.SELF,
        "address": sealer.seal(resident.address, purpose="address"), "created_at": now,
    }  # fmt: skip
