"""The only way to a person on an account's behalf."""

from uuid import UUID

import sqlalchemy as sa

from server.identity.tables import AccountPerson, Person
from server.kernel.errors import NotFound
from server.kernel.uow import Tx


async def own_person(tx: Tx, person_id: UUID) -> Person:
    """A person the asking account may act for; NotFound otherwise."""
    query = (
        sa.select(Person)
        .join(AccountPerson, AccountPerson.person_id == Person.id)
        .where(Person.id == person_id, AccountPerson.account_id == tx.actor.account_id)
    )
    person = (await tx.session.scalars(query)).one_or_none()
    if person is None:
        raise NotFound
    return person
