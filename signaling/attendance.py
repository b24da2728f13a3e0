"""Who kept their time: days that hosts did not hold, began late or left, and residents who did not come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from uuid import UUID

import sqlalchemy as sa

from scheduling import access
from scheduling.plans.cutting import instant
from server.kernel.actor import Role
from server.kernel.uow import Tx
from server.units.tables import Unit

READ_BY = (Role.SUPERVISOR, Role.LEADER_OFFICE, Role.CLERK)

# A day is a host's times of one date. Who came is known by their seat; of a day that its leader
# missed the clock has noted it. A day counts as not held only where somebody came for it.
FIGURES = """
    WITH asked AS (
        SELECT a.host_id, (a.begins_at AT TIME ZONE 'Asia/Shanghai')::date AS day, a.begins_at,
               a.state, a.excused_at, host.came AS host_came, guest.came AS guest_came,
               a.state IN ('completed', 'in_session') AS is_met,
               a.host_missed_at IS NOT NULL OR (
                   guest.came IS NOT NULL AND host.came IS NULL AND a.ends_at < $3
                   AND a.state IN ('confirmed', 'checked_in')) AS is_unmet
        FROM appointment a
        LEFT JOIN live_session s ON s.appointment_id = a.id
        LEFT JOIN LATERAL (
            SELECT min(p.arrived_at) AS came FROM participant p
            WHERE p.session_id = s.id AND p.role = 'host') host ON true
        LEFT JOIN LATERAL (
            SELECT min(p.arrived_at) AS came FROM participant p WHERE p.session_id = s.id
            AND p.role IN ('petitioner', 'applicant', 'respondent')) guest ON true
        WHERE a.begins_at >= $1 AND a.begins_at < $2 AND a.begins_at < $3
        AND a.unit_id = ANY($4) AND a.session_kind IN ('reception', 'joint_interview', 'mediation')
        AND (a.state IN ('confirmed', 'checked_in', 'in_session', 'completed', 'no_show')
             OR a.host_missed_at IS NOT NULL)
    ), days AS (
        SELECT host_id, day, bool_or(is_met) AS met, bool_or(is_unmet) AS unmet,
               coalesce(min(host_came) > min(begins_at) FILTER (WHERE guest_came IS NOT NULL) + $5,
                        false) AS late,
               count(*) AS booked, count(*) FILTER (WHERE is_met) AS received,
               count(*) FILTER (WHERE is_unmet) AS not_received,
               count(*) FILTER (WHERE state = 'no_show') AS absent,
               count(*) FILTER (WHERE state = 'no_show' AND excused_at IS NOT NULL) AS excused,
               count(*) FILTER (WHERE guest_came > begins_at + $5) AS came_late
        FROM asked GROUP BY host_id, day
    ), off AS (
        SELECT leader_id AS host_id, count(*) AS called_off FROM reception_day
        WHERE begins_at >= $1 AND begins_at < $2 AND unit_id = ANY($4) AND state = 'cancelled'
        GROUP BY leader_id
    ), total AS (
        SELECT host_id, count(*) AS days, count(*) FILTER (WHERE unmet AND NOT met) AS not_held,
               count(*) FILTER (WHERE late) AS late,
               count(*) FILTER (WHERE unmet AND met) AS left_early, sum(booked)::int AS booked,
               sum(received)::int AS received, sum(not_received)::int AS not_received,
               sum(absent)::int AS absent, sum(excused)::int AS excused,
               sum(came_late)::int AS came_late
        FROM days GROUP BY host_id
    )
    SELECT h.id AS host_id, h.name, o.post, o.account_id IS NOT NULL AS is_leader,
           coalesce(t.days, 0) AS days, coalesce(t.not_held, 0) AS not_held,
           coalesce(t.late, 0) AS late, coalesce(t.left_early, 0) AS left_early,
           coalesce(off.called_off, 0) AS called_off, coalesce(t.booked, 0) AS booked,
           coalesce(t.received, 0) AS received, coalesce(t.not_received, 0) AS not_received,
           coalesce(t.absent, 0) AS absent, coalesce(t.excused, 0) AS excused,
           coalesce(t.came_late, 0) AS came_late
    FROM total t FULL JOIN off ON off.host_id = t.host_id
    JOIN account h ON h.id = coalesce(t.host_id, off.host_id)
    LEFT JOIN official o ON o.account_id = h.id
    ORDER BY o.rank NULLS LAST, h.name, h.id
    """


@dataclass(frozen=True)
class Attendance:
    """Of one host. `not_held`: people came and nobody was received; `left_early`: some were, and
    others who had come were not; `late`: the host came later than the grace after the first time.

    `called_off` were cancelled beforehand. The rest are people: `absent` did not come, of whom
    `excused` said why and it was accepted.
    """

    host_id: UUID
    name: str | None
    post: str | None
    is_leader: bool
    days: int
    not_held: int
    late: int
    left_early: int
    called_off: int
    booked: int
    received: int
    not_received: int
    absent: int
    excused: int
    came_late: int


async def figures(
    tx: Tx, *, first: date, last: date, late_after: timedelta
) -> Sequence[Attendance]:
    """Totals by host within reach, leaders in their order; times that are still to come do not count."""
    units = (
        await tx.session.scalars(sa.select(Unit.id).where(access.within_reach(tx.actor, *READ_BY)))
    ).all()
    begins, ends = instant(first, time()), instant(last + timedelta(days=1), time())
    rows = await (await tx.driver()).fetch(FIGURES, begins, ends, tx.now, list(units), late_after)
    return [Attendance(**row) for row in rows]
