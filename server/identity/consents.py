"""Consents: who agreed to what, on which basis, to which text, when and how."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from server.identity.tables import Basis, Consent, ConsentKind
from server.kernel.uow import Tx


@dataclass(frozen=True)
class Attendance:
    """Who, at which appointment: what a consent is about."""

    invitee_id: UUID
    appointment_id: UUID
    person_id: UUID | None


async def answer(
    tx: Tx, about: Attendance, *, kind: ConsentKind, given: bool, basis: Basis,
    text_version: str, how: str,
) -> Consent:  # fmt: skip
    """Write down an answer; an earlier one of this kind is withdrawn by it, and stays."""
    await withdraw(tx, about.invitee_id, kind=kind)
    consent = Consent(
        invitee_id=about.invitee_id,
        appointment_id=about.appointment_id,
        person_id=about.person_id,
        kind=kind,
        given=given,
        basis=basis,
        text_version=text_version,
        how=how,
        at=tx.now,
    )
    tx.session.add(consent)
    tx.audit("consent", "invitee", about.invitee_id, kind=kind, given=given, text=text_version)
    return consent


async def withdraw(tx: Tx, invitee_id: UUID, *, kind: ConsentKind) -> None:
    query = (
        sa.update(Consent)
        .where(
            Consent.invitee_id == invitee_id,
            Consent.kind == kind,
            Consent.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=tx.now)
    )
    await tx.session.execute(query)


async def standing(tx: Tx, invitee_ids: Collection[UUID]) -> Sequence[Consent]:
    """The answers that stand now, yes and no."""
    query = sa.select(Consent).where(
        Consent.invitee_id.in_(invitee_ids), Consent.withdrawn_at.is_(None)
    )
    return (await tx.session.scalars(query.order_by(Consent.at))).all()


def agrees(consents: Sequence[Consent], invitee_id: UUID, kind: ConsentKind) -> bool:
    return any(c.given for c in consents if c.invitee_id == invitee_id and c.kind == kind)
