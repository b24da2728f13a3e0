"""Which packets of one incoming stream have come: duplicates, gaps to ask for, loss and jitter (RFC 3550)."""

from dataclasses import dataclass

WINDOW = 512
"""Packets kept for those who missed one: some seconds of a picture."""

JUMP = 256
"""A gap this long is another beginning, not loss that could be repaired."""

REORDER_GRACE = 0.010
RETRY_FIRST = 0.040
RETRY_STEP = 0.020
TRIES = 10
SOUND_TRIES = 4
"""What was said a quarter of a second ago nobody waits for."""


@dataclass(slots=True)
class _Missing:
    since: float
    tries: int = 0
    asked: float = 0.0


@dataclass(frozen=True, slots=True)
class Reception:
    """What a receiver report says of one stream; `fraction` is of the time since the last report,
    in which nothing need have come.
    """

    fraction: int
    lost: int
    highest: int
    jitter: int
    is_fresh: bool = True


class Arrivals:
    """Sequence numbers here are extended: they go on past 65,535."""

    def __init__(self, *, clock_rate: int, tries: int = TRIES) -> None:
        self._clock_rate = clock_rate
        self._tries = tries
        self._begun = False
        self._highest = 0
        self._base = 0
        self._seen = [-1] * WINDOW
        self._received = 0
        self._reported_expected = 0
        self._reported_received = 0
        self._transit: float | None = None
        self._jitter = 0.0
        self._missing: dict[int, _Missing] = {}

    @property
    def highest(self) -> int:
        return self._highest

    @property
    def has_begun(self) -> bool:
        return self._begun

    @property
    def has_gaps(self) -> bool:
        return bool(self._missing)

    def accept(self, sequence: int, *, now: float) -> int | None:
        """The extended number of a packet that came by itself; None for one not wanted again."""
        number = self._place(sequence, now)
        if number is not None:
            self._received += 1
        return number

    def recover(self, sequence: int, *, now: float) -> int | None:
        """As accept, for a repeated packet, which does not undo the loss that the report tells."""
        return self._place(sequence, now)

    def time(self, timestamp: int, *, now: float) -> None:
        transit = now * self._clock_rate - timestamp
        if self._transit is not None:
            change = abs(transit - self._transit)
            if change < self._clock_rate * 10:
                self._jitter += (change - self._jitter) / 16
        self._transit = transit

    def due(self, *, now: float) -> tuple[list[int], bool]:
        """The numbers to ask for now, in order, and whether one was given up."""
        asked: list[int] = []
        given_up = False
        for number, gap in list(self._missing.items()):
            if gap.tries >= self._tries or number <= self._highest - WINDOW:
                del self._missing[number]
                given_up = True
            elif now >= self._next_try(gap):
                gap.tries += 1
                gap.asked = now
                asked.append(number)
        asked.sort()
        return asked, given_up

    def report(self) -> Reception:
        expected = self._highest - self._base + 1 if self._begun else 0
        fresh = expected - self._reported_expected
        lost_fresh = fresh - (self._received - self._reported_received)
        fraction = min(255, max(0, (lost_fresh << 8) // fresh)) if fresh > 0 else 0
        self._reported_expected, self._reported_received = expected, self._received
        lost = max(-0x800000, min(0x7FFFFF, expected - self._received))
        return Reception(fraction, lost, self._highest & 0xFFFFFFFF, int(self._jitter), fresh > 0)

    def _next_try(self, gap: _Missing) -> float:
        if gap.tries == 0:
            return gap.since + REORDER_GRACE
        return gap.asked + RETRY_FIRST + RETRY_STEP * gap.tries

    def _place(self, sequence: int, now: float) -> int | None:
        if not self._begun:
            return self._begin(sequence)
        ahead = (sequence - self._highest) & 0xFFFF
        if ahead < 0x8000:
            number = self._highest + ahead
            if ahead > JUMP:
                self._begin_again(number)
            elif ahead > 1:
                for gap in range(self._highest + 1, number):
                    self._missing[gap] = _Missing(now)
        else:
            number = self._highest + ahead - 0x10000
            if number <= self._highest - WINDOW or number < self._base:
                return None
            self._missing.pop(number, None)
        slot = number % WINDOW
        if self._seen[slot] == number:
            return None
        self._seen[slot] = number
        self._highest = max(self._highest, number)
        return number

    def _begin(self, sequence: int) -> int:
        number = sequence + 0x10000
        self._begun = True
        self._highest = self._base = number
        self._seen[number % WINDOW] = number
        return number

    def _begin_again(self, number: int) -> None:
        """After a long break: count anew, so that the break is not told as loss."""
        self._missing.clear()
        self._base = number
        self._received = self._reported_expected = self._reported_received = 0
