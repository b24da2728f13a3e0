"""A live session in the database: what survives, read and written as values."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from scheduling import invitees
from scheduling.tables import Appointment, Invitee, SessionKind, SessionRole
from server.identity import consents
from server.identity.tables import Account, ConsentKind, IdentityLevel, Person
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx
from signaling.model import Effect, Logged, OpenRoom, Seat, Session
from signaling.states import OVER
from signaling.tables import (
    Alarm,
    LiveSession,
    Participant,
    ParticipantState,
    Result,
    Room,
    RoomKind,
    SessionLog,
    SessionState,
)


@dataclass(frozen=True)
class Stored:
    """A session as it stood, with what the rules need no knowledge of."""

    session: Session
    names: Mapping[UUID, str]
    day_id: UUID | None


async def load(tx: Tx, sealer: Sealer, appointment: Appointment, live: LiveSession) -> Stored:
    """Everybody is off the line until they come back."""
    rooms = await tx.session.scalars(
        sa.select(Room).where(Room.session_id == live.id, Room.closed_at.is_(None))
    )
    seats, names = await _seats(tx, sealer, live)
    session = Session(
        id=live.id,
        appointment_id=appointment.id,
        kind=SessionKind(live.kind),
        state=SessionState(live.state),
        begins_at=appointment.begins_at,
        ends_at=live.ends_at if live.started_at else appointment.ends_at,
        rooms={room.id: OpenRoom(room.id, RoomKind(room.kind), room.opened_at) for room in rooms},
        seats=seats,
        let_in=frozenset(SessionRole(role) for role in live.let_in),
        result=Result(live.result) if live.result else None,
        opened_at=live.opened_at,
        started_at=live.started_at,
        closed_at=live.closed_at,
        recording_since=live.recording_since,
        has_alarm=bool(await tx.session.scalar(_open_alarm(live))),
    )
    return Stored(session, names, appointment.day_id)


def _open_alarm(live: LiveSession) -> sa.Select[bool]:
    return sa.select(sa.exists().where(Alarm.session_id == live.id, Alarm.report.is_(None)))


async def _seats(
    tx: Tx, sealer: Sealer, live: LiveSession
) -> tuple[dict[UUID, Seat], dict[UUID, str]]:
    query = (
        sa.select(Participant, Invitee, Person.level, Account.name)
        .join(Invitee, Invitee.id == Participant.invitee_id)
        .outerjoin(Person, Person.id == Invitee.person_id)
        .outerjoin(Account, Account.id == Invitee.account_id)
        .where(Participant.session_id == live.id)
        .order_by(Participant.arrived_at, Participant.id)
    )
    rows = (await tx.session.execute(query)).all()
    given = await consents.standing(tx, [invitee.id for _, invitee, _, _ in rows])
    seats, names = {}, {}
    for participant, invitee, level, account_name in rows:
        kinds = {k for k in ConsentKind if consents.agrees(given, invitee.id, k)}
        seats[participant.id] = _seat(participant, invitee, level=level, agreed=kinds)
        names[participant.id] = account_name or sealer.open(invitee.name, purpose="name")
    return seats, names


async def is_seen(tx: Tx, invitee_id: UUID) -> bool:
    """Whether staff compared the card of whoever is invited."""
    query = sa.select(Invitee, Person.level).outerjoin(Person, Person.id == Invitee.person_id)
    found = (await tx.session.execute(query.where(Invitee.id == invitee_id))).one_or_none()
    return found is not None and invitees.is_seen(found[0], found[1])


def _seat(
    row: Participant, invitee: Invitee, *, level: IdentityLevel | None, agreed: Set[ConsentKind]
) -> Seat:
    """Whoever is here as their duty, joins and is recorded as that."""
    is_staff = invitee.account_id is not None
    return Seat(
        id=row.id,
        invitee_id=invitee.id,
        role=SessionRole(row.role),
        is_staff=is_staff,
        state=ParticipantState(row.state),
        room_id=row.room_id,
        serves_id=invitee.serves_id,
        is_agreed=is_staff or ConsentKind.JOIN in agreed,
        may_be_recorded=is_staff or ConsentKind.RECORD in agreed,
        is_seen=invitees.is_seen(invitee, level),
        muted_by_host=row.muted_by_host,
        has_floor=row.has_floor,
        arrived_at=row.arrived_at,
        admitted_at=row.admitted_at,
        left_at=row.left_at,
    )


async def save(tx: Tx, before: Session, after: Session, effects: Iterable[Effect]) -> None:
    """Write what differs and what happened."""
    await _save_rooms(tx, before, after)
    for seat in sorted(after.seats.values(), key=lambda one: one.has_floor):  # given up, then given
        if _differs(before, seat):
            await _save_seat(tx, seat)
    if _head(before) != _head(after):
        query = sa.update(LiveSession).where(LiveSession.id == after.id)
        await tx.session.execute(query.values(**_head(after), version=LiveSession.version + 1))
    lines = [effect for effect in effects if isinstance(effect, Logged)]
    if lines:
        await tx.session.execute(sa.insert(SessionLog), [_line(tx, after, one) for one in lines])


def changes(before: Session, after: Session, effects: Iterable[Effect]) -> bool:
    """Whether anything of this must survive."""
    return (
        any(isinstance(effect, Logged) for effect in effects)
        or _head(before) != _head(after)
        or before.rooms.keys() != after.rooms.keys()
        or any(_differs(before, seat) for seat in after.seats.values())
    )


async def _save_rooms(tx: Tx, before: Session, after: Session) -> None:
    opened = [
        {"id": room.id, "session_id": after.id, "kind": room.kind, "opened_at": room.opened_at}
        for room in after.rooms.values()
        if room.id not in before.rooms
    ]
    if opened:
        await tx.session.execute(sa.insert(Room), opened)
    closed = set(before.rooms if after.state in OVER else before.rooms.keys() - after.rooms.keys())
    if closed:
        query = sa.update(Room).where(Room.id.in_(closed)).values(closed_at=tx.now)
        await tx.session.execute(query)


async def _save_seat(tx: Tx, seat: Seat) -> None:
    query = sa.update(Participant).where(Participant.id == seat.id)
    await tx.session.execute(query.values(**_kept(seat), version=Participant.version + 1))


def _differs(before: Session, seat: Seat) -> bool:
    old = before.seats.get(seat.id)
    return old is None or _kept(old) != _kept(seat)


def _kept(seat: Seat) -> dict[str, object]:
    return {
        "state": seat.state,
        "room_id": seat.room_id,
        "admitted_at": seat.admitted_at,
        "arrived_at": seat.arrived_at,
        "left_at": seat.left_at,
        "muted_by_host": seat.muted_by_host,
        "has_floor": seat.has_floor,
    }


def _head(session: Session) -> dict[str, object]:
    return {
        "state": session.state,
        "result": session.result,
        "ends_at": session.ends_at,
        "let_in": sorted(session.let_in),
        "opened_at": session.opened_at,
        "started_at": session.started_at,
        "closed_at": session.closed_at,
        "recording_since": session.recording_since,
    }


def _line(tx: Tx, session: Session, one: Logged) -> dict[str, object]:
    return {
        "session_id": session.id,
        "at": tx.now,
        "kind": one.kind,
        "participant_id": one.seat_id,
        "room_id": one.room_id,
        "facts": dict(one.facts),
    }
