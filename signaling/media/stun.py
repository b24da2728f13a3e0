"""The one STUN message that an ICE-lite server knows: an authenticated binding request (RFC 8445)."""

import ipaddress
import struct
from dataclasses import dataclass

from aioice import stun

from signaling.media.rtp import MalformedError

Address = tuple[str, int] | tuple[str, int, int, int]

BINDING_REQUEST = b"\x00\x01"
COOKIE = stun.COOKIE.to_bytes(4, "big")
HEADER_SIZE = 20
ATTRIBUTE = struct.Struct("!HH")
USERNAME = 0x0006
SIZE_LIMIT = 548
"""No check of a browser is longer; a longer message is not read at all."""


@dataclass(frozen=True, slots=True)
class BindingRequest:
    """A check as it came; believe nothing of it before `is_signed_with`."""

    message: stun.Message
    to: str
    nominates: bool

    def is_signed_with(self, password: str) -> bool:
        return self.message.check_message_integrity(password.encode())


def addressee(datagram: bytes) -> str:
    """Whose ufrag a binding request names, found without parsing it; empty if it is none."""
    is_request = datagram[:2] == BINDING_REQUEST and datagram[4:8] == COOKIE
    if not is_request or not HEADER_SIZE <= len(datagram) <= SIZE_LIMIT:
        return ""
    at = HEADER_SIZE
    while at + 4 <= len(datagram):
        kind, size = ATTRIBUTE.unpack_from(datagram, at)
        if kind == USERNAME:
            return datagram[at + 4 : at + 4 + size].partition(b":")[0].decode("ascii", "replace")
        at += 4 + size + -size % 4
    return ""


def binding_request(datagram: bytes) -> BindingRequest:
    try:
        message = stun.parse_message(datagram)
    except (ValueError, struct.error, IndexError, KeyError) as wrong:
        raise MalformedError("STUN") from wrong
    name = message.attributes.get("USERNAME", "")
    to, _, _ = name.partition(":")
    return BindingRequest(message, to, "USE-CANDIDATE" in message.attributes)


def binding_response(request: BindingRequest, *, address: Address, password: str) -> bytes:
    response = stun.Message(
        stun.Method.BINDING, stun.Class.RESPONSE, request.message.transaction_id
    )
    response.attributes["XOR-MAPPED-ADDRESS"] = (_unmapped(address[0]), address[1])
    response.add_message_integrity(password.encode())
    return bytes(response)


def _unmapped(host: str) -> str:
    """An IPv4 address as itself, though a socket for both families shows it inside IPv6."""
    ip = ipaddress.ip_address(host.partition("%")[0])
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return str(mapped or ip)
