"""Who is a member, in which room, and who therefore hears whom."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from signaling.engine import Leg, MemberId, RoomId, View, first_revision
from signaling.media.codecs import Codec
from signaling.media.link import Link
from signaling.media.publisher import Publisher
from signaling.media.slots import Heard
from signaling.media.subscriber import Subscriber
from signaling.media.thrift import Thrift
from signaling.media.track import SHARED, Label
from signaling.media.voices import Voice

REPORTS_KEPT = 5
"""Seconds over which the loss of what somebody sends is told: one report is made in each."""


@dataclass(slots=True, eq=False)
class Sending:
    """The leg on which a member's own camera and microphone come."""

    link: Link
    publisher: Publisher
    is_silent: bool = False
    lost: deque[float | None] = field(default_factory=lambda: deque(maxlen=REPORTS_KEPT))
    """The worst share that was missed, of each report; None when nothing was due."""

    turned_at: float = float("-inf")
    """When the client was last asked to offer again, for another codec."""

    active: tuple[str, ...] | None = None
    """The encodings that the client was asked for; None: all, as long as it was not asked."""

    asked_at: dict[str, float] = field(default_factory=dict)
    watched_at: dict[str, float] = field(default_factory=dict)

    @property
    def lost_share(self) -> float | None:
        """Of the last seconds."""
        told = [share for share in self.lost if share is not None]
        return sum(told) / len(told) if told else None


@dataclass(slots=True, eq=False)
class Receiving:
    """The leg on which a member gets the others."""

    link: Link
    subscriber: Subscriber
    is_silent: bool = False


EVERYTHING = frozenset({"audio", "video"})
"""What is passed on of a member until something else is said."""


@dataclass(slots=True, eq=False)
class Member:
    """A seat: placed in one room or nowhere, permitted or muted, with up to two legs."""

    id: MemberId
    room: RoomId | None = None
    permitted: frozenset[str] = EVERYTHING
    views: dict[MemberId, View] = field(default_factory=dict)
    screen_view: View = View.LARGE
    wants_pictures: bool = True
    rests_cameras: bool = False
    """The line bears the shared screen and no cameras beside it."""

    thrift: Thrift = field(default_factory=Thrift)
    revision: int = field(default_factory=first_revision)
    voice: Voice = field(default_factory=Voice)
    sending: Sending | None = None
    receiving: Receiving | None = None

    @property
    def gets_pictures(self) -> bool:
        """Not while the person spares the line, or the line bears none."""
        return self.wants_pictures and not self.thrift.is_on

    @property
    def may_share(self) -> bool:
        return SHARED in self.permitted

    @property
    def legs(self) -> list[tuple[Leg, Sending | Receiving]]:
        legs: list[tuple[Leg, Sending | Receiving]] = []
        if self.sending is not None:
            legs.append((Leg.SENDING, self.sending))
        if self.receiving is not None:
            legs.append((Leg.RECEIVING, self.receiving))
        return legs

    @property
    def is_empty(self) -> bool:
        """Nowhere, with nothing, and nothing was said of it that must be kept until it is closed."""
        is_plain = self.permitted == EVERYTHING and not self.voice.is_favoured and not self.views
        return self.room is None and not self.legs and is_plain


Members = Mapping[MemberId, Member]


def near(member: Member, members: Members) -> list[Member]:
    """The member and all who share its room."""
    if member.room is None:
        return [member]
    others = (other for other in members.values() if other.room == member.room)
    return [member, *(other for other in others if other is not member)]


def hears(listener: Member, speaker: Member) -> bool:
    """The one rule of this engine: in the same room, and not oneself."""
    return listener.room is not None and listener.room == speaker.room and listener is not speaker


def heard_by(listener: Member, members: Members) -> dict[Heard, Codec]:
    """Every track of everyone whom this member hears, muted or not; a screen while it is shared."""
    return {
        Heard(speaker.id, label): track.codec
        for speaker in members.values()
        if speaker.sending is not None and hears(listener, speaker)
        for label, track in speaker.sending.publisher.tracks.items()
        if speaker.may_share or not label.is_screen
    }


def passes(listener: Member, speaker: Member, label: Label) -> bool:
    """Whether packets of this track go to this listener now."""
    return hears(listener, speaker) and label.kind in speaker.permitted
