"""Somebody for whom the desk acts: declared and counted, and the account that is theirs."""

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from server.identity import persons
from server.identity.persons import Declared
from server.identity.tables import Account, AccountPerson, Person
from server.kernel.actor import Role
from server.kernel.errors import FieldError, Invalid
from server.kernel.sealing import Sealer
from server.kernel.throttle import spend
from server.kernel.uow import Tx
from server.units.tables import Unit

A_DAY = 60
"""For so many one member of staff acts in a day; more is a script."""


async def declare(tx: Tx, sealer: Sealer, who: Declared) -> Person:
    await spend(tx, f"desk:{tx.actor.account_id}", limit=A_DAY, per=timedelta(days=1))
    return await persons.declare(tx, who, sealer=sealer)


async def check_subject(tx: Tx, subject_id: UUID | None) -> None:
    """Neither the leader nor the point may be of it, as of any matter that is booked."""
    if subject_id is not None and await tx.session.get(Unit, subject_id) is None:
        raise Invalid("invalid", fields=(FieldError("subject_unit_id", "field.invalid"),))


async def account_of(tx: Tx, sealer: Sealer, person: Person, phone: str) -> UUID | None:
    """The account that may act for this very person by this phone, if there is one."""
    if not tx.actor.has(Role.CLERK):
        return None
    index = sealer.index(phone, purpose="phone")
    query = (
        sa.select(Account.id)
        .join(AccountPerson, AccountPerson.account_id == Account.id)
        .where(Account.phone_index == index, AccountPerson.person_id == person.id)
    )
    return await tx.session.scalar(query)
