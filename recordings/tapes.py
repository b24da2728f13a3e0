"""The tapes of sessions: a recorder writes them, and what is sealed goes onto the case."""

import asyncio
import logging
import mmap
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import sqlalchemy as sa

from recordings.recorder import manifest, matroska
from recordings.recorder.manifest import Entry
from recordings.recorder.messages import News, Recovered, Started, Stopped, Trouble
from recordings.recorders import Recorders
from recordings.tables import RecordingFile
from scheduling.tables import Appointment, Invitee
from server.cases import timeline
from server.kernel.actor import SYSTEM
from server.kernel.clock import Clock
from server.kernel.database import Json
from server.kernel.sealing import Sealer
from server.kernel.uow import Tx, UnitOfWork
from signaling.desk import Desk
from signaling.tables import LiveSession, Participant

log = logging.getLogger(__name__)
SUFFIXES = {".webm": "video/webm", ".mkv": "video/x-matroska"}


@dataclass(frozen=True)
class _Sealed:
    """A file of the list, and what its head and end tell."""

    entry: Entry
    participant_id: UUID
    began_at: datetime
    seconds: float


def media_type_of(file: str) -> str:
    return SUFFIXES[Path(file).suffix]


class SessionTapes:
    """Each session has a folder; a recording that is begun again goes on in it."""

    def __init__(
        self, recorders: Recorders, folder: Path, *, uow: UnitOfWork, sealer: Sealer, clock: Clock
    ) -> None:
        self._recorders = recorders
        self._folder = folder
        self._uow = uow
        self._sealer = sealer
        self._clock = clock
        self._ending: set[asyncio.Task[None]] = set()

    def begin(self, session_id: UUID) -> Path:
        return self._recorders.start(str(session_id), self.folder_of(session_id))

    def end(self, session_id: UUID) -> None:
        task = asyncio.create_task(self._end(session_id))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def folder_of(self, session_id: UUID) -> Path:
        return self._folder / str(session_id)

    async def settle(self) -> None:
        """Wait until every tape that was to end has ended."""
        await asyncio.gather(*self._ending, return_exceptions=True)

    async def close(self) -> None:
        """What still runs is sealed, and archived at the next start."""
        await self.settle()
        await self._recorders.close()

    async def recover(self) -> None:
        """Seal and archive what was left behind when the server last ended."""
        for folder in await asyncio.to_thread(_folders, self._folder):
            try:
                await asyncio.to_thread(manifest.seal_found, folder)
                await self._archive(UUID(folder.name))
            except Exception:
                log.exception("the recording in %s cannot be archived", folder.name)

    async def follow(self, desk: Desk) -> None:
        """Whoever is in a session is told when it cannot be written, and when it can again."""
        async for news in self._recorders.news():
            await self._tell(desk, news)

    async def _tell(self, desk: Desk, news: News) -> None:
        match news:
            case Trouble(name, what, why):
                log.error("recording of session %s: %s: %s", name, what, why)
                await desk.tape_trouble(UUID(name), is_on=True)
            case Recovered(name) | Started(name):
                await desk.tape_trouble(UUID(name), is_on=False)
            case Stopped() | _:
                pass

    async def _end(self, session_id: UUID) -> None:
        try:
            if not await self._recorders.stop(str(session_id)):
                log.error("the recording of session %s was not sealed in time", session_id)
                return
            await self._archive(session_id)
        except Exception:
            log.exception("the recording of session %s is archived at the next start", session_id)

    async def _archive(self, session_id: UUID) -> None:
        """Onto the case, once: doing it again finds the rows there."""
        ahead = self._clock.now() - datetime.now(UTC)  # the recorder knows the machine's clock only
        sealed = await asyncio.to_thread(_sealed_in, self.folder_of(session_id), ahead=ahead)
        async with self._uow.begin(SYSTEM) as tx:
            fresh = [row for one in sealed if (row := await _kept(tx, session_id, one))]
            if fresh:
                await self._enter(tx, session_id, fresh)

    async def _enter(self, tx: Tx, session_id: UUID, files: list[RecordingFile]) -> None:
        query = sa.select(Appointment.case_id).join(
            LiveSession, LiveSession.appointment_id == Appointment.id
        )
        case_id = await tx.session.scalar(query.where(LiveSession.id == session_id))
        if case_id is None:
            return
        await timeline.append(
            tx, self._sealer, case_id=case_id, kind="recording",
            key=f"recording:{session_id}:{files[-1].number}",
            facts={
                "session_id": str(session_id),
                "chain": files[-1].chain,
                "files": [_facts(file) for file in files],
            },
            personal={"names": await self._names(tx, (file.participant_id for file in files))},
        )  # fmt: skip

    async def _names(self, tx: Tx, participant_ids: Iterable[UUID]) -> Json:
        query = sa.select(Participant.id, Invitee.name).join(
            Invitee, Invitee.id == Participant.invitee_id
        )
        rows = await tx.session.execute(query.where(Participant.id.in_(set(participant_ids))))
        return {str(key): self._sealer.open(name, purpose="name") for key, name in rows.all()}


async def _kept(tx: Tx, session_id: UUID, one: _Sealed) -> RecordingFile | None:
    """The row, if it is new; without the person or the session there is nobody to keep it for."""
    is_known = sa.select(RecordingFile.id).where(
        RecordingFile.session_id == session_id, RecordingFile.number == one.entry.number
    )
    seat = sa.select(Participant.id).where(
        Participant.id == one.participant_id, Participant.session_id == session_id
    )
    if await tx.session.scalar(is_known) or not await tx.session.scalar(seat):
        return None
    entry = one.entry
    row = RecordingFile(
        id=uuid4(), session_id=session_id, participant_id=one.participant_id, number=entry.number,
        file=entry.file, octets=entry.octets, sha256=entry.sha256, chain=entry.chain,
        interrupted=entry.interrupted, began_at=one.began_at, seconds=one.seconds,
    )  # fmt: skip
    tx.session.add(row)
    await tx.session.flush()
    return row


def _facts(file: RecordingFile) -> Json:
    return {
        "id": str(file.id),
        "participant_id": str(file.participant_id),
        "began_at": file.began_at.isoformat(),
        "seconds": file.seconds,
        "octets": file.octets,
        "sha256": file.sha256,
        "interrupted": file.interrupted,
    }


def _folders(root: Path) -> list[Path]:
    return sorted(one for one in root.iterdir() if one.is_dir()) if root.is_dir() else []


def _sealed_in(folder: Path, *, ahead: timedelta) -> list[_Sealed]:
    return [
        _Sealed(entry, UUID(entry.file[5:41]), *_span(folder / entry.file, ahead=ahead))
        for entry in manifest.entries(folder)
        if Path(entry.file).suffix in SUFFIXES and entry.octets
    ]


def _span(path: Path, *, ahead: timedelta) -> tuple[datetime, float]:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        began, seconds = matroska.span(content)
    return datetime.fromtimestamp(began, UTC) + ahead, round(seconds, 1)


@asynccontextmanager
async def taping(tapes: SessionTapes, desk: Desk) -> AsyncIterator[None]:
    """News of the recorder reach the sessions for as long as the block lasts."""
    following = asyncio.create_task(tapes.follow(desk))
    try:
        yield
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await tapes.close()
