"""What we lean on in aiortc, aioice and pylibsrtp without its being promised: told here when it changes."""

import ast
import asyncio
import inspect
import os
import re
from pathlib import Path

import pylibsrtp
import pytest
from aioice import stun
from aiortc import RTCCertificate, RTCDtlsParameters, RTCDtlsTransport, rtp

from signaling.media import dtls
from signaling.media.borrowed import BORROWED, LENT
from signaling.media.dtls import Certificate, Keys, SecureTransport

ROOT = Path(__file__).parents[2]
PLAIN = bytes.fromhex("8060000100000001000000ab") + b"picture" * 20
REPORT = bytes(rtp.RtcpRrPacket(ssrc=1, reports=[]))


PUBLIC_BY_PROMISE = {"_replace", "_asdict"}
"""Of named tuples: their underscore only keeps the fields' names free."""


def _taken(tree: ast.Module) -> set[str]:
    """Private attributes that a module takes from things that are not its own."""
    own = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    taken = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and re.match(r"_[^_]", node.attr):
            if isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}:
                own.add(node.attr)
            else:
                taken.add(node.attr)
    return taken - own - PUBLIC_BY_PROMISE


def test_no_private_name_is_used_that_is_not_on_the_list():
    taken = {
        (file.name, name)
        for file in (ROOT / "signaling").rglob("*.py")
        for name in _taken(ast.parse(file.read_text("utf-8")))
    }
    listed = {re.split("[.:]", one)[-1] for one in BORROWED}
    assert taken == {("dtls.py", name) for name in listed}


def test_control_a_private_name_of_somebody_else_is_noticed():
    assert _taken(ast.parse("class A:\n def f(self, b): return self._c + b._d + b.__len__()")) == {
        "_d"
    }


def test_what_the_dtls_transport_takes_of_ours_is_what_we_give():
    source = inspect.getsource(RTCDtlsTransport)
    assert set(re.findall(r"self\.transport\.(\w+)", source)) == LENT
    for name in LENT:
        assert hasattr(dtls._DatagramPipe, name)


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        (RTCDtlsTransport.__init__, ["self", "transport", "certificates"]),
        (RTCDtlsTransport._set_role, ["self", "role"]),
        (RTCDtlsTransport.start, ["self", "remoteParameters"]),
        (RTCDtlsTransport.stop, ["self"]),
        (stun.parse_message, ["data"]),
        (stun.Message.check_message_integrity, ["self", "key"]),
        (stun.Message.add_message_integrity, ["self", "key"]),
        (pylibsrtp.Session.protect, ["self", "packet"]),
        (pylibsrtp.Session.unprotect, ["self", "packet"]),
        (rtp.RtcpPacket.parse, ["data"]),
        (rtp.pack_remb_fci, ["bitrate", "ssrcs"]),
    ],
    ids=lambda value: getattr(value, "__qualname__", ""),
)
def test_signature_is_as_we_call_it(function, parameters):
    assert list(inspect.signature(function).parameters) == parameters


class Pipe:
    """Two of them carry datagrams to each other."""

    role = "controlling"

    def __init__(self) -> None:
        self.queue: asyncio.Queue[bytes] = asyncio.Queue()
        self.other: SecureTransport | None = None

    async def _recv(self) -> bytes:
        return await self.queue.get()

    async def _send(self, datagram: bytes) -> None:
        assert self.other is not None
        self.other.feed(datagram)


async def shaken_hands() -> tuple[Keys, RTCDtlsTransport, SecureTransport]:
    """Our end as the server, aiortc's own as the client."""
    pipe, ours, theirs = Pipe(), Certificate(), RTCCertificate.generateCertificate()
    client = RTCDtlsTransport(pipe, [theirs])
    client._set_role("client")
    server = SecureTransport(ours, send=pipe.queue.put_nowait)
    pipe.other = server
    told = [(one.algorithm, one.value) for one in theirs.getFingerprints()]
    parameters = RTCDtlsParameters(fingerprints=ours.for_transport.getFingerprints())
    keys, _ = await asyncio.gather(server.connect(told), client.start(parameters))
    assert keys is not None
    return keys, client, server


async def test_after_a_handshake_both_sessions_are_there_and_fit():
    keys, client, server = await shaken_hands()
    try:
        assert client.state == "connected"
        for session in (client._tx_srtp, client._rx_srtp):
            assert isinstance(session, pylibsrtp.Session)
        protected = keys.protect(PLAIN)
        assert keys.protect(PLAIN) == protected  # sound is sent again under its own number
        assert client._rx_srtp.unprotect(protected) == PLAIN
        assert keys.unprotect(client._tx_srtp.protect(PLAIN)) == PLAIN
        assert client._rx_srtp.unprotect_rtcp(keys.protect_control(REPORT)) == REPORT
        assert keys.unprotect_control(client._tx_srtp.protect_rtcp(REPORT)) == REPORT
    finally:
        await client.stop()
        await server.close()


def test_a_session_keeps_its_context_and_its_buffer_where_we_look():
    session = pylibsrtp.Session(
        pylibsrtp.Policy(key=os.urandom(30), ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
    )
    ffi = pylibsrtp._binding.ffi
    assert ffi.typeof(session._srtp) is ffi.typeof("struct srtp_ctx_t_ * *")
    assert len(session._cdata) == len(session._buffer) == 1_500
    session._buffer[0:3] = b"abc"
    assert ffi.buffer(session._cdata)[0:3] == b"abc"


def test_our_way_round_protect_does_what_it_does():
    key = os.urandom(30)
    policy = {"key": key, "ssrc_type": pylibsrtp.Policy.SSRC_ANY_OUTBOUND}
    one, other = (pylibsrtp.Session(pylibsrtp.Policy(**policy)) for _ in range(2))
    quick = dtls._quick(one, "srtp_protect", limit=dtls.PACKET_LIMIT)
    assert quick(PLAIN) == other.protect(PLAIN)
    with pytest.raises(pylibsrtp.Error):
        quick(PLAIN)  # a number is protected once
    longest = PLAIN[:12] + bytes(dtls.PACKET_LIMIT - 12)
    longest = longest[:2] + b"\x00\x02" + longest[4:]
    assert quick(longest) == other.protect(longest)
    with pytest.raises(ValueError, match="too long"):
        quick(longest + b"\x00")
    with pytest.raises(ValueError, match="too long"):
        other.protect(longest + b"\x00")


def test_the_address_that_c_calls_is_that_of_protect():
    binding = pylibsrtp._binding
    called = binding.ffi.cast("void *", dtls.protect_address())
    assert called == binding.ffi.addressof(binding.lib, "srtp_protect")


def test_a_check_is_signed_as_we_verify_it():
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.attributes["USERNAME"] = "us:them"
    request.attributes["USE-CANDIDATE"] = None
    request.add_message_integrity(b"password")
    request.add_fingerprint()
    read = stun.parse_message(bytes(request))
    assert read.attributes["USERNAME"] == "us:them"
    assert "USE-CANDIDATE" in read.attributes
    assert read.check_message_integrity(b"password")
    assert not read.check_message_integrity(b"another")
    with pytest.raises(ValueError, match=r"."):
        stun.parse_message(bytes(request)[:-1])
