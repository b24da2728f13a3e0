"""What a client may ask for in a live session; each carries a rising `ref`."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from scheduling.tables import SessionRole
from signaling.engine import Leg, View
from signaling.tables import Result

MAX_SDP = 32 << 10


class Sent(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Hello(Sent):
    """`fresh`: my peer connections are new, what the server knows of older ones is void."""

    type: Literal["hello"] = "hello"
    version: Literal[1] = 1
    ticket: str = Field(min_length=16, max_length=64)
    fresh: bool = True


class _Asked(Sent):
    ref: int = Field(ge=1, le=2**53 - 1)


class MediaPublish(_Asked):
    """My sending leg's offer; `done` carries the answer."""

    type: Literal["media.publish"] = "media.publish"
    sdp: str = Field(max_length=MAX_SDP)


class MediaAnswer(_Asked):
    """My answer to a `media.offer`."""

    type: Literal["media.answer"] = "media.answer"
    revision: int = Field(ge=0, lt=2**53)
    sdp: str = Field(max_length=MAX_SDP)


class MediaRestart(_Asked):
    """The network changed: offer the receiving leg again. A sending leg is published again."""

    type: Literal["media.restart"] = "media.restart"
    leg: Leg


class MediaRelay(_Asked):
    """A pass to the relay, for peer connections that I am about to open or restart."""

    type: Literal["media.relay"] = "media.relay"


class MediaView(_Asked):
    """How my screen shows the others; who is not named is large.

    `screen` is the one that somebody shows: all of it or nothing, there is no smaller one.
    Without `pictures` I spare my line: I get sound only, and am asked for my smallest picture.
    """

    type: Literal["media.view"] = "media.view"
    views: dict[UUID, View] = Field(max_length=64)
    screen: View = View.LARGE
    pictures: bool = True


class SayMute(_Asked):
    """What of mine the others may have now."""

    type: Literal["say.mute"] = "say.mute"
    audio: bool
    video: bool


class Hand(_Asked):
    type: Literal["hand"] = "hand"
    up: bool


class Beat(_Asked):
    """Every 2.5 s: I am here, and my line is so: what I receive. Loss is 0 to 1, `rtt` milliseconds."""

    type: Literal["beat"] = "beat"
    loss: float | None = Field(None, ge=0, le=1)
    rtt: float | None = Field(None, ge=0, le=600_000)
    width: int | None = Field(None, ge=0, le=16_384)
    height: int | None = Field(None, ge=0, le=16_384)
    kbps: float | None = Field(None, ge=0, le=1_000_000)
    freezes: int | None = Field(None, ge=0, le=1_000, description="pictures that stood still since")
    unseen: int | None = Field(None, ge=0, le=64, description="people whom my device cannot show")


class Leave(_Asked):
    """I go, and mean it; a closed socket alone is a lost line."""

    type: Literal["leave"] = "leave"


class Alarm(_Asked):
    """The silent key. `about` is whom it concerns, else everybody in my room."""

    type: Literal["alarm"] = "alarm"
    about: UUID | None = None


class SessionStart(_Asked):
    """Begin, or go on after a pause."""

    type: Literal["session.start"] = "session.start"


class SessionPause(_Asked):
    type: Literal["session.pause"] = "session.pause"


class SessionExtend(_Asked):
    type: Literal["session.extend"] = "session.extend"
    minutes: int = Field(ge=5, le=120)


class SessionClose(_Asked):
    """End for everybody. A decision closes as well; this is for sessions without one."""

    type: Literal["session.close"] = "session.close"
    result: Result


class RecordingStart(_Asked):
    """Record the main room from now on, while everybody in it has agreed to that."""

    type: Literal["recording.start"] = "recording.start"


class RecordingStop(_Asked):
    type: Literal["recording.stop"] = "recording.stop"


class LetIn(_Asked):
    """Whether a role goes in by itself while the session is live."""

    type: Literal["let_in"] = "let_in"
    role: SessionRole
    on: bool


class Admit(_Asked):
    """Let one in. `because` is needed to admit somebody to a leader whose card nobody compared."""

    type: Literal["admit"] = "admit"
    participant_id: UUID
    because: str | None = Field(None, min_length=2, max_length=200)


class Dismiss(_Asked):
    """`back` sends to the waiting room, else out for good."""

    type: Literal["dismiss"] = "dismiss"
    participant_id: UUID
    back: bool = False
    because: str | None = Field(None, min_length=2, max_length=200)


class Mute(_Asked):
    """Only a host takes it back."""

    type: Literal["mute"] = "mute"
    participant_id: UUID
    on: bool


class Floor(_Asked):
    """Ask one in my room to speak: one at a time, and heard however many talk; or end that."""

    type: Literal["floor"] = "floor"
    participant_id: UUID
    on: bool


class ShareStart(_Asked):
    """My screen to everybody in my room: one at a time, and a host takes it over.

    When this is `done`, a second picture in my sending leg's offer is taken.
    """

    type: Literal["share.start"] = "share.start"


class ShareStop(_Asked):
    """My own, or as a host anybody's."""

    type: Literal["share.stop"] = "share.stop"
    participant_id: UUID


class ShareLet(_Asked):
    """Whether one who may not by their role may show their screen."""

    type: Literal["share.let"] = "share.let"
    participant_id: UUID
    on: bool


class CaucusOpen(_Asked):
    """Make a private room; nobody moves yet. `done` carries its id."""

    type: Literal["caucus.open"] = "caucus.open"


class CaucusInvite(_Asked):
    """Ask one into a private room. On acceptance they, whoever serves them, and I go in."""

    type: Literal["caucus.invite"] = "caucus.invite"
    room_id: UUID
    participant_id: UUID


class CaucusAnswer(_Asked):
    type: Literal["caucus.answer"] = "caucus.answer"
    accept: bool


class CaucusEnter(_Asked):
    """A host goes into a private room that is open."""

    type: Literal["caucus.enter"] = "caucus.enter"
    room_id: UUID


class CaucusLeave(_Asked):
    """Back to the main room; anybody may, at any time."""

    type: Literal["caucus.leave"] = "caucus.leave"


class CaucusClose(_Asked):
    """Everybody back to the main room."""

    type: Literal["caucus.close"] = "caucus.close"
    room_id: UUID


class DoorOpen(_Asked):
    """Staff at the door: a room for me and one who waits, to compare the card on camera."""

    type: Literal["door.open"] = "door.open"
    participant_id: UUID


class DoorClose(_Asked):
    """Back to the waiting room; `compared`: the card and the face are theirs."""

    type: Literal["door.close"] = "door.close"
    compared: bool


Asked = (
    MediaPublish | MediaAnswer | MediaRestart | MediaRelay | MediaView | SayMute | Hand | Beat | Leave | Alarm
    | SessionStart | SessionPause | SessionExtend | SessionClose | LetIn | Admit | Dismiss | Mute
    | Floor | ShareStart | ShareStop | ShareLet
    | CaucusOpen | CaucusInvite | CaucusAnswer | CaucusEnter | CaucusLeave | CaucusClose
    | DoorOpen | DoorClose | RecordingStart | RecordingStop
)  # fmt: skip
