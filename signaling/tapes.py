"""What is captured of a session, and the port to whatever keeps it."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID

from signaling.engine import MediaEngine, MediaUnavailableError, RoomId
from signaling.model import Session

log = logging.getLogger(__name__)


class Tapes(Protocol):
    """One tape for each session; it is kept apart from other sessions' tapes."""

    def begin(self, session_id: UUID) -> Path:
        """Where the engine is to send what it captures; asked again, the same tape goes on."""
        ...

    def end(self, session_id: UUID) -> None:
        """Close and seal it, by and by."""
        ...


class _Ground(Protocol):
    @property
    def engine(self) -> MediaEngine: ...

    @property
    def tapes(self) -> Tapes | None: ...


@dataclass
class Tape:
    """Brings the engine in line with what a session says of its recording: the main room, or nothing."""

    is_captured: bool = False
    has_begun: bool = False

    async def follow(self, session: Session, ground: _Ground) -> None:
        """When this returns and the session is not recorded, nothing of it is captured any more."""
        if ground.tapes is None:
            return
        room = RoomId(str(session.main.id)) if self.is_captured or session.is_recorded else None
        if room is not None and self.is_captured is not session.is_recorded:
            await self._capture(room, session, ground.engine, ground.tapes)
        if self.has_begun and session.recording_since is None:
            self.has_begun = False
            ground.tapes.end(session.id)

    async def _capture(
        self, room: RoomId, session: Session, engine: MediaEngine, tapes: Tapes
    ) -> None:
        if not session.is_recorded:
            await engine.capture(room, to=None)
            self.is_captured = False
            return
        self.has_begun = True
        to = tapes.begin(session.id)
        try:
            await engine.capture(room, to=to)
        except MediaUnavailableError as away:
            log.error("session %s is not captured: %s", session.id, away)
        else:
            self.is_captured = True
