"""How much video a receiver's line bears, learnt from the loss and the delay that it reports."""

FLOOR_KBPS = 150
GOOD = 0.02
BAD = 0.10
GROWTH_PER_SECOND = 1.08
SLOW = 1.5
"""A round trip of this many seconds is a queue that never empties: as bad as loss."""

RISE, RISE_SECONDS = 0.1, 1.2
"""A round trip so much longer than usual for so long is a queue that fills: sound will be lost soon."""

EASED = 0.85
"""Of what the largest picture took when the queue filled."""

EASE_SECONDS = 5.0
"""A queue is empty by then; what is as long as before is a longer way."""


class Queue:
    """What waits before a narrow line, seen in the round trip."""

    def __init__(self) -> None:
        self._usual: float | None = None
        self._long_since: float | None = None
        self._eased_at: float | None = None

    @property
    def is_long(self) -> bool:
        return self._long_since is not None or self._eased_at is not None

    def is_full(self, round_trip: float, *, now: float) -> bool:
        """Once each time that it fills."""
        if self._usual is None or round_trip < self._usual + RISE:
            self._usual = min(round_trip, self._usual or round_trip)
            self._long_since = self._eased_at = None
            return False
        if self._eased_at is not None:
            if now - self._eased_at >= EASE_SECONDS:
                self._usual, self._eased_at = round_trip, None
            return False
        self._long_since = now if self._long_since is None else self._long_since
        if now - self._long_since < RISE_SECONDS:
            return False
        self._long_since, self._eased_at = None, now
        return True


class Rate:
    """kbit/s for each video that this receiver gets; starts hopeful."""

    def __init__(self, *, ceiling: int) -> None:
        self.kbps = float(ceiling)
        self._ceiling = ceiling
        self._judged_at = float("-inf")
        self._queue = Queue()

    @property
    def is_lowest(self) -> bool:
        return self.kbps <= FLOOR_KBPS

    @property
    def is_crowded(self) -> bool:
        return self._queue.is_long

    def begin_low(self) -> None:
        """From the smallest picture on, after there was none."""
        self.kbps = FLOOR_KBPS

    def learn(
        self,
        lost_share: float,
        *,
        round_trip: float | None = None,
        taken_kbps: float = 0.0,
        now: float,
    ) -> None:
        """To be called with each report, of whichever stream.

        Once a second: much loss: less. Hardly any: a little more. Between: stay. A queue that
        fills: at once less than what the largest picture takes (`taken_kbps`), before any is lost.
        """
        passed = now - self._judged_at
        if passed >= 1.0:
            self._judged_at = now
            self._judge(lost_share, round_trip or 0.0, seconds=min(2.0, passed))
        if round_trip is not None and self._queue.is_full(round_trip, now=now) and taken_kbps:
            self.kbps = min(self.kbps, taken_kbps * EASED)
        self.kbps = min(self._ceiling, max(FLOOR_KBPS, self.kbps))

    def _judge(self, lost_share: float, round_trip: float, *, seconds: float) -> None:
        if lost_share > BAD or round_trip > SLOW:
            self.kbps *= 1 - max(lost_share, BAD) / 2
        elif lost_share < GOOD:
            self.kbps *= 1 + (GROWTH_PER_SECOND - 1) * seconds
