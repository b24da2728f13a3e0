"""Persons: keyed by identity number, never by phone; declared by people, seen by staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from server.identity.tables import AccountPerson, IdentityLevel, Person
from server.kernel.errors import NotFound, RuleBroken
from server.kernel.sealing import Sealer
from server.kernel.throttle import spend
from server.kernel.uow import Tx

ADDED_A_DAY = 10
LEVELS = tuple(IdentityLevel)


class Relation(StrEnum):
    SELF = "self"
    FAMILY = "family"
    NEIGHBOUR = "neighbour"
    OTHER = "other"


@dataclass(frozen=True)
class Declared:
    """What somebody says who they are. Without a number each is a person of their own."""

    name: str
    id_number: str | None
    address: str | None


@dataclass(frozen=True)
class Known:
    """A person as one account may see them."""

    person: Person
    relation: str
    address: bytes | None


async def declare(tx: Tx, declared: Declared, *, sealer: Sealer) -> Person:
    """The person of this identity; made when there is none yet.

    Raises RuleBroken when the number is known with another name: a wrong digit must not make
    somebody a party to a stranger's matters.
    """
    person_id = uuid4()
    index = _index(declared.id_number, sealer=sealer)
    row = insert(Person).values(
        id=person_id,
        version=1,
        name=sealer.seal(declared.name, purpose="name"),
        id_number=_sealed(declared.id_number, "id_number", sealer=sealer),
        id_number_index=index,
        address=_sealed(declared.address, "address", sealer=sealer),
        level=IdentityLevel.DECLARED if declared.id_number else IdentityLevel.PHONE,
        created_at=tx.now,
    )
    await tx.session.execute(row.on_conflict_do_nothing(index_elements=["id_number_index"]))
    which = Person.id == person_id if index is None else Person.id_number_index == index
    person = (await tx.session.scalars(sa.select(Person).where(which))).one()
    if person.id == person_id:
        tx.audit("declared", "person", person.id, level=person.level)
    elif sealer.open(person.name, purpose="name") != declared.name:
        raise RuleBroken("id_number_other_name")
    return person


async def known(tx: Tx, declared: Declared, *, sealer: Sealer) -> Person | None:
    """Who bears this number and this name, if anybody does."""
    index = _index(declared.id_number, sealer=sealer)
    query = sa.select(Person).where(Person.id_number_index == index)
    person = await tx.session.scalar(query) if index else None
    if person is None or sealer.open(person.name, purpose="name") != declared.name:
        return None
    return person


async def count_try(tx: Tx) -> None:
    """To be committed first: a refusal must count too, else names could be guessed."""
    await spend(tx, f"person:{tx.actor.account_id}", limit=ADDED_A_DAY, per=timedelta(days=1))


async def add_own(tx: Tx, declared: Declared, *, relation: Relation, sealer: Sealer) -> Known:
    """Have the asking account act for a person."""
    account_id = tx.actor.account_id
    person = await declare(tx, declared, sealer=sealer)
    address = _sealed(declared.address, "address", sealer=sealer)
    row = insert(AccountPerson).values(
        account_id=account_id,
        person_id=person.id,
        relation=relation,
        address=address,
        created_at=tx.now,
    )
    changed = {"relation": relation, "address": address}
    await tx.session.execute(
        row.on_conflict_do_update(index_elements=["account_id", "person_id"], set_=changed)
    )
    tx.audit("linked", "person", person.id, relation=relation)
    return Known(person, relation, address)


async def compare_card(tx: Tx, person_id: UUID, *, note: str | None = None) -> Person:
    """Staff compared the card with the face: the person is `seen`, unless known better."""
    person = await tx.session.get(Person, person_id)
    if person is None:
        raise NotFound
    if LEVELS.index(person.level) < LEVELS.index(IdentityLevel.SEEN):
        person.level = IdentityLevel.SEEN
    person.seen_by, person.seen_at = tx.actor.account_id, tx.now
    tx.audit("card_compared", "person", person.id, reason=note, level=person.level)
    return person


async def own(tx: Tx) -> Sequence[Known]:
    """For whom the asking account may act, in the order they were added."""
    query = (
        sa.select(Person, AccountPerson.relation, AccountPerson.address)
        .join(AccountPerson, AccountPerson.person_id == Person.id)
        .where(AccountPerson.account_id == tx.actor.account_id)
        .order_by(AccountPerson.created_at, Person.id)
    )
    return [Known(*row) for row in (await tx.session.execute(query)).all()]


def _index(number: str | None, *, sealer: Sealer) -> bytes | None:
    return sealer.index(number, purpose="id_number") if number else None


def _sealed(text: str | None, purpose: str, *, sealer: Sealer) -> bytes | None:
    return sealer.seal(text, purpose=purpose) if text else None
