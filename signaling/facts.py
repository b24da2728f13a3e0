"""What a seat may see of a live session, and the facts that change it."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from scheduling.tables import SessionKind, SessionRole
from signaling.tables import ParticipantState, Result, RoomKind, SessionState


class Shown(BaseModel):
    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class Line(StrEnum):
    """How well somebody's network does."""

    GOOD = "good"
    WEAK = "weak"
    BAD = "bad"


class PersonCard(Shown):
    """Somebody whom this seat may see; their media stream is named by the same id."""

    participant_id: UUID
    name: str
    role: SessionRole
    state: ParticipantState
    room_id: UUID | None
    audio: bool
    video: bool
    muted_by_host: bool
    hand: bool
    floor: bool = Field(description="the host has asked them to speak")
    line: Line
    shares: bool = Field(description="their screen is shown in their room")
    let_share: bool | None = Field(
        None, description="whether a host lets them; told to hosts, null for who may by their role"
    )
    seen: bool | None = Field(None, description="their card was compared; told to hosts and staff")
    waiting_since: datetime | None = Field(None, description="told to hosts and staff")


class RoomCard(Shown):
    id: UUID
    kind: RoomKind
    opened_at: datetime


class RecordingCard(Shown):
    """A host had the main room recorded. It rests while somebody there did not agree to that, or
    it cannot be written; a private room is never recorded."""

    since: datetime
    running: bool


class SessionCard(Shown):
    appointment_id: UUID
    kind: SessionKind
    state: SessionState
    result: Result | None
    begins_at: datetime
    ends_at: datetime
    started_at: datetime | None
    let_in: list[SessionRole]
    recording: RecordingCard | None


class Place(Shown):
    """Where one stands in the line; `minutes` is null when nothing honest can be said."""

    number: int
    before_me: int
    minutes: int | None


class Invitation(Shown):
    """An invitation into a private room; it is refused by itself at `until`."""

    room_id: UUID
    by: UUID
    until: datetime


class Sight(Shown):
    """All that one seat may see. Everybody in `people` with my room's id sees and hears me."""

    session: SessionCard
    room: RoomCard | None
    rooms: list[RoomCard] = Field(
        description="all open rooms, told to hosts and the door; else empty"
    )
    people: list[PersonCard] = Field(description="me included; all of the session, for hosts")
    place: Place | None
    invitation: Invitation | None
    actions: list[str] = Field(description="types of messages that I may send now")


class Absence(StrEnum):
    """Why somebody is no longer in sight."""

    LEFT = "left"
    DISMISSED = "dismissed"
    PRIVATE = "private"
    WAITING = "waiting"


class SessionChanged(Shown):
    kind: Literal["session.state"] = "session.state"
    session: SessionCard


class SessionEnding(Shown):
    """The time is nearly up: what comes next is the host's to say."""

    kind: Literal["session.ending"] = "session.ending"
    ends_at: datetime


class RoomChanged(Shown):
    """I am elsewhere now: this replaces my room and everybody in it."""

    kind: Literal["room.changed"] = "room.changed"
    room: RoomCard | None
    people: list[PersonCard]


class RoomsChanged(Shown):
    kind: Literal["rooms"] = "rooms"
    rooms: list[RoomCard]


class PersonJoined(Shown):
    kind: Literal["person.joined"] = "person.joined"
    person: PersonCard


class PersonLeft(Shown):
    kind: Literal["person.left"] = "person.left"
    participant_id: UUID
    because: Absence


class PersonMoved(Shown):
    """Within what I see: their room, state or standing is another."""

    kind: Literal["person.moved"] = "person.moved"
    person: PersonCard


class PersonLost(Shown):
    kind: Literal["person.lost"] = "person.lost"
    participant_id: UUID


class PersonBack(Shown):
    kind: Literal["person.back"] = "person.back"
    participant_id: UUID
    state: ParticipantState


class PersonMuted(Shown):
    kind: Literal["person.muted"] = "person.muted"
    participant_id: UUID
    audio: bool
    video: bool
    by_host: bool


class PersonHand(Shown):
    kind: Literal["person.hand"] = "person.hand"
    participant_id: UUID
    up: bool


class PersonFloor(Shown):
    """They were asked to speak, or are no more."""

    kind: Literal["person.floor"] = "person.floor"
    participant_id: UUID
    on: bool


class PersonShares(Shown):
    """Their screen is shown in my room, or no more; its stream is named by their id and `.screen`."""

    kind: Literal["person.shares"] = "person.shares"
    participant_id: UUID
    on: bool


class PersonLine(Shown):
    kind: Literal["person.line"] = "person.line"
    participant_id: UUID
    line: Line


class Vitals(Shown):
    """What somebody receives, as their own client measures it, and what of theirs is lost on the
    way to the server; null is not known."""

    loss: float | None = Field(None, description="0 to 1")
    rtt: float | None = Field(None, description="milliseconds there and back")
    width: int | None = Field(None, description="of the widest picture of a person that arrives")
    height: int | None = Field(None, description="of the same")
    kbps: float | None = None
    freezes: int | None = Field(None, description="pictures that stood still in the last minute")
    sent_loss: float | None = Field(None, description="0 to 1, of what they send")
    unseen: int | None = Field(None, description="people whose picture their device cannot show")


class PersonVitals(Shown):
    """For hosts and staff in the session: how the line of one does, every few seconds."""

    kind: Literal["person.vitals"] = "person.vitals"
    participant_id: UUID
    vitals: Vitals


class PersonSpeaking(Shown):
    """Who speaks in my room now, loudest first."""

    kind: Literal["person.speaking"] = "person.speaking"
    participant_ids: list[UUID]


class PlaceChanged(Shown):
    kind: Literal["place"] = "place"
    place: Place | None


class Called(Shown):
    """You are admitted: ring, and open the room."""

    kind: Literal["called"] = "called"


class CaucusInvited(Shown):
    kind: Literal["caucus.invited"] = "caucus.invited"
    invitation: Invitation | None = Field(description="null: it is over")
    expires_in: int


class CaucusAnswered(Shown):
    """For hosts: what became of an invitation."""

    kind: Literal["caucus.answered"] = "caucus.answered"
    participant_id: UUID
    accepted: bool


class AlarmTaken(Shown):
    """For hosts: help knows."""

    kind: Literal["alarm.taken"] = "alarm.taken"
    alarm_id: UUID


class ActionsChanged(Shown):
    kind: Literal["actions"] = "actions"
    actions: list[str]


Told = (
    SessionChanged | SessionEnding | RoomChanged | RoomsChanged | PersonJoined | PersonLeft
    | PersonMoved | PersonLost | PersonBack | PersonMuted | PersonHand | PersonFloor | PersonShares
    | PersonLine | PersonVitals | PersonSpeaking | PlaceChanged | Called | CaucusInvited | CaucusAnswered | AlarmTaken
    | ActionsChanged
)  # fmt: skip
