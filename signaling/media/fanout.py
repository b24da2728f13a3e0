"""One packet to all who follow its layer. The costliest loop there is, so it exists in C, too."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from signaling.media.compiled import CompiledRoad
from signaling.media.course import Course, note, render
from signaling.media.packet import Packet
from signaling.media.road import Road

Send = Callable[[Packet, float], None]


class Copy(NamedTuple):
    """One receiver's copy of a stream, and where its packets go."""

    course: Course
    road: Road


def fan_out(copies: Sequence[Copy]) -> Send:
    """What sends one packet to all of these: in one call of C if their roads were made for it."""
    roads = [copy.road for copy in copies if isinstance(copy.road, CompiledRoad)]
    if roads and len(roads) == len(copies):
        return roads[0].compiled.fan_out([copy.course for copy in copies], roads)

    def send(packet: Packet, now: float) -> None:
        for copy in copies:
            if packet.number >= copy.course.first:
                pass_one(copy, packet, now)

    return send


def pass_one(copy: Copy, packet: Packet, now: float) -> None:
    note(copy.course, packet, now)
    copy.road.transmit(render(copy.course, packet))
