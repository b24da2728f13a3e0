"""One member as a Janus instance has them: a publisher and a subscriber handle, and their streams."""

import asyncio
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from signaling.engine import SCREEN, MemberId, RoomId, View, first_revision
from signaling.janus.downlink import SMALLEST, Downlink
from signaling.janus.ear import Ear
from signaling.janus.session import Json
from signaling.media.sdp import Description

_CANDIDATE = re.compile(
    r"^a=(?:candidate:.*|end-of-candidates)\r?\n?", re.MULTILINE | re.IGNORECASE
)
"""Janus compares names without case."""

_MSID = re.compile(r"^a=msid:.*$", re.MULTILINE)
_ORIGIN = re.compile(r"^o=.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, order=True)
class Feed:
    """One published section of one member."""

    member: MemberId
    mid: str
    kind: str


@dataclass(slots=True)
class Publishing:
    handle: int
    description: Description
    is_up: bool = False
    """Janus knows no feed of one whose packets cannot come yet."""

    watched_at: dict[str, float] = field(default_factory=dict)
    active: tuple[str, ...] | None = None
    """The encodings of the camera that the client was asked for; None: all, as nothing was asked."""

    asked_at: float = math.inf
    flowing: set[tuple[str, int]] = field(default_factory=set)
    """Sections, and which encodings of each, of which packets come."""

    came_at: float | None = None
    """When packets came last, of any; None: never yet."""

    ear: Ear = field(default_factory=Ear)

    @property
    def rids(self) -> tuple[str, ...]:
        """The encodings of the camera, best first; a single one has no name."""
        pictures = (one for one in self.description.sections if one.kind == "video")
        return tuple(next((one.rids for one in pictures), [])) or ("",)

    @property
    def feeds(self) -> dict[str, str]:
        """Kind of each section that media can come in, by its mid."""
        kinds = {section.mid: section.kind for section in self.description.sections}
        return {mid: kind for mid, kind in kinds.items() if kind in {"audio", "video"}}

    @property
    def camera(self) -> str | None:
        return next(iter(self._pictures), None)

    @property
    def is_filmed(self) -> bool:
        """Whether any of the camera comes."""
        return any(mid == self.camera for mid, _ in self.flowing)

    @property
    def screen(self) -> str | None:
        """The section in which the screen comes: the second picture. A third is nobody's."""
        return next(iter(self._pictures[1:]), None)

    def means(self, mid: str) -> str:
        """What must be permitted for this section to be passed on."""
        if mid not in self._pictures:
            return "audio"
        return {0: "video", 1: "screen"}.get(self._pictures.index(mid), "")

    @property
    def _pictures(self) -> list[str]:
        return [mid for mid, kind in self.feeds.items() if kind == "video"]


@dataclass(slots=True)
class Subscribing:
    """`sections` is what Janus last said of each media section: whose it is, and if it flows."""

    handle: int
    session: str
    is_joined: bool = False
    is_up: bool = False
    ear: Ear = field(default_factory=Ear)
    version: int = 0
    pending: int | None = None
    sections: list[Json] = field(default_factory=list)
    chosen: dict[Feed, int] = field(default_factory=dict)
    """Which encoding of it Janus was asked for, counted from the smallest."""

    def lose(self, member: MemberId) -> None:
        """Whoever published is gone, and their sections rest."""
        self.chosen = {feed: one for feed, one in self.chosen.items() if feed.member != member}
        self.sections = [
            {**one, "active": False} if one.get("feed_id") == member else one
            for one in self.sections
        ]

    @property
    def subscribed(self) -> dict[Feed, str]:
        """Our section of each feed that flows to this member."""
        return {
            Feed(MemberId(one["feed_id"]), str(one["feed_mid"]), one["type"]): str(one["mid"])
            for one in self.sections
            if one.get("active") and one.get("feed_id") is not None
        }


@dataclass(eq=False)
class Person:
    id: MemberId
    room: RoomId | None = None
    home: str = ""
    permitted: frozenset[str] = frozenset({"audio", "video"})
    views: Mapping[MemberId, View] = field(default_factory=dict)
    screen_view: View = View.LARGE
    has_pictures: bool = True
    revision: int = field(default_factory=first_revision)
    spoke: int = 0
    """Who speaks counts on from all before; 0 is silent."""
    publishing: Publishing | None = None
    subscribing: Subscribing | None = None
    downlink: Downlink = field(default_factory=Downlink)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def gets(self, other: MemberId, means: str) -> bool:
        """Whether this part of another is wanted here."""
        if means == "audio":
            return True
        if not self.has_pictures or self.downlink.is_bare:
            return False
        if means == "screen":
            return self.screen_view is not View.NONE
        return not self.downlink.rests_cameras and self.views.get(other) is not View.NONE

    def place_of(self, other: MemberId) -> int:
        """Which encoding of another's camera is of use here, as 0 is the best."""
        is_large = self.views.get(other, View.LARGE) is View.LARGE
        return self.downlink.place if is_large else SMALLEST


def heard_by(listener: Person, people: Iterable[Person]) -> frozenset[Feed]:
    """The same rule as everywhere: in the same room, not oneself, what is permitted."""
    if listener.room is None:
        return frozenset()
    return frozenset(
        Feed(speaker.id, mid, kind)
        for speaker in people
        if speaker.room == listener.room and speaker is not listener
        if speaker.publishing is not None and speaker.publishing.is_up
        for mid, kind in speaker.publishing.feeds.items()
        if (means := speaker.publishing.means(mid)) in speaker.permitted
        and listener.gets(speaker.id, means)
    )


def without_candidates(sdp: str) -> str:
    """Nobody sends to where a client says that it is: it proves its address by itself."""
    return _CANDIDATE.sub("", sdp)


def as_offered(sdp: str, subscribing: Subscribing, people: Mapping[MemberId, Person]) -> str:
    """Janus's offer under our own session and version, each section named by whose it is."""
    head, *sections = re.split(r"^(?=m=)", sdp, flags=re.MULTILINE)
    origin = f"o=- {subscribing.session} {subscribing.version} IN IP4 0.0.0.0\r"
    named = [_ORIGIN.sub(origin, head)]
    streams = {str(one["mid"]): _stream_of(one, people) for one in subscribing.sections}
    for section in sections:
        found = re.search(r"^a=mid:(\S+)", section, re.MULTILINE)
        mid = found[1] if found else ""
        stream = streams.get(mid)
        plain = _MSID.sub("", section).replace("\n\r\n", "\n").replace("\n\n", "\n")
        if stream is not None and "a=sendonly" in plain:
            plain = plain.rstrip("\r\n") + f"\r\na=msid:{stream} {stream}-{mid}\r\n"
        named.append(plain)
    return "".join(named)


def _stream_of(section: Json, people: Mapping[MemberId, Person]) -> str | None:
    """A screen is a stream of its own."""
    owner = section.get("feed_id")
    if owner is None:
        return None
    person = people.get(MemberId(owner))
    is_screen = (
        person is not None
        and person.publishing is not None
        and person.publishing.screen == str(section.get("feed_mid"))
    )
    return f"{owner}{SCREEN}" if is_screen else str(owner)
