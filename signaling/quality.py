"""How well a line does, from what the client and the server measure of it."""

from signaling.facts import Line

LOSS = {Line.BAD: 0.2, Line.WEAK: 0.05}
ROUND_TRIP_MS = {Line.BAD: 1000.0, Line.WEAK: 500.0}


def line_of(*, loss: float | None, rtt: float | None) -> Line:
    """The worse of the two tells; what was not measured tells nothing."""
    for line in (Line.BAD, Line.WEAK):
        if (loss or 0) >= LOSS[line] or (rtt or 0) >= ROUND_TRIP_MS[line]:
            return line
    return Line.GOOD
