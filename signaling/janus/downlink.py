"""What one listener's line bears, by what their client measures: smaller pictures, and sound before any."""

import math

from signaling.engine import Arriving
from signaling.media.bandwidth import BAD, FLOOR_KBPS, Rate
from signaling.media.choice import Choice
from signaling.media.thrift import Thrift

CEILING_KBPS = 1_500
TAKES_KBPS = (1_200.0, 450.0, 140.0)
"""What browsers make of the encodings of a camera, the best first, as our client asks them to."""

SMALLEST = len(TAKES_KBPS) - 1
SCREEN_KBPS = 300.0
"""A shared screen usually takes so much, and cameras leave it."""

BESIDE_SCREEN_KBPS = 3 * FLOOR_KBPS
"""Cameras that rested for a screen are tried again when the line bears so much."""

TOLD_SECONDS = 6.0
"""What a client told holds so long; it tells every 2.5 s."""


class Downlink:
    """The same judgement as where we send by ourselves, of numbers that come more rarely."""

    def __init__(self) -> None:
        self.arriving = Arriving()
        self.told_at = self.came_at = -math.inf
        self.rests_cameras = False
        """The line bears the shared screen and no cameras beside it."""

        self._thrift = Thrift()
        self.begin()

    def begin(self) -> None:
        """Another connection, perhaps over another network: hopeful."""
        self._rate = Rate(ceiling=CEILING_KBPS)
        self._choice = Choice(0, changed_at=-math.inf)

    @property
    def is_bare(self) -> bool:
        """It bears no picture at all."""
        return self._thrift.is_on

    @property
    def place(self) -> int:
        """The best encoding that it bears, as 0 is the best."""
        return self._choice.place

    def tell(self, arriving: Arriving, *, taken_kbps: float, now: float) -> None:
        """What the client said; the largest picture on its screen takes `taken_kbps`."""
        self.arriving, self.told_at = arriving, now
        if arriving.kbps:
            self.came_at = now
        if arriving.loss is None or not taken_kbps:
            return
        if arriving.loss > BAD:  # at once what came of it: the next numbers are seconds away
            self._rate.kbps = min(self._rate.kbps, taken_kbps * (1 - arriving.loss))
        self._rate.learn(
            arriving.loss, round_trip=arriving.round_trip, taken_kbps=taken_kbps, now=now
        )

    def judge(self, *, cameras: bool, screen: bool, now: float) -> None:
        """What is on the screen, or would be if nothing rested; to be called about once a second."""
        lowest, rested = self._rate.is_lowest, self.rests_cameras
        stays = rested and self._rate.kbps < BESIDE_SCREEN_KBPS
        self.rests_cameras = screen and (lowest or stays)
        was_on = self._thrift.is_on
        is_fresh = now - self.told_at < TOLD_SECONDS
        self._thrift.judge(
            # cameras that rest from now on ease it first
            is_lowest=lowest and (cameras or screen) and self.rests_cameras <= rested,
            lost_share=self.arriving.loss if is_fresh else None,
            round_trip=self.arriving.round_trip,
            now=now,
        )
        if was_on and not self._thrift.is_on:
            self._rate.begin_low()
        left = self._rate.kbps - (SCREEN_KBPS if screen else 0.0)
        self._choice.choose(TAKES_KBPS, bears_kbps=left, best=0, now=now)
