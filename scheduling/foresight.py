"""What a move would lead to, looked at before it is done: whom it touches, what is in its way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

import sqlalchemy as sa

from scheduling import access, queries, session_moves
from scheduling.choices.tables import Offer
from scheduling.mediation.times import main_room
from scheduling.plans import day_moves
from scheduling.plans.cutting import instant
from scheduling.public_days import PUBLIC_STATES
from scheduling.slots import AWAKE, GENERAL
from scheduling.tables import (
    Appointment,
    AppointmentState,
    ClaimReason,
    Invitee,
    ReceptionDay,
    SessionKind,
    SessionRole,
)
from server.kernel.uow import Tx
from server.units.calendar import WorkingCalendar, day_of, load_calendar
from server.units.tables import DayKind

NOTICE_DAYS = 5


@dataclass(frozen=True)
class Touched:
    """Somebody who is told; sealed. `by_page`: staff, who see it on their own page."""

    role: SessionRole
    name: bytes
    by_phone: bool
    by_mail: bool
    by_page: bool
    moves_to: datetime


@dataclass(frozen=True)
class InTheWay:
    """What has somebody, or a room, at the new time. `reference` only where the asker may see it."""

    part: str
    begins_at: datetime
    ends_at: datetime
    reason: ClaimReason
    reference: str | None


@dataclass(frozen=True)
class Choice:
    """A time of the leader's that day; `is_free` for another person.

    Out of turn it is given with a reason alone: others wait, or booking is not open yet.
    """

    begins_at: datetime
    ends_at: datetime
    is_free: bool
    in_turn: bool


@dataclass(frozen=True)
class NotBooked:
    """Who has no appointment on a day that moves: so many fill in a form, have a place of it
    offered, wait for one.
    """

    filling_in: int = 0
    offered: int = 0
    waiting: int = 0


@dataclass(frozen=True)
class Foresight:
    """`marks`: what else to know of the new date, by the name of its text."""

    touched: Sequence[Touched]
    in_the_way: Sequence[InTheWay]
    choices: Sequence[Choice]
    marks: Sequence[str]
    not_booked: NotBooked = NotBooked()


IN_THE_WAY = """
    SELECT w.part, lower(c.during) AS begins_at, upper(c.during) AS ends_at, c.reason,
           c.appointment_id
    FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::text[]) AS w(r, b, e, part)
    JOIN claim c ON c.resource = w.r AND c.during && tstzrange(w.b, w.e)
    WHERE (c.appointment_id IS NULL OR c.appointment_id <> ALL($5::uuid[]))
    AND (c.expires_at IS NULL OR c.expires_at > $6)
    ORDER BY 2, 1 LIMIT 20
    """
TIMES = f"""
    SELECT s.begins_at, s.ends_at, bool_or(c.id IS NULL AND {GENERAL.format(now="$4")}) AS is_free,
           bool_and((d.state <> 'published' OR d.invited_only) AND NOT EXISTS (
               SELECT 1 FROM waitlist_entry w
               WHERE w.day_id = d.id AND w.state IN ('waiting', 'offered')))
           AND bool_or(c.id IS NULL AND ({AWAKE.format(now="$4")} OR s.left_by = $5)) AS in_turn
    FROM slot s JOIN reception_day d ON d.id = s.day_id
    LEFT JOIN claim c ON c.resource = s.resource AND c.seats @> s.seat AND c.during && tstzrange(s.begins_at, s.ends_at)
         AND (c.expires_at IS NULL OR c.expires_at > $4) AND c.appointment_id IS DISTINCT FROM $5
    WHERE d.leader_id = $1 AND s.begins_at >= $2 AND s.begins_at < $3 AND s.begins_at > $4
    AND d.state = ANY($6) GROUP BY 1, 2 ORDER BY 1
    """  # noqa: S608  (our own words)
Wanted = tuple[UUID, datetime, datetime, str]


async def of_session(tx: Tx, appointment: Appointment, begins_at: datetime) -> Foresight:
    ends_at = begins_at + (appointment.ends_at - appointment.begins_at)
    parts = {
        appointment.host_id: "host",
        appointment.person_id: "person",
        main_room(appointment.unit_id): "room",
    }
    choices = await _choices(tx, appointment, day_of(begins_at))
    has_seat = any(one.is_free for one in choices if one.begins_at == begins_at)
    wanted = [
        (resource, begins_at, ends_at, parts[resource])
        for resource in session_moves.resources_of(appointment)
        if not (has_seat and resource == appointment.host_id)
    ]
    return Foresight(
        touched=await _touched(tx, {appointment.id: begins_at}),
        in_the_way=await _in_the_way(tx, wanted, own=[appointment.id]),
        choices=choices,
        marks=await _marks(tx, begins_at),
    )


async def of_day(tx: Tx, day: ReceptionDay, begins_at: datetime) -> Foresight:
    shift = begins_at - day.begins_at
    booked = await day_moves.booked_on(tx, day)
    wanted: list[Wanted] = [(day.leader_id, begins_at, day.ends_at + shift, "host")]
    wanted += [
        (one.person_id, one.begins_at + shift, one.ends_at + shift, "person")
        for one in booked if one.person_id
    ]  # fmt: skip
    held = await _held_on(tx, day)
    waiting = (await queries.waiting_on(tx, [day.id])).get(day.id, 0)
    short = begins_at < tx.now + timedelta(days=NOTICE_DAYS) and bool(booked)
    return Foresight(
        touched=await _touched(tx, {one.id: one.begins_at + shift for one in booked}),
        in_the_way=await _in_the_way(tx, wanted, own=[*held, *(one.id for one in booked)]),
        choices=[],
        marks=[*await _marks(tx, begins_at), *(["short_notice"] if short else [])],
        not_booked=NotBooked(list(held.values()).count(False), sum(held.values()), waiting),
    )


async def _held_on(tx: Tx, day: ReceptionDay) -> dict[UUID, bool]:
    """The places of the day that are kept now, and of each whether it was offered to somebody."""
    query = (
        sa.select(Appointment.id, Offer.id.is_not(None))
        .outerjoin(Offer, sa.and_(Offer.hold_id == Appointment.id, Offer.ended_at.is_(None)))
        .where(
            Appointment.day_id == day.id, Appointment.state == AppointmentState.ON_HOLD,
            Appointment.held_until > tx.now,
        )
    )  # fmt: skip
    return {row[0]: row[1] for row in (await tx.session.execute(query)).all()}


async def _touched(tx: Tx, moved: Mapping[UUID, datetime]) -> list[Touched]:
    query = (
        sa.select(Invitee)
        .where(Invitee.appointment_id.in_(moved), Invitee.removed_at.is_(None))
        .order_by(Invitee.appointment_id, Invitee.role)
    )
    found = [
        Touched(
            role=SessionRole(one.role),
            name=one.name,
            by_phone=one.phone is not None and one.account_id is None,
            by_mail=one.email is not None and one.email_bad_at is None,
            by_page=one.account_id is not None,
            moves_to=moved[one.appointment_id],
        )
        for one in await tx.session.scalars(query)
    ]
    return sorted(found, key=lambda one: one.moves_to)


async def _in_the_way(tx: Tx, wanted: Sequence[Wanted], *, own: Sequence[UUID]) -> list[InTheWay]:
    if not wanted:
        return []
    columns = [list(column) for column in zip(*wanted, strict=True)]
    rows = await (await tx.driver()).fetch(IN_THE_WAY, *columns, list(own), tx.now)
    ids = [row["appointment_id"] for row in rows if row["appointment_id"]]
    known = await _references(tx, ids)
    return [
        InTheWay(
            row["part"], row["begins_at"], row["ends_at"], ClaimReason(row["reason"]),
            known.get(row["appointment_id"]),
        )
        for row in rows
    ]  # fmt: skip


async def _references(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, str]:
    query = sa.select(Appointment.id, Appointment.reference).where(
        Appointment.id.in_(ids), access.impartial(tx.actor)
    )
    return {row[0]: row[1] for row in (await tx.session.execute(query)).all()}


async def _choices(tx: Tx, appointment: Appointment, day: date) -> list[Choice]:
    if appointment.session_kind != SessionKind.RECEPTION:
        return []
    begins, ends = instant(day, time()), instant(day + timedelta(days=1), time())
    rows = await (await tx.driver()).fetch(
        TIMES, appointment.host_id, begins, ends, tx.now, appointment.id, list(PUBLIC_STATES)
    )
    return [Choice(**row) for row in rows]


async def _marks(tx: Tx, begins_at: datetime) -> list[str]:
    day = day_of(begins_at)
    calendar = await load_calendar(tx, around=day)
    marks = [] if calendar.is_confirmed(day) else ["provisional"]
    return [*marks, *_unusual(calendar, day)]


def _unusual(calendar: WorkingCalendar, day: date) -> list[str]:
    if calendar.days.get(day) is DayKind.HOLIDAY:
        return ["holiday"]
    return [] if calendar.is_working(day) else ["weekend"]
