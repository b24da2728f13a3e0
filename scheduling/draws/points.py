"""Points of an application, by facts alone; what they are worth is public."""

from collections.abc import Mapping
from enum import StrEnum


class Point(StrEnum):
    """`waited`: drawn in vain before, each time, up to three; `needs`: elder mode, companion or
    interpreter; `first`: never given a place here before."""

    WAITED = "waited"
    NEEDS = "needs"
    FIRST = "first"


WORTH: Mapping[Point, int] = {Point.WAITED: 2, Point.NEEDS: 2, Point.FIRST: 1}
MOST_WAITED = 3


def points(*, in_vain: int, needs: Mapping[str, object], given_before: bool) -> dict[str, int]:
    """What each fact is worth to this application."""
    return {
        Point.WAITED: WORTH[Point.WAITED] * min(in_vain, MOST_WAITED),
        Point.NEEDS: WORTH[Point.NEEDS] * any(needs.values()),
        Point.FIRST: WORTH[Point.FIRST] * (not given_before),
    }
