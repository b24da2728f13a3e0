"""Who keeps out of a matter: leaders of the unit complained of, and its staffed points.

An accusation is kept from every leader to whom it is not confided.
"""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from server.cases import access
from server.cases.tables import Case, PetitionClass
from server.identity.tables import Official
from server.kernel.errors import FieldError, Invalid, RuleBroken
from server.kernel.uow import Tx
from server.units.tables import Unit


def is_barred(site: Unit, subject: Unit | None) -> bool:
    """Whether the point is the unit complained of, or stands below it."""
    return subject is not None and site.path.startswith(subject.path)


async def subject_of(tx: Tx, case_id: UUID | None) -> Unit | None:
    query = sa.select(Unit).join(Case, Case.subject_unit_id == Unit.id).where(Case.id == case_id)
    return await tx.session.scalar(query)


async def barred(
    tx: Tx, case_ids: Collection[UUID], leader_ids: Collection[UUID]
) -> set[tuple[UUID, UUID]]:
    """Pairs of case and leader: who of these may not receive in which of these matters."""
    home, subject = aliased(Unit), aliased(Unit)
    at_home = (
        sa.select(Case.id, Official.account_id)
        .join(subject, subject.id == Case.subject_unit_id)
        .join(Official, sa.true())
        .join(home, home.id == Official.unit_id)
        .where(
            Case.id.in_(case_ids), Official.account_id.in_(leader_ids),
            sa.func.starts_with(home.path, subject.path),
        )
    )  # fmt: skip
    shut_out = access.shut_out(sa.select(Case.id).where(Case.id.in_(case_ids)), leader_ids)
    rows = await tx.session.execute(sa.union(at_home, shut_out))
    return {(case_id, leader_id) for case_id, leader_id in rows.all()}


async def check_leader(tx: Tx, case_id: UUID | None, *leader_ids: UUID) -> None:
    """Raises RuleBroken when one of these leaders keeps out of the matter."""
    if case_id is not None and await barred(tx, [case_id], leader_ids):
        raise RuleBroken("leader_keeps_out")


async def check(tx: Tx, case: Case, *, leader_id: UUID | None, site_id: UUID | None) -> None:
    """Raises RuleBroken for the leader, Invalid for a point of the unit complained of.

    Of most matters no unit is complained of: what is known of the case spares the questions.
    """
    if case.subject_unit_id is None and case.petition_class != PetitionClass.ACCUSATION:
        return
    if leader_id is not None:
        await check_leader(tx, case.id, leader_id)
    site = await tx.session.get(Unit, site_id) if site_id else None
    if site is not None and is_barred(site, await subject_of(tx, case.id)):
        raise Invalid("invalid", fields=(FieldError("site_id", "field.site_complained_of"),))
