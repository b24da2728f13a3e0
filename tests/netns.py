"""A network namespace with an address that is not loopback: Firefox's ICE will not work on 127.0.0.1.

def test_something(netns):
    with netns.entered():          # sockets and children made in here are inside
        ...
    subprocess.run(netns.command("firefox-esr", ...))
"""

import asyncio
import contextlib
import ctypes
import fcntl
import itertools
import os
import struct
import subprocess
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

ADDRESS = "192.0.2.1"  # RFC 5737: belongs to nobody, and never leaves the namespace
CLIENT, DOOR = "198.51.100.1", "198.51.100.2"  # as well
CLONE_NEWNET = 0x4000_0000
TUNSETIFF = 0x4004_54CA
TUN_WITHOUT_HEADER = 0x0001 | 0x1000

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Namespace:
    name: str
    address: str = ADDRESS

    def command(self, *arguments: str) -> list[str]:
        """The command as it runs inside."""
        return ["ip", "netns", "exec", self.name, *arguments]

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Take this thread inside; sockets and processes made meanwhile stay there."""
        with open("/proc/thread-self/ns/net", "rb") as home, open(self._path, "rb") as there:
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(home.fileno())

    @property
    def _path(self) -> str:
        return f"/var/run/netns/{self.name}"


class CannotMakeNamespaceError(Exception):
    """With the reason, for the report."""


@contextlib.contextmanager
def namespace() -> Iterator[Namespace]:
    """A namespace with loopback, one TUN device and a default route into it; nothing leads out."""
    space = Namespace(f"yuntiao-{os.getpid()}-{next(_numbers)}")
    configure("netns", "add", space.name)
    try:
        with _device(space):
            yield space
    finally:
        subprocess.run(["ip", "netns", "delete", space.name], check=False, capture_output=True)


@dataclass(frozen=True)
class Apart:
    """Two namespaces with a cable between them; no route leads the client to the server's own
    address, only to the door at its end of the cable.
    """

    client: Namespace
    server: Namespace
    door: str

    def open_up(self) -> None:
        """From now on the client reaches all of the server."""
        configure("-n", self.client.name, "route", "add", self.server.address, "via", self.door)


@contextlib.contextmanager
def apart() -> Iterator[Apart]:
    with bare(CLIENT) as client, bare(ADDRESS) as server:
        ends = "client0", "server0"
        configure("-n", client.name, "link", "add", ends[0], "type", "veth", "peer", "name", ends[1],
            "netns", server.name)  # fmt: skip
        for space, end, address in ((client, ends[0], CLIENT), (server, ends[1], DOOR)):
            configure("-n", space.name, "link", "set", "lo", "up")
            configure("-n", space.name, "address", "add", f"{address}/24", "dev", end)
            configure("-n", space.name, "link", "set", end, "up")
        configure("-n", server.name, "address", "add", f"{ADDRESS}/32", "dev", "lo")
        yield Apart(client, server, DOOR)


@contextlib.contextmanager
def bare(address: str) -> Iterator[Namespace]:
    """A namespace with nothing in it; `address` is what somebody will give it."""
    space = Namespace(f"yuntiao-{os.getpid()}-{next(_numbers)}", address)
    configure("netns", "add", space.name)
    try:
        yield space
    finally:
        subprocess.run(["ip", "netns", "delete", space.name], check=False, capture_output=True)


@contextlib.asynccontextmanager
async def entered_by_loop(space: Namespace) -> AsyncIterator[None]:
    """This thread and those that the loop starts meanwhile: a thread stays where it was born."""
    loop = asyncio.get_running_loop()
    born_inside = ThreadPoolExecutor()
    loop.set_default_executor(born_inside)
    try:
        with space.entered():
            yield
    finally:
        loop.set_default_executor(ThreadPoolExecutor())
        born_inside.shutdown(wait=False)


@contextlib.contextmanager
def _device(space: Namespace) -> Iterator[None]:
    """The device has a carrier only while somebody holds it open."""
    try:
        with space.entered(), open("/dev/net/tun", "r+b", buffering=0) as tun:
            fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", b"yuntiao0", TUN_WITHOUT_HEADER))
            inside = ("-n", space.name)
            configure(*inside, "link", "set", "lo", "up")
            configure(*inside, "address", "add", f"{space.address}/24", "dev", "yuntiao0")
            configure(*inside, "link", "set", "yuntiao0", "up")
            configure(*inside, "route", "add", "default", "dev", "yuntiao0")
            held = os.dup(tun.fileno())
    except OSError as refused:
        raise CannotMakeNamespaceError(str(refused)) from refused
    try:
        yield
    finally:
        os.close(held)


def configure(*arguments: str) -> None:
    """The command `ip` with these words. Raises CannotMakeNamespaceError."""
    try:
        subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)
    except FileNotFoundError as missing:
        raise CannotMakeNamespaceError("the program `ip` is missing") from missing
    except subprocess.CalledProcessError as failed:
        raise CannotMakeNamespaceError(failed.stderr.strip()) from failed


def _enter(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


@pytest.fixture(scope="session")
def netns() -> Iterator[Namespace]:
    """Import into a conftest. Without the right to make one the test says that it did not run."""
    with contextlib.ExitStack() as stack:
        try:
            space = stack.enter_context(namespace())
        except CannotMakeNamespaceError as reason:
            if os.environ.get("TESTS_MUST_RUN"):
                raise
            pytest.skip(f"did not run: no network namespace here ({reason})")
        yield space
