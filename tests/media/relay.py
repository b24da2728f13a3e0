"""A real coturn with the settings that our command writes, in front of a server that nothing else reaches."""

import asyncio
import contextlib
import hashlib
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from aioice import stun
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from server.app import turn
from server.kernel.config import Turn
from signaling.protocol import Relay
from signaling.relays import Relays, relays_of
from tests.netns import Apart, CannotMakeNamespaceError, apart

START_SECONDS = 10.0
UDP_TRANSPORT = 0x11000000


@dataclass(frozen=True)
class Coturn:
    """Who may use it is for `relays` to say; its log is kept for when something is wrong."""

    spaces: Apart
    relays: Relays
    port: int

    @property
    def host(self) -> str:
        return self.spaces.door

    def now(self) -> datetime:
        return datetime.now(UTC)

    def pass_for(self, who: str, *, ago: timedelta = timedelta()) -> Relay:
        return self.relays.pass_for(who, now=self.now() - ago)


@contextlib.contextmanager
def coturn(folder: Path, *, without: tuple[str, ...] = ()) -> Iterator[Coturn]:
    """Started in the server's namespace; relays to the server's own address alone, unless it is
    `without` those settings.
    """
    if shutil.which("turnserver") is None:
        raise CannotMakeNamespaceError("the program `turnserver` is missing")
    with apart() as spaces:
        (folder / "secret").write_text(os.urandom(24).hex())
        config = Turn(host=spaces.door, secret_file=folder / "secret")
        certificate, key = _certificate(folder, spaces.door)
        site = turn.Site(
            (ip_address(spaces.server.address),),
            listen=ip_address(spaces.door),
            certificate=certificate,
            key=key,
        )
        relays = relays_of(config)
        assert relays is not None
        text = turn.settings(config, relays.secret, site)
        kept = [line for line in text.splitlines() if not line.startswith(without)]
        turn.write(folder / "turnserver.conf", "\n".join(kept) + "\n")
        with _running(folder, spaces, config.port):
            yield Coturn(spaces, relays, config.port)


@contextlib.contextmanager
def _running(folder: Path, spaces: Apart, port: int) -> Iterator[None]:
    files = ("-c", "turnserver.conf", "--pidfile", "pid", "--userdb", "users", "--log-file", "log")
    command = ["setpriv", "--pdeathsig", "TERM", "turnserver", *files, "--simple-log"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with spaces.server.entered():
        process = subprocess.Popen(command, cwd=folder, **quiet)
    try:
        _wait_for(spaces, port, process)
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_for(spaces: Apart, port: int, process: subprocess.Popen) -> None:
    probe = f"import socket; socket.create_connection(('{spaces.door}', {port}), 1)"
    deadline = datetime.now(UTC) + timedelta(seconds=START_SECONDS)
    while subprocess.run(
        spaces.client.command("python3", "-c", probe), check=False, capture_output=True
    ).returncode:
        assert process.poll() is None, "coturn ended"
        assert datetime.now(UTC) < deadline, "coturn does not answer"


def _certificate(folder: Path, address: str) -> tuple[Path, Path]:
    """One that vouches for itself, for a day."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay")])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    files = folder / "relay.crt", folder / "relay.key"
    files[0].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Coturn]:
    """Import where it is used. Without coturn or namespaces the test says that it did not run."""
    yield from _given(tmp_path_factory.mktemp("coturn"))


@pytest.fixture
def open_relay(tmp_path: Path) -> Iterator[Coturn]:
    """For negative controls: it serves a seat as often as it likes, to any peer."""
    yield from _given(tmp_path, without=("denied-peer-ip", "user-quota"))


def _given(folder: Path, *, without: tuple[str, ...] = ()) -> Iterator[Coturn]:
    with contextlib.ExitStack() as stack:
        try:
            made = stack.enter_context(coturn(folder, without=without))
        except CannotMakeNamespaceError as reason:
            if os.environ.get("TESTS_MUST_RUN"):
                raise
            pytest.skip(f"did not run: {reason}")
        yield made


class Caller(asyncio.DatagramProtocol):
    """Speaks TURN to the relay word by word, from the client's side, so that refusals show."""

    def __init__(self, relay: Coturn, badge: Relay) -> None:
        self.came: asyncio.Queue[bytes] = asyncio.Queue()
        self._relay, self._badge = relay, badge
        self._realm, self._nonce, self._key = "", b"", b""
        self._transport: asyncio.DatagramTransport | None = None
        self._is_open = False
        self.lifetime = 0
        """Seconds that the relay is kept unless it is refreshed."""

    async def allocate(self) -> int:
        """Open a relay: 0, or the code of the refusal."""
        first = await self._ask(stun.Method.ALLOCATE, {"REQUESTED-TRANSPORT": UDP_TRANSPORT})
        if code_of(first) != 401:
            return code_of(first)
        self._realm, self._nonce = first.attributes["REALM"], first.attributes["NONCE"]
        words = f"{self._badge.username}:{self._realm}:{self._badge.credential}"
        self._key = hashlib.md5(words.encode(), usedforsecurity=False).digest()
        again = await self._ask(stun.Method.ALLOCATE, {"REQUESTED-TRANSPORT": UDP_TRANSPORT})
        self._is_open = code_of(again) == 0
        self.lifetime = again.attributes.get("LIFETIME", 0)
        return code_of(again)

    async def permit(self, address: str) -> int:
        """Ask to reach a peer through the relay: 0, or the code of the refusal."""
        peer = {"XOR-PEER-ADDRESS": (address, 9)}
        return code_of(await self._ask(stun.Method.CREATE_PERMISSION, peer))

    async def refresh(self) -> int:
        return code_of(await self._ask(stun.Method.REFRESH, {"LIFETIME": 600}))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.came.put_nowait(data)

    async def close(self) -> None:
        """Give the relay back: whoever gets this port next would be refused by it."""
        if self._is_open:
            await self._ask(stun.Method.REFRESH, {"LIFETIME": 0})
        if self._transport is not None:
            self._transport.close()

    async def _ask(self, method: stun.Method, attributes: dict[str, object]) -> stun.Message:
        request = stun.Message(method, stun.Class.REQUEST)
        request.attributes.update(attributes)
        if self._key:
            request.attributes["USERNAME"] = self._badge.username
            request.attributes["REALM"] = self._realm
            request.attributes["NONCE"] = self._nonce
            request.add_message_integrity(self._key)
            request.add_fingerprint()
        async with asyncio.timeout(5):
            self._transport.sendto(bytes(request), (self._relay.host, self._relay.port))
            while True:
                answer = stun.parse_message(await self.came.get())
                if answer.transaction_id == request.transaction_id:
                    return answer


def code_of(answer: stun.Message) -> int:
    is_error = answer.message_class is stun.Class.ERROR
    return answer.attributes["ERROR-CODE"][0] if is_error else 0


@contextlib.asynccontextmanager
async def calling(relay: Coturn, badge: Relay) -> AsyncIterator[Caller]:
    """A caller with a socket in the client's namespace."""
    loop = asyncio.get_running_loop()
    with relay.spaces.client.entered():
        address = (relay.spaces.client.address, 0)
        _, caller = await loop.create_datagram_endpoint(
            lambda: Caller(relay, badge), local_addr=address
        )
    try:
        yield caller
    finally:
        await caller.close()
