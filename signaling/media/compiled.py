"""The fan-out in C, where it was built: the only module that touches it, and its memory."""

import functools
import importlib
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Any, cast

from signaling.media.course import Course
from signaling.media.dtls import Keys, protect_address
from signaling.media.line import Line, Take
from signaling.media.packet import Packet
from signaling.media.road import Road
from signaling.media.stun import Address
from signaling.media.vp8 import Descriptor

EDITION = 2
"""Of fanout.c; one built from another is not used."""

NO_PICTURE = Descriptor(False, 0, 0, False, 0, 0)


ARRIVAL = struct.Struct("=dLL28s")
"""The head of a fanout_arrival: when it came, its length, whose address."""

ADDRESSES_KEPT = 1_024


class Compiled:
    """`fanout.c`, loaded."""

    def __init__(self, module: Any) -> None:
        self.ffi, self.lib = module.ffi, module.lib
        self._protect = self.ffi.cast("fanout_protect", protect_address())

    def line(self, udp: socket.socket) -> "CompiledLine":
        return CompiledLine(udp, compiled=self)

    def opened(self, fd: int) -> Any:
        """A fanout_line, which is freed when nobody has it any more."""
        made = self.lib.fanout_open(fd, self._protect)
        if made == self.ffi.NULL:
            raise MemoryError
        return self.ffi.gc(made, self.lib.fanout_free)

    def fan_out(
        self, courses: Sequence[Course], roads: Sequence["CompiledRoad"]
    ) -> Callable[[Packet, float], None]:
        """As `fanout.fan_out`; what it returns keeps the memory that it uses alive."""
        pointers = self.ffi.new("fanout_course *[]", list(courses))
        told = self.ffi.new("fanout_packet *")
        count, send = len(courses), self.lib.fanout_send
        kept = (*courses, *roads)

        def send_to_all(packet: Packet, now: float, _kept: object = kept) -> None:
            fill(told, packet)
            send(pointers, count, told, packet.payload, now)

        return send_to_all

    def render(self, course: Course, packet: Packet, *, room: int = 2_000) -> bytes:
        """The packet before encryption, as `course.render`; for the tests to compare."""
        told = self.ffi.new("fanout_packet *")
        fill(told, packet)
        out = self.ffi.new("uint8_t[]", room)
        size = self.lib.fanout_render(course, told, packet.payload, out, room)
        return bytes(self.ffi.buffer(out, size))


class CompiledLine(Line):
    """Reads many datagrams at once; what they bring about is sent when all are taken.

    What goes to one peer then goes together, and is cut into its packets by the kernel.
    """

    def __init__(self, udp: socket.socket, *, compiled: Compiled) -> None:
        super().__init__(udp)
        self._compiled = compiled
        self._lib = compiled.lib
        self._state = compiled.opened(udp.fileno())
        arrivals = self._lib.fanout_arrivals(self._state)
        self._size = compiled.ffi.sizeof("fanout_arrival")
        self._inbox = compiled.ffi.buffer(arrivals, self._size * self._lib.FANOUT_INBOX)

    def drain(self, take: Take) -> None:
        lib, state, inbox = self._lib, self._state, self._inbox
        count = lib.fanout_receive(state)
        lib.fanout_hold(state)
        try:
            for at in range(0, count * self._size, self._size):
                came_at, length, size, packed = ARRIVAL.unpack_from(inbox, at)
                begin = at + ARRIVAL.size
                take(inbox[begin : begin + length], unpacked_address(packed[:size]), came_at)
        finally:
            lib.fanout_release(state)

    def road(self, send: Callable[[bytes, Address], None]) -> "CompiledRoad":
        return CompiledRoad(send, compiled=self._compiled, line=self._state)

    def close(self) -> None:
        self._lib.fanout_shut(self._state)
        super().close()


class CompiledRoad(Road):
    """A road that C knows, too."""

    def __init__(
        self, send: Callable[[bytes, Address], None], *, compiled: Compiled, line: Any
    ) -> None:
        super().__init__(send)
        self.compiled = compiled
        self._line = line
        self._state = compiled.ffi.new("fanout_road *")
        self._state.line = line

    def __del__(self) -> None:
        """Before this memory goes, C must have let go of it."""
        self.compiled.lib.fanout_flush(self._line)

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
        # What waits is for the old keys, and before those can be freed, C must have let go of them.
        self.compiled.lib.fanout_flush(self._line)
        state.session = ffi.cast("void *", keys.session_address if keys is not None else 0)
        ffi.memmove(state.address, packed, len(packed))
        state.address_size, state.is_narrow = len(packed), False
        super().lead(keys=keys, address=address)

    def course(self, *, source: int, payload_type: int) -> Course:
        made = self.compiled.ffi.new("fanout_course *")
        made.road = self._state
        made.source, made.payload_type = source, payload_type
        return cast("Course", made)

    def transmit(self, packet: bytes) -> None:
        self.compiled.lib.fanout_transmit(self._state, packet, len(packet))


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


@functools.lru_cache(maxsize=ADDRESSES_KEPT)
def unpacked_address(packed: bytes) -> Address:
    """What `packed_address` was made from."""
    if len(packed) == 16:
        port, host = struct.unpack("!2xH4s8x", packed)
        return socket.inet_ntop(socket.AF_INET, host), port
    port, flow, host = struct.unpack("!2xHL16s", packed[:24])
    (scope,) = struct.unpack("=L", packed[24:28])
    return socket.inet_ntop(socket.AF_INET6, host), port, flow, scope
