"""The fan-out in C, where it was built: the only module that touches it, and its memory."""

import importlib
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Any, cast

from signaling.media.course import Course
from signaling.media.dtls import Keys, protect_address
from signaling.media.packet import Packet
from signaling.media.road import Road
from signaling.media.stun import Address
from signaling.media.vp8 import Descriptor

EDITION = 1
"""Of fanout.c; one built from another is not used."""

NO_PICTURE = Descriptor(False, 0, 0, False, 0, 0)


class Compiled:
    """`fanout.c`, loaded."""

    def __init__(self, module: Any) -> None:
        self.ffi, self.lib = module.ffi, module.lib
        self._protect = self.ffi.cast("fanout_protect", protect_address())

    def road(self, send: Callable[[bytes, Address], None], *, fd: int) -> "CompiledRoad":
        return CompiledRoad(send, compiled=self, fd=fd)

    def fan_out(
        self, courses: Sequence[Course], roads: Sequence["CompiledRoad"]
    ) -> Callable[[Packet, float], None]:
        """As `fanout.fan_out`; what it returns keeps the memory that it uses alive."""
        pointers = self.ffi.new("fanout_course *[]", list(courses))
        told = self.ffi.new("fanout_packet *")
        count, send, protect = len(courses), self.lib.fanout_send, self._protect
        kept = (*courses, *roads)

        def send_to_all(packet: Packet, now: float, _kept: object = kept) -> None:
            fill(told, packet)
            send(pointers, count, told, packet.payload, now, protect)

        return send_to_all

    def render(self, course: Course, packet: Packet, *, room: int = 2_000) -> bytes:
        """The packet before encryption, as `course.render`; for the tests to compare."""
        told = self.ffi.new("fanout_packet *")
        fill(told, packet)
        out = self.ffi.new("uint8_t[]", room)
        size = self.lib.fanout_render(course, told, packet.payload, out, room)
        return bytes(self.ffi.buffer(out, size))


class CompiledRoad(Road):
    """A road that C knows, too."""

    def __init__(
        self, send: Callable[[bytes, Address], None], *, compiled: Compiled, fd: int
    ) -> None:
        super().__init__(send)
        self.compiled = compiled
        self._state = compiled.ffi.new("fanout_road *")
        self._state.fd = fd

    @property
    def packets(self) -> int:
        return int(self._state.packets)

    @property
    def octets(self) -> int:
        return int(self._state.octets)

    @property
    def failures(self) -> int:
        return int(self._state.failures)

    def lead(self, *, keys: Keys | None, address: Address | None) -> None:
        ffi, state = self.compiled.ffi, self._state
        packed = packed_address(address) if address is not None else b""
        # Before the old keys can be freed, C must have let go of them.
        state.session = ffi.cast("void *", keys.session_address if keys is not None else 0)
        ffi.memmove(state.address, packed, len(packed))
        state.address_size = len(packed)
        super().lead(keys=keys, address=address)

    def course(self, *, source: int, payload_type: int) -> Course:
        made = self.compiled.ffi.new("fanout_course *")
        made.road = self._state
        made.source, made.payload_type = source, payload_type
        return cast("Course", made)

    def _count(self, octets: int) -> None:
        self._state.packets += 1
        self._state.octets += octets

    def _count_failure(self) -> None:
        self._state.failures += 1


def load() -> Compiled | None:
    """None where it was not built, or built from other sources."""
    try:
        module = importlib.import_module("signaling.media._fanout")
    except ImportError:
        return None
    return Compiled(module) if module.lib.fanout_edition() == EDITION else None


def fill(told: Any, packet: Packet) -> None:
    """Put a packet in C's form."""
    told.number, told.timestamp, told.marker, payload, orientation, picture = packet
    told.length = len(payload)
    told.orientation = -1 if orientation is None else orientation
    told.described = picture is not None
    where = picture or NO_PICTURE
    _, told.picture_at, told.picture, told.wide, told.layer_index_at, told.layer_index = where


def packed_address(address: Address) -> bytes:
    """A socket address as the kernel takes it."""
    host, port = address[0].partition("%")[0], address[1]
    if len(address) == 2:
        return struct.pack("=H", socket.AF_INET) + struct.pack(
            "!H4s8x", port, socket.inet_pton(socket.AF_INET, host)
        )
    flow, scope = address[2], address[3]
    return (
        struct.pack("=H", socket.AF_INET6)
        + struct.pack("!HL16s", port, flow, socket.inet_pton(socket.AF_INET6, host))
        + struct.pack("=L", scope)
    )
