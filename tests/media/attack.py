"""Datagrams of a stranger, only ever sent to loopback."""

import contextlib
import itertools
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator

EMPTY = b""
ALERT = bytes.fromhex("15fefd00000000000000000002") + bytes.fromhex("0228")  # fatal, handshake
HELLO = bytes.fromhex("16fefd0000000000000000") + b"\x00\x40" + b"\x01" + b"\x00" * 63
JUNK = (EMPTY, ALERT, HELLO, b"\x16", b"\x80", b"\x00\x01", b"\xff" * 40)


class Strangers:
    """Some sockets that no leg knows."""

    def __init__(self, count: int) -> None:
        self.sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
        self.sent = 0
        self._turns = itertools.cycle(self.sockets)

    def send(self, target: tuple[str, int], datagram: bytes) -> None:
        assert target[0] == "127.0.0.1"
        with contextlib.suppress(ConnectionRefusedError):
            next(self._turns).sendto(datagram, target)
        self.sent += 1

    def spray(self, target: tuple[str, int], *, rounds: int = 1) -> None:
        for _ in range(rounds):
            for datagram in JUNK:
                self.send(target, datagram)


@contextlib.contextmanager
def strangers(count: int = 3) -> Iterator[Strangers]:
    crowd = Strangers(count)
    try:
        yield crowd
    finally:
        for one in crowd.sockets:
            one.close()


FLOOD = """
import socket, sys, time
port, megabytes, first = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagram = bytes([first]) + bytes(1199)
began = time.monotonic()
for sent in range(megabytes * 1_000_000 // 1200):
    udp.sendto(datagram, ("127.0.0.1", port))
    if sent % 50 == 0:
        time.sleep(max(0, sent * 1200 / 25e6 - (time.monotonic() - began)))
"""


def flood(port: int, *, megabytes: int, first: int) -> subprocess.Popen[bytes]:
    """Another process floods a port of loopback, 25 MB a second, and ends by itself."""
    return subprocess.Popen([sys.executable, "-c", FLOOD, str(port), str(megabytes), str(first)])


def resident_bytes(pid: int) -> int:
    with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * 4096


def forged_check(ufrag: str) -> bytes:
    """A binding request for a real leg, signed with a guess."""
    from aioice import stun

    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.attributes["USERNAME"] = f"{ufrag}:guess"
    request.attributes["USE-CANDIDATE"] = None
    request.add_message_integrity(secrets.token_bytes(16))
    return bytes(request)
