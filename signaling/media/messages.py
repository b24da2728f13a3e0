"""What the web process and a media worker say to each other, and how it becomes plain values."""

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass

from signaling.engine import (
    Carried,
    Encodings,
    Leg,
    LegDown,
    LegUp,
    MediaEvent,
    MemberId,
    MemberStats,
    Offer,
    OfferAgain,
    Pictures,
    Refusal,
    RoomId,
    Silent,
    Speaking,
    View,
)
from signaling.media.settings import MediaSettings


@dataclass(frozen=True, slots=True)
class Publish:
    member: MemberId
    offer: str


@dataclass(frozen=True, slots=True)
class Subscribe:
    member: MemberId


@dataclass(frozen=True, slots=True)
class Answer:
    member: MemberId
    revision: int
    sdp: str


@dataclass(frozen=True, slots=True)
class RestartReceiving:
    member: MemberId


@dataclass(frozen=True, slots=True)
class Grant:
    member: MemberId
    room: RoomId


@dataclass(frozen=True, slots=True)
class Revoke:
    member: MemberId


@dataclass(frozen=True, slots=True)
class Permit:
    member: MemberId
    audio: bool
    video: bool
    screen: bool = False

    @property
    def kinds(self) -> frozenset[str]:
        told = {"audio": self.audio, "video": self.video, "screen": self.screen}
        return frozenset(kind for kind, is_allowed in told.items() if is_allowed)


@dataclass(frozen=True, slots=True)
class Favour:
    member: MemberId
    on: bool


@dataclass(frozen=True, slots=True)
class Show:
    """How the member's screen shows the others: pairs of member and `View`; `screen` is a shared one."""

    member: MemberId
    views: tuple[tuple[MemberId, View], ...]
    screen: View = View.LARGE
    pictures: bool = True


@dataclass(frozen=True, slots=True)
class Close:
    member: MemberId


@dataclass(frozen=True, slots=True)
class Capture:
    """`to`: the path of a Unix datagram socket; None ends it."""

    room: RoomId
    to: str | None


@dataclass(frozen=True, slots=True)
class Stats:
    room: RoomId


@dataclass(frozen=True, slots=True)
class Count:
    """How much the worker carries."""


@dataclass(frozen=True, slots=True)
class Ping:
    """Proves that the worker's loop turns."""


Arrangement = Grant | Revoke | Permit | Favour | Show | Close | Capture
"""Who is where, who gets what of whom, and what is captured."""

Command = Publish | Subscribe | Answer | RestartReceiving | Stats | Count | Ping | Arrangement

Result = str | tuple[MemberStats, ...] | Carried | None


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker's first message: where it listens."""

    port: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The worker could not start, in words for the log."""

    reason: str


@dataclass(frozen=True, slots=True)
class Call:
    ref: int
    command: Command


@dataclass(frozen=True, slots=True)
class Done:
    ref: int
    result: Result


@dataclass(frozen=True, slots=True)
class Refused:
    ref: int
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Broken:
    """The worker failed on the command; `fault` names the exception for the log."""

    ref: int
    fault: str


FromWorker = Ready | Failed | Done | Refused | Broken | MediaEvent
ToWorker = MediaSettings | Call

_KINDS: dict[str, type] = {
    kind.__name__: kind
    for kind in (
        *(
            Publish,
            Subscribe,
            Answer,
            RestartReceiving,
            Grant,
            Revoke,
            Permit,
            Favour,
            Show,
            Close,
            Capture,
        ),
        *(Stats, Count, Carried, Ping, Ready, Failed, Call, Done, Refused, Broken),
        *(Offer, LegUp, Silent, LegDown, Speaking, Encodings, OfferAgain, Pictures),
        *(MemberStats, MediaSettings),
    )
}
_FIELD_TYPES: dict[str, Callable[[str], object]] = {"leg": Leg, "refusal": Refusal}


def to_plain(value: object) -> object:
    """Dataclasses become maps that name their kind; everything else is plain already."""
    if is_dataclass(value) and not isinstance(value, type):
        content = {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
        return {"kind": type(value).__name__, **content}
    if isinstance(value, tuple):
        return tuple(to_plain(item) for item in value)
    return value


def from_plain(value: object) -> object:
    if isinstance(value, dict):
        kind = _KINDS[value["kind"]]
        content = {name: from_plain(item) for name, item in value.items() if name != "kind"}
        for name in content.keys() & _FIELD_TYPES.keys():
            content[name] = _FIELD_TYPES[name](str(content[name]))
        return kind(**content)
    if isinstance(value, tuple):
        return tuple(from_plain(item) for item in value)
    return value
