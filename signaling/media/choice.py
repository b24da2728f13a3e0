"""Which encoding of a picture a receiver gets: as good as its line bears and its screen shows."""

from collections.abc import Sequence
from dataclasses import dataclass

UP_MARGIN = 1.2
"""A better layer is tried when the line seems to bear this much more than it needs."""

FIRST_HOLD, LONGEST_HOLD = 8.0, 64.0
"""Seconds on a layer before a better one is tried; doubled each time that failed soon."""

FAILED_SOON = 20.0


@dataclass(slots=True)
class Choice:
    """The layer of one picture for one receiver; `place` 0 is the best."""

    place: int
    changed_at: float
    hold: float = FIRST_HOLD
    _rose_at: float | None = None

    def choose(
        self, layer_kbps: Sequence[float], *, bears_kbps: float, best: int, now: float
    ) -> int:
        """Called about once a second. A layer of which nothing comes (0 kbit/s) is not chosen.

        `layer_kbps` is what each layer takes, the best first; `bears_kbps` what the line bears;
        `best` the place that the receiver's screen makes use of.
        """
        flowing = [place for place, kbps in enumerate(layer_kbps) if kbps > 0]
        if not flowing:
            return self.place
        flowing = [place for place in flowing if place >= best] or flowing[-1:]
        fitting = [place for place in flowing if layer_kbps[place] <= bears_kbps]
        target = fitting[0] if fitting else flowing[-1]
        if target > self.place or self.place not in flowing:
            self.fall(target, now)
        elif target < self.place and now - self.changed_at >= self.hold:
            self._try_better(flowing, layer_kbps, bears_kbps, now)
        return self.place

    def fall(self, target: int, now: float) -> None:
        """To a smaller one at once; a better one that failed soon is tried later."""
        if self._rose_at is not None and now - self._rose_at < FAILED_SOON:
            self.hold = min(LONGEST_HOLD, max(FIRST_HOLD, self.hold * 2))
        self._rose_at = None
        self.place, self.changed_at = target, now

    def _try_better(
        self, flowing: list[int], layer_kbps: Sequence[float], bears_kbps: float, now: float
    ) -> None:
        """One step at a time."""
        better = max(place for place in flowing if place < self.place)
        if layer_kbps[better] * UP_MARGIN <= bears_kbps:
            if self._rose_at is not None and now - self._rose_at > FAILED_SOON:
                self.hold = FIRST_HOLD
            self.place, self.changed_at, self._rose_at = better, now, now
