"""The port to a media engine: what rooms ask for and what the engine tells."""

import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NewType, Protocol

MemberId = NewType("MemberId", str)
"""One seat of one person in one session: 1–64 of A–Z a–z 0–9 _ -, as it names media streams."""

RoomId = NewType("RoomId", str)

REVISION_BITS = 40

SCREEN = ".screen"
"""Follows a member's id in the name of the stream that shows their screen; no id contains it."""


class View(StrEnum):
    """How somebody shows another on their screen."""

    LARGE = "large"
    SMALL = "small"
    NONE = "none"


class Leg(StrEnum):
    """Each member has two peer connections; whoever sends the media offers."""

    SENDING = "sending"
    RECEIVING = "receiving"


class Refusal(StrEnum):
    """Why the engine did not do as asked."""

    TOO_LONG = "sdp_too_long"
    TOO_MANY_SECTIONS = "too_many_media_sections"
    TOO_MANY_CANDIDATES = "too_many_candidates"
    MALFORMED = "sdp_malformed"
    UNSUPPORTED = "nothing_supported"
    BUSY = "too_many_connecting"
    STALE = "stale_revision"
    UNKNOWN = "unknown_member"

    @property
    def is_abuse(self) -> bool:
        """No browser sends this: the engine has closed the member, the session should too."""
        return self in {Refusal.TOO_LONG, Refusal.TOO_MANY_SECTIONS, Refusal.TOO_MANY_CANDIDATES}


class MediaRefusedError(Exception):
    """The engine answered, with a refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


class MediaUnavailableError(Exception):
    """No engine answered in time; the same request may succeed in a moment."""


def first_revision() -> int:
    """Where a member's offers begin to be counted.

    Unlike any before: an answer to an engine that has died must not fit an offer of the next.
    """
    return secrets.randbits(REVISION_BITS)


@dataclass(frozen=True, slots=True)
class Offer:
    """A description for the member's receiving leg; answer it with the same revision."""

    member: MemberId
    revision: int
    sdp: str


@dataclass(frozen=True, slots=True)
class LegUp:
    """Media can flow on this leg, for the first time or again after silence."""

    member: MemberId
    leg: Leg


@dataclass(frozen=True, slots=True)
class Silent:
    """Nothing has come from this leg for some seconds; it may come back by itself."""

    member: MemberId
    leg: Leg


@dataclass(frozen=True, slots=True)
class LegDown:
    """The leg is gone and needs a new peer connection."""

    member: MemberId
    leg: Leg
    reason: str


@dataclass(frozen=True, slots=True)
class Speaking:
    """Who speaks in the room now, loudest first."""

    room: RoomId
    members: tuple[MemberId, ...]


@dataclass(frozen=True, slots=True)
class Reset:
    """The legs of these are gone; places and permits stand; clients make new peer connections."""

    members: tuple[MemberId, ...]


@dataclass(frozen=True, slots=True)
class Lost:
    """The engine cannot be reached, and nothing that it carried flows any more."""

    reason: str


@dataclass(frozen=True, slots=True)
class Encodings:
    """Which of its encodings the member should send now; the others nobody would get."""

    member: MemberId
    rids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OfferAgain:
    """The member should offer the sending leg once more: those who watch need another codec."""

    member: MemberId


@dataclass(frozen=True, slots=True)
class Pictures:
    """Whether the member's line bears pictures; while it does not, only sound is sent to them."""

    member: MemberId
    on: bool


@dataclass(frozen=True, slots=True)
class Arriving:
    """What a client says of all that came to it in the last seconds; None: not known."""

    loss: float | None = None
    """0–1, of packets."""

    round_trip: float | None = None
    """Seconds."""

    kbps: float | None = None
    """None where nothing comes, too."""


MediaEvent = (
    Offer | LegUp | Silent | LegDown | Speaking | Encodings | OfferAgain | Pictures | Reset | Lost
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MemberStats:
    """One member's media in numbers; shares are 0–1, times seconds, rates kbit/s."""

    member: MemberId
    sent_loss: float | None
    """None while nothing came that could have been lost."""

    sent_kbps: float
    received_loss: float
    received_kbps: float
    round_trip: float | None
    last_packet_age: float | None
    forwarded_packets: int


@dataclass(frozen=True, slots=True)
class Carried:
    """What one worker or instance carries; packets are counted since it began, those that come whatever they are.

    What nobody counts is None.
    """

    engine: str
    is_up: bool
    is_draining: bool = False
    """Takes no new rooms."""
    rooms: int = 0
    members: int = 0
    packets_in: int | None = None
    packets_out: int | None = None
    packets_failed: int | None = None
    """Could not be encrypted or sent, though the way was open."""
    faults: int | None = None
    """Of ours, each in the part of one member, and borne by that member alone."""
    dropped: tuple[tuple[str, int], ...] = ()
    """Datagrams that were not believed, by reason."""


class MediaEngine(Protocol):
    """Rooms decide, engines obey: who is granted to the same room hears each other, nobody else."""

    async def publish(self, member: MemberId, offer: str) -> str:
        """Take the client's offer for its sending leg and return the answer.

        Its first picture is the camera, its second the screen; the others get a screen only while
        that is permitted. An offer of the peer connection already there continues it (an ICE restart, a new track);
        an offer of a new one replaces both legs, since the client has begun anew.
        """
        ...

    async def subscribe(self, member: MemberId) -> None:
        """Begin a new receiving leg; its offers come as `Offer` events."""
        ...

    async def answer(self, member: MemberId, *, revision: int, sdp: str) -> None: ...

    async def restart_receiving(self, member: MemberId) -> None:
        """Offer the receiving leg again on a changed network, or begin a new one if it is gone."""
        ...

    async def grant(self, member: MemberId, room: RoomId) -> None: ...

    async def revoke(self, member: MemberId) -> None:
        """When this returns, no packet goes from or to the member any more."""
        ...

    async def permit(
        self, member: MemberId, *, audio: bool, video: bool, screen: bool = False
    ) -> None:
        """What of the member is passed on to the others (muted by the host, let share)."""
        ...

    async def favour(self, member: MemberId, *, on: bool) -> None:
        """Never leave out this one's sound, however many talk at once."""
        ...

    async def view(
        self, member: MemberId, views: Mapping[MemberId, View], *,
        screen: View = View.LARGE, pictures: bool = True,
    ) -> None:  # fmt: skip
        """How the member's screen shows the others; who is not named is large.

        `screen` is the one that somebody shares: there is no smaller one, so all of it or none.

        Without `pictures` the member spares the line: sound only, and the smallest of their own.
        """
        ...

    def measured(self, member: MemberId, arriving: Arriving) -> None:
        """What the member's client measures, for an engine that sees less of their line by itself.

        Never waits.
        """
        ...

    async def close(self, member: MemberId) -> None: ...

    async def capture(self, room: RoomId, *, to: Path | None) -> None:
        """Give all that is published in this room to the Unix datagram socket there; None ends it.

        What comes is told in capture.py. It follows the room: whoever is revoked is captured no
        more when that returns, and whoever is granted is. A reader that is slow or away never
        holds up what people hear.
        """
        ...

    async def stats(self, room: RoomId) -> tuple[MemberStats, ...]: ...

    async def carried(self) -> tuple[Carried, ...]:
        """Of each worker or instance; one that does not answer is not up."""
        ...

    def events(self) -> AsyncIterator[MediaEvent]:
        """All events in order; for one consumer."""
        ...
