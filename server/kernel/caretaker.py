"""As whom the embedded PostgreSQL runs: it refuses to be root, so root needs somebody else."""

import ctypes
import os
import pwd
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

SYSTEM_USER = "yuntiao-db"
CLONE_NEWUSER = 0x10000000
INSIDE = 1000
NO_NAMESPACE = 77
"""Exit code of a child that could not leave root."""


class Spawn(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def _stay() -> None:
    """Nothing is to change in the child."""


@dataclass(frozen=True)
class Caretaker:
    """`uid` owns the files; `leave_root` runs in each child before the program does."""

    uid: int
    gid: int
    spawn: Spawn
    leave_root: Callable[[], None] = _stay


def caretaker_of(*paths: Path) -> Caretaker:
    """Ourselves; for root a system user, or where that one cannot enter, root under another name.

    A project in a folder of root's own (mode 0700) is the second case: in a user namespace the
    database is not root, and still reaches the files.
    """
    if os.geteuid() != 0:
        return Caretaker(os.geteuid(), os.getegid(), {})
    user = _system_user()
    if user and all(may_enter(path, uid=user.pw_uid, gid=user.pw_gid) for path in paths):
        spawn = Spawn(user=user.pw_uid, group=user.pw_gid, extra_groups=[])
        return Caretaker(user.pw_uid, user.pw_gid, spawn)
    return Caretaker(0, 0, {}, _enter_namespace)


def may_enter(path: Path, *, uid: int, gid: int) -> bool:
    """Whether this user gets through every folder above the path."""
    return all(_lets_through(folder.stat(), uid=uid, gid=gid) for folder in path.parents)


def _lets_through(status: os.stat_result, *, uid: int, gid: int) -> bool:
    if status.st_uid == uid:
        return bool(status.st_mode & 0o100)
    if status.st_gid == gid:
        return bool(status.st_mode & 0o010)
    return bool(status.st_mode & 0o001)


def _system_user() -> pwd.struct_passwd | None:
    """The database's own user, made when there is none; None where users cannot be made."""
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    try:
        subprocess.run([*command, SYSTEM_USER], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return pwd.getpwnam(SYSTEM_USER)


def _enter_namespace() -> None:
    """Runs in the child: become a plain user to ourselves, while files still know us as root."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER) != 0:
        os._exit(NO_NAMESPACE)
    Path("/proc/self/setgroups").write_text("deny")
    for kind in ("uid", "gid"):
        Path(f"/proc/self/{kind}_map").write_text(f"{INSIDE} 0 1")
