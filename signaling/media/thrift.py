"""When a line bears no picture at all: pictures rest so that the sound goes on, and are tried again."""

from signaling.media.bandwidth import BAD, GOOD, SLOW

PATIENCE = 4.0
"""Seconds in a row of too much loss at the lowest rate before pictures rest."""

FIRST_REST, LONGEST_REST = 15.0, 240.0
"""Seconds without pictures before they are tried; doubled each time that failed soon."""

FAILED_SOON = 30.0


class Thrift:
    """One receiver's line; to be judged about once a second."""

    def __init__(self) -> None:
        self.is_on = False
        self._strained_since: float | None = None
        self._changed_at: float | None = None
        self._rest = FIRST_REST

    def judge(
        self, *, is_lowest: bool, lost_share: float | None, round_trip: float | None, now: float
    ) -> bool:
        """Whether pictures rest; `is_lowest` says that nothing smaller could be sent.

        `lost_share` is None while nothing is reported. Where nothing flows that is so for good,
        and whether the line bears pictures again is only seen by trying.
        """
        trip = round_trip or 0.0
        if self.is_on:
            is_good = lost_share is None or (lost_share < GOOD and trip < SLOW)
            if now - (self._changed_at or now) >= self._rest and is_good:
                self._turn(now, on=False)
            return self.is_on
        if lost_share is None:
            return False
        if not is_lowest or (lost_share <= BAD and trip <= SLOW):
            self._strained_since = None
        elif self._strained_since is None:
            self._strained_since = now
        elif now - self._strained_since >= PATIENCE:
            self._learn(now)
            self._turn(now, on=True)
        return self.is_on

    def _learn(self, now: float) -> None:
        was_soon = self._changed_at is not None and now - self._changed_at < FAILED_SOON
        self._rest = min(LONGEST_REST, self._rest * 2) if was_soon else FIRST_REST

    def _turn(self, now: float, *, on: bool) -> None:
        self.is_on, self._changed_at, self._strained_since = on, now, None
