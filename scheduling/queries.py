"""Read models: days with what is free of them, and appointments with the names around them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import aliased

from scheduling.choices.tables import OPEN_ENTRIES, WaitlistEntry
from scheduling.slots import GENERAL
from scheduling.tables import Appointment
from server.cases.tables import Case, Decision
from server.identity.tables import Account, Official, Person
from server.kernel.database import Instant
from server.kernel.uow import Tx
from server.units.tables import Unit

# Laterals leave the planner no choice: with many days it joined slots to claims one by one.
COUNTS = (
    sa.text(
        f"""
        WITH asked AS (
            SELECT day_id, resource, seat, tstzrange(min(begins_at), max(ends_at)) AS over
            FROM slot WHERE day_id = ANY(:day_ids) GROUP BY day_id, resource, seat
        )
        SELECT a.day_id, sum(seats.total)::int AS total, sum(seats.free)::int AS free
        FROM asked a, LATERAL (
            SELECT range_agg(c.during) AS during FROM claim c
            WHERE c.resource = a.resource AND c.seats @> a.seat AND c.during && a.over
            AND (c.expires_at IS NULL OR c.expires_at > :now)
        ) taken, LATERAL (
            SELECT count(*) AS total, count(*) FILTER (
                WHERE s.begins_at > :now AND {GENERAL.format(now=":now")}
                AND (taken.during && tstzrange(s.begins_at, s.ends_at)) IS NOT TRUE) AS free
            FROM slot s WHERE s.day_id = a.day_id AND s.seat = a.seat
        ) seats GROUP BY a.day_id
        """  # noqa: S608  (our own words)
    )
    .bindparams(
        sa.bindparam("now", type_=Instant),
        sa.bindparam("day_ids", type_=pg.ARRAY(sa.Uuid)),
    )
    .columns(day_id=sa.Uuid)
)


async def leaders(tx: Tx) -> Sequence[Official]:
    return (await tx.session.scalars(sa.select(Official).order_by(Official.rank))).all()


async def waiting_on(tx: Tx, day_ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """For each day on whose list somebody waits, how many."""
    query = (
        sa.select(WaitlistEntry.day_id, sa.func.count())
        .where(WaitlistEntry.day_id.in_(day_ids), WaitlistEntry.state.in_(OPEN_ENTRIES))
        .group_by(WaitlistEntry.day_id)
    )
    rows = (await tx.session.execute(query)).all()
    return {row[0]: row[1] for row in rows}


async def counts_of(tx: Tx, day_ids: Sequence[UUID]) -> Mapping[UUID, tuple[int, int]]:
    """For each day how many seats are free, and how many there are."""
    rows = await tx.connection.execute(COUNTS, {"day_ids": list(day_ids), "now": tx.now})
    return {row.day_id: (row.free, row.total) for row in rows}


@dataclass(frozen=True)
class Shown:
    """An appointment with what stands around it; sealed values are still sealed."""

    appointment: Appointment
    unit: Unit
    host: Account
    official: Official | None
    site: Unit | None
    case: Case | None
    person: Person | None
    replied: bool


async def shown(tx: Tx, *conditions: sa.ColumnElement[bool], most: int = 200) -> list[Shown]:
    """Appointments by any condition, the next one first."""
    query = shown_query().where(*conditions).order_by(Appointment.begins_at).limit(most)
    return [Shown(*row) for row in (await tx.session.execute(query)).all()]


def shown_query() -> sa.Select[
    Appointment, Unit, Account, Official | None, Unit | None, Case | None, Person | None, bool
]:
    site = aliased(Unit)
    replied = (
        sa.exists()
        .where(Decision.appointment_id == Appointment.id, Decision.reply_released_at.is_not(None))
        .correlate(Appointment)
    )
    return (
        sa.select(Appointment, Unit, Account, Official, site, Case, Person, replied)
        .join(Unit, Unit.id == Appointment.unit_id)
        .join(Account, Account.id == Appointment.host_id)
        .outerjoin(Official, Official.account_id == Appointment.host_id)
        .outerjoin(site, site.id == Appointment.site_id)
        .outerjoin(Case, Case.id == Appointment.case_id)
        .outerjoin(Person, Person.id == Appointment.person_id)
    )
