"""The clock: it only ticks. What is due stands in the database."""

import logging
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = logging.getLogger("yuntiao.clock")
LONGEST_SLEEP = 30.0
DEFAULTS = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}


class Ticker(AsyncIOScheduler):  # type: ignore[misc]  # APScheduler has no types
    """Re-arms its timer whatever happens in a round, and sleeps at most 30 s.

    It reckons by the machine's clock: where that is set back, a job is not left out until the
    old time comes again.

    APScheduler 3.11 leaves the timer unarmed when its job store raises: the scheduler then
    stands still while `running` stays true. Private names are used; the version is pinned.
    """

    def __init__(self) -> None:
        rounds = logging.getLogger("yuntiao.clock.rounds")
        rounds.setLevel(logging.ERROR)  # a tick that comes while the last one works is left out
        super().__init__(timezone=UTC, job_defaults=DEFAULTS, logger=rounds)

    def wakeup(self) -> None:
        self._eventloop.call_soon_threadsafe(self._round)

    def _round(self) -> None:
        if not self.running:
            return
        self._stop_timer()
        wait: float | None = None
        try:
            self._bring_forward(datetime.now(UTC))
            wait = self._process_jobs()
        except Exception:
            log.exception("a round of the clock failed")
            wait = 1.0
        finally:
            if self.running:
                self._start_timer(
                    LONGEST_SLEEP if wait is None else min(max(wait, 0), LONGEST_SLEEP)
                )

    def _bring_forward(self, now: datetime) -> None:
        for job in self.get_jobs():
            interval = getattr(job.trigger, "interval", None)
            if interval and job.next_run_time and job.next_run_time > now + interval:
                job.modify(next_run_time=now)
