"""A clock that somebody keeps setting: forth and back by an hour and by a day, and right again."""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from server.kernel.clock import Clock, SystemClock

JUMPS = tuple(timedelta(hours=hours) for hours in (0, 0, 0, 1, -1, 24, -24))
STAYS = timedelta(milliseconds=400)


@dataclass
class JumpingClock:
    """`base` is the right one, by which a jump lasts `STAYS`."""

    pick: random.Random
    base: Clock = field(default_factory=SystemClock)
    stays: timedelta = STAYS
    shift: timedelta = JUMPS[0]
    until: datetime | None = None

    def now(self) -> datetime:
        right = self.base.now()
        if self.until is None or right >= self.until:
            self.jump(self.pick.choice(JUMPS))
        return right + self.shift

    def jump(self, shift: timedelta) -> None:
        self.shift, self.until = shift, self.base.now() + self.stays
