"""Ways out that keep what was sent, for tests that are not about sending."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

from server.kernel.outside import NotDelivered, Sms
from signaling.engine import (
    Arriving,
    Carried,
    MediaEvent,
    MediaUnavailableError,
    MemberId,
    MemberStats,
    RoomId,
    View,
)


@dataclass
class Outbox:
    """An SMS gateway and a mailer in one."""

    sms: list[Sms] = field(default_factory=list)
    mails: list[tuple[str, EmailMessage]] = field(default_factory=list)
    refuse: NotDelivered | None = None

    async def send(self, message: Sms | EmailMessage, *, to: str = "") -> str:
        if self.refuse:
            raise self.refuse
        if isinstance(message, Sms):
            if message.key not in {sms.key for sms in self.sms}:
                self.sms.append(message)
            return f"sms-{len(self.sms)}"
        self.mails.append((to, message))
        return ""


@dataclass
class SilentEngine:
    """A media engine without media: keeps who was granted to which room."""

    rooms: dict[MemberId, RoomId] = field(default_factory=dict)
    permits: dict[MemberId, tuple[bool, bool]] = field(default_factory=dict)
    favoured: set[MemberId] = field(default_factory=set)
    captured: dict[RoomId, Path] = field(default_factory=dict)
    screens: set[MemberId] = field(default_factory=set)
    calls: list[tuple[str, MemberId]] = field(default_factory=list)
    closed: list[MemberId] = field(default_factory=list)
    numbers: dict[RoomId, tuple[MemberStats, ...]] = field(default_factory=dict)
    arriving: set[tuple[MemberId, Arriving]] = field(default_factory=set)
    deaf: set[RoomId] = field(default_factory=set)
    """Of which it never tells numbers."""

    stuck: set[MemberId] = field(default_factory=set)
    """Whom it does not revoke: it is away."""

    queue: asyncio.Queue[MediaEvent] = field(default_factory=asyncio.Queue)

    async def publish(self, member: MemberId, offer: str) -> str:
        self.calls.append(("publish", member))
        return f"answer to {offer}"

    async def subscribe(self, member: MemberId) -> None:
        self.calls.append(("subscribe", member))

    async def answer(self, member: MemberId, *, revision: int, sdp: str) -> None:
        self.calls.append(("answer", member))

    async def restart_receiving(self, member: MemberId) -> None:
        self.calls.append(("restart", member))

    async def grant(self, member: MemberId, room: RoomId) -> None:
        self.rooms[member] = room

    async def revoke(self, member: MemberId) -> None:
        if member in self.stuck:
            raise MediaUnavailableError("away")
        self.rooms.pop(member, None)

    async def permit(
        self, member: MemberId, *, audio: bool, video: bool, screen: bool = False
    ) -> None:
        self.permits[member] = (audio, video)
        (self.screens.add if screen else self.screens.discard)(member)

    async def favour(self, member: MemberId, *, on: bool) -> None:
        (self.favoured.add if on else self.favoured.discard)(member)

    async def view(
        self, member: MemberId, views: Mapping[MemberId, View], *,
        screen: View = View.LARGE, pictures: bool = True,
    ) -> None:  # fmt: skip
        self.calls.append(("view" if pictures else "sound", member))

    def measured(self, member: MemberId, arriving: Arriving) -> None:
        self.arriving.add((member, arriving))

    async def carried(self) -> tuple[Carried, ...]:
        return (Carried("silent", is_up=True, members=len(self.rooms), packets_failed=3, faults=0),)

    async def close(self, member: MemberId) -> None:
        self.closed.append(member)
        self.rooms.pop(member, None)
        self.permits.pop(member, None)
        self.screens.discard(member)
        self.favoured.discard(member)

    async def capture(self, room: RoomId, *, to: Path | None) -> None:
        if to is None:
            self.captured.pop(room, None)
        else:
            self.captured[room] = to

    async def stats(self, room: RoomId) -> tuple[MemberStats, ...]:
        if room in self.deaf:
            await asyncio.Event().wait()
        return self.numbers.get(room, ())

    async def events(self) -> AsyncIterator[MediaEvent]:
        while True:
            yield await self.queue.get()
