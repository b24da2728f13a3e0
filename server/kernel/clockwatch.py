"""Whether this machine and the database mean the same instant by now.

What is due is due by the machine's clock; leases are the database's. A clock that was set wrong, or
jumps, would do tomorrow's tasks today: while the two are far apart the process does no work by the
clock, and others do it. From two seconds on the operators are told.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from server.kernel.clock import Clock
from server.kernel.uow import UnitOfWork

log = logging.getLogger("yuntiao.clock")
TOLD = timedelta(seconds=2)
FAR = timedelta(minutes=1)
"""More than servers drift apart, less than anything of ours is early or late by."""
NOW = "SELECT clock_timestamp()"


@dataclass
class ClockWatch:
    """`offset`: how far the machine is ahead of the database, as last measured.

    `moved`: the clock that business goes by where that is not the machine's own.
    """

    uow: UnitOfWork
    machine: Clock
    offset: timedelta = timedelta()
    moved: Clock | None = None

    async def is_far_off(self) -> bool:
        return await self.right_now() is None

    async def right_now(self) -> datetime | None:
        """The instant that business goes by, or None while the machine is far off.

        Raises Unavailable.
        """
        async with self.uow.glance() as driver:
            asked = self.machine.now()
            theirs: datetime = await driver.fetchval(NOW)
            answered = self.machine.now()
        self._note(_apart(asked, theirs, answered))
        if abs(self.offset) > FAR:
            return None
        return self.moved.now() if self.moved else answered

    def _note(self, offset: timedelta) -> None:
        was_told, self.offset = self.is_told, offset
        if self.is_told and not was_told:
            stands = abs(offset) > FAR
            log.warning("clock_off", extra={"seconds": self.seconds, "stands": stands})
        elif was_told and not self.is_told:
            log.warning("clock_right_again", extra={"seconds": self.seconds})

    @property
    def is_told(self) -> bool:
        return abs(self.offset) > TOLD

    @property
    def seconds(self) -> float:
        return round(self.offset.total_seconds(), 3)


def _apart(asked: datetime, theirs: datetime, answered: datetime) -> timedelta:
    """Nothing while theirs lies within the time that it took: a slow answer is no wrong clock."""
    early, late = asked - theirs, answered - theirs
    if early > timedelta() and late > timedelta():
        return min(early, late)
    return max(early, late) if max(early, late) < timedelta() else timedelta()
