"""Read models of joint interviews, for the clerk and for whoever is asked to come."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa

from scheduling import access
from scheduling.joint import asks
from scheduling.joint.booking import Choice, choice_of
from scheduling.joint.search import Found, Missing
from scheduling.joint.tables import JointInterview, JointSeat, JointState, SeatState
from scheduling.tables import Appointment
from server.cases import access as cases
from server.cases.tables import Case
from server.kernel.uow import Tx
from server.units.tables import Unit

MOST = 200
NAMES = """
    SELECT id, name, true AS is_unit FROM unit WHERE id = ANY($1)
    UNION ALL
    SELECT a.id, coalesce(o.name, a.name), false FROM account a
    LEFT JOIN official o ON o.account_id = a.id WHERE a.id = ANY($2)
    """


@dataclass(frozen=True)
class Names:
    """Of units and of staff, as far as they were asked for."""

    units: dict[UUID, str]
    staff: dict[UUID, str]


@dataclass(frozen=True)
class Shown:
    interview: JointInterview
    case: Case
    unit: Unit
    appointment: Appointment | None
    seats: Sequence[JointSeat] = field(default=())

    @property
    def choice(self) -> Choice | None:
        """What the clock proposes."""
        written = self.interview.proposal
        return choice_of(written) if written is not None else None


@dataclass(frozen=True)
class Asked:
    """A question to somebody: whether they come for their unit."""

    seat: JointSeat
    appointment: Appointment
    case: Case
    unit: Unit
    room: Unit | None


async def shown(tx: Tx, *conditions: sa.ColumnElement[bool]) -> list[Shown]:
    """Joint interviews with what stands around them, the newest first."""
    query = (
        sa.select(JointInterview, Case, Unit, Appointment)
        .join(Case, Case.id == JointInterview.case_id)
        .join(Unit, Unit.id == JointInterview.unit_id)
        .outerjoin(Appointment, Appointment.id == JointInterview.appointment_id)
        .where(cases.writable(tx.actor), *conditions)
        .order_by(JointInterview.opened_at.desc(), JointInterview.id)
        .limit(MOST)
    )
    rows = (await tx.session.execute(query)).all()
    seats: dict[UUID, list[JointSeat]] = {}
    for seat in await asks.seats_of(tx, *(row[0].id for row in rows)):
        seats.setdefault(seat.interview_id, []).append(seat)
    return [Shown(*row, seats.get(row[0].id, ())) for row in rows]


async def asked_of_me(tx: Tx) -> list[Asked]:
    """What the actor is asked, or has said yes to, and has not begun."""
    mine = tx.actor.account_id
    room = sa.orm.aliased(Unit)
    query = (
        sa.select(JointSeat, Appointment, Case, Unit, room)
        .join(Appointment, Appointment.id == JointSeat.appointment_id)
        .join(JointInterview, JointInterview.id == JointSeat.interview_id)
        .join(Case, Case.id == JointInterview.case_id)
        .join(Unit, Unit.id == JointSeat.unit_id)
        .outerjoin(room, room.id == JointInterview.room_unit_id)
        .where(
            sa.or_(
                sa.and_(JointSeat.state == SeatState.ASKED, JointSeat.asked_id == mine),
                sa.and_(JointSeat.state.in_(asks.COMING), JointSeat.account_id == mine),
            ),
            Appointment.begins_at > tx.now,
            cases.impartial(tx.actor),
        )
        .order_by(Appointment.begins_at, JointSeat.id)
        .limit(MOST)
    )
    return [Asked(*row) for row in (await tx.session.execute(query)).all()]


@dataclass(frozen=True)
class Proposed:
    """A time that the clock found with a leader, for that leader's office to accept or refuse."""

    interview: JointInterview
    choice: Choice
    case: Case


async def proposed_to_me(tx: Tx) -> list[Proposed]:
    """What waits for the word of the office of a leader whom the actor serves."""
    served = await access.hosts_of(tx, tx.actor)
    query = (
        sa.select(JointInterview, Case)
        .join(Case, Case.id == JointInterview.case_id)
        .where(
            JointInterview.state == JointState.PROPOSED, JointInterview.awaits_office,
            cases.impartial(tx.actor),
        )
        .order_by(JointInterview.due_at)
        .limit(MOST)
    )  # fmt: skip
    rows = (await tx.session.execute(query)).all()
    found = [Proposed(one, choice_of(one.proposal), case) for one, case in rows if one.proposal]
    return [one for one in found if one.choice.leader_id in served]


async def names(tx: Tx, *, units: Collection[UUID], staff: Collection[UUID | None]) -> Names:
    people = [one for one in staff if one]
    rows = await (await tx.driver()).fetch(NAMES, list(units), people)
    return Names(
        {row["id"]: row["name"] for row in rows if row["is_unit"]},
        {row["id"]: row["name"] for row in rows if row["name"] and not row["is_unit"]},
    )


async def names_in(tx: Tx, found: Found, *, leaders: Collection[UUID]) -> Names:
    """All who occur in the times found."""
    units: set[UUID] = set()
    staff: set[UUID | None] = set(leaders)
    for time in (*found.possible, *found.nearly):
        units |= {one for one in (time.room_unit_id,) if one}
        units |= {comer.unit_id for comer in time.comers}
        staff |= {time.leader_id, *(comer.account_id for comer in time.comers)}
        for missing in (*time.absent, *(one for need in time.lacks for one in need.among)):
            units.add(missing.id)
            staff |= {missing.id, *missing.ask}
    return await names(tx, units=units, staff=staff)


def name_of(missing: Missing, known: Names) -> str:
    return known.units.get(missing.id) or known.staff.get(missing.id, "")
