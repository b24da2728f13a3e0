"""Ratings: of the petition office and of the responsible unit, never of the leader; once."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from server.cases import timeline
from server.cases.tables import Case, Decision, Rating, RatingSubject
from server.kernel.errors import Conflict, FieldError, Invalid
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx


@dataclass(frozen=True)
class Stars:
    stars: int
    words: str | None = None


async def rate(
    tx: Tx, sealer: Sealer, *, case: Case, appointment_id: UUID, office: Stars, unit: Stars | None
) -> None:
    """Keep what somebody thinks of a session that took place; Conflict when they said so before."""
    responsible = await responsible_unit(tx, appointment_id)
    if unit is not None and responsible is None:
        raise Invalid("invalid", fields=(FieldError("unit", "field.no_responsible_unit"),))
    given = [(RatingSubject.OFFICE, case.first_receiver_id, office)]
    if unit is not None and responsible is not None:
        given.append((RatingSubject.UNIT, responsible, unit))
    rows = [
        {
            "case_id": case.id, "appointment_id": appointment_id, "subject": subject,
            "unit_id": unit_id, "stars": rating.stars, "at": tx.now,
            "words": sealer.seal(rating.words, purpose="text") if rating.words else None,
        }
        for subject, unit_id, rating in given
    ]  # fmt: skip
    kept = await tx.session.execute(
        insert(Rating).values(rows).on_conflict_do_nothing().returning(Rating.id)
    )
    if len(kept.all()) != len(rows):
        raise Conflict("already_rated")
    await timeline.append(
        tx, sealer, case_id=case.id, kind="rated", key=f"rated:{appointment_id}",
        facts={"appointment_id": str(appointment_id), **{s: r.stars for s, _, r in given}},
        for_resident=True,
    )  # fmt: skip
    tx.audit("rate", "case", case.id, appointment_id=appointment_id)


async def responsible_unit(tx: Tx, appointment_id: UUID) -> UUID | None:
    """The unit that was told what to do in this session."""
    query = sa.select(Decision.instruction_unit_id).where(Decision.appointment_id == appointment_id)
    unit_id: UUID | None = await tx.session.scalar(query)
    return unit_id
