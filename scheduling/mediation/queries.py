"""Read models of mediations, for the mediator and for the side that is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from scheduling.tables import Appointment, Mediation
from server.cases.tables import Case, Party, PartyRole
from server.identity.tables import Account
from server.kernel.uow import Tx
from server.units.tables import Unit

MOST = 200


@dataclass(frozen=True)
class Shown:
    mediation: Mediation
    case: Case
    unit: Unit
    mediator: Account
    appointment: Appointment | None
    parties: Sequence[Party]

    @property
    def other(self) -> Party:
        return next(p for p in self.parties if p.id == self.mediation.other_party_id)

    @property
    def asking(self) -> Party | None:
        """Who wants the mediation: the first of those on the other side of the one asked."""
        sides = (PartyRole.APPLICANT, PartyRole.PETITIONER)
        return next((p for p in self.parties if p.role in sides and p is not self.other), None)


async def shown(tx: Tx, *conditions: sa.ColumnElement[bool]) -> list[Shown]:
    """Mediations with what stands around them, the newest first."""
    query = (
        sa.select(Mediation, Case, Unit, Account, Appointment)
        .join(Case, Case.id == Mediation.case_id)
        .join(Unit, Unit.id == Case.lead_unit_id)
        .join(Account, Account.id == Mediation.mediator_id)
        .outerjoin(Appointment, Appointment.id == Mediation.appointment_id)
        .where(*conditions)
        .order_by(Mediation.asked_at.desc(), Mediation.id)
        .limit(MOST)
    )
    rows = (await tx.session.execute(query)).all()
    parties = await _parties(tx, {case.id for _, case, *_ in rows})
    return [Shown(*row, parties.get(row[1].id, [])) for row in rows]


async def _parties(tx: Tx, case_ids: set[UUID]) -> dict[UUID, list[Party]]:
    query = sa.select(Party).where(Party.case_id.in_(case_ids))
    found: dict[UUID, list[Party]] = {}
    for party in await tx.session.scalars(query.order_by(Party.position, Party.id)):
        found.setdefault(party.case_id, []).append(party)
    return found
