"""Which days fit a matter: by the leader's division of work and by place; fitting ones first."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from scheduling.public_days import Card
from server.kernel.uow import Tx
from server.units.tables import Unit


@dataclass(frozen=True)
class Ranked:
    card: Card
    fits: bool


async def place_of(tx: Tx, unit_id: UUID | None) -> Unit | None:
    return await tx.session.get(Unit, unit_id) if unit_id else None


def ranked(cards: Iterable[Card], *, topic: str | None, place: Unit | None) -> list[Ranked]:
    """Days whose leader is in charge first, then the nearest, then by time and official rank.

    Within each, days that still have room come before full ones.
    """
    found = [Ranked(card, fits=_fits(card, topic)) for card in cards]
    return sorted(found, key=lambda one: (not one.fits, *_nearness(one.card, place), _order(one)))


def _fits(card: Card, topic: str | None) -> bool:
    """Without a topic every day fits; a day of its own topics is for those only."""
    return topic is None or topic in (card.topics or card.division_topics)


def _nearness(card: Card, place: Unit | None) -> tuple[int, int]:
    """Full days last; then the unit of the place itself, the units above it, all others."""
    full = int(card.free == 0)
    if place is None or not place.path.startswith(card.unit_path):
        return full, 1000
    return full, len(place.path) - len(card.unit_path)


def _order(one: Ranked) -> tuple[float, int]:
    return one.card.begins_at.timestamp(), one.card.leader.rank
