"""One incoming stream of a member: what came, what can be sent again, who gets it."""

from typing import NamedTuple, Protocol

from signaling.media.arrivals import SOUND_TRIES, TRIES, WINDOW, Arrivals
from signaling.media.fanout import Copy, fan_out
from signaling.media.packet import Packet

KEYFRAME_INTERVAL = 0.3
"""Browsers make no key frame sooner after the last than this."""

SOUND_WINDOW = 64
"""Packets of sound kept for those who missed one: more than a second."""

USUAL_KBPS = 400.0
"""Of an encoding that has not come yet."""

DRY_SECONDS = 0.4
"""Nothing comes any more: cameras leave no such pause between two pictures."""

REPLAY_LIMIT = 80
"""A key frame with this many packets since is sent from the cache instead of asked for."""


class SenderTime(NamedTuple):
    """A sender report: the sender's wall clock (64-bit NTP), its media clock, when it came."""

    ntp: int
    timestamp: int
    arrived: float


def ticks_between(
    old: SenderTime, old_timestamp: int, new: SenderTime, new_timestamp: int, clock_rate: int
) -> int:
    """From a moment of one stream to a moment of another of the same sender, in media ticks."""
    seconds = (new.ntp - old.ntp) / (1 << 32)
    behind = _signed(old.timestamp - old_timestamp)
    ahead = _signed(new_timestamp - new.timestamp)
    return int(seconds * clock_rate) + behind + ahead


def _signed(ticks: int) -> int:
    return (ticks + 0x80000000 & 0xFFFFFFFF) - 0x80000000


class Listener(Protocol):
    """Who gets what a layer passes on."""

    @property
    def copy(self) -> Copy | None:
        """Where each packet goes as it is; None as long as `forward` must look at it first."""
        ...

    def forward(self, packet: Packet, now: float) -> None: ...

    def tell_time(self, time: SenderTime, now: float) -> None: ...


class Tap(Protocol):
    """Who takes all that comes of a layer, also what nobody is to hear now."""

    def take(self, layer: "Layer", packet: Packet, now: float, /) -> None: ...

    def tell_time(self, layer: "Layer", time: SenderTime, /) -> None: ...


class Layer:
    """Keeps its last packets for those who missed one."""

    def __init__(self, *, is_video: bool, clock_rate: int, rid: str = "") -> None:
        self.is_video = is_video
        self.rid = rid
        self.kbps = 0.0
        self.usual_kbps = USUAL_KBPS
        self.clock_rate = clock_rate
        self.arrivals = Arrivals(clock_rate=clock_rate, tries=TRIES if is_video else SOUND_TRIES)
        self.source: int | None = None
        self.sender_time: SenderTime | None = None
        self.octets = 0
        self.came_at = float("-inf")
        self.listeners: tuple[Listener, ...] = ()
        self.tap: Tap | None = None
        self._watching: tuple[Listener, ...] = ()
        self._send = fan_out([])
        self._measured: tuple[float, int] | None = None
        self._dropped: list[int] = []
        self._dropped_before = 0
        self._kept = WINDOW if is_video else SOUND_WINDOW
        self._cache: list[Packet | None] = [None] * self._kept
        self._newest: int | None = None
        self._keyframe: int | None = None
        self._keyframe_wanted = False
        self._keyframe_asked = float("-inf")
        self._rests = False

    def successor(self) -> "Layer":
        """An empty layer of the same kind, for the stream that takes this one's place."""
        return Layer(is_video=self.is_video, clock_rate=self.clock_rate, rid=self.rid)

    def measure(self, now: float) -> None:
        """How much came since the last time; called about once a second."""
        if self._measured is not None and now > self._measured[0]:
            at, octets = self._measured
            self.kbps = (self.octets - octets) * 8 / 1000 / (now - at)
            self.usual_kbps = max(self.kbps, self.usual_kbps / 2) if self.kbps else self.usual_kbps
        self._measured = (now, self.octets)

    def has_dried_up(self, now: float) -> bool:
        """Whether somebody waits in vain for what still came a moment ago."""
        return bool(self.kbps and self.listeners) and now - self.came_at > DRY_SECONDS

    def attach(self, listener: Listener) -> None:
        self.listeners = (*self.listeners, listener)
        self.sort()

    def detach(self, listener: Listener) -> None:
        self.listeners = tuple(other for other in self.listeners if other is not listener)
        self.sort()

    def sort(self) -> None:
        """Tell those who take each packet as it is from those who must look at it first."""
        self._watching = tuple(listener for listener in self.listeners if listener.copy is None)
        self._send = fan_out([one.copy for one in self.listeners if one.copy is not None])

    def number_of(self, arrived: int) -> int:
        """The number without the gaps that dropped padding left."""
        later = sum(1 for dropped in self._dropped if dropped > arrived) if self._dropped else 0
        return arrived - self._dropped_before + later

    def drop(self, arrived: int) -> bool:
        """Close up after a packet of padding; refused when later ones are passed on already."""
        if arrived < self.arrivals.highest:
            return False
        self._dropped = [old for old in self._dropped if old > arrived - WINDOW]
        self._dropped.append(arrived)
        self._dropped_before += 1
        return True

    def pass_on(self, packet: Packet, now: float) -> None:
        self._cache[packet.number % self._kept] = packet
        if self.is_video:
            self._note_picture(packet)
        self._send(packet, now)
        for listener in self._watching:  # last: who joins by this packet sends it by itself
            listener.forward(packet, now)

    def cached(self, number: int) -> Packet | None:
        packet = self._cache[number % self._kept]
        return packet if packet is not None and packet.number == number else None

    def since_keyframe(self) -> list[Packet]:
        """The last key frame and all after it, if that is short and whole; else nothing."""
        if self._keyframe is None or self._newest is None:
            return []
        if self._newest - self._keyframe >= REPLAY_LIMIT:
            return []
        kept = [self.cached(number) for number in range(self._keyframe, self._newest + 1)]
        packets = [packet for packet in kept if packet is not None]
        return packets if len(packets) == len(kept) else []

    def forget_picture(self) -> None:
        """What is kept of it is for nobody who comes later."""
        self._keyframe = None

    def rest(self) -> None:
        """Its sender stops, and what was sent is no picture of now."""
        self._rests, self._keyframe_wanted = True, False
        self.forget_picture()

    def wake(self) -> None:
        """Its sender begins again."""
        if self._rests:
            self._rests = False
            self.want_keyframe()

    def want_keyframe(self) -> None:
        self._keyframe_wanted = self.is_video

    def keyframe_request_due(self, now: float) -> bool:
        """Whether to ask the sender now; wishes of many become one request."""
        if not self._keyframe_wanted or now - self._keyframe_asked < KEYFRAME_INTERVAL:
            return False
        self._keyframe_asked = now
        return True

    def _note_picture(self, packet: Packet) -> None:
        if self._newest is None or packet.number > self._newest:
            self._newest = packet.number
        if self._rests:
            return
        if packet.begins_keyframe and (self._keyframe is None or packet.number > self._keyframe):
            self._keyframe = packet.number
            self._keyframe_wanted = False
