"""Accounts: residents come into being by their phone, staff by an administrator."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from server.identity import sessions
from server.identity.tables import Account, AccountKind, Membership, Official, Service, WebSession
from server.kernel.actor import Role
from server.kernel.errors import Conflict, NotFound
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from server.units.tables import Unit


async def resident_of_phone(tx: Tx, phone: str, *, sealer: Sealer) -> Account:
    """The resident's account of this phone; made when there is none."""
    sealed = sealer.seal(phone, purpose="phone")
    return await resident_of_sealed_phone(
        tx, sealed, phone_index=sealer.index(phone, purpose="phone")
    )


async def resident_of_sealed_phone(tx: Tx, phone: bytes, *, phone_index: bytes) -> Account:
    row = insert(Account).values(
        id=uuid4(),
        kind=AccountKind.RESIDENT,
        phone=phone,
        phone_index=phone_index,
        created_at=tx.now,
    )
    await tx.session.execute(row.on_conflict_do_nothing(index_elements=["phone_index"]))
    query = sa.select(Account).where(Account.phone_index == phone_index)
    return (await tx.session.scalars(query)).one()


async def own_account(tx: Tx) -> Account:
    """The account of whoever asks."""
    account = await tx.session.get(Account, tx.actor.account_id) if tx.actor.account_id else None
    if account is None:
        raise NotFound
    return account


@dataclass(frozen=True)
class Contact:
    """How somebody is reached; `email` where one was given."""

    phone: str
    email: str | None


async def own_contact(tx: Tx, *, sealer: Sealer) -> Contact:
    """How the asker is reached. Raises NotFound for an account without a phone."""
    account = await own_account(tx)
    if account.phone is None:
        raise NotFound
    return Contact(
        phone=sealer.open(account.phone, purpose="phone"),
        email=sealer.open(account.email, purpose="email") if account.email else None,
    )


async def set_email(tx: Tx, email: str | None, *, sealer: Sealer) -> Account:
    account = await own_account(tx)
    account.email = sealer.seal(email, purpose="email") if email else None
    tx.audit("email_changed", "account", account.id)
    return account


async def add_staff(
    tx: Tx, *, login: str, name: str, password_hash: str, role: Role, unit_code: str
) -> Account:
    """Raises Conflict when the name is taken, NotFound when there is no such unit."""
    unit_id = await tx.session.scalar(sa.select(Unit.id).where(Unit.code == unit_code))
    if unit_id is None:
        raise NotFound
    if await tx.session.scalar(sa.select(Account.id).where(Account.login == login)):
        raise Conflict("login_taken")
    account = Account(
        id=uuid4(),
        kind=AccountKind.STAFF,
        login=login,
        name=name,
        password=password_hash,
        created_at=tx.now,
    )
    tx.session.add(account)
    await tx.session.flush()
    tx.session.add(Membership(account_id=account.id, unit_id=unit_id, role=role))
    tx.audit("account_added", "account", account.id, role=role, unit=unit_code)
    return account


async def disable(tx: Tx, login: str) -> int:
    """Shut a staff account and end its sign-ins; answers how many ended."""
    account = await staff(tx, login)
    account.disabled_at = tx.now
    tx.audit("account_disabled", "account", account.id)
    return await sessions.revoke_all(tx, account.id)


async def set_password(tx: Tx, login: str, password_hash: str) -> None:
    """Whoever knew the old one is signed out."""
    account = await staff(tx, login)
    account.password = password_hash
    tx.audit("password_set", "account", account.id)
    await sessions.revoke_all(tx, account.id)


async def staff(tx: Tx, login: str) -> Account:
    query = sa.select(Account).where(Account.login == login, Account.kind == AccountKind.STAFF)
    account = (await tx.session.scalars(query)).one_or_none()
    if account is None:
        raise NotFound
    return account


@dataclass(frozen=True)
class HeldRole:
    role: Role
    unit_id: UUID
    unit_name: str


async def held_roles(tx: Tx, account_id: UUID) -> Sequence[HeldRole]:
    query = (
        sa.select(Membership.role, Unit.id, Unit.name)
        .join(Unit, Unit.id == Membership.unit_id)
        .where(Membership.account_id == account_id)
        .order_by(Membership.role, Unit.path)
    )
    return [HeldRole(*row) for row in (await tx.session.execute(query)).all()]


@dataclass(frozen=True)
class Served:
    leader_id: UUID
    name: str


async def served_leaders(tx: Tx, account_id: UUID) -> Sequence[Served]:
    """For whom an operator or a leader's office works, in official order."""
    query = (
        sa.select(Official.account_id, Official.name)
        .join(Service, Service.leader_id == Official.account_id)
        .where(Service.account_id == account_id)
        .order_by(Official.rank)
    )
    return [Served(*row) for row in (await tx.session.execute(query)).all()]


async def signs_in_shared(tx: Tx, session_id: UUID | None) -> bool:
    """Whether the sign-in is on a device that others use too."""
    query = sa.select(WebSession.shared).where(WebSession.id == session_id)
    return bool(session_id and await tx.session.scalar(query))
