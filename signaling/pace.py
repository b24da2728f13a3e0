"""How quickly live sessions notice things."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """Seconds, by the machine's steady clock."""

    pulse: float = 0.5
    silent_after: float = 7.0
    """Looked at with each pulse, so that it is named within the eight that are promised."""

    gone_after: float = 2.0
    cut_after: float = 30.0
    media_kept: float = 60.0
    places_every: float = 20.0
    recheck_every: float = 0.5
    uplinks_every: float = 5.0
