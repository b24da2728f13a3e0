"""Recorded files of sessions, for staff of their case."""

from uuid import UUID

from recordings import playback
from recordings.tapes import media_type_of
from server.http.context import Context, Playable
from server.http.endpoints import Routes
from server.identity.permissions import Permission

routes = Routes()


@routes.get("/api/recordings/{file_id}", permission=Permission.RECORDING_PLAY)
async def play_recording(ctx: Context, file_id: UUID) -> Playable:
    """One participant's file, in parts as asked for; that it was played stands in the audit trail."""
    services = ctx.services
    async with services.uow.begin(ctx.actor) as tx:
        found = await playback.readable(tx, file_id)
    folder = services.tapes.folder_of(found.file.session_id)
    return Playable(folder / found.file.file, media_type_of(found.file.file))
