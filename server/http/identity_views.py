"""What the client is told of accounts and persons: numbers masked."""

from datetime import datetime
from uuid import UUID

from server.http.endpoints import View
from server.identity import accounts, numbers
from server.identity.persons import Known
from server.identity.tables import Account, IdentityLevel
from server.kernel.actor import Actor, ActorKind, Role
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx


class RoleView(View):
    role: Role
    unit_id: UUID
    unit_name: str


class ServedView(View):
    leader_id: UUID
    name: str


class Me(View):
    kind: ActorKind
    account_id: UUID | None
    name: str
    phone_masked: str | None
    email_masked: str | None
    roles: list[RoleView]
    shared_device: bool
    serves: list[ServedView]


class SessionView(View):
    id: UUID
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    shared: bool
    is_this_one: bool


class PersonView(View):
    id: UUID
    name: str
    id_number_masked: str | None
    address: str | None
    level: IdentityLevel
    relation: str


async def me_of(tx: Tx, actor: Actor, *, sealer: Sealer) -> Me:
    account = await tx.session.get(Account, actor.account_id) if actor.account_id else None
    if account is None:
        return Me(
            kind=actor.kind, account_id=None, name=actor.name, phone_masked=None,
            email_masked=None, roles=[], shared_device=False, serves=[],
        )  # fmt: skip
    roles = await accounts.held_roles(tx, account.id)
    serves = await accounts.served_leaders(tx, account.id)
    return Me(
        kind=actor.kind,
        account_id=account.id,
        name=account.name or "",
        phone_masked=_masked_phone(account, sealer),
        email_masked=_masked_email(account, sealer),
        roles=[RoleView.model_validate(role, from_attributes=True) for role in roles],
        shared_device=await accounts.signs_in_shared(tx, actor.session_id),
        serves=[ServedView.model_validate(one, from_attributes=True) for one in serves],
    )


def person_view(known: Known, *, sealer: Sealer) -> PersonView:
    person = known.person
    number = sealer.open(person.id_number, purpose="id_number") if person.id_number else None
    return PersonView(
        id=person.id,
        name=sealer.open(person.name, purpose="name"),
        id_number_masked=numbers.mask_id_number(number) if number else None,
        address=sealer.open(known.address, purpose="address") if known.address else None,
        level=person.level,
        relation=known.relation,
    )


def _masked_phone(account: Account, sealer: Sealer) -> str | None:
    if account.phone is None:
        return None
    return numbers.mask_phone(sealer.open(account.phone, purpose="phone"))


def _masked_email(account: Account, sealer: Sealer) -> str | None:
    if account.email is None:
        return None
    return numbers.mask_email(sealer.open(account.email, purpose="email"))
