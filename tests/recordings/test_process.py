"""The recorder as a process beside a live room: it is killed, its disk is full, its parent goes."""

import asyncio
import contextlib
import json
import os
import random
import resource
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from recordings.recorder import manifest
from recordings.recorder.messages import Finished, News, Recovered, Trouble
from recordings.recorders import Recorders
from signaling.engine import MemberId, RoomId
from tests.media.conftest import Stage, hears, staged, until
from tests.recordings.film import watch

pytestmark = pytest.mark.slow

MAIN, CAUCUS = RoomId("main"), RoomId("caucus")
LOST_AT_MOST = 2.0


class Office:
    """A recorder and what it told."""

    def __init__(self) -> None:
        self.recorders = Recorders(reserve=0)
        self.news: list[News] = []

    async def listen(self) -> None:
        async for news in self.recorders.news():
            self.news.append(news)

    def told(self, kind: type) -> bool:
        return any(isinstance(one, kind) for one in self.news)


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as made:
        yield made


@pytest_asyncio.fixture
async def office() -> AsyncIterator[Office]:
    made = Office()
    listening = asyncio.create_task(made.listen())
    yield made
    await made.recorders.close()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


def octets(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("*.webm"))


def interrupted(folder: Path) -> list[str]:
    return [entry.file for entry in manifest.entries(folder) if entry.interrupted]


def grows(folder: Path, by: int = 40_000):
    goal = octets(folder) + by
    return lambda: octets(folder) >= goal


async def test_a_talk_is_recorded_and_a_private_one_is_not(stage, office, tmp_path):
    for name in "ab":
        await stage.enter(name, MAIN)
    listen = office.recorders.start("r", tmp_path / "r")
    await stage.engine.capture(MAIN, to=listen)
    began = time.monotonic()
    await until(grows(tmp_path / "r", 150_000), within=40)
    for name in "ab":
        await stage.move(name, CAUCUS)
    moved = time.monotonic()
    # Nothing comes of a private talk: once the files of the stays are sealed, no octet is added.
    await until(lambda: len(manifest.entries(tmp_path / "r")) == 2)
    before = octets(tmp_path / "r")
    await until(hears(stage.bots["b"], "a", packets=150))
    assert octets(tmp_path / "r") == before
    await stage.engine.capture(MAIN, to=None)
    assert await office.recorders.stop("r")
    entries = manifest.entries(tmp_path / "r")
    films = [watch(tmp_path / "r" / entry.file) for entry in entries[:2]]
    assert [entry.file.split("-")[1] for entry in entries] == ["a", "b", "events.jsonl"]
    for film in films:
        assert 1.0 < film.length <= moved - began + 1.0
        assert film.pictures
        assert film.sounds
    assert list(manifest.problems(tmp_path / "r")) == []
    assert [one.chain for one in office.news if isinstance(one, Finished)] == [
        entry.chain for entry in entries
    ]


async def test_a_killed_recorder_loses_two_seconds_at_most(stage, office, tmp_path):
    await stage.enter("a", MAIN)
    folder = tmp_path / "r"
    await stage.engine.capture(MAIN, to=office.recorders.start("r", folder))
    chance = random.Random(9)
    for round_ in range(1, 4):
        await until(grows(folder, chance.randrange(60_000, 150_000)), within=40)
        (pid,) = {office.recorders.pid}
        newest = max(folder.glob("*.webm"))
        began = _since(folder, newest)
        await until(grows(folder, 1))  # so that nothing has stood still
        killed = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        await until(lambda: office.recorders.pid not in {pid, None})  # noqa: B023 - awaited here
        await until(lambda: len(interrupted(folder)) == round_)  # noqa: B023 - awaited here
        film = watch(newest)
        assert film.length > killed - began - LOST_AT_MOST
        assert interrupted(folder)[-1] == newest.name
        await until(lambda: max(folder.glob("*.webm")) > newest)  # noqa: B023
    assert await office.recorders.stop("r")
    assert list(manifest.problems(folder)) == []
    assert stage.restarts == 0


def _since(folder: Path, file: Path) -> float:
    """On the machine's steady clock, when the file's first frame was made."""
    lines = (folder / manifest.EVENTS).read_text().splitlines()
    (begun,) = [one for one in map(json.loads, lines) if one.get("file") == file.name]
    return float(begun["since"])


async def test_a_full_disk_is_told_and_harms_nobody(stage, office, tmp_path):
    for name in "ab":
        await stage.enter(name, MAIN)
    folder = tmp_path / "r"
    await stage.engine.capture(MAIN, to=office.recorders.start("r", folder))
    await until(grows(folder), within=40)
    with _no_file_larger_than(200_000, office.recorders.pid):
        await until(lambda: office.told(Trouble), within=30)
        await until(hears(stage.bots["b"], "a", packets=100))
    await until(lambda: office.told(Recovered), within=40)
    known = set(folder.glob("*.webm"))
    await until(lambda: set(folder.glob("*.webm")) > known, within=40)
    await until(grows(folder))
    assert await office.recorders.stop("r")
    assert list(manifest.problems(folder)) == []
    for entry in manifest.entries(folder)[:-1]:
        assert watch(folder / entry.file).length > 0


@contextlib.contextmanager
def _no_file_larger_than(size: int, pid: int):
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    yield
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


async def test_the_end_of_its_parent_is_the_recorders_end(stage, office, tmp_path):
    await stage.enter("a", MAIN)
    folder = tmp_path / "r"
    await stage.engine.capture(MAIN, to=office.recorders.start("r", folder))
    await until(grows(folder), within=40)
    pid = office.recorders.pid
    await office.recorders.close()  # the channel ends, as it does when the parent is killed
    assert not _is_running(pid)
    assert [entry.interrupted for entry in manifest.entries(folder)] == [False, False]
    assert list(manifest.problems(folder)) == []


def _is_running(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def test_one_who_begins_anew_has_another_file(stage, office, tmp_path):
    await stage.enter("a", MAIN)
    folder = tmp_path / "r"
    await stage.engine.capture(MAIN, to=office.recorders.start("r", folder))
    await until(grows(folder), within=40)
    await stage.bots["a"].rejoin()
    await until(lambda: len(list(folder.glob("*.webm"))) == 2)
    await until(grows(folder))
    await stage.engine.revoke(MemberId("a"))
    assert await office.recorders.stop("r")
    assert len(manifest.entries(folder)) == 3
