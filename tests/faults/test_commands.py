"""The command line on a fresh data folder: what each command says and does."""

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from server.__main__ import parser
from server.app import commands
from server.kernel.config import load
from server.kernel.postgres import Postgres

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("processes")]
COMMANDS = (
    "", "serve", "demo", "migrate", "seed", "schema", "admin", "admin user", "admin user add",
    "admin user disable", "admin user password", "admin sessions revoke", "admin audit verify",
    "admin jobs list", "admin jobs retry", "turn",
)  # fmt: skip


@pytest.fixture(scope="module")
def folder():
    with tempfile.TemporaryDirectory(prefix="yt-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def command(*arguments: str, data_dir: Path, typed: str = "", **settings: str):
    env = {k: v for k, v in os.environ.items() if not k.startswith("YUNTIAO_")}
    env |= {"YUNTIAO_SERVER__DATA_DIR": str(data_dir), **settings}
    return subprocess.run(
        [sys.executable, "-m", "server", *arguments], cwd=ROOT, env=env, input=typed, text=True,
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_explains_itself(words, capsys):
    with pytest.raises(SystemExit) as ended:
        parser().parse_args([*words.split(), "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith("usage: python -m server")
    assert len(shown.splitlines()) > 3


@pytest.fixture
def here(folder, capsys, monkeypatch):
    """Runs a command in this process; answers its code and what it said after the first line."""
    config = load(None, {"YUNTIAO_SERVER__DATA_DIR": str(folder)})

    def run(*arguments: str, typed: str = "") -> tuple[int, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = commands.run(parser().parse_args(arguments), config)
        said = capsys.readouterr()
        which, _, rest = (said.out + said.err).partition("\n")
        assert which == f"database: embedded, in {folder}/db"
        return code, rest.strip()

    return run


def test_accounts_are_made_shut_and_found_again_beside_a_running_server(folder, here, request):
    def admin(*arguments: str, typed: str = "") -> tuple[int, str]:
        return here("admin", *arguments, typed=typed)

    early = admin("audit", "verify")
    assert early == (1, "refused: the tables are not up to date: run `python -m server migrate`")
    running = Postgres(folder / "db")
    running.start()
    request.addfinalizer(running.stop)
    code, said = here("seed")
    assert (code, "administrator admin, password " in said) == (0, True)
    assert here("seed") == (0, "871 units are there\nthere is an administrator already")
    add = ("user", "add", "li", "--name", "Li", "--role", "clerk", "--unit")
    password = "a long password\n"
    assert admin(*add, "WX", typed="short\n")[0] == 1
    assert admin(*add, "NOWHERE", typed=password)[0] == 1
    assert admin(*add, "WX", typed=password) == (0, "li may sign in as clerk in WX")
    assert admin(*add, "WX", typed=password) == (1, "refused: This name is taken")
    assert admin("user", "password", "li", typed=password)[0] == 0
    assert admin("user", "disable", "li") == (0, "li is disabled; sign-ins ended: 0")
    assert admin("user", "disable", "nobody")[0] == 1
    assert admin("sessions", "revoke", "admin") == (0, "sign-ins ended: 0")
    assert admin("jobs", "list") == (0, "0 jobs are overdue or failed")
    assert admin("jobs", "retry", "1")[0] == 1
    assert admin("audit", "verify") == (0, "the trail holds: 0 sealed lines")


def test_command_starts_the_database_by_itself_and_ends_it(folder):
    assert command("migrate", data_dir=folder).returncode == 0
    done = command("admin", "jobs", "list", data_dir=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (folder / "db" / "data" / "postmaster.pid").exists()


@pytest.mark.parametrize("words", ["serve", "admin jobs list"])
def test_database_that_does_not_answer_is_one_line_without_its_password(folder, words):
    url = "postgresql+asyncpg://someone:secret-word@127.0.0.1:1/nowhere"
    done = command(*words.split(), data_dir=folder, YUNTIAO_DATABASE__URL=url)
    assert done.returncode != 0
    assert "does not answer" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "secret-word" not in done.stdout + done.stderr


def test_wrong_setting_stops_every_command_with_one_line(folder):
    done = command("serve", data_dir=folder, YUNTIAO_SERVER__PORTT="1")
    assert done.returncode == 2
    assert done.stderr.strip() == "settings: server.portt: Extra inputs are not permitted"


def test_serve_refuses_an_https_address_without_a_proxy_to_believe(tmp_path):
    said = {"YUNTIAO_SERVER__PUBLIC_URL": "https://centre.example"}
    refused = command("serve", data_dir=tmp_path, **said)
    assert refused.returncode != 0
    assert refused.stderr.strip().startswith("serve: server.public_url is https")
    assert refused.stderr.strip().endswith("name its address in server.trusted_proxies")
    assert len(refused.stderr.strip().splitlines()) == 1
    proxy = {**said, "YUNTIAO_SERVER__TRUSTED_PROXIES": "127.0.0.1/32"}
    nowhere = "postgresql+asyncpg://someone@127.0.0.1:1/nowhere"
    further = command("serve", data_dir=tmp_path, **proxy, YUNTIAO_DATABASE__URL=nowhere)
    assert "does not answer" in further.stderr  # the control: the start went on
