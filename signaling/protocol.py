"""The wire protocol of a live session: every message either side may send, in one document.

A frame is one JSON text. The client begins with `hello` and its ticket; the server answers
`welcome`, the whole of what this seat may see, or `refused` and a close. From then on each client
message carries a rising `ref` and gets one `done` or `refused`; the server tells facts, numbered
per seat: a gap means that the client must join again. Whoever sends media offers, on its own leg.
"""

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, TypeAdapter

from signaling.facts import Shown, Sight, Told
from signaling.requests import Asked, Hello

VERSION = 1


class Close(IntEnum):
    """Why the server closed the socket; 1011 to 1013 and lost lines are joined again."""

    TOO_BIG = 1009
    BROKEN = 1011
    DRAINING = 1012
    SLOW = 1013
    BAD_TICKET = 4401
    OVER = 4403
    TOO_LATE = 4408
    ELSEWHERE = 4409
    MALFORMED = 4422
    TOO_MANY = 4429


ClientMessage = Annotated[Hello | Asked, Field(discriminator="type")]
CLIENT: TypeAdapter[Hello | Asked] = TypeAdapter(ClientMessage)


class Welcome(Shown):
    """The whole of what this seat may see; facts continue after `n`."""

    type: Literal["welcome"] = "welcome"
    you: UUID
    sight: Sight
    clock_now: datetime
    n: int


class Fact(Shown):
    type: Literal["fact"] = "fact"
    n: int
    fact: Annotated[Told, Field(discriminator="kind")]


class MediaOffer(Shown):
    """What I am to receive; answered with the same revision."""

    type: Literal["media.offer"] = "media.offer"
    revision: int
    sdp: str


class MediaEncodings(Shown):
    """Send these encodings of the camera, by their RID; nobody would get the others."""

    type: Literal["media.encodings"] = "media.encodings"
    rids: list[str]


class MediaAgain(Shown):
    """Offer my sending leg once more, as it is: those who watch need another codec."""

    type: Literal["media.again"] = "media.again"


class MediaPictures(Shown):
    """Off: my line bears no picture now, so only sound comes; on again by itself."""

    type: Literal["media.pictures"] = "media.pictures"
    on: bool


class MediaReset(Shown):
    """The media process began anew: open both peer connections again."""

    type: Literal["media.reset"] = "media.reset"


class Relay(Shown):
    """A TURN server and the pass to it, good for opening relays for `expires_in` seconds."""

    urls: list[str]
    username: str
    credential: str
    expires_in: int


class Done(Shown):
    type: Literal["done"] = "done"
    ref: int
    sdp: str | None = None
    room_id: UUID | None = None
    relay: Relay | None = None


class Problem(Shown):
    """The same as in the API's problem documents."""

    type: str
    title: str
    status: int
    code: str
    request_id: str | None = None
    details: dict[str, object] | None = None
    retry_after: int | None = None


class Refused(Shown):
    """`ref` is null when the message could not be read or the ticket was no good."""

    type: Literal["refused"] = "refused"
    ref: int | None
    problem: Problem


class Parting(StrEnum):
    """What to do after a close: nothing, join again at once, or join again in a while."""

    STOP = "stop"
    RESUME = "resume"
    JOIN_AGAIN = "join_again"


class Reason(StrEnum):
    CLOSED = "closed"
    CANCELLED = "cancelled"
    MOVED = "moved"
    DISMISSED = "dismissed"
    LEFT = "left"
    ELSEWHERE = "elsewhere"
    DRAINING = "draining"
    SIGNED_OUT = "signed_out"


class Left(Shown):
    """The last message: the server closes now."""

    type: Literal["leave"] = "leave"
    action: Parting
    reason: Reason


ServerMessage = Annotated[
    Welcome
    | Fact
    | MediaOffer
    | MediaEncodings
    | MediaAgain
    | MediaPictures
    | MediaReset
    | Done
    | Refused
    | Left,
    Field(discriminator="type"),
]
SERVER: TypeAdapter[
    Welcome
    | Fact
    | MediaOffer
    | MediaEncodings
    | MediaAgain
    | MediaPictures
    | MediaReset
    | Done
    | Refused
    | Left
] = TypeAdapter(ServerMessage)
