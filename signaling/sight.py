"""What each seat may see, and the facts that lead from one sight to the next.

Nothing is told that is not in the sight of the seat it is told to: facts are the difference of
two sights, so a rule about who sees what is written here once and nowhere else.
"""

from collections.abc import Iterator, Mapping
from uuid import UUID

from scheduling.tables import SessionRole
from signaling.caucus import INVITATION_LIFETIME
from signaling.facts import (
    Absence,
    ActionsChanged,
    CaucusInvited,
    Invitation,
    PersonBack,
    PersonCard,
    PersonFloor,
    PersonHand,
    PersonJoined,
    PersonLeft,
    PersonLine,
    PersonLost,
    PersonMoved,
    PersonMuted,
    PersonShares,
    Place,
    PlaceChanged,
    RecordingCard,
    RoomCard,
    RoomChanged,
    RoomsChanged,
    SessionCard,
    SessionChanged,
    Sight,
    Told,
)
from signaling.model import OpenRoom, Seat, Session
from signaling.rights import actions
from signaling.tables import ParticipantState, RoomKind

LOST = ParticipantState.CONNECTION_LOST
HERE = frozenset({ParticipantState.WAITING, ParticipantState.IN_ROOM, ParticipantState.IN_CAUCUS})


def sight_of(
    session: Session, seat_id: UUID, *, names: Mapping[UUID, str], place: Place | None
) -> Sight:
    """All that this seat may see. `names` are by seat; `place` is its place in the line."""
    me = session.seat(seat_id)
    sees_all = looks_after(me)
    room = session.room_of(me)
    return Sight(
        session=_session(session),
        room=_room(room) if room else None,
        rooms=[_room(other) for other in session.rooms.values()] if sees_all else [],
        people=[
            _person(session, seat, name=names[seat.id], for_staff=sees_all)
            for seat in _visible(session, me, sees_all=sees_all)
        ],
        place=place if room and room.kind is RoomKind.WAITING else None,
        invitation=_invitation(me),
        actions=actions(session, me),
    )


def looks_after(seat: Seat) -> bool:
    """Hosts and the door see all of the session."""
    return seat.is_host or seat.role is SessionRole.SUPPORT


def _visible(session: Session, me: Seat, *, sees_all: bool) -> Iterator[Seat]:
    """Hosts and the door see everybody; others their own room; who waits, only themselves."""
    for seat in session.seats.values():
        shares_room = seat.room_id is not None and seat.room_id == session.media_room(me)
        if sees_all or shares_room or seat.id == me.id:
            yield seat


def _person(session: Session, seat: Seat, *, name: str, for_staff: bool) -> PersonCard:
    waits = session.is_in(seat, RoomKind.WAITING, RoomKind.DOOR)
    return PersonCard(
        participant_id=seat.id,
        name=name,
        role=seat.role,
        state=seat.state,
        room_id=seat.room_id,
        audio=seat.audio,
        video=seat.video,
        muted_by_host=seat.muted_by_host,
        hand=seat.hand,
        floor=seat.has_floor,
        line=seat.line,
        shares=seat.is_sharing,
        let_share=seat.is_let_share if for_staff and not seat.shares_by_role else None,
        seen=seat.is_seen if for_staff else None,
        waiting_since=seat.arrived_at if for_staff and waits else None,
    )


def _session(session: Session) -> SessionCard:
    return SessionCard(
        appointment_id=session.appointment_id,
        kind=session.kind,
        state=session.state,
        result=session.result,
        begins_at=session.begins_at,
        ends_at=session.ends_at,
        started_at=session.started_at,
        let_in=sorted(session.let_in),
        recording=_recording(session),
    )


def _recording(session: Session) -> RecordingCard | None:
    if session.recording_since is None:
        return None
    return RecordingCard(since=session.recording_since, running=session.is_recorded)


def _room(room: OpenRoom) -> RoomCard:
    return RoomCard(id=room.id, kind=room.kind, opened_at=room.opened_at)


def _invitation(seat: Seat) -> Invitation | None:
    if seat.summons is None:
        return None
    return Invitation(room_id=seat.summons.room_id, by=seat.summons.by, until=seat.summons.until)


def difference(before: Sight, after: Sight, *, session: Session, me: UUID) -> list[Told]:
    """The facts that lead from one sight to the other; `session` is the one after."""
    facts: list[Told] = []
    if before.session != after.session:
        facts.append(SessionChanged(session=after.session))
    if before.room != after.room:
        facts.append(RoomChanged(room=after.room, people=after.people))
    else:
        facts.extend(_people(before, after, session=session))
    if before.rooms != after.rooms:
        facts.append(RoomsChanged(rooms=after.rooms))
    if before.place != after.place:
        facts.append(PlaceChanged(place=after.place))
    if before.invitation != after.invitation:
        facts.append(_invited(session.seat(me)))
    if before.actions != after.actions:
        facts.append(ActionsChanged(actions=after.actions))
    return facts


def _invited(seat: Seat) -> CaucusInvited:
    seconds = int(INVITATION_LIFETIME.total_seconds())
    return CaucusInvited(invitation=_invitation(seat), expires_in=seconds if seat.summons else 0)


def _people(before: Sight, after: Sight, *, session: Session) -> Iterator[Told]:
    known = {person.participant_id: person for person in before.people}
    present = {person.participant_id: person for person in after.people}
    for gone in known.keys() - present.keys():
        yield PersonLeft(participant_id=gone, because=_absence(session, session.seat(gone)))
    for seat_id, person in present.items():
        if seat_id not in known:
            yield PersonJoined(person=person)
        else:
            yield from _changes(known[seat_id], person)


def _absence(session: Session, seat: Seat) -> Absence:
    if seat.state is ParticipantState.DISMISSED:
        return Absence.DISMISSED
    room = session.room_of(seat)
    if room is None:
        return Absence.LEFT
    return Absence.WAITING if room.kind is RoomKind.WAITING else Absence.PRIVATE


def _changes(old: PersonCard, new: PersonCard) -> Iterator[Told]:
    who = new.participant_id
    lost = old.state is not LOST and new.state is LOST
    back = old.state is LOST and new.state in HERE
    if lost:
        yield PersonLost(participant_id=who)
    if back:
        yield PersonBack(participant_id=who, state=new.state)
    if _standing(old) != _standing(new) or (old.state is not new.state and not lost and not back):
        yield PersonMoved(person=new)
        return
    if (old.audio, old.video, old.muted_by_host) != (new.audio, new.video, new.muted_by_host):
        yield PersonMuted(
            participant_id=who, audio=new.audio, video=new.video, by_host=new.muted_by_host
        )
    if old.hand != new.hand:
        yield PersonHand(participant_id=who, up=new.hand)
    if old.floor != new.floor:
        yield PersonFloor(participant_id=who, on=new.floor)
    if old.shares != new.shares:
        yield PersonShares(participant_id=who, on=new.shares)
    if old.line != new.line:
        yield PersonLine(participant_id=who, line=new.line)


def _standing(person: PersonCard) -> tuple[object, ...]:
    """What makes somebody another person to deal with."""
    return (
        person.room_id, person.seen, person.let_share, person.waiting_since, person.name,
        person.role,
    )  # fmt: skip
