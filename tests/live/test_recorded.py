"""A mediation that is recorded, from the host's key to the case: nothing of a private talk is on it."""

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from recordings.recorder import manifest
from recordings.tables import RecordingFile
from scheduling.tables import SessionKind
from server.cases.tables import TimelineEntry
from server.identity import sessions
from server.kernel.actor import SYSTEM, Role
from server.kernel.audit import AuditLine
from tests.hall import life, open_hall
from tests.live.test_archived import entries
from tests.media.conftest import until
from tests.recordings.film import watch
from tests.sockets import RefusedError
from tests.voices import Voice

pytestmark = pytest.mark.slow


async def seated(studio, *, record: bool = True):
    host = await studio.host()
    wang = await studio.inside("Wang", host)
    guest = studio.guest("Li")
    await guest.check_in(record=record)
    li = await guest.connect()
    await host.send("admit", participant_id=li.id)
    await li.wait_for("called")
    voices = [Voice(seat) for seat in (host, wang, li)]
    await asyncio.gather(*(voice.join() for voice in voices))
    return host, wang, li, voices


async def folder_of(studio) -> Path:
    (one,) = studio.services.config.recordings_folder.iterdir()
    return one


def octets(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("*.webm"))


def grows(root: Path, by: int = 40_000):
    def size() -> int:
        return sum(octets(folder) for folder in root.glob("*"))

    goal = size() + by
    return lambda: size() >= goal


async def account_headers(studio, role: Role, login: str) -> dict[str, str]:
    account = await studio.clerk(role, login)
    async with studio.services.uow.begin(SYSTEM) as tx:
        opened = await sessions.sign_in(tx, account, config=studio.services.config.identity)
    return {"Cookie": f"yuntiao-session={opened.token}", "X-Yuntiao": "1"}


@pytest.fixture(autouse=True)
def root(config):
    folder = config.recordings_folder
    known = set(folder.glob("*"))
    yield folder
    for one in set(folder.glob("*")) - known:
        for file in one.iterdir():
            file.unlink()
        one.rmdir()


async def test_a_recorded_session_is_on_its_case_and_a_private_talk_is_not(studio, root):
    host, wang, li, voices = await seated(studio)
    await host.send("recording.start")
    await li.wait_for("session.state")
    assert li.now("session")["recording"]["running"]
    await until(grows(root), within=40)
    room_id = (await host.send("caucus.open"))["room_id"]
    await host.send("caucus.invite", room_id=room_id, participant_id=wang.id)
    await wang.wait_for("caucus.invited")
    await wang.send("caucus.answer", accept=True)
    folder = await folder_of(studio)
    sealed = {host.id, wang.id}
    await until(lambda: {e.file[5:41] for e in manifest.entries(folder)} == sealed, within=40)
    before = {
        file.name: file.stat().st_size
        for file in folder.glob("*.webm")
        if file.name[5:41] in sealed
    }
    goal = octets(folder) + 60_000
    await until(lambda: octets(folder) > goal, within=40)  # who stayed goes on being recorded
    now = {
        file.name: file.stat().st_size
        for file in folder.glob("*.webm")
        if file.name[5:41] in sealed
    }
    assert now == before
    await host.send("caucus.close", room_id=room_id)
    await until(lambda: len(list(folder.glob("*.webm"))) == 5, within=40)
    await until(grows(root), within=40)
    await host.send("session.close", result="held")
    for voice in voices:
        await voice.leave()
    await studio.services.tapes.settle()
    await on_the_case(studio, folder, {host.id, wang.id, li.id})


async def test_a_recording_goes_on_over_the_servers_restart(
    config, root, database_url, clean, clock, outbox
):
    ground = {"database_url": database_url, "clock": clock, "sms": outbox, "mailer": outbox}
    async with AsyncExitStack() as first, AsyncExitStack() as hall_stack:
        services, base = await first.enter_async_context(life(config, **ground))
        studio = await hall_stack.enter_async_context(
            open_hall(services, base, kind=SessionKind.MEDIATION)
        )
        host, wang, li, voices = await seated(studio)
        await host.send("recording.start")
        await until(grows(root), within=40)
        await first.aclose()
        for voice in voices:
            await voice.leave()
        async with life(config, port=int(base.rpartition(":")[2]), **ground) as (
            studio.services,
            _,
        ):
            voices = [Voice(await seat.connect()) for seat in (host, wang, li)]
            assert host.now("session")["recording"]["running"]
            await asyncio.gather(*(voice.join() for voice in voices))
            await until(grows(root), within=40)
            await host.send("session.close", result="held")
            for voice in voices:
                await voice.leave()
            await studio.services.tapes.settle()
            folder = await folder_of(studio)
            await on_the_case(studio, folder, {host.id, wang.id, li.id})
            parts = [one for one in await entries(studio) if one.kind == "recording"]
            assert [len(part.facts["files"]) for part in parts] == [3, 3]


async def on_the_case(studio, folder, people: set[str]) -> None:
    assert list(manifest.problems(folder)) == []
    entry = [one for one in await entries(studio) if one.kind == "recording"][-1]
    files = entry.facts["files"]
    assert {file["participant_id"] for file in files} == people
    by_hash = {one.sha256: folder / one.file for one in manifest.entries(folder)}
    for file in files:
        film = watch(by_hash[file["sha256"]])
        assert film.length == pytest.approx(file["seconds"], abs=0.5)
        assert film.pictures
        assert film.sounds
    assert not entry.for_resident
    await played(studio, files[0])


async def played(studio, file) -> None:
    """By whom may read the case, in parts, and it stands in the audit trail; by others not."""
    http, path = studio.http, f"{studio.base}/api/recordings/{file['id']}"
    mediator = await account_headers(studio, Role.CLERK, "clerk-plays")
    async with http.get(path, headers=mediator) as whole:
        assert (whole.status, whole.content_type) == (200, "video/webm")
        assert len(await whole.read()) == file["octets"]
    async with http.get(path, headers={**mediator, "Range": "bytes=0-99"}) as part:
        assert part.status == 206
        assert len(await part.read()) == 100
    for headers in (
        await account_headers(studio, Role.HANDLER, "other"),
        {},
        guest_headers(studio),
    ):
        async with http.get(path, headers=headers) as refused:
            assert refused.status in {401, 404}
    async with studio.services.uow.begin(SYSTEM) as tx:
        query = sa.select(sa.func.count()).where(AuditLine.action == "play")
        assert await tx.session.scalar(query) == 2


def guest_headers(studio) -> dict[str, str]:
    return {"X-Invitation": studio.tokens["Wang"]}


async def test_one_who_declines_is_never_recorded(studio, root):
    host, wang, li, voices = await seated(studio, record=False)
    with pytest.raises(RefusedError, match="not_all_agreed_to_recording"):
        await host.send("recording.start")
    await host.send("dismiss", participant_id=li.id, back=True)
    await host.send("recording.start")
    await until(grows(root), within=40)
    await host.send("admit", participant_id=li.id)
    assert not host.now("session")["recording"]["running"]
    folder = await folder_of(studio)
    await until(
        lambda: len(manifest.entries(folder)) == 2, within=40
    )  # both files are sealed: nothing runs
    before = octets(folder)
    goal = voices[0].packets(wang) + 100
    await until(lambda: voices[0].packets(wang) > goal)
    assert octets(folder) == before
    await host.send("dismiss", participant_id=li.id, back=True)
    await until(grows(root), within=40)  # the control: it goes on without them
    await host.send("recording.stop")
    await studio.services.tapes.settle()
    async with studio.services.uow.begin(SYSTEM) as tx:
        rows = list((await tx.session.scalars(sa.select(RecordingFile))).all())
        told = await tx.session.scalar(
            sa.select(TimelineEntry.facts).where(TimelineEntry.kind == "recording")
        )
    assert {str(row.participant_id) for row in rows} == {host.id, wang.id}
    assert li.id not in json.dumps(told)
    for voice in voices:
        await voice.leave()
