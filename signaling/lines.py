"""The line to one seat: numbers its facts, remembers what it was shown and when it was heard."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from pydantic import BaseModel

from server.kernel.actor import Actor
from signaling.facts import Sight, Told
from signaling.model import Session
from signaling.protocol import Close, Fact, Left, Parting, Reason, Welcome
from signaling.sight import difference

CODES = {
    Reason.ELSEWHERE: Close.ELSEWHERE,
    Reason.DRAINING: Close.DRAINING,
}


class Peer(Protocol):
    """The far end of a socket. Neither call waits: a reader too slow is cut off by the peer."""

    def send(self, text: str) -> None: ...

    def close(self, code: int) -> None: ...


@dataclass
class Line:
    seat_id: UUID
    actor: Actor
    peer: Peer
    heard_at: float
    told: int = 0
    sight: Sight | None = None
    gone_at: float | None = None

    @property
    def room_id(self) -> UUID | None:
        """Of the room that the client was shown last."""
        return self.sight.room.id if self.sight and self.sight.room else None

    def send(self, message: BaseModel) -> None:
        self.peer.send(message.model_dump_json())

    def tell(self, fact: Told) -> None:
        self.told += 1
        self.send(Fact(n=self.told, fact=fact))

    def show(self, sight: Sight, *, session: Session, now: datetime) -> None:
        """Bring the client from what it was shown last to this: all of it, or the difference."""
        if self.sight is None:
            self.send(Welcome(you=self.seat_id, sight=sight, clock_now=now, n=self.told))
        else:
            for fact in difference(self.sight, sight, session=session, me=self.seat_id):
                self.tell(fact)
        self.sight = sight

    def part(self, action: Parting, reason: Reason) -> None:
        """The last word, and the end of the socket."""
        self.send(Left(action=action, reason=reason))
        self.peer.close(CODES.get(reason, Close.OVER))
