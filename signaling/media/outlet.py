"""One receiver's copy of one track: numbers, times and picture ids of its own, always continuous."""

from collections.abc import Callable

from signaling.media import rtp
from signaling.media.course import render
from signaling.media.fanout import Copy, pass_one
from signaling.media.layer import Layer, SenderTime, ticks_between
from signaling.media.packet import Packet
from signaling.media.road import Road

ALIGNMENT_LIMIT = 1.0
"""Seconds by which sender reports may differ from our clock before they are not believed."""

RESEND_PAUSE = 0.1
SOUND_PAUSE = 0.03
"""Sound is soon too late to be of use, and small."""
RESENDS = 3
DOUBLED = 5
"""Packets of sound that are sent twice at once, at most."""


class _Lookout:
    """Watches another layer of the same picture for a key frame to go over at."""

    def __init__(self, outlet: "Outlet", layer: Layer) -> None:
        self._outlet = outlet
        self.layer = layer

    @property
    def copy(self) -> None:
        """Every packet is looked at."""

    def forward(self, packet: Packet, now: float) -> None:
        if packet.begins_keyframe:
            self._outlet.go_over(self.layer, packet, now)

    def tell_time(self, time: SenderTime, now: float) -> None:
        """Only what is followed tells its time."""


class Outlet:
    """Follows one layer at a time; another one, or the same after a pause, goes on without a gap.

    Video starts at a key frame. Nothing older than that start is passed on: browsers repeat old
    packets to probe the line.
    """

    def __init__(
        self,
        *,
        source: int,
        repeat_source: int,
        payload_type: int,
        repeat_type: int,
        clock_rate: int,
        road: Road,
        transmit_time: Callable[["Outlet", SenderTime], None],
    ) -> None:
        self._course = road.course(source=source, payload_type=payload_type)
        self._road = road
        self._copy = Copy(self._course, road)
        self._repeat_source = repeat_source
        self._repeat_type = repeat_type
        self._clock_rate = clock_rate
        self._transmit_time = transmit_time
        self._layer: Layer | None = None
        self._layer_is_video = False
        self._joined: Layer | None = None
        self._lookout: _Lookout | None = None
        self._waiting = True
        self._repeat_sequence = 0
        self._resent: dict[int, tuple[int, float]] = {}
        self._doubled = 0

    @property
    def source(self) -> int:
        return self._course.source

    @property
    def packets(self) -> int:
        return self._course.packets

    @property
    def octets(self) -> int:
        return self._course.octets

    @property
    def copy(self) -> Copy | None:
        """Once it has joined, packets need not be looked at."""
        return None if self._waiting else self._copy

    @property
    def layer(self) -> Layer | None:
        return self._layer

    @property
    def layers(self) -> list[Layer]:
        """What is followed, and what will be at its next key frame."""
        ahead = [self._lookout.layer] if self._lookout is not None else []
        return [self._layer, *ahead] if self._layer is not None else ahead

    def rename(self, source: int, *, repeat_source: int) -> None:
        """Go on under other names, as another stream in the receiver's eyes."""
        self._course.source = source
        self._course.packets = self._course.octets = 0
        self._repeat_source = repeat_source
        self._resent.clear()

    def write_as(self, payload_type: int, *, repeat_type: int) -> None:
        """Under the payload types of another codec from here on."""
        self._course.payload_type = payload_type
        self._repeat_type = repeat_type

    def mark_orientation(self, extension_id: int) -> None:
        """Under which number the receiver wants to be told how a phone is held; 0: not at all."""
        self._course.orientation_id = extension_id if extension_id < rtp.EXTENSION_LIMIT else 0

    def follow(self, layer: Layer | None, *, now: float) -> None:
        self._look_no_more()
        if layer is self._layer:
            return
        if self._layer is not None:
            self._layer.detach(self)
        self._layer = layer
        self._waiting = True
        self._resent.clear()
        self._doubled = 0
        if layer is None:
            return
        self._layer_is_video = layer.is_video
        for packet in layer.since_keyframe():
            self.forward(packet, now)
        layer.attach(self)
        if self._waiting:
            layer.want_keyframe()

    def turn_to(self, layer: Layer, *, now: float) -> None:
        """Another layer of the same picture, from its next key frame on; till then the old one."""
        if self._layer is None or self._waiting:
            self.follow(layer, now=now)
            return
        aim = self._lookout.layer if self._lookout is not None else self._layer
        if aim is layer:
            return
        self._look_no_more()
        if layer is not self._layer:
            self._lookout = _Lookout(self, layer)
            layer.attach(self._lookout)
            layer.want_keyframe()

    def go_over(self, layer: Layer, packet: Packet, now: float) -> None:
        """The key frame came: from this packet on it is the other layer."""
        self._look_no_more()
        if self._layer is not None:
            self._layer.detach(self)
        self._layer = layer
        self._waiting = True
        self._resent.clear()
        layer.attach(self)
        self.forward(packet, now)

    def forward(self, packet: Packet, now: float) -> None:
        if self._waiting:
            if self._layer_is_video and not packet.begins_keyframe:
                return
            self._join(packet, now)
        if packet.number >= self._course.first:
            pass_one(self._copy, packet, now)

    def resend(self, sequences: list[int], *, now: float) -> None:
        """Answer the receiver's request for what it missed, each a few times at most."""
        course = self._course
        if self._layer is None or not course.has_begun or self._waiting:
            return
        newest = course.last_number + course.shift
        for sequence in sequences:
            number = newest - ((newest - sequence) & 0xFFFF) - course.shift
            packet = self._layer.cached(number) if number >= course.first else None
            if packet is not None and self._may_resend(number, now):
                self._road.transmit(self._repeated(packet))

    def double(self) -> None:
        """All that went since the last time once more, as it was."""
        course = self._course
        if self._layer is None or not course.has_begun or self._waiting:
            return
        last = course.last_number
        for number in range(max(self._doubled + 1, course.first, last - DOUBLED + 1), last + 1):
            packet = self._layer.cached(number)
            if packet is not None:
                self._road.transmit(render(course, packet))
        self._doubled = last

    def tell_time(self, time: SenderTime, now: float) -> None:
        """Pass on a sender report, in this copy's own times."""
        if not self._waiting:
            shifted = (time.timestamp + self._course.time_shift) & 0xFFFFFFFF
            self._transmit_time(self, SenderTime(time.ntp, shifted, now))

    def _join(self, packet: Packet, now: float) -> None:
        course = self._course
        if course.has_begun:
            self._continue(packet, now)
        else:
            course.shift = 1 - packet.number
        course.has_begun = 0
        course.first = packet.number
        self._waiting = False
        self._joined = self._layer
        if self._layer is not None:
            self._layer.sort()
            if self._layer.sender_time is not None:
                self.tell_time(self._layer.sender_time, now)

    def _look_no_more(self) -> None:
        if self._lookout is not None:
            self._lookout.layer.detach(self._lookout)
            self._lookout = None

    def _continue(self, packet: Packet, now: float) -> None:
        """Give the packet the numbers that follow those of the last one."""
        course = self._course
        course.shift += course.last_number + 1 - packet.number
        if self._joined is not self._layer:
            passed = self._passed_since_last(packet, now)
            ahead = course.last_timestamp + passed - packet.timestamp
            course.time_shift = (course.time_shift + ahead) & 0xFFFFFFFF
        picture = packet.picture
        if course.last_described and picture is not None:
            ahead = course.last_picture + 1 - picture.picture
            course.picture_shift = (course.picture_shift + ahead) & 0x7FFF
            ahead = course.last_index + 1 - picture.layer_index
            course.index_shift = (course.index_shift + ahead) & 0xFF

    def _passed_since_last(self, packet: Packet, now: float) -> int:
        """Ticks between two packets of different layers, by the sender's clock if it was told."""
        course = self._course
        passed = int((now - course.last_at) * self._clock_rate)
        old = self._joined.sender_time if self._joined is not None else None
        new = self._layer.sender_time if self._layer is not None else None
        if old is not None and new is not None:
            last = course.last_timestamp
            told = ticks_between(old, last, new, packet.timestamp, self._clock_rate)
            if abs(told - passed) < ALIGNMENT_LIMIT * self._clock_rate:
                passed = told
        return max(1, passed)

    def _repeated(self, packet: Packet) -> bytes:
        """Pictures under the numbers of a stream of repeats; sound as it was, which has no other."""
        if not self._layer_is_video:
            return render(self._course, packet)
        self._repeat_sequence = (self._repeat_sequence + 1) & 0xFFFF
        return rtp.retransmission_of(
            render(self._course, packet),
            payload_type=self._repeat_type,
            source=self._repeat_source,
            sequence=self._repeat_sequence,
        )

    def _may_resend(self, number: int, now: float) -> bool:
        times, last = self._resent.get(number, (0, float("-inf")))
        pause = RESEND_PAUSE if self._layer_is_video else SOUND_PAUSE
        if times >= RESENDS or now - last < pause:
            return False
        if len(self._resent) >= 512:
            self._resent.clear()
        self._resent[number] = (times + 1, now)
        return True
