"""A live session as plain values: who is where is the only truth about who hears whom."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from scheduling.tables import SessionKind, SessionRole
from server.kernel.errors import NotFound
from signaling.facts import Line, Told
from signaling.protocol import Parting, Reason
from signaling.states import ALWAYS_HEARD, HOSTS, PRINCIPALS, SHARERS
from signaling.tables import ParticipantState, Result, RoomKind, SessionState


@dataclass(frozen=True)
class OpenRoom:
    id: UUID
    kind: RoomKind
    opened_at: datetime

    @property
    def has_media(self) -> bool:
        """In the waiting room nobody sees or hears anybody."""
        return self.kind is not RoomKind.WAITING


@dataclass(frozen=True)
class Summons:
    """An invitation into a private room."""

    room_id: UUID
    by: UUID
    until: datetime


@dataclass(frozen=True)
class Share:
    """A screen that is shown, in the room where that began and in no other."""

    room_id: UUID
    began_at: datetime


class Passed(NamedTuple):
    """What the engine is to pass on of a seat."""

    audio: bool
    video: bool
    screen: bool


@dataclass(frozen=True)
class Seat:
    """One invitee in one session. The last eight come and go with the line or the process."""

    id: UUID
    invitee_id: UUID
    role: SessionRole
    is_staff: bool
    state: ParticipantState = ParticipantState.INVITED
    room_id: UUID | None = None
    serves_id: UUID | None = None
    is_agreed: bool = False
    is_seen: bool = False
    may_be_recorded: bool = False
    muted_by_host: bool = False
    has_floor: bool = False
    arrived_at: datetime | None = None
    admitted_at: datetime | None = None
    left_at: datetime | None = None
    is_connected: bool = False
    audio: bool = True
    video: bool = True
    hand: bool = False
    line: Line = Line.GOOD
    summons: Summons | None = None
    share: Share | None = None
    is_let_share: bool = False

    @property
    def is_host(self) -> bool:
        return self.role in HOSTS

    @property
    def is_always_heard(self) -> bool:
        return self.role in ALWAYS_HEARD or self.has_floor

    @property
    def shares_by_role(self) -> bool:
        return self.is_staff and self.role in SHARERS

    @property
    def may_share(self) -> bool:
        return self.shares_by_role or self.is_let_share

    @property
    def is_sharing(self) -> bool:
        return self.share is not None and self.share.room_id == self.room_id


@dataclass(frozen=True)
class Session:
    """`rooms` are those that are open, the waiting room and the main one always."""

    id: UUID
    appointment_id: UUID
    kind: SessionKind
    state: SessionState
    begins_at: datetime
    ends_at: datetime
    rooms: Mapping[UUID, OpenRoom]
    seats: Mapping[UUID, Seat]
    let_in: frozenset[SessionRole] = frozenset()
    result: Result | None = None
    opened_at: datetime | None = None
    started_at: datetime | None = None
    closed_at: datetime | None = None
    warned_for: datetime | None = None
    has_alarm: bool = False
    can_record: bool = False
    """Whether there is anything here to record with."""

    recording_since: datetime | None = None
    tape_trouble: bool = False
    """Nothing can be written now, as when the disk is full."""

    @property
    def unrecordable(self) -> Iterator[Seat]:
        """Who is in the main room and did not agree to be recorded."""
        main = self.main.id
        return (s for s in self.seats.values() if s.room_id == main and not s.may_be_recorded)

    @property
    def is_recorded(self) -> bool:
        """Whether what happens in the main room is being recorded now; nothing else ever is."""
        is_on = self.recording_since is not None and self.state is SessionState.LIVE
        return is_on and not self.tape_trouble and not any(self.unrecordable)

    def seat(self, seat_id: UUID) -> Seat:
        try:
            return self.seats[seat_id]
        except KeyError:
            raise NotFound from None

    def room(self, room_id: UUID, kind: RoomKind) -> OpenRoom:
        room = self.rooms.get(room_id)
        if room is None or room.kind is not kind:
            raise NotFound
        return room

    def room_of(self, seat: Seat) -> OpenRoom | None:
        return self.rooms[seat.room_id] if seat.room_id else None

    def is_in(self, seat: Seat, *kinds: RoomKind) -> bool:
        room = self.room_of(seat)
        return room is not None and room.kind in kinds

    def media_room(self, seat: Seat) -> UUID | None:
        """Where the media engine is to have this seat."""
        room = self.room_of(seat)
        return room.id if room and room.has_media else None

    def passes_on(self, seat: Seat) -> Passed:
        """What the engine is to pass on of this seat.

        Without a host nothing is held: while the session is suspended the sides neither hear nor
        see each other. Staff go on, and after an alarm the line stays open to everybody.
        """
        if self.is_held(seat):
            return Passed(audio=False, video=False, screen=False)
        is_heard = seat.audio and not seat.muted_by_host
        return Passed(audio=is_heard, video=seat.video, screen=seat.is_sharing and seat.may_share)

    def is_held(self, seat: Seat) -> bool:
        """Whether nothing passes between this seat and the others, for want of a host."""
        is_held = self.state is SessionState.SUSPENDED and not (seat.is_staff or self.has_alarm)
        return is_held and not self.is_in(seat, RoomKind.DOOR)

    def sharer_in(self, room_id: UUID | None) -> Seat | None:
        """Whose screen is shown in a room."""
        seats = self.seats.values()
        return next((s for s in seats if s.is_sharing and s.room_id == room_id), None)

    def speaker(self, room_id: UUID | None) -> Seat | None:
        """Who has the floor there."""
        return next((seat for seat in self.in_room(room_id) if seat.has_floor), None)

    def in_room(self, room_id: UUID | None) -> Iterator[Seat]:
        return (seat for seat in self.seats.values() if seat.room_id == room_id)

    @property
    def main(self) -> OpenRoom:
        return next(r for r in self.rooms.values() if r.kind is RoomKind.MAIN)

    @property
    def waiting(self) -> OpenRoom:
        return next(r for r in self.rooms.values() if r.kind is RoomKind.WAITING)

    @property
    def has_come(self) -> bool:
        """Whether anybody was here whom the session is about."""
        return any(seat.role in PRINCIPALS and seat.arrived_at for seat in self.seats.values())

    @property
    def host_has_come(self) -> bool:
        """Whether whoever is to receive was here, at least for a while."""
        return any(
            seat.role is SessionRole.HOST and seat.arrived_at for seat in self.seats.values()
        )

    @property
    def is_led(self) -> bool:
        """Whether a host is on the line."""
        return any(seat.is_host and seat.is_connected for seat in self.seats.values())


@dataclass(frozen=True)
class Logged:
    """A line of the session's log; facts are ids, states and numbers."""

    kind: str
    seat_id: UUID | None
    room_id: UUID | None
    facts: Mapping[str, object]


@dataclass(frozen=True)
class Tell:
    """A fact that does not follow from what the seat sees."""

    seat_id: UUID
    fact: Told


@dataclass(frozen=True)
class Part:
    """Close the seat's line and say what to do next."""

    seat_id: UUID
    action: Parting
    reason: Reason


@dataclass(frozen=True)
class RaiseAlarm:
    by: UUID
    about: UUID | None


@dataclass(frozen=True)
class MarkSeen:
    """Staff compared the card of whoever sits here."""

    seat_id: UUID
    by: UUID


Effect = Logged | Tell | Part | RaiseAlarm | MarkSeen


@dataclass
class Turn:
    """One decision being made: starts from a session, ends with another and its effects."""

    session: Session
    now: datetime
    new_id: UUID
    actor: UUID | None = None
    effects: list[Effect] = field(default_factory=list)

    def seat(self, seat_id: UUID) -> Seat:
        return self.session.seat(seat_id)

    def alter(self, seat: Seat) -> Seat:
        self.session = replace(self.session, seats={**self.session.seats, seat.id: seat})
        return seat

    def open_room(self, kind: RoomKind) -> OpenRoom:
        room = OpenRoom(self.new_id, kind, self.now)
        self.session = replace(self.session, rooms={**self.session.rooms, room.id: room})
        self.log(f"{kind}.opened", room_id=room.id)
        return room

    def close_room(self, room: OpenRoom) -> None:
        left = {key: other for key, other in self.session.rooms.items() if key != room.id}
        self.session = replace(self.session, rooms=left)
        self.log(f"{room.kind}.closed", room_id=room.id)

    def log(
        self, kind: str, seat: Seat | None = None, *, room_id: UUID | None = None, **facts: object
    ) -> None:
        by = {"by": str(self.actor)} if self.actor and (not seat or seat.id != self.actor) else {}
        where = room_id or (seat.room_id if seat else None)
        known = {key: value for key, value in facts.items() if value is not None}
        self.effects.append(Logged(kind, seat.id if seat else None, where, {**by, **known}))

    def tell(self, seat_id: UUID, fact: Told) -> None:
        self.effects.append(Tell(seat_id, fact))

    def tell_hosts(self, fact: Told) -> None:
        for seat in self.session.seats.values():
            if seat.is_host:
                self.tell(seat.id, fact)
