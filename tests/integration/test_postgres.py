"""The embedded database: for root, in a folder of root's own, twice on one folder."""

import os
import tempfile
from pathlib import Path

import asyncpg
import pytest

from server.kernel.caretaker import NO_NAMESPACE, Caretaker, may_enter
from server.kernel.postgres import Postgres, PostgresError
from tests.conftest import FAST


@pytest.fixture
def closed_folder():
    """As a project under /root: nobody else gets in. Short, since sockets have short paths."""
    with tempfile.TemporaryDirectory(prefix="yt-", dir="/tmp") as name:
        Path(name).chmod(0o700)
        yield Path(name)


async def answer(postgres: Postgres) -> int:
    connection = await asyncpg.connect(
        host=str(postgres.sockets), user="postgres", database="postgres"
    )
    try:
        return await connection.fetchval("SELECT 1")
    finally:
        await connection.close()


async def test_database_runs_in_a_folder_closed_to_others_and_when_it_is_opened(closed_folder):
    for mode in (0o700, 0o755, 0o700):
        closed_folder.chmod(mode)
        postgres = Postgres(closed_folder / "db", settings=FAST)
        postgres.start()
        try:
            assert await answer(postgres) == 1
        finally:
            postgres.stop()


async def test_second_server_on_one_folder_is_refused(closed_folder):
    first = Postgres(closed_folder / "db", settings=FAST)
    first.start()
    second = Postgres(closed_folder / "db", settings=FAST)
    try:
        with pytest.raises(BlockingIOError):
            second.start()
        second.stop()
        assert await answer(first) == 1
    finally:
        first.stop()


def test_machine_without_user_namespaces_is_told_in_one_line(closed_folder):
    def refused() -> None:
        os._exit(NO_NAMESPACE)

    keeper = Caretaker(os.geteuid(), os.getegid(), {}, refused)
    postgres = Postgres(closed_folder / "db", caretaker=keeper)
    with pytest.raises(PostgresError, match=r"set server\.data_dir to an open place") as caught:
        postgres.start()
    postgres.stop()
    assert "\n" not in str(caught.value)


def test_folder_is_entered_only_where_every_one_above_lets_through(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    nobody = {"uid": 65534, "gid": 65534}
    for mode, enters in ((0o711, True), (0o750, False), (0o700, False)):
        (tmp_path / "a").chmod(mode)
        assert may_enter(inner, **nobody) is (enters and may_enter(tmp_path, **nobody))
    assert may_enter(inner, uid=(tmp_path / "a").stat().st_uid, gid=0) is may_enter(
        tmp_path, uid=(tmp_path / "a").stat().st_uid, gid=0
    )
