"""Who is to attend, and the personal links of those who have no staff account."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID, uuid4

import sqlalchemy as sa

from scheduling import codes
from scheduling.tables import Invitee, SessionRole
from server.identity import persons
from server.identity.tables import Account, IdentityLevel
from server.kernel import driver
from server.kernel.driver import NewRow
from server.kernel.sealing import Sealer, new_token, token_hash
from server.kernel.uow import Tx

LINK = "link"
SEEN = frozenset({IdentityLevel.SEEN, IdentityLevel.VERIFIED})
FOR_THEMSELVES = frozenset({SessionRole.PETITIONER, SessionRole.APPLICANT, SessionRole.RESPONDENT})
"""Whose matter it is, on either side: each may come to a point, with a code of their own."""


@dataclass(frozen=True)
class NewInvitee:
    """Somebody to invite: staff by `account_id`, others are reached by phone or mail."""

    role: SessionRole
    name: str
    account_id: UUID | None = None
    person_id: UUID | None = None
    phone: str | None = None
    email: str | None = None
    language: str = "zh-CN"
    letter_id: UUID | None = None


def add(tx: Tx, sealer: Sealer, appointment_id: UUID, invited: NewInvitee) -> Invitee:
    """Give somebody a seat; their link is made when the time stands."""
    invitee = Invitee(**_row(sealer, appointment_id, invited))
    tx.session.add(invitee)
    return invitee


def bring(tx: Tx, invitee: Invitee, appointment_id: UUID) -> None:
    """The same person comes to another reception: what was established about them stands."""
    kept = (
        "role", "account_id", "person_id", "letter_id", "name", "phone", "email", "language",
        "seen_by", "seen_at", "email_bad_at",
    )  # fmt: skip
    same = {name: getattr(invitee, name) for name in kept}
    tx.session.add(Invitee(id=uuid4(), appointment_id=appointment_id, **same))


async def add_all(
    tx: Tx, sealer: Sealer, appointment_id: UUID, people: Iterable[NewInvitee]
) -> None:
    """Give several people their seats, quickly."""
    await driver.insert(await tx.driver(), Invitee, *rows(sealer, appointment_id, people))


def rows(sealer: Sealer, appointment_id: UUID, people: Iterable[NewInvitee]) -> list[NewRow]:
    """Seats as they are written."""
    return [_row(sealer, appointment_id, invited) for invited in people]


def _row(sealer: Sealer, appointment_id: UUID, invited: NewInvitee) -> NewRow:
    return {
        "id": uuid4(),
        "appointment_id": appointment_id,
        "role": invited.role,
        "account_id": invited.account_id,
        "person_id": invited.person_id,
        "name": sealer.seal(invited.name, purpose="name"),
        "phone": sealer.seal(invited.phone, purpose="phone") if invited.phone else None,
        "email": sealer.seal(invited.email, purpose="email") if invited.email else None,
        "language": invited.language,
        "letter_id": invited.letter_id,
    }


def standing(invitee_ids: Collection[UUID]) -> sa.Select[UUID]:
    """Those of them who are still invited."""
    return sa.select(Invitee.id).where(Invitee.id.in_(invitee_ids), Invitee.removed_at.is_(None))


def give_link(invitee: Invitee, sealer: Sealer) -> str:
    """A fresh personal link; an older one stops working. Stored hashed, and sealed to be sent."""
    token = new_token()
    invitee.token_hash = token_hash(token)
    invitee.link = sealer.seal(token, purpose=LINK)
    return token


def link_of(invitee: Invitee, sealer: Sealer) -> str | None:
    """The token to send; None for staff, or while the time does not stand."""
    return sealer.open(invitee.link, purpose=LINK) if invitee.link else None


async def address_of(tx: Tx, sealer: Sealer, invitee: Invitee) -> str | None:
    """Where calendar mails go: the seat's own address, else the account's."""
    sealed = invitee.email
    if sealed is None and invitee.account_id is not None:
        sealed = (await tx.session.get_one(Account, invitee.account_id)).email
    return sealer.open(sealed, purpose="email") if sealed else None


async def of(tx: Tx, appointment_id: UUID) -> list[Invitee]:
    """Everybody still invited, the host first."""
    query = (
        sa.select(Invitee)
        .where(Invitee.appointment_id == appointment_id, Invitee.removed_at.is_(None))
        .order_by(Invitee.account_id.is_(None), Invitee.role, Invitee.id)
    )
    return list((await tx.session.scalars(query)).all())


async def petitioner(tx: Tx, appointment_id: UUID) -> Invitee | None:
    """Whose matter it is."""
    seats = await of(tx, appointment_id)
    return next((one for one in seats if one.role == SessionRole.PETITIONER), None)


async def give_entrances(
    tx: Tx, sealer: Sealer, appointment_id: UUID, *, without_link: Collection[SessionRole] = ()
) -> None:
    """Everybody without a staff account gets a link, and who comes for themselves a code, once.

    `without_link`: to whom it is of no use.
    """
    await tx.session.flush()
    for invitee in await of(tx, appointment_id):
        if invitee.role not in without_link and _lacks_link(invitee):
            give_link(invitee, sealer)
        if invitee.role in FOR_THEMSELVES:
            await codes.give(tx, sealer, invitee)


def _lacks_link(invitee: Invitee) -> bool:
    return invitee.token_hash is None and _comes_by_link(invitee)


def _comes_by_link(invitee: Invitee) -> bool:
    return invitee.phone is not None or invitee.email is not None or invitee.person_id is not None


async def compare_card(tx: Tx, invitee: Invitee, *, note: str | None = None) -> None:
    """Staff compared the card with the face. An agent has no identity here: the name is what counts."""
    if invitee.person_id is not None:
        await persons.compare_card(tx, invitee.person_id, note=note)
        return
    invitee.seen_by, invitee.seen_at = tx.actor.account_id, tx.now
    tx.audit("card_compared", "invitee", invitee.id, reason=note, role=invitee.role)


def is_seen(invitee: Invitee, level: IdentityLevel | None) -> bool:
    """Whether staff compared the card of whoever is invited; `level` is that of the person."""
    return level in SEEN if invitee.person_id is not None else invitee.seen_at is not None
