"""Of whom the engine hears anything: a socket that lives says nothing of their media."""

import math
from uuid import UUID

from signaling.engine import Leg

CONNECTING = 10.0
"""Seconds within which a leg comes up, however slow the network."""


class Hearing:
    """Since when each leg of a seat brings nothing, by a steady clock."""

    def __init__(self) -> None:
        self._since: dict[UUID, dict[Leg, float]] = {}

    def expect(self, seat_id: UUID, leg: Leg, *, now: float) -> None:
        """It begins, or goes on as it is."""
        self._since.setdefault(seat_id, {}).setdefault(leg, now)

    def come(self, seat_id: UUID, leg: Leg) -> None:
        self._since.setdefault(seat_id, {})[leg] = math.inf

    def go(self, seat_id: UUID, leg: Leg, *, now: float) -> None:
        """It is gone; mostly another comes in its place."""
        legs = self._since.setdefault(seat_id, {})
        legs[leg] = min(legs.get(leg, now), now)

    def fall_silent(self, seat_id: UUID, leg: Leg) -> None:
        """It is there, and for too long nothing has come of it."""
        self._since.setdefault(seat_id, {})[leg] = -math.inf

    def forget(self, seat_id: UUID) -> None:
        self._since.pop(seat_id, None)

    def misses(self, seat_id: UUID, *, now: float) -> bool:
        return any(now - since > CONNECTING for since in self._since.get(seat_id, {}).values())
