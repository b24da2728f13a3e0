"""Rosters kept by clerks: shifts of units, leave of their people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa

from scheduling import access, claims
from scheduling.joint.ground import staff_of
from scheduling.joint.tables import JointSeat, SeatState
from scheduling.plans.cutting import instant
from scheduling.rosters import presence as rosters_presence
from scheduling.rosters.presence import Shift
from scheduling.rosters.tables import RosterShift
from scheduling.tables import Appointment, Claim, ClaimReason
from scheduling.timetable.horizon import CELL, DAWN, DUSK
from server.kernel.actor import Role
from server.kernel.errors import Conflict, FieldError, Invalid, NotFound, Plain
from server.kernel.uow import Tx
from server.units.tables import Presence, Unit, UnitKind

ROSTERED = (UnitKind.DEPARTMENT, UnitKind.SUB_CENTRE)
TAKE_LEAVE = """
    INSERT INTO claim (resource, during, reason) VALUES ($1, tstzrange($2, $3), 'leave')
    ON CONFLICT DO NOTHING RETURNING id
    """
IN_THE_WAY = """
    SELECT a.reference, a.begins_at FROM claim c LEFT JOIN appointment a ON a.id = c.appointment_id
    WHERE c.resource = $1 AND c.during && tstzrange($2, $3) ORDER BY lower(c.during) LIMIT 5
    """
LEAVES = """
    SELECT id, resource AS account_id, lower(during) AS begins_at, upper(during) AS ends_at
    FROM claim WHERE resource = ANY($1) AND reason = 'leave' AND during && tstzrange($2, $3)
    ORDER BY lower(during), resource
    """


@dataclass(frozen=True)
class NewShift:
    """From when to when a unit is there. A person is there by name, or is who is called."""

    begins: time
    ends: time
    presence: Presence
    seats: int = 1
    account_id: UUID | None = None


@dataclass(frozen=True)
class Leave:
    id: UUID
    account_id: UUID
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Roster:
    """Some days of the units within reach, with who works in them and who is on leave."""

    units: Sequence[Unit]
    shifts: Sequence[RosterShift]
    staff: dict[UUID, tuple[UUID, ...]]
    leaves: Sequence[Leave]


async def read(tx: Tx, *, first: date, days: int) -> Roster:
    within = access.within_reach(tx.actor, *access.DESK, Role.SUPERVISOR)
    query = sa.select(Unit).where(Unit.kind.in_(ROSTERED), within).order_by(Unit.kind, Unit.code)
    units = (await tx.session.scalars(query)).all()
    ids = [unit.id for unit in units]
    last = first + timedelta(days=days - 1)
    of_units = sa.select(RosterShift).where(
        RosterShift.unit_id.in_(ids), RosterShift.day.between(first, last)
    )
    order = (RosterShift.day, RosterShift.begins, RosterShift.id)
    shifts = (await tx.session.scalars(of_units.order_by(*order))).all()
    staff = await staff_of(tx, ids)
    everybody = [one for of in staff.values() for one in of]
    begins, ends = instant(first, time()), instant(last + timedelta(days=1), time())
    rows = await (await tx.driver()).fetch(LEAVES, everybody, begins, ends)
    return Roster(units, shifts, staff, [Leave(**row) for row in rows])


async def add(tx: Tx, unit_id: UUID, days: Sequence[date], new: NewShift) -> list[RosterShift]:
    """The same shift on each of these days."""
    unit = await access.demand_reach(tx, unit_id, *access.DESK)
    if unit.kind not in ROSTERED:
        raise Invalid("invalid", fields=(FieldError("unit_id", "field.invalid"),))
    await _check(tx, unit_id, new)
    rows = [RosterShift(id=uuid4(), unit_id=unit_id, day=day, **vars(new)) for day in days]
    for row in rows:
        await _demand_alone(tx, row)
    tx.session.add_all(rows)
    await tx.session.flush()
    for row in rows:
        tx.audit("add", "roster_shift", row.id, unit=unit_id, day=row.day.isoformat())
    return rows


async def shift(tx: Tx, shift_id: UUID) -> RosterShift:
    """A shift of a unit within the actor's reach."""
    found = await tx.session.get(RosterShift, shift_id)
    if found is None:
        raise NotFound
    await access.demand_reach(tx, found.unit_id, *access.DESK)
    return found


async def change(tx: Tx, row: RosterShift, new: NewShift, *, version: int) -> None:
    """Other hours or another person; `version` is the one that was seen."""
    if row.version != version:
        raise Conflict("changed_meanwhile")
    await _check(tx, row.unit_id, new)
    if narrows(row, new):
        await _demand_unbooked(tx, row)
    row.begins, row.ends, row.presence = new.begins, new.ends, new.presence
    row.seats, row.account_id = new.seats, new.account_id
    await _demand_alone(tx, row)
    tx.audit("change", "roster_shift", row.id, unit=row.unit_id)


async def remove(tx: Tx, row: RosterShift) -> None:
    await _demand_unbooked(tx, row)
    await tx.session.delete(row)
    tx.audit("remove", "roster_shift", row.id, unit=row.unit_id, day=row.day.isoformat())


def narrows(row: RosterShift, new: NewShift) -> bool:
    """Whether somebody who counts on the shift may no longer find it."""
    same = (row.presence, row.account_id) == (new.presence, new.account_id)
    return not (
        same and new.begins <= row.begins and new.ends >= row.ends and new.seats >= row.seats
    )


async def add_leave(tx: Tx, account_id: UUID, *, begins_at: datetime, ends_at: datetime) -> UUID:
    """Somebody of a unit is away. Raises Conflict with what they are booked for by then."""
    await demand_staff(tx, account_id)
    if ends_at <= begins_at or ends_at <= tx.now:
        raise Invalid("invalid", fields=(FieldError("ends_at", "field.before_begin"),))
    quick = await tx.driver()
    await claims.lock(quick, [account_id])
    leave_id: UUID | None = await quick.fetchval(TAKE_LEAVE, account_id, begins_at, ends_at)
    if leave_id is None:
        rows = await quick.fetch(IN_THE_WAY, account_id, begins_at, ends_at)
        booked: list[Plain] = [
            {"reference": row["reference"], "begins_at": row["begins_at"].isoformat()}
            for row in rows if row["reference"]
        ]  # fmt: skip
        raise Conflict("leave_over_booking", details={"booked": booked})
    tx.audit("take_leave", "account", account_id, begins_at=begins_at, ends_at=ends_at)
    return leave_id


async def end_leave(tx: Tx, leave_id: UUID) -> None:
    """They are back, or never went."""
    row = await tx.session.get(Claim, leave_id)
    if row is None or row.reason != ClaimReason.LEAVE:
        raise NotFound
    await demand_staff(tx, row.resource)
    await tx.session.delete(row)
    tx.audit("end_leave", "account", row.resource)


async def demand_staff(tx: Tx, account_id: UUID) -> None:
    """Somebody who works in a rostered unit within reach; else they are not there."""
    within = access.within_reach(tx.actor, *access.DESK)
    query = sa.select(Unit.id).where(Unit.kind.in_(ROSTERED), within)
    staff = await staff_of(tx, (await tx.session.scalars(query)).all())
    if not any(account_id in of for of in staff.values()):
        raise NotFound


async def _check(tx: Tx, unit_id: UUID, new: NewShift) -> None:
    errors = []
    dawn, dusk = (time(hour=at // timedelta(hours=1)) for at in (DAWN, DUSK))
    if not dawn <= new.begins < new.ends <= dusk:
        errors.append(FieldError("ends", "field.before_begin"))
    step = CELL // timedelta(minutes=1)
    errors += [
        FieldError(name, "field.invalid")
        for name, at in (("begins", new.begins), ("ends", new.ends))
        if at.minute % step or at.second
    ]
    staff = (await staff_of(tx, [unit_id])).get(unit_id, ())
    if new.account_id is not None and new.account_id not in staff:
        errors.append(FieldError("account_id", "field.invalid"))
    if new.account_id is not None and new.seats != 1:
        errors.append(FieldError("seats", "field.invalid"))
    if errors:
        raise Invalid("invalid", fields=tuple(errors))


async def _demand_alone(tx: Tx, row: RosterShift) -> None:
    """Nobody is in two places at once."""
    if row.account_id is None:
        return
    query = sa.select(RosterShift.id).where(
        RosterShift.account_id == row.account_id, RosterShift.day == row.day,
        RosterShift.begins < row.ends, RosterShift.ends > row.begins, RosterShift.id != row.id,
    )  # fmt: skip
    if await tx.session.scalar(query) is not None:
        raise Conflict("shift_overlaps")


async def _demand_unbooked(tx: Tx, row: RosterShift) -> None:
    """What a meeting counts on is not taken away under it."""
    if booked := await counting_on(tx, row):
        raise Conflict("shift_booked", details={"booked": booked})


async def counting_on(tx: Tx, row: RosterShift) -> list[Plain]:
    """The first meetings that a shift is there for, by reference and time."""
    begins, ends = instant(row.day, row.begins), instant(row.day, row.ends)
    counted = rosters_presence.resources(row.unit_id, [_plain(row)])
    query = (
        sa.select(Appointment.reference, Appointment.begins_at)
        .join(JointSeat, JointSeat.appointment_id == Appointment.id)
        .where(
            JointSeat.unit_id == row.unit_id, JointSeat.state != SeatState.RELEASED,
            JointSeat.resource.in_(counted),
            Appointment.begins_at < ends, Appointment.ends_at > begins,
        )
    )  # fmt: skip
    return [
        {"reference": reference, "begins_at": at.isoformat()}
        for reference, at in (await tx.session.execute(query.limit(5))).all()
    ]


def _plain(row: RosterShift) -> Shift:
    return Shift(
        row.unit_id, row.begins, row.ends, Presence(row.presence), row.seats, row.account_id, (0,)
    )
