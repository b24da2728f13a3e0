"""Captured rooms: what their members send, once more to a recorder, and nobody else's."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from signaling.capture import Clock, Happening, Media, Stream, Turn
from signaling.engine import MemberId, RoomId
from signaling.media import paths
from signaling.media.choice import Choice
from signaling.media.layer import Layer, SenderTime
from signaling.media.members import Member
from signaling.media.outflow import Outflow
from signaling.media.packet import Packet
from signaling.media.publisher import Publisher
from signaling.media.track import CAMERA, Label, Track

KEYFRAME_SECONDS = 10.0
"""Where a recording can be entered, and goes on after a loss, at the latest."""


class Tap:
    """One track of one stay; of a picture in several encodings, the middle one that comes."""

    def __init__(self, track: Track, stream: Callable[[int], Stream], outflow: Outflow) -> None:
        self.track = track
        self.layer: Layer | None = None
        self._ahead: Layer | None = None
        self._choice: Choice | None = None
        self._stream_of = stream
        self._stream = stream(0)
        self._outflow = outflow
        self._asked = -math.inf
        self._is_behind = False
        self._readers = outflow.readers

    @property
    def layers(self) -> list[Layer]:
        return [layer for layer in (self.layer, self._ahead) if layer is not None]

    def take(self, layer: Layer, packet: Packet, now: float) -> None:
        if layer is not self.layer:
            if not packet.begins_keyframe:
                return
            self._go_over(layer)
        if (layer.source, self.track.codec) != (self._stream.source, self._stream.codec):
            self._stream = self._stream_of(layer.source or 0)
        if packet.begins_keyframe:
            self._asked = now
        number, timestamp, marker, payload, orientation, _ = packet
        given = self._outflow.give(
            Media(self._stream, number, timestamp, bool(marker), orientation, now, payload)
        )
        if given and (self._is_behind or self._readers != self._outflow.readers):
            layer.want_keyframe()
            self._readers = self._outflow.readers
        self._is_behind = not given

    def tell_time(self, layer: Layer, time: SenderTime) -> None:
        if layer is self.layer and layer.source == self._stream.source:
            self._outflow.give(Clock(self._stream, *time))

    def align(self, now: float) -> None:
        """Follow a layer of the track as it is now."""
        if self.layer not in self.track.layers:
            self.close()
            self._choice = Choice(paths.first_place(self.track), changed_at=now, hold=0.0)
            self._begin(self.track.layers[self._choice.place], now)

    def choose(self, speaker: Member, now: float) -> None:
        """Another encoding if this one no longer comes; called about once a second."""
        layers = self.track.layers
        if self.layer is None or self._choice is None or self.layer not in layers:
            return
        place = self._choice.choose(
            [paths.kbps_of(layer, speaker, now) for layer in layers],
            bears_kbps=math.inf,
            best=len(layers) // 2,
            now=now,
        )
        if layers[place] not in self.layers[-1:]:
            self._look_to(layers[place])
        if now - self._asked > KEYFRAME_SECONDS:
            self._asked = now
            self.layers[-1].want_keyframe()

    def close(self) -> None:
        for layer in self.layers:
            layer.tap = None
        self.layer = self._ahead = None

    def _begin(self, layer: Layer, now: float) -> None:
        """From the next key frame on: what was before belongs to nobody's record."""
        self.layer, self._asked = layer, now
        layer.tap = self
        layer.want_keyframe()
        if layer.sender_time is not None and layer.source is not None:
            self._stream = self._stream_of(layer.source)
            self.tell_time(layer, layer.sender_time)

    def _look_to(self, layer: Layer) -> None:
        if self._ahead is not None:
            self._ahead.tap = None
            self._ahead = None
        if layer is not self.layer:
            self._ahead = layer
            layer.tap = self
            layer.want_keyframe()

    def _go_over(self, layer: Layer) -> None:
        if self.layer is not None:
            self.layer.tap = None
        self.layer, self._ahead = layer, None
        self._stream = self._stream_of(layer.source or 0)
        if layer.sender_time is not None:
            self.tell_time(layer, layer.sender_time)


@dataclass(eq=False)
class _Stay:
    """One member in one captured room on one connection."""

    member: MemberId
    epoch: str
    publisher: Publisher
    outflow: Outflow
    taps: dict[Label, Tap] = field(default_factory=dict)
    permitted: frozenset[str] = frozenset({"audio", "video"})

    def align(self, permitted: frozenset[str], now: float) -> None:
        self._tell_permits(permitted, now)
        for label, track in self.publisher.tracks.items():
            tap = self.taps.get(label)
            if label.kind not in permitted:
                if tap is not None:
                    self.taps.pop(label).close()
            else:
                if tap is None:
                    tap = self.taps[label] = Tap(track, self._naming(track), self.outflow)
                tap.align(now)

    def tell(self, happening: Happening, *, kind: str = "", now: float) -> None:
        self.outflow.give(Turn(self.member, self.epoch, happening, kind, now))

    def end(self, now: float) -> None:
        for tap in self.taps.values():
            tap.close()
        self.taps.clear()
        self.tell(Happening.ENDED, now=now)

    def _tell_permits(self, permitted: frozenset[str], now: float) -> None:
        for kind in sorted(permitted ^ self.permitted):
            what = Happening.UNMUTED if kind in permitted else Happening.MUTED
            self.tell(what, kind=kind, now=now)
        self.permitted = permitted

    def _naming(self, track: Track) -> Callable[[int], Stream]:
        kind, place = track.label
        return lambda source: Stream(self.member, self.epoch, kind, place, track.codec, source)


class Captures:
    """Who is captured follows from who is in a captured room; a room that is not is never read."""

    def __init__(self, new_epoch: Callable[[], str]) -> None:
        self._new_epoch = new_epoch
        self._outflows: dict[RoomId, Outflow] = {}
        self._stays: dict[MemberId, _Stay] = {}

    def direct(self, room: RoomId, to: str | None, people: Iterable[Member], *, now: float) -> None:
        """`people` are all who are in the room."""
        before = self._outflows.get(room)
        if before is not None and before.path == to:
            return
        self._outflows.pop(room, None)
        if to is not None:
            self._outflows[room] = Outflow(to)
        for member in people:
            self.align(member, now=now)
        if before is not None:
            before.close()

    def align(self, member: Member, *, now: float) -> None:
        """Bring one member's capture in line with where they are and what they may send."""
        outflow = self._outflows.get(member.room) if member.room is not None else None
        publisher = member.sending.publisher if member.sending is not None else None
        stay = self._stays.get(member.id)
        if stay is not None and (stay.outflow is not outflow or stay.publisher is not publisher):
            self._stays.pop(member.id).end(now)
            stay = None
        if outflow is None or publisher is None:
            return
        if stay is None:
            stay = _Stay(member.id, self._new_epoch(), publisher, outflow)
            self._stays[member.id] = stay
            stay.tell(Happening.BEGAN, now=now)
        stay.align(member.permitted, now)

    def rids_of(self, member: MemberId) -> set[str]:
        """The encodings of a member's camera that are captured, or will be."""
        stay = self._stays.get(member)
        tap = stay.taps.get(CAMERA) if stay is not None else None
        return {layer.rid for layer in tap.layers} if tap is not None else set()

    def choose(self, speaker: Member, now: float) -> None:
        stay = self._stays.get(speaker.id)
        if stay is not None:
            for tap in stay.taps.values():
                tap.choose(speaker, now)

    def flush(self) -> None:
        """Called every 20 ms."""
        for outflow in self._outflows.values():
            outflow.flush()

    def close(self) -> None:
        for outflow in self._outflows.values():
            outflow.close()
        self._outflows.clear()
