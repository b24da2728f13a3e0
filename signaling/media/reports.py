"""What a receiver told of the streams that it gets: browsers report each of them by itself."""

from collections import deque
from collections.abc import Iterable

from aiortc.rtp import RtcpReceiverInfo

from signaling.media import rtcp
from signaling.media.layer import SenderTime

KEPT_SECONDS = 3.0
"""So long a share counts, unless the same stream is reported again."""

TIMES_KEPT = 8
"""Sender reports of one stream that a receiver may still answer: on a slow line several are under way."""


class Reports:
    """Shares lost, and how long it takes there and back."""

    def __init__(self) -> None:
        self.round_trip: float | None = None
        self._shares: dict[int, tuple[float, float]] = {}
        self._told: dict[int, deque[tuple[int, float]]] = {}

    def tell(self, source: int, time: SenderTime) -> None:
        """Note a sender report that goes to the receiver now."""
        times = self._told.setdefault(source, deque(maxlen=TIMES_KEPT))
        times.append((rtcp.middle(time.ntp), time.arrived))

    def take(self, block: RtcpReceiverInfo, *, now: float) -> None:
        self._shares[block.ssrc] = block.fraction_lost / 256, now
        for told, at in self._told.get(block.ssrc, ()):
            if block.lsr == told:
                self.round_trip = max(0.0, now - at - block.dlsr / rtcp.NTP_UNITS)

    def worst(self, sources: Iterable[int], *, now: float) -> float | None:
        """The greatest share lost of any of these; None when none was reported of late."""
        told = (self._shares[source] for source in sources if source in self._shares)
        return max((share for share, at in told if now - at < KEPT_SECONDS), default=None)
