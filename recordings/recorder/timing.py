"""When a frame was made, on the server's clock: by the sender's reports, else by when it came.

A participant's own clock is not trusted: only how it runs against ours.
"""

from collections import deque

NTP_SECOND = 1 << 32
SPAN = 10.0
"""Seconds over which the quickest way of a report is taken for the usual one."""

STEP = 0.2
"""Seconds of error from which the time is set anew; less than that is closed little by little."""

PART = 0.25
LAG = 0.02


class SenderClock:
    """Of one participant: how far the server's clock is ahead of theirs."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()

    def note(self, ntp: int, arrived: float) -> None:
        self._seen.append((arrived, arrived - ntp / NTP_SECOND))
        while arrived - self._seen[0][0] > SPAN:
            self._seen.popleft()

    def ours(self, ntp: int) -> float:
        """A moment of theirs in our seconds; there has been a report."""
        return ntp / NTP_SECOND + min(ahead for _, ahead in self._seen)


class StreamTime:
    """Of one stream: which moment a time stamp means."""

    def __init__(self, clock: SenderClock, *, rate: int) -> None:
        self._clock = clock
        self._rate = rate
        self._last: int | None = None
        self._ticks = 0
        self._began: float | None = None
        self._is_told = False
        self._least_lag: float | None = None
        self._lag_since = 0.0

    def place(self, timestamp: int, *, arrived: float) -> float:
        """Seconds of our clock."""
        ticks = self._unwrapped(timestamp)
        if self._began is None:
            self._began = arrived - ticks / self._rate
            self._lag_since = arrived
        at = self._began + ticks / self._rate
        if not self._is_told:
            self._follow_arrivals(arrived - at, arrived)
            at = self._began + ticks / self._rate
        return at

    def tell(self, ntp: int, timestamp: int, *, arrived: float) -> None:
        """The sender says when this time stamp was, by its own clock."""
        self._clock.note(ntp, arrived)
        began = self._clock.ours(ntp) - self._unwrapped(timestamp) / self._rate
        if self._began is None or not self._is_told or abs(began - self._began) > STEP:
            self._began = began
        else:
            self._began += (began - self._began) * PART
        self._is_told = True

    def _follow_arrivals(self, lag: float, arrived: float) -> None:
        """Without reports: the quickest packet was on its way for no time at all."""
        if self._began is None:
            return
        if lag < 0:
            self._began += lag
            lag = 0.0
        self._least_lag = lag if self._least_lag is None else min(lag, self._least_lag)
        if arrived - self._lag_since > SPAN:
            if self._least_lag > LAG:
                self._began += self._least_lag
            self._least_lag, self._lag_since = None, arrived

    def _unwrapped(self, timestamp: int) -> int:
        """The time stamp without its wrap, next to the last one."""
        if self._last is None:
            self._ticks = timestamp
        else:
            self._ticks += (timestamp - self._last + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        self._last = timestamp
        return self._ticks
