"""Points of an application: by facts, and by what the desk judged in writing; their worth is public."""

from collections.abc import Mapping
from enum import StrEnum


class Point(StrEnum):
    """`urgent`: the desk says why; `waited`: drawn in vain before, each time, up to three; `needs`:
    elder mode, companion or interpreter, until the desk finds otherwise; `first`: never given a
    place here before.
    """

    URGENT = "urgent"
    WAITED = "waited"
    NEEDS = "needs"
    FIRST = "first"


WORTH: Mapping[Point, int] = {
    Point.URGENT: 3, Point.WAITED: 2, Point.NEEDS: 2, Point.FIRST: 1,
}  # fmt: skip
MOST_WAITED = 3


def points(*, in_vain: int, needs: Mapping[str, object], given_before: bool) -> dict[str, int]:
    """What each fact is worth to this application."""
    return {
        Point.URGENT: 0,
        Point.WAITED: WORTH[Point.WAITED] * min(in_vain, MOST_WAITED),
        Point.NEEDS: WORTH[Point.NEEDS] * any(needs.values()),
        Point.FIRST: WORTH[Point.FIRST] * (not given_before),
    }


def judged(given: Mapping[str, int], *, urgent: bool, needs: bool) -> dict[str, int]:
    """The same application once the desk has looked at it."""
    seen = {Point.URGENT: urgent, Point.NEEDS: needs}
    return {**given, **{point: WORTH[point] * holds for point, holds in seen.items()}}


def as_judged(given: Mapping[str, int], before: Mapping[str, int]) -> dict[str, int]:
    """The desk's word on an application that was taken back stands on the next one."""
    return {**given, Point.URGENT: before[Point.URGENT], Point.NEEDS: before[Point.NEEDS]}
